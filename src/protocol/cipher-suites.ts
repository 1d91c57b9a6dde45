// The cipher suites of TLS 1.3: AEAD, hash, and how much one key may protect. RFC 9846, Sections 5.5 and B.4.

import type { AeadName, TlsHashName } from '../crypto/tls/primitives.js';
import { CipherSuite } from './constants.js';

export type CipherSuiteName = keyof typeof CipherSuite;

export interface SuiteParameters {
  readonly id: number;
  readonly name: CipherSuiteName;
  readonly aead: AeadName;
  readonly hash: TlsHashName;
  /** Records after which a sender takes new keys. */
  readonly recordLimit: number;
}

// 2^24.5 full records, with a margin. RFC 9846, Section 5.5.
const gcmRecords = 2 ** 24;
// ChaCha20-Poly1305 has no limit below that of sequence numbers; this keeps them exact in a JavaScript number.
const chachaRecords = 2 ** 48;

const suites: readonly SuiteParameters[] = [
  suite('TLS_AES_128_GCM_SHA256', 'aes-128-gcm', 'sha256', gcmRecords),
  suite('TLS_AES_256_GCM_SHA384', 'aes-256-gcm', 'sha384', gcmRecords),
  suite('TLS_CHACHA20_POLY1305_SHA256', 'chacha20-poly1305', 'sha256', chachaRecords),
];

const byId = new Map(suites.map((parameters) => [parameters.id, parameters]));

/** undefined for a number that is none of TLS 1.3's suites here. */
export function suiteOf(id: number): SuiteParameters | undefined {
  return byId.get(id);
}

function suite(name: CipherSuiteName, aead: AeadName, hash: TlsHashName, recordLimit: number): SuiteParameters {
  return { id: CipherSuite[name], name, aead, hash, recordLimit };
}
