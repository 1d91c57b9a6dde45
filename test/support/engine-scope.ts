// What of test/api is not for the TypeScript engine: skipped by this one table, each with its reason.
//
// Loaded before a test file (`node --import`) in the run with PQTLS_ENGINE=typescript; in any other it does nothing. An entry
// that skips nothing fails.

import t from 'tap';

const tls12 = 'TLS 1.2, which this engine does not speak';
const mixed = 'a part of it is about TLS 1.2, which this engine does not speak';
const inside = 'looks into a context of AWS-LC';
const inline = 'this engine signs where it runs: offload has no effect';
const transport = "the addon's own TCP, which is AWS-LC's alone";
const emptyRecord =
  'RFC 9846, Section 5.1, forbids an empty record of the handshake, and this engine refuses it at once';
const p521 = 'this engine has no key exchange on P-521';
const rsa1024 = 'this engine knows no RSA keys below 2048 bits';

type Row = readonly [name: string | RegExp, reason: string];

const endsWithTls12: Row = [/ TLS(v| )1\.2$/, tls12];

/** By the file below test/api, and the name of the test, at any depth. */
const outOfScope: Readonly<Record<string, readonly Row[]>> = {
  alpn: [[/^pqtls: TLSv1\.2: /, tls12]],
  certificates: [['a short RSA key needs a lower level, on both sides', rsa1024]],
  ciphers: [
    ['pqtls: getCipher() and versions', mixed],
    ['pqtls: getCiphers()', mixed],
    ['lists', inside],
  ],
  'compat/alpn': [endsWithTls12],
  'compat/async-order': [
    ['async-order: what a client hears of its handshake and of a session of TLS 1.2', tls12],
    ['async-order: an exception in tlsClientError is uncaught, and the server goes on', mixed],
  ],
  'compat/certificates': [
    endsWithTls12,
    ['certificates: certificates after a session was resumed', mixed],
    ['certificates: the revoked certificate of a client', mixed],
  ],
  'compat/client-auth': [endsWithTls12],
  'compat/end-and-destroy': [endsWithTls12],
  'compat/errors': [
    endsWithTls12,
    [/^errors: a (server|client) that gets an empty handshake record$/, emptyRecord],
    [/^errors: no version in common, /, mixed],
    [/^errors: the servername of a tlsClientError: no common (suite|version)$/, mixed],
    ['errors: the servername of a tlsClientError: no common group', p521],
    ['errors: TLS 1.1 without a level that allows it', mixed],
  ],
  'compat/keylog': [endsWithTls12],
  'compat/module': [
    [/^module: DEFAULT_M(IN|AX)_VERSION is read at call time$/, mixed],
    ['module: getCiphers()', mixed],
  ],
  'compat/ocsp': [endsWithTls12],
  'compat/options-validation': [
    [/: TLS 1\.3 only with TLS 1\.2$/, mixed],
    [/ with maxVersion: TLSv1(\.1)?$/, mixed],
    [/ with minVersion above maxVersion$/, mixed],
    [/ with secureProtocol: TLSv1_2_method$/, tls12],
  ],
  'compat/psk': [
    [/^psk: (a shared key|an unknown identity|keys that differ|a client's pskCallback that answers .+)$/, tls12],
  ],
  'compat/server': [
    ['server: versions and suites that a server allows', mixed],
    ['server: honorCipherOrder', mixed],
    ['server: getEphemeralKeyInfo() of a classical curve, on both sides', mixed],
    ['server: exportKeyingMaterial() agrees on both ends', mixed],
    ['server: getFinished() and getPeerFinished() mirror each other', mixed],
    [/^server: the suite that a TLS 1\.2 server chooses of /, tls12],
    endsWithTls12,
  ],
  'compat/sessions': [endsWithTls12],
  'compat/socket-events': [endsWithTls12, ['socket-events: disableRenegotiation(), then renegotiate()', mixed]],
  contexts: [['pqtls: createSecureContext()', mixed]],
  diagnostics: [['a holder of a key whom checkServerIdentity refuses', tls12]],
  'disturbed-handshakes': [[/ of TLS 1\.2$/, tls12]],
  errors: [['nothing in common', mixed]],
  facts: [
    [/^pqtls: TLSv1\.2: /, tls12],
    ['pqtls: renegotiation in TLS 1.2 is refused with a code', tls12],
  ],
  'handshake-turns': [[/./, transport]],
  handshake: [['TLS 1.2 is spoken and is never called post-quantum', tls12]],
  hostile: [
    ['versions follow the cipher suites', tls12],
    ['weak certificates are refused', rsa1024],
  ],
  keylog: [[/^pqtls: TLSv1\.2: /, tls12]],
  metrics: [['handshakes by side, group, version and whether post-quantum', mixed]],
  module: [['pqtls: DEFAULT_* are read at call time', mixed]],
  'named-policies': [
    ['AWS-LC has every suite, group and scheme of every policy', inside],
    ['options beside a policy narrow it', mixed],
    ['defaults of the module are narrowed too', mixed],
    ['a policy holds whatever @SECLEVEL says', rsa1024],
    ['contexts beside a policy', "this engine keeps the server's order of TLS 1.3 suites, which AWS-LC does not"],
    ['a policy of a server name does not bring an older version along', tls12],
    ['compat reaches static RSA, default does not', tls12],
  ],
  ocsp: [[/^pqtls: TLSv1\.2: /, tls12]],
  offload: [[/./, inline]],
  'peer-certificate': [[/^pqtls: TLSv1\.2: /, tls12]],
  policy: [
    ["'off' leaves what is classical", mixed],
    ['a given secureContext and the options beside it: the stricter wins', mixed],
    ['contexts for server names', mixed],
  ],
  'policy-downgrade': [
    ['the same peers are reached where the mode allows it', tls12],
    ['the last word: an engine that agreed to a classical group all the same', inside],
  ],
  'policy-sessions': [["a server with 'require' takes no classical ticket of its own keys", mixed]],
  psk: [[/^pqtls: /, tls12]],
  sessions: [
    ['tickets, TLS 1.2', tls12],
    ['a server that keeps its sessions, TLS 1.2', tls12],
    ['resumeSession that fails ends the handshake', tls12],
    ['client certificates on a resumed connection', mixed],
  ],
  sign: [
    [/, TLSv1\.2$/, tls12],
    ['answers that are none end the handshake with internal_error, and the server goes on', mixed],
    ['options that do not go together', mixed],
    ['RSA key transport is not offered', tls12],
  ],
  'socket-events': [['of a client, in TLS 1.3 and 1.2', mixed]],
  tickets: [
    ['tickets that were tampered with, truncated, or are of other keys lead to full handshakes', mixed],
    ['own keys rotate: the one before still opens, and the client gets fresh tickets', inside],
    ['the class of the first key exchange survives every resumption', inside],
    ['TLS 1.2 and stored sessions have a class as well', inside],
    ['a client verifies a resumed session against the trust and the name of today', mixed],
    ['a server verifies the certificate of a resumed client again', mixed],
    ['who showed no certificate then has to show one now', mixed],
    ['a session is resumed only within the limits of the context', mixed],
    ['destroy() while the program looks for a session', mixed],
    ['a client is not read while its session is being stored', tls12],
  ],
  transports: [[/./, transport]],
};

const [, file = ''] = /[/\\]test[/\\]api[/\\](.+)\.test\.js$/.exec(process.argv[1] ?? '') ?? [];
const isOnTypescript = process.env['PQTLS_ENGINE'] === 'typescript';
const rows = isOnTypescript ? (outOfScope[file.replaceAll('\\', '/')] ?? []) : [];
const used = new Set<Row>();

/** Why a test is not for the engine under test; undefined where it is. */
export function reasonFor(name: string): string | undefined {
  const row = rows.find(([known]) => (typeof known === 'string' ? known === name : known.test(name)));
  if (row !== undefined) used.add(row);
  return row?.[1];
}

type Sub = (
  this: unknown,
  Class: unknown,
  extra: { name?: string; skip?: boolean | string },
  caller: unknown,
) => unknown;

/** Every test is made by one method of tap's. */
function patch(): void {
  let owner: object | null = t;
  while (owner !== null && !Object.hasOwn(owner, 'sub')) owner = Object.getPrototypeOf(owner) as object | null;
  if (owner === null) throw new Error('tap makes its tests by other means now');
  const sub = Reflect.get(owner, 'sub') as Sub;
  const skipping: Sub = function (Class, extra, caller) {
    const reason = reasonFor(extra.name ?? '');
    return Reflect.apply(sub, this, [Class, reason === undefined ? extra : { ...extra, skip: reason }, caller]);
  };
  Object.defineProperty(owner, 'sub', { value: skipping, configurable: true, writable: true });
}

if (rows.length > 0) {
  patch();
  process.on('exit', () => {
    const idle = rows.filter((row) => !used.has(row)).map(([name]) => String(name));
    if (idle.length === 0) return;
    console.error(`engine-scope.ts excludes what is not there in ${file}: ${idle.join(', ')}`);
    process.exitCode = 1;
  });
}
