// Builds a context of the TypeScript engine, with AWS-LC's words for what it refuses.

import type { TlsSigner } from '../crypto/tls/primitives.js';
import { isShortRsaKey, parsePublicKey, type PublicKey } from '../crypto/tls/public-key.js';
import { handshakeSchemes, schemesOf } from '../crypto/tls/signature-schemes.js';
import { UnsupportedError } from '../errors.js';
import type { Credential, Environment } from '../protocol/config.js';
import {
  CipherSuite,
  NamedGroup,
  nameOf,
  ProtocolVersion,
  SignatureScheme,
  type NamedGroupName,
  type SignatureSchemeName,
} from '../protocol/constants.js';
import type { CipherSuiteName } from '../protocol/cipher-suites.js';
import { TicketKeys } from '../protocol/ticket-keys.js';
import { tryParseCertificate } from '../x509/parsed-certificates.js';
import type { ContextBuilder, Resumption, TrustStore } from './engine.js';
import { oidOf } from './key-oids.js';
import type { PureContextParts } from './pure-context.js';
import { certificatesIn, faultOfPem, pkcs12Result, readKey, readPkcs12Identity, refusal } from './pure-credentials.js';
import { publicKeyOf } from './pure-environment.js';
import { PureTrustStore } from './pure-trust-store.js';

/** A chain, whose key may come later. */
interface Chain {
  readonly certificates: readonly Uint8Array[];
  readonly spki: Uint8Array;
  readonly key: PublicKey;
  signer: TlsSigner | undefined;
}

const defaultTimeout = 300;

export class PureContextBuilder implements ContextBuilder {
  readonly #environment: Environment;
  readonly #tickets: TicketKeys;
  #chains: Chain[] = [];
  /** Keys whose chain has not come. */
  #keys: TlsSigner[] = [];
  #suites: readonly CipherSuiteName[] = Object.keys(CipherSuite) as CipherSuiteName[];
  #groups: readonly NamedGroupName[] = [];
  #schemes: readonly SignatureSchemeName[] = [];
  #compression: readonly number[] = [];
  #authorities: Uint8Array[] = [];
  #clientOrder = false;
  #securityLevel = 2;
  #certificateKey: string | undefined;
  #trust: PureTrustStore = new PureTrustStore();
  #sessionContext: Uint8Array = new Uint8Array(0);
  #programSigns = false;
  #requirePostQuantum = false;
  #storesSessions = false;
  #timeout = defaultTimeout;

  constructor(environment: Environment) {
    this.#environment = environment;
    this.#tickets = new TicketKeys(environment.primitives, environment.now);
  }

  setCertificateChain(pem: Uint8Array): void {
    const [leaf, ...issuers] = certificatesIn(pem);
    if (leaf === undefined) throw refusal('PEM routines', faultOfPem(pem));
    this.#addChain(leaf, issuers);
  }

  #addChain(leaf: Uint8Array, issuers: readonly Uint8Array[]): void {
    const spki = publicKeyOf(leaf);
    const key = spki && parsePublicKey(spki);
    if (spki === undefined || key === undefined) {
      const isShort = spki !== undefined && isShortRsaKey(spki);
      if (isShort && this.#securityLevel > 1) throw refusal('SSL routines', 'KEY_SIZE_TOO_SMALL');
      throw new UnsupportedError(
        'The TypeScript engine has certificates of RSA keys from 2048 to 8192 bits, P-256, P-384, P-521, Ed25519 and ML-DSA',
        'certificate',
      );
    }
    const chain: Chain = { certificates: [leaf, ...issuers], spki, key, signer: undefined };
    const same = this.#chains.findIndex(({ key: other }) => kindOf(other) === kindOf(key));
    if (same >= 0) this.#chains.splice(same, 1, chain);
    else this.#chains.push(chain);
    this.#keys = this.#keys.filter((signer) => !this.#give(signer));
  }

  setPrivateKey(pem: Uint8Array, passphrase: string | undefined): void {
    this.#addKey(readKey(pem, passphrase));
  }

  #addKey(signer: TlsSigner): void {
    if (this.#give(signer)) return;
    const key = parsePublicKey(signer.spki);
    // A chain of its kind has another key.
    if (key !== undefined && this.#chains.some(({ key: other }) => kindOf(other) === kindOf(key))) {
      throw refusal('X.509 certificate routines', 'KEY_VALUES_MISMATCH');
    }
    // Its certificate may come yet. What has no partner at last is not used, as in OpenSSL.
    this.#keys.push(signer);
  }

