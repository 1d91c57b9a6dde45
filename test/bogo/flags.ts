// The command line of a shim: what the runner of BoringSSL's tests asks of an implementation. PORTING.md, beside the runner.

/** How many values a flag has on the command line, and what it comes to. */
type Kind = 'flag' | 'number' | 'numbers' | 'string' | 'base64';

/** What the shim acts upon. */
const known = {
  port: 'number',
  'shim-id': 'string',
  ipv6: 'flag',
  server: 'flag',
  'resume-count': 'number',
  'is-handshaker-supported': 'flag',
  // The engine, and what it is given.
  'trust-cert': 'string',
  'min-version': 'number',
  'max-version': 'number',
  'no-tls1': 'flag',
  'no-tls11': 'flag',
  'no-tls12': 'flag',
  'no-tls13': 'flag',
  curves: 'numbers',
  cipher: 'string',
  'server-preference': 'flag',
  'verify-prefs': 'numbers',
  'host-name': 'string',
  'advertise-alpn': 'string',
  'select-alpn': 'string',
  'decline-alpn': 'flag',
  'reject-alpn': 'flag',
  'no-ticket': 'flag',
  'ticket-key': 'base64',
  psk: 'string',
  'psk-identity': 'string',
  'max-send-fragment': 'number',
  'enable-ocsp-stapling': 'flag',
  'use-ocsp-callback': 'flag',
  'set-ocsp-in-callback': 'flag',
  'decline-ocsp-callback': 'flag',
  'fail-ocsp-callback': 'flag',
  'install-cert-compression-algs': 'flag',
  'install-one-cert-compression-alg': 'number',
  'verify-peer': 'flag',
  'require-any-client-certificate': 'flag',
  'verify-fail': 'flag',
  'use-custom-verify-callback': 'flag',
  'reverify-on-resume': 'flag',
  'fail-early-callback': 'flag',
  'fail-ddos-callback': 'flag',
  // What it does with the connection.
  async: 'flag',
  'resumption-delay': 'number',
  'key-update': 'flag',
  'shim-writes-first': 'flag',
  'shim-initial-write': 'string',
  'repeat-shim-initial-write': 'number',
  'read-with-unfinished-write': 'flag',
  'write-different-record-sizes': 'flag',
  'shim-shuts-down': 'flag',
  'check-close-notify': 'flag',
  'export-keying-material': 'number',
  'export-label': 'string',
  'export-context': 'string',
  'use-export-context': 'flag',
  'use-exporter-between-reads': 'flag',
  'export-traffic-secrets': 'flag',
  'tls-unique': 'flag',
  'handshake-never-done': 'flag',
  // What it must find.
  'expect-version': 'number',
  'expect-cipher': 'number',
  'expect-cipher-aes': 'number',
  'expect-curve-id': 'number',
  'expect-peer-signature-algorithm': 'number',
  'expect-peer-verify-pref': 'numbers',
  'expect-peer-cert-file': 'string',
  'expect-no-peer-cert': 'flag',
  'expect-selected-credential': 'number',
  'expect-server-name': 'string',
  'expect-no-server-name': 'flag',
  'expect-alpn': 'string',
  'expect-advertised-alpn': 'string',
  'expect-ocsp-response': 'base64',
  'expect-session-miss': 'flag',
  'expect-no-session': 'flag',
  'expect-ticket-renewal': 'flag',
  'expect-session-id': 'flag',
  'expect-no-session-id': 'flag',
  'expect-hrr': 'flag',
  'expect-no-hrr': 'flag',
  'expect-msg-callback': 'string',
  'expect-early-data-reason': 'string',
  'expect-no-offer-early-data': 'flag',
  'use-client-ca-list': 'string',
} as const satisfies Record<string, Kind>;

/** Of a credential of its own after -new-x509-credential, else of the only one. */
const ofCredential = {
  'cert-file': 'string',
  'key-file': 'string',
  'signing-prefs': 'numbers',
  'ocsp-response': 'base64',
} as const satisfies Record<string, Kind>;

