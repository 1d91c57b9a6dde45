// Whom a context trusts where `ca` is not given: Node's roots, NODE_EXTRA_CA_CERTS, the system's, or the program's own.

import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeTls } from './node-tls.js';
import type { NativeBinding } from '../binding.js';
import type { NativeTrustStore } from '../binding/tls-contract.js';
import { invalidArgType, nodeInvalidArgValue } from '../errors.js';
import { operationFailed } from './config-errors.js';

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
  if (type === 'system') return node.getCACertificates?.('system') ?? (system ??= readSystem());
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
  joined ??= Object.freeze([...nodeTls.rootCertificates, ...(extra ??= readExtra())]);
  return joined;
}

/** The certificates of a PEM text, each in the form that OpenSSL writes; reading ends at what does not parse. */
function certificatesOf(text: string): string[] {
  const found: string[] = [];
  for (const [block] of text.matchAll(/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]+-----END [A-Z0-9 ]+-----/g)) {
    try {
      found.push(new X509Certificate(block).toString());
    } catch {
      // As node:tls: what does not parse is not trusted.
      break;
    }
  }
  return found;
}

function readExtra(): readonly string[] {
  const path = process.env['NODE_EXTRA_CA_CERTS'];
  if (path === undefined || path === '') return Object.freeze([]);
  try {
    return Object.freeze(certificatesOf(readFileSync(path, 'latin1')));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    process.emitWarning(`Ignoring extra certs from \`${path}\`, load failed: ${why}`);
    return Object.freeze([]);
  }
}

const systemFiles = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem'];

/** What OpenSSL would read: SSL_CERT_FILE and SSL_CERT_DIR, or the usual places of a Unix. */
function readSystem(): readonly string[] {
  const file = process.env['SSL_CERT_FILE'];
  const directory = process.env['SSL_CERT_DIR'];
  const paths: string[] = [];
  if (file !== undefined) paths.push(file);
  if (directory !== undefined && existsSync(directory)) {
    paths.push(...readdirSync(directory).map((name) => join(directory, name)));
  }
  if (file === undefined && directory === undefined) {
    const usual = systemFiles.find((path) => existsSync(path));
    if (usual !== undefined) paths.push(usual);
  }
  const found = new Set<string>();
  for (const path of paths) {
    try {
      for (const pem of certificatesOf(readFileSync(path, 'latin1'))) found.add(pem);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      process.emitWarning(`Ignoring system certificates from \`${path}\`, load failed: ${why}`);
    }
  }
  return Object.freeze([...found]);
}

let shared: { readonly certificates: readonly string[]; readonly store: NativeTrustStore } | undefined;

/** The store of the default certificates: parsed once for each thread, and again when they were replaced. */
export function defaultTrustStore(binding: NativeBinding): NativeTrustStore {
  const certificates = defaultCertificates();
  if (shared?.certificates !== certificates) {
    const store = new binding.TrustStore();
    for (const pem of certificates) store.addCertificates(Buffer.from(pem));
    shared = { certificates, store };
  }
  return shared.store;
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
