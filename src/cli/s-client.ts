// `pqtls s_client`: connects, tells what was negotiated, then standard input to the peer and the peer to standard output.

import { once } from 'node:events';
import { isIP } from 'node:net';
import { Command, Option } from 'commander';
import { checkServerIdentity, type ConnectionOptions, type TLSSocket } from '../index.js';
import { handshakeFollower } from '../tls/handshake-trace.js';
import { closed, converse } from './conversation.js';
import { dial, type DialOptions } from './dial.js';
import { UsageError } from './exit-codes.js';
import { openKeyLog } from './key-log.js';
import { negotiatedFacts, type Verification } from './negotiated-facts.js';
import { stapledResponse } from './ocsp-response.js';
import { sentCertificates } from './peer-chain.js';
import { Reporter } from './reporter.js';
import { checkSessionFile, readSession, writeSession } from './session-file.js';
import {
  isClientName,
  startTlsPort,
  startTlsProtocols,
  type StartTls,
  type StartTlsProtocol,
} from './starttls/start-tls.js';
import { parseTarget, targetName, type Target } from './target.js';
import { addTlsOptions, alpnProtocols, definedOnly, secureContextOptions, type TlsFlags } from './tls-options.js';

interface ClientFlags extends TlsFlags {
  readonly connect?: string;
  readonly unix?: string;
  readonly ipv4?: boolean;
  readonly ipv6?: boolean;
  readonly servername?: string;
  readonly noservername?: boolean;
  readonly verify_hostname?: string;
  readonly insecure?: boolean;
  readonly showcerts?: boolean;
  readonly status?: boolean;
  readonly sess_out?: string;
  readonly sess_in?: string;
  readonly reconnect?: boolean;
  readonly starttls?: StartTlsProtocol;
  readonly name: string;
  readonly xmpphost?: string;
  readonly crlf?: boolean;
  readonly ign_eof?: boolean;
  readonly nocommands?: boolean;
}

const defaultPort = 4433;
/** As openssl's -reconnect. */
const reconnections = 5;
/** How long a session is waited for that may never come, in milliseconds. */
const sessionWait = 2000;

const examples = `
Examples:
  pqtls s_client example.com:443 --post-quantum require --trace
  printf 'GET / HTTP/1.0\\r\\nHost: example.com\\r\\n\\r\\n' | pqtls s_client example.com:443 -quiet > page
  pqtls s_client mail.example.com -starttls smtp -showcerts < /dev/null
  pqtls s_client localhost:8443 -CAfile ca.pem -cert client.pem -key client.key --json`;

export function sClientCommand(): Command {
  const command = new Command('s_client')
    .description('Connect to a TLS server, tell what was negotiated, and talk to it.')
    .argument('[host:port]', 'where to connect to (also -connect)')
    .optionsGroup('Connection:')
    .option('--connect <host:port>', `where to connect to; the port is ${defaultPort} by default`)
    .option('--unix <path>', 'connect to a Unix socket')
    .option('-4, --ipv4', 'IPv4 alone')
    .option('-6, --ipv6', 'IPv6 alone')
    .addOption(new Option('--starttls <protocol>', 'begin in plaintext and go over to TLS').choices(startTlsProtocols))
    .option('--name <name>', 'what the client calls itself in SMTP', 'localhost')
    .option('--xmpphost <domain>', 'the domain of an XMPP server; default: the server name')
    .optionsGroup('The server:')
    .option('--servername <name>', 'server name (SNI), and what the certificate is checked against; default: the host')
    .option('--noservername', 'send no server name')
    .option('--verify_hostname <name>', 'check the certificate against this name')
    .option('--insecure', 'go on with a certificate that is not accepted, and say so')
    .addOption(new Option('--verify_return_error', 'what is the case anyway').hideHelp())
    .addOption(new Option('--verify <depth>', 'what is the case anyway').hideHelp())
    .option('--showcerts', 'print the certificates that the server sent (PEM)')
    .option('--status', 'ask for a stapled OCSP response')
    .optionsGroup('Sessions:')
    .option('--sess_out <file>', 'write the newest session to a file')
    .option('--sess_in <file>', 'resume the session of a file')
    .option('--reconnect', `connect ${reconnections} times more, resuming the session`)
    .optionsGroup('Conversation:')
    .option('--crlf', 'send line ends as CR LF')
    .option('--ign_eof', 'the end of the input ends nothing')
    .option('--nocommands', 'on a terminal, Q and R at the beginning of a line are no commands');
  return addTlsOptions(command)
    .addHelpText('after', examples)
    .action((target: string | undefined, flags: ClientFlags) => run(target, flags));
}

