// node:tls's certificate objects, made of the DER that an engine reports.

import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls';
import type { ChainEntry } from '../engine/connection.js';

/** What a certificate with an ML-DSA key has besides node:tls's fields, whether Node knows the key or not. */
export interface MlDsaFields {
  /** `ml-dsa-44`, `ml-dsa-65` or `ml-dsa-87`. */
  asymmetricKeyType?: string;
}

type LegacyObject = Record<string, unknown>;

/** node:tls's object for one certificate, without its issuer. */
export function legacyCertificate(entry: Pick<ChainEntry, 'der' | 'mlDsa' | 'publicKey'>): PeerCertificate {
  const made = new X509Certificate(entry.der).toLegacyObject() as unknown as LegacyObject;
  if (typeof made['infoAccess'] === 'string') made['infoAccess'] = readInfoAccess(made['infoAccess']);
  if (entry.mlDsa !== undefined) {
    made['asymmetricKeyType'] = entry.mlDsa;
    made['pubkey'] ??= entry.publicKey;
  }
  return made as unknown as PeerCertificate;
}

/** The peer's certificate; with `detailed` each one has its issuer, and a self-signed one has itself. Empty for none. */
export function legacyChain(
  chain: readonly ChainEntry[],
  detailed: boolean,
): PeerCertificate | DetailedPeerCertificate {
  const [leaf] = chain;
  if (leaf === undefined) return {} as PeerCertificate;
  if (!detailed) return legacyCertificate(leaf);
  const made = chain.map((entry) => legacyCertificate(entry) as unknown as LegacyObject);
  made.forEach((certificate, index) => {
    const issuer = made[index + 1] ?? (chain[index]?.selfIssued === true ? certificate : undefined);
    if (issuer !== undefined) certificate['issuerCertificate'] = issuer;
  });
  return made[0] as unknown as DetailedPeerCertificate;
}

/** Node's object for the leaf, and through `issuerCertificate` for each one after it, which Node's own class cannot be given. */
export function x509Chain([leaf, ...issuers]: readonly Uint8Array[]): X509Certificate | undefined {
  if (leaf === undefined) return undefined;
  const certificate = new X509Certificate(leaf);
  const issuer = x509Chain(issuers);
  if (issuer !== undefined) {
    Object.defineProperty(certificate, 'issuerCertificate', { value: issuer, configurable: true });
  }
  return certificate;
}

/** `OCSP - URI:http://a\n` as node:tls's object of lists. A value in quotes is JSON. */
function readInfoAccess(text: string): Record<string, string[]> {
  const access = Object.create(null) as Record<string, string[]>;
  for (const [, key = '', value = ''] of text.matchAll(/([^\n:]*):([^\n]*)(?:\n|$)/g)) {
    (access[key] ??= []).push(value.startsWith('"') ? String(JSON.parse(value)) : value);
  }
  return access;
}
