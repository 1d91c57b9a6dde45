// What a test says that must have come of a handshake, against what the connection tells of it.

import { readFileSync } from 'node:fs';
import type { Connection, Negotiated } from '#src/engine/connection.js';
import { nameOf, ProtocolVersion, SignatureScheme } from '#src/protocol/constants.js';
import { latin1 } from './engines.js';
import { ExpectationError } from './failure.js';
import type { Flags } from './flags.js';

/** What was seen of a connection besides. */
export interface Seen {
  readonly resumes: boolean;
  /** A client's sessions, a server's for its cache. */
  readonly sessions: number;
}

/** @throws ExpectationError */
export function checkHandshake(connection: Connection, flags: Flags, seen: Seen): void {
  const negotiated = connection.negotiated();
  const isServer = flags.server === true;
  if (flags['handshake-never-done'] === true) throw new ExpectationError('The handshake was completed');
  expectEqual('version', flags['expect-version'], ProtocolVersion[negotiated.protocol]);
  expectEqual('resumption', seen.resumes && flags['expect-session-miss'] !== true, negotiated.resumed);
  if (!isServer && negotiated.protocol !== 'TLSv1.3') {
    const isNew = !negotiated.resumed || flags['expect-ticket-renewal'] === true;
    expectEqual('a new session', isNew && flags['expect-no-session'] !== true, seen.sessions > 0);
  }
  // Of TLS 1.3 the program is told as well, which is no cache of ids.
  if (!seen.resumes && negotiated.protocol !== 'TLSv1.3') {
    if (flags['expect-session-id'] === true) expectEqual('a session in the cache', true, seen.sessions > 0);
    if (flags['expect-no-session-id'] === true) expectEqual('a session in the cache', false, seen.sessions > 0);
  }
  if (isServer) expectEqual('server name', flags['expect-server-name'], negotiated.servername);
  expectEqual(
    'application protocol',
    (isServer ? flags['select-alpn'] : flags['expect-alpn']) ?? '',
    alpnOf(negotiated),
  );
  expectEqual('group', flags['expect-curve-id'], negotiated.group?.id ?? 0);
  if (flags['expect-hrr'] === true) expectEqual('HelloRetryRequest', true, negotiated.helloRetryRequest);
  if (flags['expect-no-hrr'] === true) expectEqual('HelloRetryRequest', false, negotiated.helloRetryRequest);
  checkCipher(negotiated, flags);
  checkCertificates(connection, negotiated, flags);
  const staple = flags['expect-ocsp-response'];
  const found = connection.ocspResponse();
  // It comes with the certificate, which a resumption has none of; one engine tells of it still.
  if (staple !== undefined && !(negotiated.resumed && found === undefined)) {
    expectEqual('OCSP response', staple.toString('hex'), found?.toString('hex') ?? '');
  }
}

/** A client of TLS 1.3 gets its sessions after the handshake. */
export function checkSessions(connection: Connection, flags: Flags, { sessions }: Seen): void {
  if (flags.server === true || connection.negotiated().protocol !== 'TLSv1.3') return;
  // Where the shim does not read, it depends on what came in time.
  if (flags['shim-shuts-down'] === true) return;
  expectEqual('a new session', flags['expect-no-session'] !== true, sessions > 0);
}

function alpnOf({ alpn }: Negotiated): string {
  return alpn ?? '';
}

// IANA numbers of the suites that tests name.
const suites: Readonly<Record<string, number>> = {
  TLS_AES_128_GCM_SHA256: 0x1301,
  TLS_AES_256_GCM_SHA384: 0x1302,
  TLS_CHACHA20_POLY1305_SHA256: 0x1303,
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 0xc02b,
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 0xc02c,
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 0xc02f,
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 0xc030,
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 0xcca8,
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 0xcca9,
};

function checkCipher({ cipherSuite }: Negotiated, flags: Flags): void {
  const expected = flags['expect-cipher'] ?? flags['expect-cipher-aes'];
  if (expected !== undefined) expectEqual('cipher suite', nameOf(suites, expected), cipherSuite);
}

function checkCertificates(connection: Connection, negotiated: Negotiated, flags: Flags): void {
  const isServer = flags.server === true;
  const scheme = flags['expect-peer-signature-algorithm'];
  // That of the first handshake is told by one engine only.
  const mayForget = negotiated.resumed && negotiated.peerSignatureScheme === undefined;
  if (scheme !== undefined && !mayForget) {
    // TLS 1.1 and below have none.
    const expected = scheme === 0 ? 'none' : nameOf(SignatureScheme, scheme);
    expectEqual('signature scheme of the peer', expected, negotiated.peerSignatureScheme ?? 'none');
  }
  const received = connection.peerCertificates().map((der) => der.toString('base64'));
  if (flags['expect-no-peer-cert'] === true || flags.psk !== undefined) {
    expectEqual('number of certificates of the peer', 0, received.length);
  } else if (!isServer || flags['require-any-client-certificate'] === true) {
    expectEqual('a certificate of the peer', true, received.length > 0);
  }
  const file = flags['expect-peer-cert-file'];
  if (file !== undefined) expectEqual('certificates of the peer', pemBodies(file).join(), received.join());
  if (flags['expect-selected-credential'] !== undefined) {
    const own = connection.ownCertificate()?.toString('base64');
    const selected = flags.credentials.findIndex(({ 'cert-file': path = '' }) => pemBodies(path)[0] === own);
    expectEqual('credential', flags['expect-selected-credential'], selected);
  }
}

function pemBodies(file: string): string[] {
  const blocks = readFileSync(file, 'latin1').matchAll(/-----BEGIN CERTIFICATE-----(.*?)-----END/gs);
  return Array.from(blocks, ([, body = '']) => body.replace(/\s/g, ''));
}

/** What a server is told by the ClientHello, before it answers. */
export function checkHello(
  hello: {
    readonly serverName: string;
    readonly protocols: readonly string[];
    readonly signatureSchemes: readonly string[];
  },
  flags: Flags,
): void {
  if (flags['expect-server-name'] !== undefined)
    expectEqual('server name', flags['expect-server-name'], hello.serverName);
  if (flags['expect-no-server-name'] === true) expectEqual('server name', '', hello.serverName);
  const advertised = flags['expect-advertised-alpn'];
  if (advertised !== undefined) expectEqual('offered protocols', advertised, wireForm(hello.protocols));
  const schemes = flags['expect-peer-verify-pref'];
  if (schemes !== undefined) {
    const names = schemes.map((id) => nameOf(SignatureScheme, id));
    expectEqual('offered signature schemes', names.join(), hello.signatureSchemes.join());
  }
}

function wireForm(protocols: readonly string[]): string {
  return protocols.map((name) => String.fromCharCode(latin1(name).length) + name).join('');
}

export function expectEqual<T>(what: string, expected: T | undefined, actual: T | undefined): void {
  if (expected === undefined || expected === actual) return;
  throw new ExpectationError(`Expected ${what}: ${String(expected)}; found: ${String(actual)}`);
}