async function run(positional: string | undefined, flags: ClientFlags): Promise<void> {
  const reporter = new Reporter(flags);
  try {
    await talk(readRequest(positional, flags, reporter), flags, reporter);
  } catch (error) {
    reporter.error(error);
  }
}

/** What every connection of the command is made with. */
interface Request extends DialOptions {
  /** What the certificate is checked against. */
  readonly expectedName: string;
  readonly keyLog: ((line: Uint8Array) => void) | undefined;
  readonly session: Buffer | undefined;
}

function readRequest(positional: string | undefined, flags: ClientFlags, reporter: Reporter): Request {
  const target = readTarget(positional, flags);
  if (flags.sess_out !== undefined) checkSessionFile(flags.sess_out);
  if (flags.ipv4 === true && flags.ipv6 === true) throw new UsageError('Give one of -4 and -6');
  const servername = readServername(target, flags);
  const host = 'host' in target ? target.host : 'localhost';
  const expectedName = flags.verify_hostname ?? servername ?? host;
  const tls: ConnectionOptions = {
    ...secureContextOptions(flags),
    ...definedOnly({ servername, ALPNProtocols: alpnProtocols(flags.alpn) }),
    rejectUnauthorized: flags.insecure !== true,
    requestOCSP: flags.status === true,
    ...(flags.verify_hostname === undefined
      ? {}
      : { checkServerIdentity: (_name, certificate) => checkServerIdentity(expectedName, certificate) }),
  };
  return {
    target,
    family: flags.ipv4 === true ? 4 : flags.ipv6 === true ? 6 : 0,
    timeoutMs: flags.timeout * 1000,
    startTls: readStartTls(flags, servername ?? host),
    tls,
    expectedName,
    keyLog: flags.keylogfile === undefined ? undefined : openKeyLog(flags.keylogfile, reporter.warn),
    session: flags.sess_in === undefined ? undefined : readSession(flags.sess_in),
  };
}

function readTarget(positional: string | undefined, flags: ClientFlags): Target {
  const given = [positional, flags.connect, flags.unix].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw new UsageError(
      given.length === 0
        ? 'Say where to connect to: pqtls s_client HOST:PORT'
        : 'Give one of HOST:PORT, -connect HOST:PORT and -unix PATH',
    );
  }
  if (flags.unix !== undefined) return { path: flags.unix };
  return parseTarget(given[0] ?? '', flags.starttls === undefined ? defaultPort : startTlsPort(flags.starttls));
}

/** An IP address is no server name. RFC 6066, Section 3. */
function readServername(target: Target, { servername, noservername }: ClientFlags): string | undefined {
  if (noservername === true) {
    if (servername !== undefined) throw new UsageError('Give one of -servername and -noservername');
    return undefined;
  }
  if (servername !== undefined) {
    if (isIP(servername) === 0) return servername;
    throw new UsageError(`-servername takes a host name, not an address; -verify_hostname ${servername} checks it`);
  }
  return 'host' in target && isIP(target.host) === 0 ? target.host : undefined;
}

function readStartTls({ starttls, name, xmpphost }: ClientFlags, domain: string): StartTls | undefined {
  if (starttls === undefined) return undefined;
  if (!isClientName(name)) throw new UsageError('--name takes a host name');
  return { protocol: starttls, client: name, domain: xmpphost ?? domain };
}

