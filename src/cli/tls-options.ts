// The options that s_client and s_server share, and what they become: options of createSecureContext().

import { readFileSync } from 'node:fs';
import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import { InvalidArgumentError, Option, type Command } from 'commander';
import pqtls, { policies, type PostQuantumMode, type SecureContextOptions } from '../index.js';
import { UsageError } from './exit-codes.js';

/** What commander makes of the shared options. */
export interface TlsFlags {
  readonly groups?: string;
  readonly policy?: string;
  readonly postQuantum?: PostQuantumMode;
  readonly minVersion?: Version;
  readonly maxVersion?: Version;
  readonly tls1?: boolean;
  readonly tls1_1?: boolean;
  readonly tls1_2?: boolean;
  readonly tls1_3?: boolean;
  readonly no_tls1_2?: boolean;
  readonly no_tls1_3?: boolean;
  readonly cipher?: string;
  readonly ciphersuites?: string;
  readonly sigalgs?: string;
  readonly CAfile?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly pass?: string;
  readonly cert_chain?: string;
  readonly alpn?: string;
  readonly keylogfile?: string;
  readonly no_ticket?: boolean;
  readonly engine: EngineFlag;
  readonly timeout: number;
  readonly trace?: boolean;
  readonly json?: boolean;
  readonly brief?: boolean;
  readonly quiet?: boolean;
}

const versions = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
type Version = (typeof versions)[number];

const engines = ['auto', 'aws-lc', 'typescript'] as const;
type EngineFlag = (typeof engines)[number];

/** Files of certificates and keys are small; more is a mistake. */
const largestFile = 4 * 1024 * 1024;
const defaultTimeout = 30;
const longestTimeout = 86_400;

export function addTlsOptions(command: Command): Command {
  command
    .optionsGroup('What may be agreed on:')
    .option('--groups <list>', 'key exchange groups, most wanted first, joined by ":" (also -curves)')
    .option('--policy <name>', `a named policy: ${policyNames()}`)
    .addOption(new Option('--post-quantum <mode>', 'post-quantum key exchange').choices(['require', 'prefer', 'off']))
    .addOption(new Option('--min-version <version>', 'oldest protocol version').choices(versions))
    .addOption(new Option('--max-version <version>', 'newest protocol version').choices(versions))
    .option('--tls1_3', 'TLS 1.3 alone')
    .option('--tls1_2', 'TLS 1.2 alone')
    .addOption(new Option('--tls1_1', 'TLS 1.1 alone').hideHelp())
    .addOption(new Option('--tls1', 'TLS 1.0 alone').hideHelp())
    .option('--no_tls1_3', 'not TLS 1.3')
    .option('--no_tls1_2', 'not TLS 1.2')
    .option('--cipher <list>', 'cipher suites of TLS 1.2, as an OpenSSL cipher list')
    .option('--ciphersuites <list>', 'cipher suites of TLS 1.3, joined by ":"')
    .option('--sigalgs <list>', 'signature schemes, by IANA or OpenSSL name, joined by ":"')
    .option('--alpn <list>', 'application protocols, most wanted first, joined by ","')
    .option('--no_ticket', 'no session tickets')
    .addOption(new Option('--engine <name>', 'the TLS engine').choices(engines).default('auto'))
    .optionsGroup('Certificates:')
    .option('--CAfile <file>', 'trust these CAs (PEM) in place of the built-in ones')
    .option('--cert <file>', 'own certificate and its chain (PEM)')
    .option('--key <file>', 'its private key (PEM); default: in the file of -cert')
    .option('--pass <source>', 'where the passphrase of the key is: env:NAME or file:PATH')
    .option('--cert_chain <file>', 'issuers of the certificate, to be sent with it (PEM)')
    .optionsGroup('Output:')
    .option('--trace', 'explain the handshake, message by message (also -msg)')
    .option('--json', 'one JSON object a line on standard output')
    .option('--brief', 'a summary of one line, on standard error')
    .option('--quiet', 'nothing but data and errors')
    .option('--keylogfile <file>', 'append the secrets of the connections, for a packet analyser')
    .option(
      '--timeout <seconds>',
      'for the connection, for -starttls and for the handshake, each',
      seconds,
      defaultTimeout,
    );
  return command;
}

