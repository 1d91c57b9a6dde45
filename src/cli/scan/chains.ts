// The certificate chains that an endpoint showed, each once, with the signatures that it was seen with.

import { describeCertificate } from './certificate.js';
import type { Facts } from './handshake.js';
import type { Chain } from './report.js';

export function chainsOf(handshakes: readonly Facts[]): Chain[] {
  const chains = new Map<string, Chain>();
  for (const { chain, untrusted, peerSignatureScheme } of handshakes) {
    const certificates = chain.map(describeCertificate);
    const [leaf] = certificates;
    // A resumed session shows none.
    if (leaf === undefined) continue;
    const known = chains.get(leaf.fingerprint256);
    const schemes = new Set(known?.signatureSchemes);
    if (peerSignatureScheme !== undefined) schemes.add(peerSignatureScheme);
    chains.set(leaf.fingerprint256, {
      certificates,
      trusted: untrusted === undefined,
      ...(untrusted === undefined ? {} : { problem: untrusted }),
      // The verdict of the first: our own stack's, which is the stricter one.
      ...known,
      signatureSchemes: [...schemes],
    });
  }
  return [...chains.values()];
}