async function talk(request: Request, flags: ClientFlags, reporter: Reporter): Promise<void> {
  let { session } = request;
  for (let times = flags.reconnect === true ? reconnections : 0; times > 0; times--) {
    const connected = await connectOnce(request, session, flags, reporter);
    session = (await connected.newSession(sessionWait)) ?? session;
    const { socket } = connected;
    socket.end().resume();
    await closed(socket, request.timeoutMs);
  }
  const { socket } = await connectOnce(request, session, flags, reporter);
  if (flags.sess_in !== undefined && !socket.isSessionReused()) {
    reporter.warn('The session of -sess_in was not resumed: it was refused, is too old, or does not fit the options');
  }
  const conversation = {
    crlf: flags.crlf === true,
    ignoreEnd: flags.ign_eof === true,
    commands: flags.nocommands !== true && flags.ign_eof !== true && flags.quiet !== true,
    timeoutMs: request.timeoutMs,
  };
  await converse(socket, conversation, reporter);
}

interface Connected {
  readonly socket: TLSSocket;
  /** The first of this connection; undefined where none came in time. */
  newSession(waitMs: number): Promise<Buffer | undefined>;
}

async function connectOnce(
  request: Request,
  session: Buffer | undefined,
  flags: ClientFlags,
  reporter: Reporter,
): Promise<Connected> {
  const report = flags.trace === true ? reporter.trace(false) : undefined;
  const tls: ConnectionOptions = {
    ...request.tls,
    ...(session === undefined ? {} : { session }),
    ...(report === undefined ? {} : { [handshakeFollower]: (step) => report.add(step) }),
  };
  let newest: Buffer | undefined;
  let response: Buffer | null = null;
  const socket = await dial({ ...request, tls }, (made) => {
    if (request.keyLog !== undefined) made.on('keylog', request.keyLog);
    if (flags.sess_out !== undefined || flags.reconnect === true) {
      made.on('session', (fresh: Buffer) => {
        newest = fresh;
        if (flags.sess_out !== undefined) keepSession(made, flags.sess_out, fresh);
      });
    }
    if (flags.status === true) made.on('OCSPResponse', (stapled: Buffer | null) => (response = stapled));
  });
  tellOf(socket, request, flags, reporter, response);
  return {
    socket,
    newSession: async (waitMs) => {
      if (newest === undefined && !socket.destroyed) {
        await once(socket, 'session', { signal: AbortSignal.timeout(waitMs) }).catch(ignoreTimeout);
      }
      return newest;
    },
  };
}

function ignoreTimeout(error: unknown): void {
  if ((error as Error).name !== 'AbortError') throw error;
}

function keepSession(socket: TLSSocket, path: string, session: Buffer): void {
  try {
    writeSession(path, session);
  } catch (error) {
    socket.destroy(error as Error);
  }
}

function tellOf(
  socket: TLSSocket,
  request: Request,
  flags: ClientFlags,
  reporter: Reporter,
  ocsp: Buffer | null,
): void {
  const verification = verificationOf(socket, request.expectedName);
  if (verification.result === 'not accepted') {
    reporter.warn(
      `THE SERVER IS NOT VERIFIED (${verification.error}): anybody may be at the other end. Going on because of --insecure.`,
    );
  }
  if (flags.showcerts === true) {
    const pems = sentCertificates(socket).map((certificate) => certificate.toString());
    reporter.event('certificates', { pem: pems });
    reporter.text(pems.join(''));
  }
  if (flags.status === true) {
    const stapled = stapledResponse(ocsp);
    reporter.event('ocsp', stapled);
    reporter.text(`OCSP response: ${stapled.text}\n`);
  }
  reporter.facts(negotiatedFacts(socket, 'client', targetName(request.target), verification));
}

function verificationOf({ authorized, authorizationError }: TLSSocket, name: string): Verification {
  if (authorized) return { result: 'accepted', error: null, name };
  const error = authorizationError instanceof Error ? authorizationError.message : authorizationError;
  return { result: 'not accepted', error, name };
}
