// Keys, certificates, PKCS#12 files, authorities and revocation lists of a context, in every form that node:tls takes.

import type { ContextBuilder, TlsEngine, TrustStore } from '../engine/engine.js';
import { invalidArgType, invalidSecretType, nodeInvalidArgValue } from '../errors.js';
import { defaultTrustStore, sharedTrustStore } from './ca-certificates.js';
import { configError, operationFailed, withConfigErrors } from './config-errors.js';

export type PemInput = string | NodeJS.ArrayBufferView;

/** A private key with a passphrase of its own. */
export interface KeyObjectInput {
  pem: PemInput;
  passphrase?: string | undefined;
}

/** A PKCS#12 file with a passphrase of its own. */
export interface PfxObjectInput {
  buf: PemInput;
  passphrase?: string | undefined;
}

export interface CredentialOptions {
  /** Private keys in PEM, in any order; each goes to the chain of its type. */
  key?: PemInput | readonly (PemInput | KeyObjectInput)[] | undefined;
  /** Certificate chains in PEM, leaf first; one for each type of key (RSA, EC, Ed25519, ML-DSA). */
  cert?: PemInput | readonly PemInput[] | undefined;
  /** Key, chain and authorities in PKCS#12 (DER). */
  pfx?: PemInput | readonly (PemInput | PfxObjectInput)[] | undefined;
  /** Passphrase of every `key` and `pfx` that has none of its own. */
  passphrase?: string | undefined;
  /** Trusted certificates in PEM; what else the text holds is passed over. Default: getCACertificates(). */
  ca?: PemInput | readonly PemInput[] | undefined;
  /** Revocation lists in PEM. With one, every certificate of a peer's chain needs a list of its issuer. */
  crl?: PemInput | readonly PemInput[] | undefined;
  /** Any certificate of `ca` is trusted by itself, not only a self-signed one. Default false. */
  allowPartialTrustChain?: boolean | undefined;
  /** Checked as node:tls does; there is no DHE. */
  dhparam?: PemInput | undefined;
  /** Keys in OpenSSL engines, which AWS-LC has not: refused. */
  privateKeyIdentifier?: string | undefined;
  privateKeyEngine?: string | undefined;
  clientCertEngine?: string | undefined;
}

/** Puts chains, keys and trust into a context. */
export function applyCredentials(engine: TlsEngine, builder: ContextBuilder, options: CredentialOptions): void {
  const { ca, cert, key, crl, pfx, passphrase } = options;
  const trust = new Trust(engine, ca);
  trust.addAuthorities(builder, ca);
  if (options.allowPartialTrustChain) trust.own().allowPartialChain();
  if (cert) {
    for (const pem of listOf(cert)) {
      const bytes = bytesOf('options.cert', pem);
      withConfigErrors('cert', () => builder.setCertificateChain(bytes));
    }
  }
  if (key) applyKeys(builder, key, passphrase);
  checkEngines(options);
  checkDhparam(options.dhparam);
  if (crl !== undefined && crl !== null) {
    for (const pem of listOf(crl)) {
      const bytes = bytesOf('options.crl', pem);
      try {
        trust.own().addCrl(bytes);
      } catch (cause) {
        throw Object.assign(operationFailed('Failed to parse CRL'), { cause });
      }
    }
  }
  if (pfx !== undefined && pfx !== null) applyPfx(builder, trust, pfx, passphrase);
  builder.setTrustStore(trust.store);
}

function authoritiesOf(ca: NonNullable<CredentialOptions['ca']>): Uint8Array[] {
  return listOf(ca).map((pem) => bytesOf('options.ca', pem));
}

/** A store that contexts share, until something must be added to it. */
class Trust {
  store: TrustStore;
  readonly #engine: TlsEngine;
  #isOwn = false;

  constructor(engine: TlsEngine, ca: CredentialOptions['ca']) {
    this.#engine = engine;
    this.store = ca ? sharedTrustStore(engine, authoritiesOf(ca)) : defaultTrustStore(engine);
  }

  addAuthorities(builder: ContextBuilder, ca: CredentialOptions['ca']): void {
    if (!ca) return;
    for (const bytes of authoritiesOf(ca)) builder.setClientCaList(bytes);
  }

  own(): TrustStore {
    if (!this.#isOwn) {
      const copy = this.#engine.createTrustStore();
      copy.addStore(this.store);
      this.store = copy;
      this.#isOwn = true;
    }
    return this.store;
  }
}

function applyKeys(builder: ContextBuilder, key: unknown, passphrase: unknown): void {
  const keys = Array.isArray(key)
    ? (key as readonly unknown[]).map((item) => ({
        pem: memberOf(item, 'pem') ?? item,
        passphrase: memberOf(item, 'passphrase') ?? passphrase,
      }))
    : [{ pem: key, passphrase }];
  for (const { pem, passphrase: secret } of keys) {
    const bytes = bytesOf('options.key', pem);
    if (secret !== undefined && secret !== null && typeof secret !== 'string') {
      throw invalidSecretType('options.passphrase', 'of type string', secret);
    }
    withConfigErrors('key', () => builder.setPrivateKey(bytes, secret ?? undefined));
  }
}

/** Mirrors Pkcs12Result in native/credentials.h. */
const pfxResults = ['ok', 'unreadable', 'wrong-passphrase', 'no-private-key', 'no-certificate'] as const;

