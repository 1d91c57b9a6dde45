// Key pairs of classical groups from a private key that is given: for handshakes that can be repeated. RFC 7748; SEC 1.

import { createECDH, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';

export interface FixedKeyPair {
  /** As it stands in a key share. */
  readonly publicKey: Uint8Array;
  complete(peer: Uint8Array): Uint8Array;
}

/** Private keys of both groups have 32 bytes. */
export function fixedKeyPair(group: string, privateKey: Uint8Array): FixedKeyPair {
  if (group === 'X25519') return x25519(privateKey);
  if (group === 'secp256r1') return p256(privateKey);
  throw new Error(`No key pair of ${group} is made of given bytes`);
}

// RFC 8410, Sections 4 and 7.
const pkcs8Prefix = Buffer.from('302e020100300506032b656e04220420', 'hex');
const spkiPrefix = Buffer.from('302a300506032b656e032100', 'hex');

function x25519(bytes: Uint8Array): FixedKeyPair {
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, bytes]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32);
  const complete = (peer: Uint8Array): Uint8Array => {
    const key = Buffer.concat([spkiPrefix, peer]);
    return diffieHellman({ privateKey, publicKey: createPublicKey({ key, format: 'der', type: 'spki' }) });
  };
  return { publicKey, complete };
}

function p256(bytes: Uint8Array): FixedKeyPair {
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(bytes);
  return { publicKey: pair.getPublicKey(), complete: (peer) => pair.computeSecret(peer) };
}
