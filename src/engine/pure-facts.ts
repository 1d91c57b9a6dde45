// What a connection of the TypeScript engine's tells, but for its bytes.

import { InternalError, type PeerOffer, type TlsError } from '../errors.js';
import { Alert, NamedGroup, nameOf, SignatureScheme, type SignatureSchemeName } from '../protocol/constants.js';
import type { Endpoint } from '../protocol/endpoint.js';
import { groupProperties, type GroupProperties } from '../protocol/group-properties.js';
import type { ChainEntry, HandshakeOutcome, Negotiated } from './connection.js';
import { describeChain } from './peer-chain.js';
import { peerOffer, type HelloFacts } from './post-quantum-demand.js';
import type { PureEngineContext } from './pure-context.js';

export abstract class PureFacts {
  readonly engine = 'typescript';
  protected readonly endpoint: Endpoint;
  protected readonly isServer: boolean;
  /** Whose certificates and trust are in force. */
  protected context: PureEngineContext;
  protected error: TlsError | undefined;
  readonly #engineVersion: string;

  protected constructor(
    endpoint: Endpoint,
    context: PureEngineContext,
    { isServer, engineVersion }: { isServer: boolean; engineVersion: string },
  ) {
    this.endpoint = endpoint;
    this.context = context;
    this.isServer = isServer;
    this.#engineVersion = engineVersion;
  }

  negotiated(): Negotiated {
    const { facts } = this.endpoint;
    const suite = facts.suite?.name;
    if (suite === undefined) {
      const details = { code: 'ERR_PQTLS_INTERNAL', phase: 'handshake', engine: this.engine } as const;
      throw new InternalError('The handshake is not done', details);
    }
    return {
      protocol: 'TLSv1.3',
      cipherSuite: suite,
      cipherName: suite,
      group: {
        name: nameOf(NamedGroup, facts.group),
        id: facts.group,
        ...propertiesOf(facts.group),
        clientShare: facts.clientShare,
        serverShare: facts.serverShare,
      },
      signatureScheme: schemeName(facts.signatureScheme),
      signatureRanOn: facts.signatureScheme === 0 ? undefined : facts.signedByProgram ? 'callback' : 'inline',
      peerSignatureScheme: schemeName(facts.peerSignatureScheme),
      helloRetryRequest: facts.helloRetryRequest,
      resumed: facts.resumed,
      sessionKeyExchange: this.endpoint.isPostQuantum ? 'post-quantum' : 'classical',
      earlyData: false,
      alpn: facts.protocol,
      servername: facts.offer.serverName || undefined,
      engine: this.engine,
      engineVersion: this.#engineVersion,
      clientHelloLength: facts.clientHelloLength,
    };
  }

  outcome(): HandshakeOutcome {
    const { group, resumed, helloRetryRequest, protocol, offer } = this.endpoint.facts;
    const servername = offer.serverName || undefined;
    return { protocol: 'TLSv1.3', group, resumed, helloRetryRequest, alpn: protocol, servername };
  }

  peerOffer(): PeerOffer {
    return peerOffer(this.isServer, this.helloFacts());
  }

  protected helloFacts(): HelloFacts {
    const { offer, chosenVersion, chosenGroup } = this.endpoint.facts;
    return { ...offer, chosenVersion, chosenGroup };
  }

  get offeredServerName(): string | undefined {
    if (!this.isServer || this.error?.engineReason === 'UNSUPPORTED_PROTOCOL') return undefined;
    return this.endpoint.facts.offer.serverName || undefined;
  }

  get clientHelloLength(): number {
    return this.endpoint.facts.clientHelloLength;
  }

  get offeredGroups(): readonly string[] {
    return this.endpoint.facts.offer.groups.map((id) => nameOf(NamedGroup, id));
  }

  peerCertificates(): readonly Buffer[] {
    return this.endpoint.facts.peerChain.map((der) => Buffer.from(der));
  }

  peerChain(): readonly ChainEntry[] {
    const { peerChain } = this.endpoint.facts;
    if (peerChain.length === 0) return [];
    return describeChain(this.context.trust.judge(peerChain, !this.isServer).path);
  }

  ownCertificate(): Buffer | undefined {
    const [leaf] = this.#ownChain();
    return leaf === undefined ? undefined : Buffer.from(leaf);
  }

  ownIssuer(): Buffer | undefined {
    const [leaf, next] = this.#ownChain();
    if (leaf === undefined) return undefined;
    const issuer = next ?? this.context.trust.issuerOf(leaf);
    return issuer === undefined ? undefined : Buffer.from(issuer);
  }

  /** Before one was chosen, the first. */
  #ownChain(): readonly Uint8Array[] {
    const { facts, context } = this.endpoint;
    return facts.ownChain.length > 0 ? facts.ownChain : (context.credentials[0]?.chain ?? []);
  }

  ocspResponse(): Buffer | undefined {
    const { ocspResponse } = this.endpoint.facts;
    return ocspResponse === undefined ? undefined : Buffer.from(ocspResponse);
  }

  finished(ofPeer: boolean): Buffer | undefined {
    const { ownFinished, peerFinished } = this.endpoint.facts;
    const data = ofPeer ? peerFinished : ownFinished;
    return data === undefined ? undefined : Buffer.from(data);
  }

  sharedSchemes(): readonly string[] {
    const { facts, context } = this.endpoint;
    const ours = context.schemes;
    const shared = ours.filter((name) => facts.peerSchemes.includes(SignatureScheme[name]));
    if (this.isServer) return shared;
    // In the order of the server's request.
    const order = (name: SignatureSchemeName): number => facts.peerSchemes.indexOf(SignatureScheme[name]);
    return shared.sort((a, b) => order(a) - order(b));
  }

  get alertSent(): string | undefined {
    return this.endpoint.alertSent;
  }

  get alertReceived(): string | undefined {
    const { alertReceived } = this.endpoint;
    return alertReceived === undefined ? undefined : nameOf(Alert, alertReceived);
  }

  get bytesRead(): number {
    return this.endpoint.reader.bytesRead;
  }

  get bytesWritten(): number {
    return this.endpoint.writer.bytesWritten;
  }
}

function propertiesOf(group: number): GroupProperties {
  const name = nameOf(NamedGroup, group);
  const none: GroupProperties = { postQuantum: false, hybrid: false };
  return (groupProperties as Record<string, GroupProperties>)[name] ?? none;
}

function schemeName(id: number): string | undefined {
  return id === 0 ? undefined : nameOf(SignatureScheme, id);
}
