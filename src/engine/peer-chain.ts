// What a certificate chain shows of itself, beside what Node reads in it.

import { X509Certificate } from 'node:crypto';
import { parsePublicKey } from '../crypto/tls/public-key.js';
import type { ChainEntry } from './connection.js';
import { publicKeyOf } from './pure-environment.js';

/** As far as Node reads it: its parser and ours need not agree on what a peer has made up. */
export function describeChain(path: readonly Uint8Array[]): ChainEntry[] {
  const entries: ChainEntry[] = [];
  for (const der of path) {
    const certificate = tryRead(der);
    if (certificate === undefined) break;
    const spki = publicKeyOf(der);
    const key = spki && parsePublicKey(spki);
    const selfIssued = certificate.issuer === certificate.subject;
    const entry = { der: Buffer.from(der), selfIssued };
    entries.push(
      key?.type === 'ml-dsa' ? { ...entry, mlDsa: key.algorithm.toLowerCase(), publicKey: key.bytes } : entry,
    );
  }
  return entries;
}

function tryRead(der: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    // OpenSSL's word on a peer's bytes.
    return undefined;
  }
}