function policyNames(): string {
  return Object.keys(policies)
    .filter((name) => !/\d$/.test(name) || name === 'cnsa2')
    .join(', ');
}

export function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value <= 0 || value > longestTimeout) {
    throw new InvalidArgumentError(`It must be a number of seconds, above 0 and at most ${longestTimeout}.`);
  }
  return value;
}

export function count(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a number from 1 to 999999999.');
  return Number(text);
}

/** With at most one certificate of our own. */
interface OwnContextOptions extends SecureContextOptions {
  cert?: Buffer;
  key?: Buffer;
}

/** Everything but who is verified and how. */
export function secureContextOptions(flags: TlsFlags): OwnContextOptions {
  return {
    ...groupOptions(flags.groups),
    ...(flags.engine === 'auto' ? {} : { engine: flags.engine }),
    ...definedOnly({ policy: flags.policy, postQuantum: flags.postQuantum, sigalgs: flags.sigalgs }),
    ...versionOptions(flags),
    ...definedOnly({ ciphers: cipherList(flags) }),
    ...(flags.CAfile === undefined ? {} : { ca: readCertificates('-CAfile', flags.CAfile) }),
    ...credentialOptions(flags),
    ...(flags.no_ticket === true ? { secureOptions: constants.SSL_OP_NO_TICKET } : {}),
  };
}

/** Without what is undefined, which would count as given. */
export function definedOnly<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** OpenSSL 3.5's marks in a list of groups are ecdhCurve's. */
function groupOptions(list: string | undefined): Pick<SecureContextOptions, 'groups' | 'ecdhCurve'> {
  if (list === undefined) return {};
  return /[*?/]/.test(list) ? { ecdhCurve: list } : { groups: list };
}

function versionOptions(flags: TlsFlags): Pick<SecureContextOptions, 'minVersion' | 'maxVersion'> {
  const only = (['tls1', 'tls1_1', 'tls1_2', 'tls1_3'] as const).filter((flag) => flags[flag] === true);
  const chosen = only.map((flag) => versions[['tls1', 'tls1_1', 'tls1_2', 'tls1_3'].indexOf(flag)]);
  if (chosen.length > 1) throw new UsageError(`Give one of -${only.join(', -')}, or --min-version and --max-version`);
  const [version] = chosen;
  if (version !== undefined) return checkedVersions({ minVersion: version, maxVersion: version }, flags);
  if (flags.no_tls1_2 === true && flags.no_tls1_3 === true) {
    throw new UsageError('-no_tls1_2 with -no_tls1_3 leaves no version');
  }
  const range = definedOnly({
    minVersion: flags.minVersion ?? (flags.no_tls1_2 === true ? ('TLSv1.3' as const) : undefined),
    maxVersion: flags.maxVersion ?? (flags.no_tls1_3 === true ? ('TLSv1.2' as const) : undefined),
  });
  return checkedVersions(range, flags);
}

interface VersionRange {
  readonly minVersion?: Version;
  readonly maxVersion?: Version;
}

/** As OpenSSL 3, the library has TLS 1.1 and before at security level 0 alone; without a version no handshake could begin. */
function checkedVersions(range: VersionRange, { cipher = '' }: TlsFlags): VersionRange {
  const { minVersion, maxVersion } = range;
  if (minVersion !== undefined && maxVersion !== undefined && minVersion > maxVersion) {
    throw new UsageError(`No version is from ${minVersion} to ${maxVersion}`);
  }
  const isOld = maxVersion === 'TLSv1' || maxVersion === 'TLSv1.1';
  if (isOld && !/@SECLEVEL=0(:|$)/.test(cipher)) {
    throw new UsageError(`${maxVersion} is insecure: to try it all the same, give -cipher ALL@SECLEVEL=0 as well`);
  }
  return range;
}

/** The library has one list; openssl has one for each version, and leaves the other as it was. */
function cipherList({ cipher, ciphersuites, policy }: TlsFlags): string | undefined {
  if (ciphersuites === undefined) return cipher;
  for (const name of ciphersuites.split(':')) {
    if (!name.startsWith('TLS_'))
      throw new UsageError(`-ciphersuites takes suites of TLS 1.3; '${name}' goes to -cipher`);
  }
  const suites =
    (policy === undefined ? undefined : policies[policy]?.cipherSuites) ?? pqtls.DEFAULT_CIPHERS.split(':');
  const tls12 = cipher ?? suites.filter((name) => !name.startsWith('TLS_')).join(':');
  return [ciphersuites, tls12].filter((list) => list !== '').join(':');
}

