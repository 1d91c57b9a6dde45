// What a connection of AWS-LC's tells and is told, but for its bytes.

import { awsLcVersion, type NativeBinding } from '../binding.js';
import { NegotiatedFact, negotiatedFacts, signaturePlaces, type NativeConnection } from '../binding/tls-contract.js';
import { InternalError, type PeerOffer } from '../errors.js';
import { Alert, NamedGroup, nameOf, ProtocolVersion, SignatureScheme, type AlertName } from '../protocol/constants.js';
import { groupProperties, type GroupProperties } from '../protocol/named-groups.js';
import type { ChainEntry, HandshakeOutcome, Negotiated, NegotiatedGroup } from './connection.js';
import { peerOffer } from './post-quantum-demand.js';

// What negotiated() wrote last.
const facts = new Int32Array(negotiatedFacts);
const cipherNames = new Map<number, readonly [string, string]>();
let engineVersion: string | undefined;

export abstract class NativeFacts {
  readonly engine = 'aws-lc';
  /** For the addon's TCP; see TcpTransport#handshake(). */
  readonly native: NativeConnection;
  protected readonly isServer: boolean;
  readonly #binding: NativeBinding;

  constructor(binding: NativeBinding, native: NativeConnection, isServer: boolean) {
    this.#binding = binding;
    this.native = native;
    this.isServer = isServer;
  }

  get clientHelloLength(): number {
    return this.native.clientHello().length;
  }

  get offeredServerName(): string | undefined {
    if (!this.isServer || this.native.failure().reason === 'UNSUPPORTED_PROTOCOL') return undefined;
    return this.native.clientHello().serverName || undefined;
  }

  peerOffer(): PeerOffer {
    return peerOffer(this.isServer, this.native.clientHello());
  }

  get offeredGroups(): readonly string[] {
    return this.native.clientHello().groups.map((id) => nameOf(NamedGroup, id));
  }

  get bytesRead(): number {
    return this.native.bytesRead();
  }

  get bytesWritten(): number {
    return this.native.bytesWritten();
  }

  negotiated(): Negotiated {
    if (!this.native.negotiated(facts)) {
      throw new InternalError('The connection was destroyed', {
        code: 'ERR_PQTLS_INTERNAL',
        phase: 'close',
        engine: this.engine,
      });
    }
    const [cipherSuite, cipherName] = this.#cipherNames(fact('cipher'));
    return {
      protocol: nameOf(ProtocolVersion, fact('version')) as Negotiated['protocol'],
      cipherSuite,
      cipherName,
      group: negotiatedGroup(fact('group'), fact('clientShare'), fact('serverShare')),
      signatureScheme: schemeName(fact('signatureScheme')),
      signatureRanOn: fact('signatureScheme') === 0 ? undefined : signaturePlaces[fact('signatureRanOn')],
      peerSignatureScheme: schemeName(fact('peerSignatureScheme')),
      helloRetryRequest: fact('helloRetryRequest') !== 0,
      resumed: fact('resumed') !== 0,
      sessionKeyExchange: fact('sessionPostQuantum') !== 0 ? 'post-quantum' : 'classical',
      earlyData: false,
      alpn: fact('alpnLength') === 0 ? undefined : this.native.alpn(),
      servername: fact('serverNameLength') === 0 ? undefined : this.native.serverName(),
      engine: this.engine,
      engineVersion: (engineVersion ??= awsLcVersion(this.#binding)),
      clientHelloLength: fact('clientHelloLength'),
    };
  }

  outcome(): HandshakeOutcome {
    this.native.negotiated(facts);
    return {
      protocol: nameOf(ProtocolVersion, fact('version')) as Negotiated['protocol'],
      group: fact('group'),
      resumed: fact('resumed') !== 0,
      helloRetryRequest: fact('helloRetryRequest') !== 0,
      alpn: fact('alpnLength') === 0 ? undefined : this.native.alpn(),
      servername: fact('serverNameLength') === 0 ? undefined : this.native.serverName(),
    };
  }

  #cipherNames(id: number): readonly [string, string] {
    let names = cipherNames.get(id);
    if (names === undefined) {
      names = this.native.cipherNames();
      cipherNames.set(id, names);
    }
    return names;
  }

  offerSession(session: Uint8Array): boolean {
    return this.native.offerSession(session);
  }

  session(): Buffer | undefined {
    return this.native.session();
  }

  sessionTicket(): Buffer | undefined {
    return this.native.sessionTicket();
  }

  enableSessionEvents(): void {
    this.native.enableSessionEvents();
  }

  peerCertificates(): readonly Buffer[] {
    return this.native.peerCertificates();
  }

  peerChain(): readonly ChainEntry[] {
    return this.native.peerChain();
  }

  ownCertificate(): Buffer | undefined {
    return this.native.ownCertificate();
  }

  ownIssuer(): Buffer | undefined {
    return this.native.ownIssuer();
  }

  ocspResponse(): Buffer | undefined {
    return this.native.ocspResponse();
  }

  finished(ofPeer: boolean): Buffer | undefined {
    return this.native.finished(ofPeer);
  }

  sharedSchemes(): readonly string[] {
    return this.native.sharedSchemes().map((id) => nameOf(SignatureScheme, id));
  }

  get alertSent(): string | undefined {
    return alertName(this.native.failure().alertSent);
  }

  get alertReceived(): string | undefined {
    return alertName(this.native.failure().alertReceived);
  }

  enableKeylog(): void {
    this.native.enableKeylog();
  }

  setServername(name: string): boolean {
    return this.native.setServerName(name);
  }

  setMaxSendFragment(size: number): boolean {
    return this.native.setMaxSendFragment(size);
  }

  requestOcsp(): void {
    this.native.requestOcsp();
  }

  setPskIdentityHint(hint: string): boolean {
    return this.native.setPskIdentityHint(hint);
  }

  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Buffer {
    const out = Buffer.alloc(length);
    this.native.exportKeyingMaterial(out, label, context);
    return out;
  }

  /** Established, with TLS 1.3. */
  protected get isTls13(): boolean {
    return this.native.negotiated(facts) && fact('version') === ProtocolVersion['TLSv1.3'];
  }
}

function fact(name: keyof typeof NegotiatedFact): number {
  return facts[NegotiatedFact[name]] ?? 0;
}

/** RFC 9846, Section 6. */
export function alertName(alert: number): AlertName | undefined {
  return alert < 0 ? undefined : (nameOf(Alert, alert) as AlertName);
}

function schemeName(id: number): string | undefined {
  return id === 0 ? undefined : nameOf(SignatureScheme, id);
}

function negotiatedGroup(id: number, clientShare: number, serverShare: number): NegotiatedGroup | undefined {
  if (id === 0) return undefined;
  const name = nameOf(NamedGroup, id);
  const properties: GroupProperties = (groupProperties as Record<string, GroupProperties>)[name] ?? {
    postQuantum: false,
    hybrid: false,
  };
  return { name, id, postQuantum: properties.postQuantum, hybrid: properties.hybrid, clientShare, serverShare };
}