function applyPfx(builder: ContextBuilder, trust: Trust, pfx: unknown, passphrase: unknown): void {
  const files = Array.isArray(pfx)
    ? (pfx as readonly unknown[]).map((item) => ({
        buf: memberOf(item, 'buf') || item,
        passphrase: memberOf(item, 'passphrase') || passphrase,
      }))
    : [{ buf: pfx, passphrase: passphrase || undefined }];
  for (const { buf, passphrase: secret } of files) {
    if (typeof buf !== 'string' && !ArrayBuffer.isView(buf)) throw operationFailed('Unable to load PFX certificate');
    const text = passphraseText(secret);
    const code = withConfigErrors('pfx', () => builder.loadPkcs12(bytesOf('options.pfx', buf), text, trust.own()));
    switch (pfxResults[code]) {
      case 'ok':
        break;
      case 'wrong-passphrase':
        throw pfxError('mac verify failure', 'ERR_OSSL_PKCS12_MAC_VERIFY_FAILURE');
      case 'no-private-key':
        throw operationFailed('Unable to load private key from PFX data');
      case 'no-certificate':
        throw operationFailed('Unable to load PFX certificate');
      default:
        throw pfxError('not enough data', 'ERR_OSSL_ASN1_NOT_ENOUGH_DATA');
    }
  }
}

function passphraseText(secret: unknown): string {
  if (secret === undefined || secret === null) return '';
  if (typeof secret === 'string') return secret;
  if (ArrayBuffer.isView(secret)) {
    return Buffer.from(secret.buffer, secret.byteOffset, secret.byteLength).toString('utf8');
  }
  throw Object.assign(new TypeError('Pass phrase must be a buffer'), { code: 'ERR_INVALID_ARG_TYPE' });
}

function pfxError(message: string, code: string): Error {
  return Object.assign(configError('pfx', '', message), { message, code });
}

/** As node:tls: the options belong together, and without engines there is nothing that could take them. */
function checkEngines({ key, privateKeyIdentifier, privateKeyEngine, clientCertEngine }: CredentialOptions): void {
  const unsupported = (): Error =>
    Object.assign(new Error('Custom engines not supported by this OpenSSL'), {
      code: 'ERR_CRYPTO_CUSTOM_ENGINE_NOT_SUPPORTED',
    });
  const expected = 'of type string or one of null or undefined';
  if (privateKeyIdentifier !== undefined && privateKeyIdentifier !== null) {
    if (privateKeyEngine === undefined || privateKeyEngine === null) {
      throw nodeInvalidArgValue('options.privateKeyEngine', privateKeyEngine);
    }
    if (key) throw nodeInvalidArgValue('options.privateKeyIdentifier', privateKeyIdentifier);
    if (typeof privateKeyIdentifier !== 'string') {
      throw invalidArgType('options.privateKeyIdentifier', expected, privateKeyIdentifier);
    }
    if (typeof privateKeyEngine !== 'string') {
      throw invalidArgType('options.privateKeyEngine', expected, privateKeyEngine);
    }
    throw unsupported();
  }
  if (clientCertEngine === undefined || clientCertEngine === null) return;
  if (typeof clientCertEngine === 'string') throw unsupported();
  throw invalidArgType('options.clientCertEngine', expected, clientCertEngine);
}

/** node:tls refuses short primes and passes over what does not parse; a good one has no use here. */
function checkDhparam(dhparam: unknown): void {
  if (dhparam === undefined || dhparam === null) return;
  const bytes = bytesOf('options.dhparam', dhparam);
  const bits = primeBits(Buffer.from(bytes).toString('latin1'));
  if (bits === undefined) return;
  if (bits < 1024) {
    throw Object.assign(new RangeError('DH parameter is less than 1024 bits'), { code: 'ERR_INVALID_ARG_VALUE' });
  }
  if (bits < 2048) process.emitWarning('DH parameter is less than 2048 bits', 'SecurityWarning');
}

/** Bits of the prime of a PKCS#3 block: SEQUENCE { prime INTEGER, base INTEGER }. */
function primeBits(pem: string): number | undefined {
  const [, base64] = /-----BEGIN DH PARAMETERS-----([^-]+)-----END DH PARAMETERS-----/.exec(pem) ?? [];
  if (base64 === undefined) return undefined;
  const der = Buffer.from(base64, 'base64');
  const sequence = readDer(der, 48);
  const prime = sequence && readDer(sequence, 2);
  if (prime === undefined || prime.length === 0) return undefined;
  return BigInt(`0x${prime.toString('hex')}`).toString(2).length;
}

/** The content of a DER element with a tag. */
function readDer(der: Buffer, tag: number): Buffer | undefined {
  if (der[0] !== tag || der[1] === undefined) return undefined;
  const lengthBytes = der[1] > 127 ? der[1] - 128 : 0;
  if (lengthBytes > 4 || der.length < 2 + lengthBytes) return undefined;
  const length = lengthBytes === 0 ? der[1] : der.readUIntBE(2, lengthBytes);
  return der.subarray(2 + lengthBytes, 2 + lengthBytes + length);
}

function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** Bytes of an option that takes text or bytes. */
function bytesOf(name: string, value: unknown, wrongType = invalidArgType): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  throw wrongType(name, 'of type string or an instance of Buffer, TypedArray, or DataView', value);
}
