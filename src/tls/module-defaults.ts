// The DEFAULT_* of the module's default object: assignable as on node:tls, and read by createSecureContext() each time.

import { nodeTls } from './node-tls.js';

/** What a program may assign. */
export interface ModuleDefaults {
  /** Cipher list of contexts without `ciphers`; `--tls-cipher-list` sets it. */
  DEFAULT_CIPHERS: string;
  /** `auto` stands for `defaultGroups`. */
  DEFAULT_ECDH_CURVE: string;
  /** `--tls-min-v1.x` sets it. */
  DEFAULT_MIN_VERSION: string;
  /** `--tls-max-v1.x` sets it. */
  DEFAULT_MAX_VERSION: string;
  /** Kept for programs that read it: there is no renegotiation to limit. */
  CLIENT_RENEG_LIMIT: number;
  /** As CLIENT_RENEG_LIMIT; in seconds. */
  CLIENT_RENEG_WINDOW: number;
}

/** The object that index.ts completes and exports. Node's own values stand for its command-line options. */
export const moduleDefaults: ModuleDefaults = {
  CLIENT_RENEG_LIMIT: 3,
  CLIENT_RENEG_WINDOW: 600,
  DEFAULT_CIPHERS: nodeTls.DEFAULT_CIPHERS,
  DEFAULT_ECDH_CURVE: 'auto',
  DEFAULT_MIN_VERSION: nodeTls.DEFAULT_MIN_VERSION,
  DEFAULT_MAX_VERSION: nodeTls.DEFAULT_MAX_VERSION,
};
