// Certificates that the machine trusts: files and folders that OpenSSL and Node look into.

import { readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { certificatesOf } from './pem-certificates.js';

// Of the OpenSSL in Node, whose OPENSSLDIR is /etc/ssl.
const opensslFile = '/etc/ssl/cert.pem';
const opensslFolder = '/etc/ssl/certs';

// Where distributions keep the same certificates in one file.
const systemFiles = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem'];

// The hash of a subject, and a number to tell equal ones apart: the only names that OpenSSL looks for.
const hashedName = /^[0-9a-f]{8}\.\d+$/;

/** What Node calls the system's: SSL_CERT_FILE and SSL_CERT_DIR, or the usual places of a Unix. Frozen. */
export function systemCertificates(): readonly string[] {
  const { file, folder } = fromEnvironment();
  if (file !== undefined || folder !== undefined) return read([file, ...filesIn(folder)]);
  for (const path of systemFiles) {
    const found = read([path]);
    if (found.length > 0) return found;
  }
  return [];
}

/** What `--use-openssl-ca` trusts in place of Node's roots. Frozen. */
export function opensslCertificates(): readonly string[] {
  const { file = opensslFile, folder = opensslFolder } = fromEnvironment();
  return read([file, ...filesIn(folder, hashedName)]);
}

/** Whether Node was started so, or built so, as some distributions build it. */
export function usesOpensslStore(): boolean {
  const flags = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)];
  const given = new Set(flags.map((flag) => flag.replaceAll('_', '-')));
  if (given.has('--use-bundled-ca')) return false;
  return given.has('--use-openssl-ca') || builtWithOpensslStore();
}

function builtWithOpensslStore(): boolean {
  const { defines } = process.config.target_defaults as { defines?: readonly unknown[] };
  return defines?.includes('NODE_OPENSSL_CERT_STORE') ?? false;
}

function fromEnvironment(): { file: string | undefined; folder: string | undefined } {
  return { file: process.env['SSL_CERT_FILE'], folder: process.env['SSL_CERT_DIR'] };
}

function filesIn(folders: string | undefined, wanted = /./): string[] {
  const paths = (folders ?? '').split(delimiter).filter((folder) => folder !== '');
  return paths.flatMap((folder) => namesIn(folder).flatMap((name) => (wanted.test(name) ? [join(folder, name)] : [])));
}

/** A folder that is not there, or not ours to read, holds nothing: OpenSSL and Node say nothing of it either. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(paths: readonly (string | undefined)[]): readonly string[] {
  const texts = paths.map((path) => (path === undefined ? undefined : readText(path)));
  return Object.freeze([...new Set(texts.flatMap((text) => certificatesOf(text ?? '')))]);
}

/** Undefined for what is no file, or not ours to read. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
