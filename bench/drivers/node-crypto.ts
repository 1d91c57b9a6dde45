// node:crypto, for what the running Node has: ML-KEM and ML-DSA since Node 24.7 (OpenSSL 3.5), SHA-3 since long.

import * as nodeCrypto from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { javascriptWork, type Work } from '../harness/work.js';
import {
  fixedBytes,
  messageSequence,
  xofOutputLength,
  type MessageSequence,
  type Operation,
} from '../primitives/operations.js';

/** What newer Nodes have and the types of the oldest supported one do not. */
interface NewerCrypto {
  readonly encapsulate?: (key: KeyObject) => { sharedKey: Buffer; ciphertext: Buffer };
  readonly decapsulate?: (key: KeyObject, ciphertext: Uint8Array) => Buffer;
  readonly hash?: (
    algorithm: string,
    data: Uint8Array,
    options: string | { outputEncoding: string; outputLength: number },
  ) => Buffer;
  readonly generateKeyPairSync: (type: string) => { publicKey: KeyObject; privateKey: KeyObject };
}

const crypto = nodeCrypto as unknown as typeof nodeCrypto & NewerCrypto;

/** Undefined where the running Node lacks the operation; key shares are no part of node:crypto. */
export function nodeCryptoWork(operation: Operation): Work | undefined {
  const messages = messageSequence();
  const call = nodeCall(operation, messages);
  return call === undefined ? undefined : javascriptWork(call, messages.rewind);
}

function nodeCall(operation: Operation, messages: MessageSequence): (() => void) | undefined {
  switch (operation.kind) {
    case 'kem': {
      const { encapsulate, decapsulate } = crypto;
      const type = operation.algorithm.toLowerCase();
      const keys = generate(type);
      if (keys === undefined || encapsulate === undefined || decapsulate === undefined) return undefined;
      if (operation.action === 'generate') return () => crypto.generateKeyPairSync(type);
      if (operation.action === 'exchange') {
        return () => {
          const fresh = crypto.generateKeyPairSync(type);
          decapsulate(fresh.privateKey, encapsulate(fresh.publicKey).ciphertext);
        };
      }
      const { publicKey, privateKey } = keys;
      if (operation.action === 'encapsulate') return () => encapsulate(publicKey);
      const { ciphertext } = encapsulate(publicKey);
      return () => decapsulate(privateKey, ciphertext);
    }
    case 'signature': {
      const type = operation.algorithm.toLowerCase();
      const keys = generate(type);
      if (keys === undefined) return undefined;
      if (operation.action === 'generate') return () => crypto.generateKeyPairSync(type);
      const { publicKey, privateKey } = keys;
      if (operation.action === 'sign') return () => crypto.sign(null, messages.next(), privateKey);
      const signed = messages.next();
      const signature = crypto.sign(null, signed, privateKey);
      return () => crypto.verify(null, signed, publicKey, signature);
    }
    case 'hash':
    case 'xof': {
      const name = operation.algorithm.toLowerCase();
      if (!crypto.getHashes().includes(name)) return undefined;
      const data = fixedBytes(operation.bytes);
      const { hash } = crypto;
      const outputLength = operation.kind === 'xof' ? xofOutputLength : undefined;
      if (hash !== undefined && outputLength === undefined) return () => hash(name, data, 'buffer');
      return () => crypto.createHash(name, { outputLength }).update(data).digest();
    }
    case 'group':
      return undefined;
  }
}

function generate(type: string): { publicKey: KeyObject; privateKey: KeyObject } | undefined {
  try {
    return crypto.generateKeyPairSync(type);
  } catch (error) {
    // ERR_INVALID_ARG_VALUE where Node does not know the type; another code where its OpenSSL lacks it.
    if (typeof (error as NodeJS.ErrnoException).code === 'string') return undefined;
    throw error;
  }
}
