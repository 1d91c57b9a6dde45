// A connection of either engine, set up as the flags want it.

import { readFileSync } from 'node:fs';
import type { Connection, EngineName } from '#src/engine/connection.js';
import { NativeTlsConnection } from '#src/engine/native-connection.js';
import { requireTlsBinding } from '#src/engine/select.js';
import { createSecureContext, type SecureContext, type SecureContextOptions } from '#src/tls/secure-context.js';
import { installMockCompression } from './mock-compression.js';
import { UnimplementedError, type CredentialFlags, type Flags } from './flags.js';
import { groupName, schemeName, versionRange } from './names.js';

/** Makes the connections of one process. */
export interface ConnectionMaker {
  readonly engine: EngineName;
  connect(flags: Flags): Connection;
}

export function connectionMaker(engine: EngineName, ticketKeys: Uint8Array): ConnectionMaker {
  if (engine !== 'aws-lc') throw new UnimplementedError(`There is no engine ${engine}`);
  return {
    engine,
    connect(flags) {
      const context = createSecureContext(contextOptions(flags, ticketKeys));
      installMockCompression(flags, context);
      return nativeConnection(flags, context);
    },
  };
}

function nativeConnection(flags: Flags, context: SecureContext): Connection {
  const isServer = flags.server === true;
  const connection = new NativeTlsConnection(requireTlsBinding(), context.context, {
    isServer,
    verifyPeer: isServer ? asksForCertificate(flags) : true,
    requirePeer: isServer ? flags['require-any-client-certificate'] === true : true,
    suspendOnClientHello: isServer,
    servername: isServer ? undefined : flags['host-name'],
    alpn: isServer || flags['advertise-alpn'] === undefined ? undefined : latin1(flags['advertise-alpn']),
    poolsOutput: false,
    borrowsInput: false,
  });
  return connection;
}

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
    ciphers: `${flags.cipher ?? 'ALL'}:@SECLEVEL=0`,
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
    ...(flags.server === true || flags['trust-cert'] === undefined ? {} : { ca: readFileSync(flags['trust-cert']) }),
  };
}

const noTicket = 0x4000;

function credentialsOf(flags: Flags): readonly CredentialFlags[] {
  const only = flags['cert-file'] === undefined ? [] : [flags];
  return [...only, ...flags.credentials];
}

/** Offered, accepted and signed with: the library has one list for all of it. */
function signatureSchemes(flags: Flags, credentials: readonly CredentialFlags[]): readonly number[] | undefined {
  const signing = credentials.map((credential) => credential['signing-prefs']).filter((list) => list !== undefined);
  const lists = [...signing, ...(flags['verify-prefs'] === undefined ? [] : [flags['verify-prefs']])];
  const [first] = lists;
  if (lists.some((list) => list.join() !== first?.join())) {
    throw new UnimplementedError('Signature schemes to sign and to verify with cannot differ');
  }
  if (signing.length > 0 && credentials.length > 1) {
    throw new UnimplementedError('A certificate has no signature schemes of its own');
  }
  return first;
}

export function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
