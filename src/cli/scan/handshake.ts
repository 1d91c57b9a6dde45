// One ordinary handshake with an endpoint, by pqtls or by node:tls, and what it told; no data is sent.

import type { Socket } from 'node:net';
import type { TLSSocket as NodeTLSSocket } from 'node:tls';
import { nodeTls } from '../../tls/node-tls.js';
import { state } from '../../tls/negotiated-socket.js';
import { connect, TLSSocket } from '../../index.js';
import type { StartTlsProtocol } from '../starttls/start-tls.js';
import { opensslContextOf, pqtlsContextOf } from './contexts.js';
import { failureOf, type Failure, type Stage } from './failures.js';
import { plaintextSocket } from './plaintext-socket.js';

/** What makes a handshake. node:tls has suites that AWS-LC has not, such as DHE and CCM. */
export type Stack = 'pqtls' | 'node:tls';

export type Version = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/** What the ClientHello offers. */
export interface Offer {
  readonly stack: Stack;
  readonly minVersion: Version;
  readonly maxVersion: Version;
  /** Most wanted first; node:tls's own where they are not given. */
  readonly groups?: readonly string[];
  readonly ciphers?: readonly string[];
  readonly sigalgs?: readonly string[];
  readonly alpn?: readonly string[];
  readonly ocsp?: boolean;
  /** Wait for a session, for a later offer. */
  readonly wantSession?: boolean;
  readonly session?: Buffer | undefined;
  /** The verdict on the chain is of no interest: to load authorities is the dearest part of a context. */
  readonly unverified?: boolean;
}

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly servername: string | undefined;
  /** The conversation in plaintext before TLS. */
  readonly starttls?: StartTlsProtocol | undefined;
}

/** What a finished handshake told. */
export interface Facts {
  readonly result: 'accepted';
  readonly stack: Stack;
  readonly address: string | undefined;
  readonly protocol: Version;
  /** IANA name. */
  readonly cipherSuite: string;
  /** OpenSSL's name, which a later offer can leave out. */
  readonly cipherName: string;
  readonly group: string | undefined;
  readonly peerSignatureScheme: string | undefined;
  readonly helloRetryRequest: boolean;
  readonly clientHelloLength: number | undefined;
  readonly alpn: string | undefined;
  readonly resumed: boolean;
  readonly ocspStapled: boolean;
  /** DER, leaf first. */
  readonly chain: readonly Buffer[];
  /** Why the chain or the name is not trusted. */
  readonly untrusted: string | undefined;
  readonly session: Buffer | undefined;
  /** Version, suite and keys were agreed on, and the endpoint ended the handshake for want of a client certificate. */
  readonly wantsCertificate?: boolean;
}

export type Outcome = Facts | (Failure & { readonly stack: Stack; readonly address?: string | undefined });

export interface HandshakeOptions {
  /** Milliseconds to connect, and as many for the handshake. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** PEM of authorities to trust beside the default ones. */
  readonly ca: string | undefined;
  /** What the client calls itself in SMTP. */
  readonly clientName: string;
}

/** Never rejects for what the endpoint does; rejects with the signal's reason once that is aborted. */
export async function handshake(target: Target, offer: Offer, options: HandshakeOptions): Promise<Outcome> {
  options.signal.throwIfAborted();
  let below: Socket | undefined;
  if (target.starttls !== undefined) {
    const opened = await plaintextSocket(target, target.starttls, options);
    options.signal.throwIfAborted();
    if ('result' in opened) return { ...opened, stack: offer.stack };
    below = opened;
  }
  let socket: AnySocket;
  try {
    socket = open(target, offer, options.ca, below);
  } catch (error) {
    below?.destroy();
    return { ...failureOf(error, 'setup'), stack: offer.stack };
  }
  const session = new FirstSession(socket);
  const outcome = await outcomeOf(socket, offer, options, below);
  if (outcome.result !== 'accepted') {
    socket.destroy();
    options.signal.throwIfAborted();
    return outcome;
  }
  const bytes = offer.wantSession === true ? await session.wait(options) : undefined;
  close(socket);
  options.signal.throwIfAborted();
  return { ...outcome, session: bytes };
}

