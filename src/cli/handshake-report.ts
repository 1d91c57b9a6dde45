// `--trace`: the handshake message by message, with sizes and what each is for. RFC 9846, Section 2; RFC 5246, Section 7.

import {
  groupLayouts,
  kemParameters,
  type ClassicalGroup,
  type GroupName,
  type KemAlgorithm,
} from '../crypto/parameters.js';
import type { TraceDetail, TraceEntry, TraceStep } from '../tls/handshake-messages.js';
import { paintFor, type Paint, type TextStream } from './terminal-text.js';

/** What each message is for, in one line. */
const purposes: Readonly<Record<string, string>> = {
  ClientHello: 'what the client can do, and its key shares',
  ServerHello: 'what the server chose, and its key share',
  HelloRetryRequest: 'the server wants a share of another group, which costs a round trip',
  EncryptedExtensions: "the rest of the server's answers, encrypted from here on",
  CertificateRequest: 'the server asks for a certificate',
  Certificate: 'the chain, leaf first',
  CompressedCertificate: 'the chain, compressed',
  CertificateVerify: 'a signature over the handshake so far: the sender has the key of its certificate',
  CertificateStatus: 'an OCSP response for the certificate',
  ServerKeyExchange: "the server's part of the key exchange, signed",
  ServerHelloDone: 'the server is done for now',
  ClientKeyExchange: "the client's part of the key exchange",
  Finished: 'a MAC over the whole handshake: nobody changed it on the way',
  NewSessionTicket: 'with this the client can resume later',
  KeyUpdate: 'new traffic keys from here on',
  change_cipher_spec: 'encryption begins; in TLS 1.3 a relic for middleboxes',
};

/** Steps that are shown; records and what follows the handshake make it long. */
const largestTrace = 10_000;

/** Writes the steps of one connection as they come. */
export class HandshakeReport {
  readonly #stream: TextStream;
  readonly #paint: Paint;
  readonly #isServer: boolean;
  readonly #json: ((step: TraceStep) => void) | undefined;
  #shown = 0;
  readonly #label: string;

  /** @param label what stands before each line, to tell the connections of a server apart */
  constructor(
    stream: TextStream,
    isServer: boolean,
    { json, label = '' }: { json?: ((step: TraceStep) => void) | undefined; label?: string } = {},
  ) {
    this.#stream = stream;
    this.#paint = paintFor(stream);
    this.#isServer = isServer;
    this.#json = json;
    this.#label = label;
  }

  add(step: TraceStep): void {
    this.#shown += 1;
    if (this.#shown > largestTrace) return;
    if (this.#json !== undefined) this.#json(step);
    else this.#stream.write(`${this.#text(step)}\n`);
    if (this.#shown === largestTrace && this.#json === undefined) this.#stream.write('... no more is shown\n');
  }

  #text(step: TraceStep): string {
    const arrow = step.sent ? this.#paint('cyan', '>>>') : this.#paint('yellow', '<<<');
    const sender = step.sent === this.#isServer ? 'server' : 'client';
    const start = `${this.#label}${arrow} ${sender}: `;
    if (step.name === 'lost') return `${this.#label}... ${step.length} more that could not be kept`;
    if (step.kind === 'record')
      return this.#paint('dim', `${this.#label}    record ${step.name}, ${step.length} bytes`);
    if (step.kind === 'alert') {
      return `${start}${this.#paint('bold', `Alert ${step.name}`)}${step.warning === true && step.name !== 'close_notify' ? ' (warning)' : ''}`;
    }
    const purpose = purposes[step.name];
    // Of a hello it is what older versions have in common.
    const version = step.version === undefined || step.name.endsWith('Hello') ? '' : `, ${step.version}`;
    const title = `${start}${this.#paint('bold', step.name)}, ${step.length} bytes${version}`;
    return [
      `${title}${purpose === undefined ? '' : this.#paint('dim', `  -- ${purpose}`)}`,
      ...step.details
        .flatMap((detail) => detailLines(detail, step.name === 'ClientHello'))
        .map((line) => `${this.#label}      ${line}`),
    ].join('\n');
  }
}

function detailLines({ name, text, entries }: TraceDetail, isOffer: boolean): string[] {
  if (name !== 'key_share' || entries === undefined || entries.length === 0) return [`${name}: ${text}`];
  return [`${name}:`, ...entries.map((entry) => `  ${shareText(entry, isOffer)}`)];
}

/** `X25519MLKEM768, 1216 bytes = ML-KEM-768 encapsulation key 1184 + X25519 32`. */
function shareText({ name, length = 0 }: TraceEntry, isOffer: boolean): string {
  const parts = hybridParts(name, length, isOffer);
  return `${name}, ${length} bytes${parts === undefined ? '' : ` = ${parts}`}`;
}

/** RFC 10024: a client sends an encapsulation key, a server a ciphertext, each beside a classical share. */
function hybridParts(name: string, length: number, isOffer: boolean): string | undefined {
  const layout = Object.hasOwn(groupLayouts, name) ? groupLayouts[name as GroupName] : undefined;
  if (layout?.kind !== 'hybrid' || length !== (isOffer ? layout.clientShare : layout.serverShare)) return undefined;
  const describe = (part: KemAlgorithm | ClassicalGroup): string => {
    if (!isKem(part)) return `${part} ${groupLayouts[part].clientShare}`;
    const { encapsulationKey, ciphertext } = kemParameters[part];
    return isOffer ? `${part} encapsulation key ${encapsulationKey}` : `${part} ciphertext ${ciphertext}`;
  };
  return `${describe(layout.first)} + ${describe(layout.second)}`;
}

function isKem(part: KemAlgorithm | ClassicalGroup): part is KemAlgorithm {
  return part in kemParameters;
}
