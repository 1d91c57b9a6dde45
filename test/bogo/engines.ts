// A connection of either engine, set up as the flags want it.

import { readFileSync } from 'node:fs';
import type { Connection, ConnectionOptions, EngineName } from '#src/engine/connection.js';
import { PureTlsConnection } from '#src/engine/pure-connection.js';
import { PureEngineContext } from '#src/engine/pure-context.js';
import { createEnvironment } from '#src/engine/pure-environment.js';
import { pureEngineVersion } from '#src/engine/pure-version.js';
import { engineOfContext } from '#src/engine/select.js';
import { SignatureScheme } from '#src/protocol/constants.js';
import { createSecureContext, type SecureContext, type SecureContextOptions } from '#src/tls/secure-context.js';
import { mockAlgorithms, mockCodec } from './mock-compression.js';
import { UnimplementedError, type CredentialFlags, type Flags } from './flags.js';
import { groupName, schemeName, versionRange } from './names.js';

/** Makes the connections of one process. */
export interface ConnectionMaker {
  readonly engine: EngineName;
  /** @param time for all of the connection; undefined for that of the machine */
  connect(flags: Flags, time: number | undefined): Connection;
}

export function connectionMaker(engine: EngineName, ticketKeys: Uint8Array): ConnectionMaker {
  return {
    engine,
    connect(flags, time) {
      refuseUnknownValues(flags);
      if (engine === 'typescript' && versionRange(flags).maxVersion !== 'TLSv1.3') {
        throw new UnimplementedError('The engine speaks TLS 1.3 only');
      }
      const context = createSecureContext({ ...contextOptions(flags, ticketKeys), engine });
      installMockCompression(flags, context);
      return connectionOf(flags, context, time);
    },
  };
}

/** The options of the library name registered algorithms only, so these go underneath. */
function installMockCompression(flags: Flags, { context }: SecureContext): void {
  const compression = mockAlgorithms(flags);
  if (compression.length === 0) return;
  // The addon has those of RFC 8879 alone.
  if (!(context instanceof PureEngineContext)) throw new UnimplementedError('The runner compresses in ways of its own');
  engineOfContext(context).setCertificateCodec(mockCodec);
  Object.defineProperty(context.tls, 'compression', { value: compression });
}

/** Of these flags, the values that ask for what happens here anyway. */
function refuseUnknownValues(flags: Flags): void {
  const reason = flags['expect-early-data-reason'];
  if (reason !== undefined && reason !== 'disabled') throw new UnimplementedError('There is no 0-RTT');
  const authorities = flags['use-client-ca-list'];
  if (authorities !== undefined && !['<NULL>', '<EMPTY>'].includes(authorities)) {
    throw new UnimplementedError('Authorities are named by their certificates only');
  }
}

function connectionOf(flags: Flags, { context }: SecureContext, time: number | undefined): Connection {
  const isServer = flags.server === true;
  const options: ConnectionOptions = {
    isServer,
    verifyPeer: isServer ? asksForCertificate(flags) : true,
    requirePeer: isServer ? flags['require-any-client-certificate'] === true : true,
    suspendOnClientHello: isServer,
    servername: isServer ? undefined : flags['host-name'],
    alpn: isServer || flags['advertise-alpn'] === undefined ? undefined : latin1(flags['advertise-alpn']),
    poolsOutput: false,
  };
  if (time === undefined) return engineOfContext(context).createConnection(context, options);
  if (!(context instanceof PureEngineContext))
    throw new UnimplementedError('The addon has no clock that could be moved');
  const environment = { ...createEnvironment(noCodec), now: () => time };
  return new PureTlsConnection(environment, pureEngineVersion, context, options);
}

const noCodec = { compress: () => undefined, decompress: () => undefined };

function asksForCertificate(flags: Flags): boolean {
  return flags['verify-peer'] === true || flags['require-any-client-certificate'] === true;
}

/** The context of a connection, as a program would ask for it. */
export function contextOptions(flags: Flags, ticketKeys: Uint8Array): SecureContextOptions {
  const credentials = credentialsOf(flags);
  const schemes = signatureSchemes(flags, credentials);
  return {
    ...versionRange(flags),
    // RSA keys of 1024 bits, SHA-1 and TLS 1.0 are what some tests are about.
    ciphers: `${flags.cipher === undefined ? 'ALL' : cipherList(flags.cipher)}:@SECLEVEL=0`,
    honorCipherOrder: flags.cipher !== undefined || flags['server-preference'] === true,
    cert: credentials.map(({ 'cert-file': file = '' }) => readFileSync(file)),
    key: credentials.map(({ 'key-file': file = '' }) => readFileSync(file)),
    ticketKeys: flags['ticket-key'] ?? ticketKeys,
    // What BoringSSL has.
    sessionTimeout: 7200,
    ...(flags.curves === undefined ? {} : { groups: flags.curves.map(groupName) }),
    ...(schemes === undefined ? {} : { sigalgs: schemes.map(schemeName).join(':') }),
    ...(flags['no-ticket'] === true ? { secureOptions: noTicket } : {}),
    // A server would name them to its clients.
    ...(flags.server === true || !flags['trust-cert'] ? {} : { ca: readFileSync(flags['trust-cert']) }),
  };
}

const noTicket = 0x4000;

function credentialsOf(flags: Flags): readonly CredentialFlags[] {
  const only = flags['cert-file'] === undefined ? [] : [flags];
  return [...only, ...flags.credentials];
}

/** Suites that tests name as IANA does, by OpenSSL's names. */
const opensslCiphers: Readonly<Record<string, string>> = {
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_RSA_WITH_AES_128_GCM_SHA256: 'AES128-GCM-SHA256',
};

/** In OpenSSL's language, without what is BoringSSL's own in it. */
function cipherList(list: string): string {
  if (/[[|]/.test(list)) throw new UnimplementedError('Ciphers of equal preference are not implemented');
  if (list.includes('3DES')) throw new UnimplementedError('There is no 3DES');
  return list
    .split(':')
    .map((name) => opensslCiphers[name] ?? name)
    .join(':');
}

/**
 * Offered, accepted and signed with: the library has one list for all of it. What the test leaves open is added: a
 * client has to accept the runner's certificate, and a server to sign with its own.
 */
function signatureSchemes(flags: Flags, credentials: readonly CredentialFlags[]): readonly number[] | undefined {
  const signing = credentials.map((credential) => credential['signing-prefs']).filter((list) => list !== undefined);
  const verifying = flags['verify-prefs'];
  if (signing.length > 0 && credentials.length > 1) {
    throw new UnimplementedError('A certificate has no signature schemes of its own');
  }
  const [first] = signing;
  if (first !== undefined && verifying !== undefined && first.join() !== verifying.join()) {
    throw new UnimplementedError('Signature schemes to sign and to verify with cannot differ');
  }
  const asked = first ?? verifying;
  const isOpen = flags.server === true ? first === undefined : verifying === undefined;
  return asked === undefined || !isOpen ? asked : [...new Set([...asked, ...schemesOfRunner])];
}

/** What certificates of the runner are used with where the test is about something else. */
const schemesOfRunner: readonly number[] = [
  SignatureScheme.rsa_pss_rsae_sha256,
  SignatureScheme.rsa_pkcs1_sha256,
  SignatureScheme.ecdsa_secp256r1_sha256,
];

export function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
