// Cipher lists in OpenSSL's language, split for TLS 1.2 and TLS 1.3; and OpenSSL's names of suites.

import { constants } from 'node:crypto';
import type { ContextBuilder } from '../engine/engine.js';
import { requireEngine } from '../engine/select.js';
import { invalidArgType, nodeInvalidArgValue } from '../errors.js';
import { applyCipherRules } from './cipher-rules.js';
import { configError } from './config-errors.js';
import { moduleDefaults } from './module-defaults.js';
import { narrowCiphers, narrowSecurityLevel, type Demand, type WishSource } from './policy.js';

export interface CipherChoice {
  /** For TLS 1.2 and below, joined by ':'; empty for none. */
  readonly tls12: string;
  /** TLS 1.3 suites joined by ':'; empty leaves AWS-LC's. */
  readonly tls13: string;
  /** OpenSSL's @SECLEVEL, 0 to 5. */
  readonly securityLevel: number;
  /** The items of the list, without levels. */
  readonly words: readonly string[];
  readonly source: WishSource;
}

// OpenSSL's default in current releases.
const defaultSecurityLevel = 2;

const tls13Suites = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'];

/**
 * The suites of a `ciphers` option, or of the module's default.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`; TlsError `ERR_SSL_NO_CIPHER_MATCH`,
 *   `ERR_SSL_INVALID_COMMAND`
 */
export function chooseCiphers(options: { ciphers?: string | null | undefined }): CipherChoice {
  const { ciphers = moduleDefaults.DEFAULT_CIPHERS } = options;
  if (ciphers !== null && typeof ciphers !== 'string') {
    throw invalidArgType('options.ciphers', 'of type string', ciphers);
  }
  // OpenSSL's lists are C strings: what follows would be lost without a word.
  if (ciphers?.includes('\0')) throw nodeInvalidArgValue('options.ciphers', ciphers);
  const items = (ciphers || moduleDefaults.DEFAULT_CIPHERS).split(':');
  const isBuiltIn = moduleDefaults.DEFAULT_CIPHERS === constants.defaultCoreCipherList;
  const source = options.ciphers ? 'option' : isBuiltIn ? 'none' : 'default';
  let securityLevel = defaultSecurityLevel;
  const rules: string[] = [];
  let tls13: string[] = [];
  let named13 = false;
  for (const item of items) {
    const [, name = '', level] = /^(.*?)(?:@SECLEVEL=(.*))?$/s.exec(item) ?? [];
    if (level !== undefined) {
      if (!/^[0-5]$/.test(level)) throw configError('ciphers', 'SSL routines', 'INVALID_COMMAND');
      securityLevel = Number(level);
    }
    if (name === '') continue;
    if (name.startsWith('TLS_') || name.startsWith('!TLS_')) {
      // OpenSSL takes no operators here, and refuses what it does not know.
      if (!tls13Suites.includes(name) && !absent13.has(name))
        throw configError('ciphers', 'SSL routines', 'NO_CIPHER_MATCH');
      named13 = true;
      if (tls13Suites.includes(name)) tls13.push(name);
    } else rules.push(...name.split(/[ ,;]+/).filter((rule) => rule !== ''));
  }
  if (rules.length === 0 && !named13) {
    throw nodeInvalidArgValue('options.ciphers', items);
  }
  if (named13 && tls13.length === 0) throw configError('ciphers', 'SSL routines', 'NO_CIPHER_MATCH');
  if (!named13) tls13 = tls13Suites;
  const words = [...(named13 ? tls13 : []), ...rules];
  const tls12 = applyCipherRules(rules);
  if (tls12 === undefined) throw configError('ciphers', 'SSL routines', 'INVALID_COMMAND');
  if (rules.length > 0 && tls12.length === 0) throw configError('ciphers', 'SSL routines', 'NO_CIPHER_MATCH');
  return { tls12: tls12.join(':'), tls13: tls13.join(':'), securityLevel, words, source };
}

// TLS 1.3 suites that node:tls knows and AWS-LC has not.
const absent13 = new Set(['TLS_AES_128_CCM_SHA256', 'TLS_AES_128_CCM_8_SHA256']);

/** Gives a context what of the choice the policy allows. Returns whether a suite for TLS 1.2 and below is left. */
export function applyCiphers(builder: ContextBuilder, choice: CipherChoice, demand: Demand): boolean {
  builder.setSecurityLevel(narrowSecurityLevel(demand, choice.securityLevel));
  builder.setCiphers(choice.tls12, choice.tls13);
  const narrowed = narrowCiphers(demand, choice, builder.ciphers());
  if (narrowed === undefined) return choice.tls12 !== '';
  builder.setCiphers(narrowed.tls12.join(':'), narrowed.tls13.join(':'));
  return narrowed.tls12.length > 0;
}

let cipherNames: readonly string[] | undefined;

/** The suites that the engine has, by OpenSSL's names in lower case, sorted, as node:tls's getCiphers() gives its own. */
export function getCiphers(): string[] {
  if (cipherNames === undefined) {
    const builder = requireEngine().createContext();
    builder.setCiphers((applyCipherRules(['ALL']) ?? []).join(':'), tls13Suites.join(':'));
    cipherNames = [...new Set([...builder.ciphers(), ...tls13Suites].map((name) => name.toLowerCase()))].sort();
  }
  return [...cipherNames];
}

/** What getCipher() gives as `version`: the first version that had the suite, in OpenSSL's words. */
export function cipherVersion(opensslName: string): string {
  if (opensslName.startsWith('TLS_')) return 'TLSv1.3';
  if (/SHA(256|384)$|POLY1305$/.test(opensslName)) {
    // These two came with TLS 1.0's PSK suites.
    return /^ECDHE-PSK-.*CBC/.test(opensslName) ? 'TLSv1.0' : 'TLSv1.2';
  }
  return opensslName.startsWith('ECDHE-') ? 'TLSv1.0' : 'SSLv3';
}
