// Whom a context trusts where `ca` is not given: Node's roots, NODE_EXTRA_CA_CERTS, the system's, or the program's own.

import { createHash } from 'node:crypto';
import { nodeTls } from './node-tls.js';
import type { EngineName } from '../engine/connection.js';
import type { TlsEngine, TrustStore } from '../engine/engine.js';
import { invalidArgType, nodeInvalidArgValue } from '../errors.js';
import { operationFailed } from './config-errors.js';
import { allCertificatesOf, certificatesOf } from './pem-certificates.js';
import { opensslCertificates, readText, systemCertificates, usesOpensslStore } from './system-certificates.js';

export type CaCertificatesType = 'default' | 'system' | 'bundled' | 'extra';

/** What newer releases of Node answer for themselves (22.15, 23.10, 24). */
const node = nodeTls as { getCACertificates?: (type: CaCertificatesType) => string[] };

let own: readonly string[] | undefined;
let extra: readonly string[] | undefined;
let system: readonly string[] | undefined;
let joined: readonly string[] | undefined;

/** Certificates in PEM, frozen, as node:tls's. */
export function rootCertificates(): readonly string[] {
  return nodeTls.rootCertificates;
}

/**
 * The certificates of a kind in PEM, frozen; on every supported Node.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 */
export function getCACertificates(type: CaCertificatesType = 'default'): readonly string[] {
  if (typeof type !== 'string') throw invalidArgType('type', 'of type string', type);
  if (type === 'default') return defaultCertificates();
  if (type === 'bundled') return nodeTls.rootCertificates;
  if (type === 'extra') return node.getCACertificates?.('extra') ?? (extra ??= readExtra());
  if (type === 'system') return node.getCACertificates?.('system') ?? (system ??= systemCertificates());
  throw nodeInvalidArgValue('type', type);
}

/**
 * Trusts these and no others in contexts to come that are made without `ca`. They hold for pqtls, not for node:tls.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`; Error `ERR_CRYPTO_OPERATION_FAILED` where none of them parses
 */
export function setDefaultCACertificates(certs: readonly (string | NodeJS.ArrayBufferView)[]): void {
  if (!Array.isArray(certs)) throw invalidArgType('certs', 'an instance of Array', certs);
  const texts = (certs as readonly unknown[]).map((cert, index) => {
    if (typeof cert === 'string') return cert;
    if (ArrayBuffer.isView(cert)) return Buffer.from(cert.buffer, cert.byteOffset, cert.byteLength).toString('latin1');
    throw invalidArgType(`certs[${index}]`, 'of type string or an instance of ArrayBufferView', cert);
  });
  const parsed = new Set(texts.flatMap(certificatesOf));
  if (texts.length > 0 && parsed.size === 0) throw operationFailed('No valid certificates found in the provided array');
  own = Object.freeze([...parsed]);
}

function defaultCertificates(): readonly string[] {
  if (own !== undefined) return own;
  if (node.getCACertificates !== undefined) return node.getCACertificates('default');
  joined ??= Object.freeze([...(usesOpensslStore() ? [] : nodeTls.rootCertificates), ...(extra ??= readExtra())]);
  return joined;
}

/** Node itself has warned of a file that it can't read, or not to its end, and trusts nothing of it. */
function readExtra(): readonly string[] {
  const path = process.env['NODE_EXTRA_CA_CERTS'];
  if (path === undefined || path === '') return Object.freeze([]);
  return Object.freeze(allCertificatesOf(readText(path) ?? '') ?? []);
}

interface SharedStore {
  readonly certificates: readonly string[];
  readonly store: TrustStore;
}

const shared = new Map<EngineName, SharedStore>();

/** The store of the default certificates: parsed once for each thread, and again when they were replaced. */
export function defaultTrustStore(engine: TlsEngine): TrustStore {
  const certificates = defaultCertificates();
  const known = shared.get(engine.name);
  if (known?.certificates === certificates) return known.store;
  const store = engine.createTrustStore();
  // What setDefaultCACertificates() was given takes the place of all.
  const ofOpenssl = own === undefined && usesOpensslStore() ? opensslCertificates() : [];
  for (const pem of [...certificates, ...ofOpenssl]) store.addCertificates(Buffer.from(pem));
  shared.set(engine.name, { certificates, store });
  return store;
}

// The stores of this many different values of `ca` are remembered while some context has them.
const rememberedStores = 64;

const storesOf = new WeakMap<TlsEngine, Map<string, WeakRef<TrustStore>>>();

/** The store of a `ca` option: contexts that trust the same certificates have one, parsed once. Not to be added to. */
export function sharedTrustStore(engine: TlsEngine, authorities: readonly Uint8Array[]): TrustStore {
  const stores = storesOf.get(engine) ?? new Map<string, WeakRef<TrustStore>>();
  storesOf.set(engine, stores);
  const hash = createHash('sha256');
  for (const pem of authorities) hash.update(`${pem.length}:`).update(pem);
  const key = hash.digest('base64');
  const known = stores.get(key)?.deref();
  if (known !== undefined) return known;
  const store = engine.createTrustStore();
  for (const pem of authorities) store.addCertificates(pem);
  stores.delete(key);
  const [oldest] = stores.keys();
  if (oldest !== undefined && stores.size >= rememberedStores) stores.delete(oldest);
  stores.set(key, new WeakRef(store));
  return store;
}

let warned = false;

/** False where NODE_TLS_REJECT_UNAUTHORIZED=0 switches verification off, with node:tls's warning, once. */
export function rejectUnauthorizedByDefault(): boolean {
  if (process.env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0') return true;
  if (!warned) {
    warned = true;
    process.emitWarning(
      "Setting the NODE_TLS_REJECT_UNAUTHORIZED environment variable to '0' makes TLS connections " +
        'and HTTPS requests insecure by disabling certificate verification.',
    );
  }
  return false;
}
