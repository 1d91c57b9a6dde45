// Does a certificate belong to the host that was asked for? RFC 9525; the rules and errors are node:tls's.

import { X509Certificate } from 'node:crypto';
import type { PeerCertificate } from 'node:tls';
import { moduleDefaults } from './module-defaults.js';
import { nodeTls } from './node-tls.js';

/**
 * Checks a host name or IP address against a certificate; returns the error (`ERR_TLS_CERT_ALTNAME_INVALID`), or
 * undefined where it matches.
 */
export function checkServerIdentity(hostname: string, certificate: PeerCertificate): Error | undefined {
  return nodeTls.checkServerIdentity(hostname, certificate);
}

/**
 * The part of node:tls's certificate object that names it. A public key that Node does not know (ML-DSA before
 * Node 24) does not matter here.
 */
export function nameFields(der: Uint8Array): PeerCertificate {
  const certificate = new X509Certificate(der);
  return {
    subject: parseName(certificate.subject),
    issuer: parseName(certificate.issuer),
    subjectaltname: certificate.subjectAltName,
    valid_from: certificate.validFrom,
    valid_to: certificate.validTo,
    fingerprint: certificate.fingerprint,
    fingerprint256: certificate.fingerprint256,
    fingerprint512: certificate.fingerprint512,
    serialNumber: certificate.serialNumber,
    raw: Buffer.from(certificate.raw),
    ca: certificate.ca,
  } as unknown as PeerCertificate;
}

/** `C=UK\nCN=a` as node:tls's object; an attribute that occurs twice becomes an array. */
function parseName(name: string): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  for (const line of name.split('\n')) {
    const equals = line.indexOf('=');
    if (equals < 0) continue;
    const key = line.slice(0, equals);
    const value = line.slice(equals + 1);
    const before = fields[key];
    fields[key] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return fields;
}

/** What a program put in the place of checkServerIdentity() on the module's default object, where node:tls looks too. */
export function replacedCheck(): typeof checkServerIdentity | undefined {
  const current: unknown = Reflect.get(moduleDefaults, 'checkServerIdentity');
  if (current === undefined || current === checkServerIdentity) return undefined;
  if (typeof current !== 'function') throw new TypeError('checkServerIdentity is not a function');
  return current as typeof checkServerIdentity;
}