  #give(signer: TlsSigner): boolean {
    const chain = this.#chains.find(({ spki }) => Buffer.compare(spki, signer.spki) === 0);
    if (chain === undefined) return false;
    chain.signer = signer;
    return true;
  }

  loadPkcs12(der: Uint8Array, passphrase: string, trust: TrustStore): number {
    if (!(trust instanceof PureTrustStore)) throw new TypeError('This trust store is of another engine');
    const identity = readPkcs12Identity(der, passphrase);
    if (typeof identity === 'number') return identity;
    const { signer, certificate, authorities } = identity;
    this.#addChain(certificate, []);
    this.#addKey(signer);
    trust.addParsed(authorities);
    this.#addAuthorities(authorities);
    return pkcs12Result.ok;
  }

  setOptions(): void {}

  setClientOrder(): void {
    this.#clientOrder = true;
  }

  setSecurityLevel(level: number): void {
    this.#securityLevel = level;
  }

  setCertificateCompression(algorithms: Uint16Array): void {
    this.#compression = [...algorithms];
  }

  setTrustStore(store: TrustStore): void {
    if (!(store instanceof PureTrustStore)) throw new TypeError('This trust store is of another engine');
    this.#trust = store;
  }

  setClientCaList(pem: Uint8Array): void {
    this.#addAuthorities(certificatesIn(pem));
  }

  #addAuthorities(certificates: readonly Uint8Array[]): void {
    for (const der of certificates) {
      const name = tryParseCertificate(der)?.subject.raw;
      if (name !== undefined) this.#authorities.push(name);
    }
  }

  setVersions(minimum: number, maximum: number): void {
    const only = ProtocolVersion['TLSv1.3'];
    if (minimum <= only && maximum >= only) return;
    throw new UnsupportedError(
      `The TypeScript engine speaks TLSv1.3 only, and the options allow ${nameOf(ProtocolVersion, maximum)} at most`,
      nameOf(ProtocolVersion, maximum),
    );
  }

  setGroups(ids: Uint16Array): void {
    const names = Array.from(ids, (id) => nameOf(NamedGroup, id) as NamedGroupName);
    this.#groups = names.filter((name) => !absentGroups.has(name));
    if (this.#groups.length > 0) return;
    throw new UnsupportedError(`The TypeScript engine has none of the groups ${names.join(', ')}`, names.join(', '));
  }

  setCiphers(_tls12: string, tls13: string): void {
    const names = tls13.split(':').filter((name): name is CipherSuiteName => Object.hasOwn(CipherSuite, name));
    if (names.length > 0) this.#suites = names;
  }

  /** TLS 1.2 is not spoken. */
  ciphers(): string[] {
    return [];
  }

  setCertificateKey(oid: string): void {
    this.#certificateKey = oid;
  }

  ownKeyForbidden(): boolean {
    const oid = this.#certificateKey;
    return oid !== undefined && this.#chains.some(({ key }) => oidOf(key) !== oid);
  }

  /** There is no thread to sign on. */
  setOffload(): void {}

  setProgramSigner(): void {
    this.#programSigns = true;
  }

  setSignatureAlgorithms(schemes: Uint16Array): void {
    this.#schemes = Array.from(schemes, (id) => nameOf(SignatureScheme, id) as SignatureSchemeName).filter(isUsable);
    if (this.#schemes.length === 0) {
      throw new UnsupportedError('The TypeScript engine has none of the signature schemes in the options', 'sigalgs');
    }
  }

  setTicketKeys(keys: Uint8Array): void {
    this.#tickets.give(keys);
  }

  getTicketKeys(): Buffer {
    return Buffer.from(this.#tickets.current());
  }

  setSessionIdContext(bytes: Uint8Array): void {
    this.#sessionContext = Uint8Array.from(bytes);
  }

  setResumption({ requirePostQuantum, noTickets, timeout, ticketKeyLifetime }: Resumption): void {
    this.#requirePostQuantum = requirePostQuantum ?? this.#requirePostQuantum;
    this.#storesSessions = noTickets ?? this.#storesSessions;
    this.#timeout = timeout ?? this.#timeout;
    if (timeout !== undefined && ticketKeyLifetime !== undefined)
      this.#tickets.setLifetimes(ticketKeyLifetime, timeout);
  }

  finish(): PureContextParts {
    const tls = {
      suites: this.#suites,
      groups: this.#groups,
      schemes: this.#schemes,
      credentials: this.#credentials(),
      compression: this.#compression,
      authorities: this.#authorities,
      clientOrder: this.#clientOrder,
      tickets: this.#tickets,
      storesSessions: this.#storesSessions,
      sessionTimeout: this.#timeout,
      sessionContext: this.#sessionContext,
    };
    const trust = this.#trust.trust(this.#certificateKey, this.#environment.now);
    return { tls, tickets: this.#tickets, trust, requirePostQuantum: this.#requirePostQuantum };
  }

  #credentials(): Credential[] {
    return this.#chains
      .filter(({ signer }) => this.#programSigns || signer !== undefined)
      .map(({ certificates, spki, key, signer }) => ({
        chain: this.#completed(certificates),
        spki,
        schemes: schemesOf(key),
        signer: this.#programSigns ? undefined : signer,
      }));
  }

  /** A leaf alone brings its issuers along, where they are trusted. */
  #completed(certificates: readonly Uint8Array[]): readonly Uint8Array[] {
    const [leaf, ...given] = certificates;
    return leaf === undefined || given.length > 0 ? certificates : [leaf, ...this.#trust.issuersOf(leaf)];
  }
}

/** The key exchange has no code for it here. */
const absentGroups: ReadonlySet<NamedGroupName> = new Set(['secp521r1']);

/** What may stand in certificates only is offered, too; what nothing here verifies is not. */
function isUsable(name: SignatureSchemeName): boolean {
  return handshakeSchemes.includes(name) || /^rsa_pkcs1_sha(256|384|512)$/.test(name);
}

/** Chains of one kind of key take each other's place. */
function kindOf(key: PublicKey): string {
  return key.type === 'rsa-pss' ? 'rsa' : key.type;
}
