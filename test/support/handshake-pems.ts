// The certificates of handshake-steps.ts, as text that can be sent to a worker.

import { certificates, type Identity } from './certificates.js';
import type { Pems } from './handshake-steps.js';

export async function handshakePems(): Promise<Pems> {
  const { ca, leaf, rsa, client } = await certificates();
  return { ca: ca.cert, leaf: pair(leaf), rsa: pair(rsa), client: pair(client) };
}

function pair({ cert, key }: Identity): Identity {
  return { cert, key };
}
