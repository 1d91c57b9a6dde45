// What an endpoint signs handshakes with, and with which chains: the schemes that it used are left out until it refuses.

import type { Facts, Offer } from '../handshake.js';
import { offeredSchemes } from '../offers.js';
import { isAccepted, probeOf, type Prober } from '../prober.js';
import type { Probe } from '../report.js';

export interface Signatures {
  readonly accepted: readonly string[];
  readonly ended: Probe;
  /** The handshakes, one a scheme. */
  readonly handshakes: readonly Facts[];
}

/** In TLS 1.3 these say what certificates may be signed with, and nothing else. RFC 9846, Section 4.2.3. */
const forCertificatesOnly = ['rsa_pkcs1_sha256', 'rsa_pkcs1_sha384', 'rsa_pkcs1_sha512'];

/** @param first a handshake with `base` */
export async function probeSignatures(prober: Prober, base: Offer, first: Facts): Promise<Signatures> {
  const handshakes: Facts[] = [];
  const kept = first.protocol === 'TLSv1.3' ? forCertificatesOnly : [];
  const version = first.protocol === 'TLSv1.3' ? { minVersion: first.protocol } : { maxVersion: first.protocol };
  const left = new Set<string>(offeredSchemes);
  let ended: Probe = { result: 'not-tried', detail: 'nothing is left to offer' };
  let facts: Facts | undefined = first;
  while (facts !== undefined) {
    const scheme: string | undefined = facts.peerSignatureScheme;
    // RSA key transport has no signature, and a server that uses what was not offered would never end.
    if (scheme === undefined || !left.delete(scheme)) {
      ended = { result: 'not-tried', detail: 'the next handshake had no signature of an offered scheme' };
      break;
    }
    handshakes.push(facts);
    if ([...left].every((name) => kept.includes(name))) break;
    const outcome = await prober.try({ ...base, ...version, sigalgs: [...left] });
    facts = isAccepted(outcome) ? outcome : undefined;
    if (facts === undefined) ended = probeOf(outcome);
  }
  return { accepted: handshakes.map(({ peerSignatureScheme = '' }) => peerSignatureScheme), ended, handshakes };
}