type AnySocket = TLSSocket | NodeTLSSocket;

function open(target: Target, offer: Offer, ca: string | undefined, below: Socket | undefined): AnySocket {
  const { alpn, ocsp, session } = offer;
  const options = {
    host: target.host,
    port: target.port,
    ...(below === undefined ? {} : { socket: below }),
    ...(target.servername === undefined ? {} : { servername: target.servername }),
    ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
    ...(ocsp === undefined ? {} : { requestOCSP: ocsp }),
    ...(session === undefined ? {} : { session }),
    // The verdict is reported: nothing is sent to whom it may concern.
    rejectUnauthorized: false,
  };
  return offer.stack === 'pqtls'
    ? connect({ ...options, secureContext: pqtlsContextOf(offer, ca) })
    : nodeTls.connect({ ...options, secureContext: opensslContextOf(offer, ca) });
}

/** @param below the connection, where there is one already */
function outcomeOf(
  socket: AnySocket,
  { stack }: Offer,
  { timeout, signal }: HandshakeOptions,
  below: Socket | undefined,
): Promise<Outcome> {
  return new Promise<Outcome>((resolve) => {
    let stage: Stage = below === undefined ? 'connect' : 'handshake';
    let address = below?.remoteAddress;
    let ocspStapled = false;
    const agreed = agreedFacts(socket);
    const fail = (failure: Failure): void => settle({ ...failure, stack, address });
    const onTimeout = (): void =>
      fail(
        stage === 'connect'
          ? { result: 'unreachable', detail: `no TCP connection within ${timeout} ms` }
          : { result: 'timeout', detail: `the handshake was not done within ${timeout} ms${received(socket)}` },
      );
    let timer = setTimeout(onTimeout, timeout);
    const onAbort = (): void => fail({ result: 'not-tried', detail: 'interrupted' });
    signal.addEventListener('abort', onAbort, { once: true });
    const settle = (outcome: Outcome): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve(outcome);
    };
    socket.on('connect', () => {
      stage = 'handshake';
      address = socket.remoteAddress;
      clearTimeout(timer);
      timer = setTimeout(onTimeout, timeout);
    });
    socket.on('OCSPResponse', (response: Buffer | null) => (ocspStapled = response !== null && response.length > 0));
    socket.once('secureConnect', () => {
      try {
        settle({ result: 'accepted', stack, address, ocspStapled, session: undefined, ...factsOf(socket) });
      } catch (error) {
        // A certificate that Node cannot read, for example.
        fail({ result: 'broken', detail: failureOf(error, stage).detail });
      }
    });
    socket.on('error', (error) => {
      const failure = failureOf(error, stage);
      const facts = failure.result === 'refused' ? agreed() : undefined;
      if (facts === undefined) fail(failure);
      else settle({ result: 'accepted', stack, address, ocspStapled, session: undefined, ...facts });
    });
    // After every other event: what has not settled by then ended without an error.
    socket.on('close', () => fail({ result: 'closed', detail: 'the connection was closed in the handshake' }));
  });
}

/** What came in a handshake that was not done: an endpoint that says nothing is not one that stops in the middle. */
function received(socket: AnySocket): string {
  // node:tls counts what it decrypted.
  if (!(socket instanceof TLSSocket)) return '';
  const { bytesRead } = socket[state].connection;
  return bytesRead === 0 ? ', and not a byte came' : `, ${bytesRead} ${bytesRead === 1 ? 'byte' : 'bytes'} came`;
}

/**
 * In TLS 1.2 and older a server asks for a certificate before the handshake is done, and ends it there where it gets none:
 * by then it has chosen version and suite, and both sides have keys. RFC 5246, Section 7.4.6.
 */
