// What the TypeScript engine is made of, as getHandshakeInfo() and selectEngine() show it.

import { nobleVersion } from '../crypto/noble/version.js';

/** e.g. `OpenSSL 3.5.4 (node:crypto), noble-post-quantum 0.7.1, ...`: where its primitives come from. */
export const pureEngineVersion = `OpenSSL ${process.versions.openssl} (node:crypto), ${nobleVersion}`;
