// The program's own keys and certificates as the TypeScript engine reads them, with AWS-LC's words for what it refuses.

import { X509Certificate } from 'node:crypto';
import { nodePkcs12, signerFromPrivateKey } from '../crypto/tls/node-signer.js';
import { pemBlocks } from '../crypto/tls/pem.js';
import { Pkcs12MacError, readPkcs12, type Pkcs12Contents } from '../crypto/tls/pkcs12.js';
import type { TlsSigner } from '../crypto/tls/primitives.js';
import { UnsupportedError } from '../errors.js';
import { publicKeyOf } from './pure-environment.js';

/** An Error as the addon throws it. */
export function refusal(library: string, reason: string): Error {
  return Object.assign(new Error(reason.toLowerCase().replaceAll('_', ' ')), { library, reason });
}

export function certificatesIn(pem: Uint8Array): Uint8Array[] {
  const text = Buffer.from(pem.buffer, pem.byteOffset, pem.byteLength).toString('latin1');
  return pemBlocks(text)
    .filter(({ label }) => /^(X509 |TRUSTED )?CERTIFICATE$/.test(label))
    .map(({ bytes }) => checkedCertificate(bytes));
}

/** Of a text without a certificate. */
export function faultOfPem(pem: Uint8Array): string {
  const text = Buffer.from(pem.buffer, pem.byteOffset, pem.byteLength).toString('latin1');
  if (!/-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/.test(text)) return 'NO_START_LINE';
  return /-----END (X509 |TRUSTED )?CERTIFICATE-----/.test(text) ? 'BAD_BASE64_DECODE' : 'BAD_END_LINE';
}

function checkedCertificate(der: Uint8Array): Uint8Array {
  try {
    return new X509Certificate(der).raw;
  } catch (cause) {
    throw Object.assign(refusal('ASN.1 encoding routines', 'DECODE_ERROR'), { cause });
  }
}

/** What node:crypto says of a wrong passphrase or of none, by its version. */
const passphraseCodes: ReadonlySet<unknown> = new Set([
  'ERR_OSSL_BAD_DECRYPT',
  'ERR_MISSING_PASSPHRASE',
  'ERR_OSSL_CRYPTO_INTERRUPTED_OR_CANCELLED',
]);

export function readKey(pem: Uint8Array, passphrase: string | undefined): TlsSigner {
  try {
    return signerFromPrivateKey(pem, passphrase);
  } catch (cause) {
    if (cause instanceof UnsupportedError) throw cause;
    const { code } = cause as { code?: unknown };
    throw Object.assign(refusal('PEM routines', passphraseCodes.has(code) ? 'BAD_DECRYPT' : 'NO_START_LINE'), {
      cause,
    });
  }
}

/** What a PKCS#12 file brings. */
export interface Pkcs12Identity {
  readonly signer: TlsSigner;
  readonly certificate: Uint8Array;
  /** Its other certificates. */
  readonly authorities: readonly Uint8Array[];
}

/** Mirrors Pkcs12Result in native/credentials.h. */
export const pkcs12Result = { ok: 0, unreadable: 1, wrongPassphrase: 2, noPrivateKey: 3, noCertificate: 4 } as const;

/** A number of `pkcs12Result` where there is none. */
export function readPkcs12Identity(der: Uint8Array, passphrase: string): Pkcs12Identity | number {
  const file = openPkcs12(der, passphrase);
  if (typeof file === 'number') return file;
  try {
    const [key, ...otherKeys] = file.keys;
    // Which of several is meant nobody knows: AWS-LC takes no such file either.
    if (otherKeys.length > 0) return pkcs12Result.unreadable;
    if (key === undefined) return pkcs12Result.noPrivateKey;
    const signer = readKey(key, undefined);
    const certificates = file.certificates.map(checkedCertificate);
    const certificate = certificates.find((candidate) => isKeyOf(signer, candidate));
    if (certificate === undefined) return pkcs12Result.noCertificate;
    return { signer, certificate, authorities: certificates.filter((other) => other !== certificate) };
  } finally {
    for (const key of file.keys) key.fill(0);
  }
}

function openPkcs12(der: Uint8Array, passphrase: string): Pkcs12Contents | number {
  try {
    return readPkcs12(der, passphrase, nodePkcs12);
  } catch (error) {
    if (error instanceof UnsupportedError) throw error;
    // The parser throws errors of several kinds, and all say the same.
    return error instanceof Pkcs12MacError ? pkcs12Result.wrongPassphrase : pkcs12Result.unreadable;
  }
}

function isKeyOf(signer: TlsSigner, certificate: Uint8Array): boolean {
  const spki = publicKeyOf(certificate);
  return spki !== undefined && Buffer.compare(spki, signer.spki) === 0;
}