function credentialOptions(flags: TlsFlags): Pick<OwnContextOptions, 'cert' | 'key' | 'passphrase'> {
  const { cert, key = cert, pass, cert_chain: chain } = flags;
  if (cert === undefined) {
    for (const name of ['key', 'pass', 'cert_chain'] as const) {
      if (flags[name] !== undefined) throw new UsageError(`-${name} needs -cert`);
    }
    return {};
  }
  const issuers = chain === undefined ? [] : [readCertificates('-cert_chain', chain)];
  const passphrase = pass === undefined ? {} : { passphrase: readPassphrase(pass) };
  const own = readIdentity(['-cert', cert], ['-key', key ?? cert], passphrase);
  const chained = Buffer.concat([own.cert, ...issuers.flatMap((pem) => [Buffer.from('\n'), pem])]);
  return { cert: chained, key: own.key, ...passphrase };
}

type NamedFile = readonly [option: string, path: string];

/**
 * A certificate and the key that fits.
 *
 * @throws UsageError for one of another certificate: the library leaves out what has no partner, as it may be given several
 */
export function readIdentity(
  [certOption, certPath]: NamedFile,
  [keyOption, keyPath]: NamedFile,
  { passphrase }: { readonly passphrase?: string | undefined },
): { readonly cert: Buffer; readonly key: Buffer } {
  const cert = readCertificates(certOption, certPath);
  const key = readKey(keyOption, keyPath);
  if (!fits(cert, key, passphrase)) {
    throw new UsageError(`The key of ${keyOption} does not fit the certificate of ${certOption}`);
  }
  return { cert, key };
}

/** Whatever Node can't read (ML-DSA before Node 24, a wrong passphrase) is the library's to refuse. */
function fits(cert: Buffer, key: Buffer, passphrase: string | undefined): boolean {
  try {
    const input = passphrase === undefined ? { key } : { key, passphrase };
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(input));
  } catch {
    return true;
  }
}

function readKey(option: string, path: string): Buffer {
  const pem = readFile(option, path);
  if (pem.includes('PRIVATE KEY-----')) return pem;
  throw new UsageError(`There is no private key in PEM in ${path}: name its file with ${option}`);
}

export function readFile(option: string, path: string): Buffer {
  try {
    const bytes = readFileSync(path);
    if (bytes.length <= largestFile) return bytes;
  } catch (error) {
    throw new UsageError(`The file of ${option} can't be read: ${(error as Error).message}`);
  }
  throw new UsageError(`The file of ${option} has more than ${largestFile} bytes: ${path}`);
}

/** PEM; a file in DER is taken too. */
export function readCertificates(option: string, path: string): Buffer {
  const bytes = readFile(option, path);
  if (bytes.includes('-----BEGIN ')) {
    if (/-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/.test(bytes.toString('latin1'))) return bytes;
  } else {
    try {
      return Buffer.from(new X509Certificate(bytes).toString());
    } catch {
      // Said below.
    }
  }
  throw new UsageError(`There is no certificate in the file of ${option}, ${path}`);
}

/** A command line can be read by every user of the machine, so that no secret may stand in it. */
export function readPassphrase(source: string): string {
  const [, kind, name = ''] = /^(env|file):(.+)$/s.exec(source) ?? [];
  if (kind === 'env') {
    const value = process.env[name];
    if (value === undefined) throw new UsageError(`-pass env:${name} names a variable that is not set`);
    return value;
  }
  if (kind === 'file') return readFile('-pass', name).toString('utf8').split(/\r?\n/, 1)[0] ?? '';
  throw new UsageError(
    '-pass takes env:NAME or file:PATH: a passphrase on the command line can be read by every user of this machine',
  );
}

export function alpnProtocols(list: string | undefined): string[] | undefined {
  if (list === undefined) return undefined;
  const names = list.split(',');
  if (names.some((name) => name === '')) throw new UsageError('-alpn takes names joined by ","; one of them is empty');
  return names;
}
