// What a certificate chain shows of itself, beside what Node reads in it.

import { X509Certificate } from 'node:crypto';
import { parsePublicKey } from '../crypto/tls/public-key.js';
import type { ChainEntry } from './connection.js';
import { publicKeyOf } from './pure-environment.js';

export function describeChain(path: readonly Uint8Array[]): ChainEntry[] {
  return path.map((der) => {
    const certificate = new X509Certificate(der);
    const spki = publicKeyOf(der);
    const key = spki && parsePublicKey(spki);
    const selfIssued = certificate.issuer === certificate.subject;
    if (key?.type !== 'ml-dsa') return { der: Buffer.from(der), selfIssued };
    return { der: Buffer.from(der), selfIssued, mlDsa: key.algorithm.toLowerCase(), publicKey: key.bytes };
  });
}