function agreedFacts(socket: AnySocket): () => Told | undefined {
  let facts: Told | undefined;
  if (!(socket instanceof TLSSocket)) {
    const take = (): void => {
      if (socket.destroyed || socket.getProtocol() === 'TLSv1.3') return;
      // node:tls gives the chain away once, and needs it for its own verdict.
      facts = { ...opensslFacts(socket, undefined, []), wantsCertificate: true };
    };
    // OpenSSL tells the suite once our Finished is written; the answer to that comes a round trip later.
    socket.once('keylog', () => setImmediate(take));
  }
  return () => facts;
}

type Told = Omit<Facts, 'result' | 'stack' | 'address' | 'ocspStapled' | 'session'>;

function factsOf(socket: AnySocket): Told {
  const untrusted = socket.authorized ? undefined : String(socket.authorizationError);
  if (!(socket instanceof TLSSocket)) return opensslFacts(socket, untrusted);
  const info = socket.getHandshakeInfo();
  if (info === undefined) throw new Error('A finished handshake has no information');
  return {
    protocol: info.protocol,
    cipherSuite: info.cipherSuite,
    cipherName: info.cipherName,
    group: info.group?.name,
    peerSignatureScheme: info.peerSignatureScheme,
    helloRetryRequest: info.helloRetryRequest,
    clientHelloLength: info.clientHelloLength,
    alpn: info.alpn,
    resumed: info.resumed,
    chain: chainOf(socket.getPeerX509Certificate()),
    untrusted,
  };
}

function opensslFacts(
  socket: NodeTLSSocket,
  untrusted: string | undefined,
  chain = chainOf(socket.getPeerX509Certificate()),
): Told {
  const { name, standardName } = socket.getCipher();
  const key: object | null = socket.getEphemeralKeyInfo();
  const group: unknown = key === null ? undefined : Reflect.get(key, 'name');
  return {
    protocol: socket.getProtocol() as Version,
    cipherSuite: standardName,
    cipherName: name,
    group: typeof group === 'string' ? group : undefined,
    peerSignatureScheme: undefined,
    helloRetryRequest: false,
    clientHelloLength: undefined,
    alpn: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : undefined,
    resumed: socket.isSessionReused(),
    chain,
    untrusted,
  };
}

interface LinkedCertificate {
  readonly raw: Buffer;
  readonly issuerCertificate?: LinkedCertificate | undefined;
}

// A Certificate message holds more than anybody needs.
const mostCertificates = 16;

function chainOf(leaf: LinkedCertificate | undefined): Buffer[] {
  const chain: Buffer[] = [];
  for (let next = leaf; next !== undefined && chain.length < mostCertificates; next = next.issuerCertificate) {
    // A self-signed certificate is its own issuer.
    if (chain.at(-1)?.equals(next.raw) === true) break;
    chain.push(next.raw);
  }
  return chain;
}

// Tickets come in the flight that answers our Finished.
const sessionWait = 2000;

/** In TLS 1.2 it comes right before or behind the end of the handshake, in TLS 1.3 a round trip later. */
class FirstSession {
  readonly #socket: AnySocket;
  #session: Buffer | undefined;

  constructor(socket: AnySocket) {
    this.#socket = socket;
    socket.once('session', (session: Buffer) => (this.#session = session));
  }

  async wait({ timeout, signal }: HandshakeOptions): Promise<Buffer | undefined> {
    if (this.#session !== undefined) return this.#session;
    const socket = this.#socket;
    socket.resume();
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(timeout, sessionWait));
      signal.addEventListener('abort', done, { once: true });
      socket.once('session', done);
      socket.once('close', done);
    });
    return this.#session;
  }
}

// Long enough for the peer's close_notify; what it sends meanwhile is thrown away.
const lingering = 300;

/** Ends as TLS wants it, and in any case soon. */
function close(socket: AnySocket): void {
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), lingering);
  socket.once('close', () => clearTimeout(timer));
  socket.resume();
  socket.end();
}