/** What makes no difference here; a value, where there is one, is passed over. */
const meaningless: Readonly<Record<string, 'flag' | 'value'>> = {
  // The handshake is always driven step by step, and has no end that could be come to twice.
  'implicit-handshake': 'flag',
  'no-op-extra-handshake': 'flag',
  'handshake-twice': 'flag',
  // How BoringSSL's callbacks get at the same decision.
  'use-early-callback': 'flag',
  'install-ddos-callback': 'flag',
  'use-old-client-cert-callback': 'flag',
  // The verdict on a chain that may fail is the shim's own.
  'expect-verify-result': 'flag',
  // Sizes of BoringSSL's buffers.
  'read-size': 'value',
  'partial-write': 'flag',
  // AES is always in hardware in the tests that have the one and the other.
  'expect-cipher-no-aes': 'value',
};

type ValueOf<K extends Kind> = K extends 'flag'
  ? true
  : K extends 'number'
    ? number
    : K extends 'numbers'
      ? readonly number[]
      : K extends 'string'
        ? string
        : Buffer;

type ValuesOf<T extends Record<string, Kind>> = { [K in keyof T]?: ValueOf<T[K]> };

export type CredentialFlags = ValuesOf<typeof ofCredential>;

/** By their names on the command line; a string holds one character for each byte. */
export interface Flags extends ValuesOf<typeof known>, CredentialFlags {
  readonly credentials: CredentialFlags[];
}

/** A connection's flags each: the first, and those that follow. */
export interface ShimFlags {
  readonly initial: Flags;
  readonly resume: Flags;
}

/** The test asks for what neither the library nor the shim has; the runner counts it as unimplemented. */
export class UnimplementedError extends Error {}

/** @param args one character for each byte */
export function parseFlags(args: readonly string[]): ShimFlags {
  const initial: Flags = { credentials: [] };
  const resume: Flags = { credentials: [] };
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [, when = '', name = ''] = /^-(?:on-(initial|resume|retry|shim|handshaker)-)?(.+)$/s.exec(arg) ?? [];
    if (name === 'new-x509-credential') {
      for (const flags of targets(when, initial, resume)) flags.credentials.push({});
      continue;
    }
    if (Object.hasOwn(meaningless, name)) {
      if (meaningless[name] === 'value') rest.shift();
      continue;
    }
    const isCredential = Object.hasOwn(ofCredential, name);
    const kind = isCredential ? (ofCredential as Kinds)[name] : Object.hasOwn(known, name) && (known as Kinds)[name];
    if (kind === undefined || kind === false) throw new UnimplementedError(`The flag ${arg} is not implemented`);
    const text = kind === 'flag' ? '' : rest.shift();
    if (text === undefined) throw new Error(`The flag ${arg} needs a value`);
    for (const flags of targets(when, initial, resume)) {
      const target = (isCredential ? (flags.credentials.at(-1) ?? flags) : flags) as Record<string, unknown>;
      target[name] = readValue(arg, kind, text, target[name]);
    }
  }
  return { initial, resume };
}

type Kinds = Readonly<Record<string, Kind>>;

/** There is no connection after a rejection of 0-RTT, and no other process for the handshake. */
function targets(when: string, initial: Flags, resume: Flags): Flags[] {
  if (when === 'retry' || when === 'handshaker') return [];
  if (when === 'initial') return [initial];
  return when === 'resume' ? [resume] : [initial, resume];
}

function readValue(arg: string, kind: Kind, text: string, before: unknown): unknown {
  if (kind === 'flag') return true;
  if (kind === 'string') return text;
  if (kind === 'base64') return Buffer.from(text, 'base64');
  const value = Number(text);
  if (!Number.isInteger(value)) throw new Error(`The flag ${arg} needs a whole number, not ${JSON.stringify(text)}`);
  return kind === 'number' ? value : [...(Array.isArray(before) ? (before as number[]) : []), value];
}
