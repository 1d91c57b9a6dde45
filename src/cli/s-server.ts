// `pqtls s_server`: accepts TLS connections, tells what was negotiated, and answers over HTTP, with echoes, or by hand.

import { once } from 'node:events';
import { Command } from 'commander';
import { createServer, type Server, type TLSSocket, type TlsServerOptions } from '../index.js';
import { createServer as createHttpsServer } from '../integrations/https.js';
import { handshakeFollower } from '../tls/handshake-trace.js';
import { mayShowNone } from '../tls/socket-options.js';
import { ExitCode, UsageError } from './exit-codes.js';
import { filesBelow, statusPage, type HttpAnswer } from './http-answers.js';
import { openKeyLog } from './key-log.js';
import { lineReversal } from './line-reversal.js';
import { factsText, negotiatedFacts, type NegotiatedFacts, type Verification } from './negotiated-facts.js';
import { Reporter } from './reporter.js';
import type { HandshakeReport } from './handshake-report.js';
import { ServerTerminal } from './server-terminal.js';
import { parseListen, targetName } from './target.js';
import {
  addTlsOptions,
  alpnProtocols,
  count,
  readFile,
  readIdentity,
  secureContextOptions,
  type TlsFlags,
} from './tls-options.js';

interface ServerFlags extends TlsFlags {
  readonly accept: string;
  readonly unix?: string;
  readonly naccept?: number;
  readonly Verify?: string | true;
  readonly verify?: string | true;
  readonly insecure?: boolean;
  readonly dcert?: string;
  readonly dkey?: string;
  readonly servername?: string;
  readonly cert2?: string;
  readonly key2?: string;
  readonly status_file?: string;
  readonly www?: boolean;
  readonly WWW?: boolean;
  readonly HTTP?: boolean;
  readonly rev?: boolean;
  readonly echo?: boolean;
  readonly crlf?: boolean;
  readonly nocommands?: boolean;
}

const defaultPort = '4433';
/** More than one who tests needs; further ones are dropped. */
const mostConnections = 1000;

const examples = `
Examples:
  pqtls s_server -accept 8443 -cert server.pem -key server.key -www
  pqtls s_server -accept 8443 -cert server.pem -key server.key --post-quantum require -echo --trace
  pqtls s_server -cert server.pem -key server.key -Verify -CAfile clients.pem -rev`;

export function sServerCommand(): Command {
  const command = new Command('s_server')
    .description('Accept TLS connections, tell what was negotiated, and answer.')
    .optionsGroup('Connections:')
    .option('--accept <[host:]port>', 'where to listen (also -port); 0 takes a free port', defaultPort)
    .option('--unix <path>', 'listen on a Unix socket')
    .option('--naccept <count>', 'end after so many connections', count)
    .optionsGroup('Answers (default: by hand, on standard input and output):')
    .option('--www', 'HTTP: a page with what was negotiated')
    .option('--WWW', 'HTTP: files below the current folder')
    .option('--HTTP', 'as -WWW, with files that are whole responses, header and all')
    .option('--rev', 'every line, reversed')
    .option('--echo', 'everything, as it came')
    .optionsGroup('Clients:')
    .option('--Verify [depth]', 'a client must show a certificate of -CAfile')
    .option('--verify [depth]', 'a client may show a certificate of -CAfile')
    .option('--insecure', 'go on with a certificate that is not accepted, and say so')
    .optionsGroup('More certificates:')
    .option('--dcert <file>', 'a second certificate with another type of key')
    .option('--dkey <file>', 'its private key')
    .option('--servername <name>', 'the name that -cert2 is for')
    .option('--cert2 <file>', 'the certificate for that name')
    .option('--key2 <file>', 'its private key')
    .option('--status_file <file>', 'an OCSP response (DER) to staple')
    .optionsGroup('Conversation:')
    .option('--crlf', 'send line ends as CR LF')
    .option('--nocommands', 'on a terminal, Q and q at the beginning of a line are no commands');
  return addTlsOptions(command)
    .addHelpText('after', examples)
    .action((flags: ServerFlags) => run(flags));
}

async function run(flags: ServerFlags): Promise<void> {
  const reporter = new Reporter(flags);
  try {
    await new Service(flags, reporter).serve();
  } catch (error) {
    reporter.error(error);
  }
}

/** One run of the command. */
class Service {
  readonly #flags: ServerFlags;
  readonly #reporter: Reporter;
  readonly #server: Server;
  readonly #terminal: ServerTerminal | undefined;
  readonly #open = new Set<TLSSocket>();
  readonly #numbers = new WeakMap<TLSSocket, number>();
  readonly #reports = new WeakMap<TLSSocket, HandshakeReport>();
  readonly #keyLog: ((line: Uint8Array) => void) | undefined;
  #seen = 0;
  #accepted = 0;

  /** @throws UsageError, and what the library says of the options */
  constructor(flags: ServerFlags, reporter: Reporter) {
    this.#flags = flags;
    this.#reporter = reporter;
    const mode = modeOf(flags);
    this.#keyLog = flags.keylogfile === undefined ? undefined : openKeyLog(flags.keylogfile, reporter.warn);
    this.#server = this.#createServer(mode);
    this.#addSecondName();
    if (mode === undefined) {
      const commands = flags.nocommands !== true && flags.quiet !== true;
      this.#terminal = new ServerTerminal(reporter, {
        crlf: flags.crlf === true,
        commands,
        stop: () => this.#stop(),
      });
    }
  }

  /** Resolves when no connection is left and none is to come. */
  async serve(): Promise<void> {
    const server = this.#server;
    const { unix, accept } = this.#flags;
    const closed = new Promise<void>((resolve) => server.once('close', resolve));
    const stop = (): void => this.#stop();
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    for (const signal of signals) process.once(signal, stop);
    try {
      server.listen(unix === undefined ? parseListen(accept) : { path: unix });
      await once(server, 'listening');
      this.#tellWhere();
      await closed;
    } finally {
      for (const signal of signals) process.off(signal, stop);
      this.#terminal?.close();
    }
  }

  #tellWhere(): void {
    const address = this.#server.address();
    const where =
      typeof address === 'string' || address === null
        ? { path: address ?? '' }
        : { host: address.address, port: address.port };
    this.#reporter.event('listening', where);
    // With -brief or -quiet nothing else would tell which port was free.
    this.#reporter.notice(
      `Listening on ${targetName(where)}, until ${this.#terminal === undefined ? 'Ctrl-C' : 'Q'}\n`,
    );
  }

  #stop(): void {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    // Handshakes that are under way would be waited for.
    setTimeout(() => process.exit(ExitCode.done), 1000).unref();
  }

  #createServer(mode: Mode | undefined): Server {
    const flags = this.#flags;
    const options = this.#serverOptions();
    const answer = this.#httpAnswer(mode);
    const server = answer === undefined ? createServer(options) : this.#createHttps(options, answer);
    server.maxConnections = mostConnections;
    server.on('secureConnection', (socket) => this.#onConnection(socket, mode));
    server.on('tlsClientError', (error, socket) => this.#onFailure(error, socket));
    if (this.#keyLog !== undefined) server.on('keylog', this.#keyLog);
    if (flags.status_file !== undefined) {
      const response = readFile('-status_file', flags.status_file);
      const staple = (_leaf: unknown, _issuer: unknown, done: (error: null, response: Buffer) => void): void =>
        done(null, response);
      server.on('OCSPRequest', staple);
    }
    return server;
  }

  #serverOptions(): TlsServerOptions {
    const flags = this.#flags;
    if (flags.cert === undefined) throw new UsageError(withoutCertificate);
    const asks = flags.Verify !== undefined || flags.verify !== undefined;
    if (asks && flags.CAfile === undefined) {
      throw new UsageError('Say whose certificates clients may show: -CAfile FILE');
    }
    if (typeof (flags.Verify ?? flags.verify) === 'string') {
      this.#reporter.warn('The depth of a chain is not limited by -Verify and -verify');
    }
    const context = secureContextOptions(flags);
    const { dcert, dkey = dcert } = flags;
    const second = dcert === undefined ? undefined : readIdentity(['-dcert', dcert], ['-dkey', dkey ?? dcert], context);
    const { cert, key } = context;
    const both = second && cert && key && { cert: [cert, second.cert], key: [key, second.key] };
    const ALPNProtocols = alpnProtocols(flags.alpn);
    return {
      ...context,
      ...both,
      ...(ALPNProtocols === undefined ? {} : { ALPNProtocols }),
      requestCert: asks,
      rejectUnauthorized: flags.insecure !== true,
      [mayShowNone]: flags.Verify === undefined,
      handshakeTimeout: flags.timeout * 1000,
      ...(flags.trace === true ? { [handshakeFollower]: (step, socket) => this.#reportOf(socket).add(step) } : {}),
    };
  }

  #reportOf(socket: TLSSocket): HandshakeReport {
    let report = this.#reports.get(socket);
    if (report === undefined) {
      report = this.#reporter.trace(true, this.#numberOf(socket));
      this.#reports.set(socket, report);
    }
    return report;
  }

  /** Of a connection, from when it is first heard of. */
  #numberOf(socket: TLSSocket): number {
    const known = this.#numbers.get(socket);
    if (known !== undefined) return known;
    this.#seen += 1;
    this.#numbers.set(socket, this.#seen);
    return this.#seen;
  }

  #createHttps(options: TlsServerOptions, answer: HttpAnswer): Server {
    const timeout = this.#flags.timeout * 1000;
    const limits = { headersTimeout: timeout, requestTimeout: timeout, keepAliveTimeout: 1000 };
    // Who sends a request and its end at once, as s_client does with a file, still wants the answer.
    const halfOpen = { allowHalfOpen: true };
    const server = createHttpsServer(
      { ...options, ...limits, ...halfOpen },
      (request, response) => void answer(request, response),
    );
    server.timeout = timeout;
    return Object.assign(server, { httpAllowHalfOpen: true }) as unknown as Server;
  }

  #httpAnswer(mode: Mode | undefined): HttpAnswer | undefined {
    const { key, dkey, key2, cert, dcert, cert2, cert_chain, CAfile, keylogfile, pass } = this.#flags;
    if (mode === 'www') return statusPage((socket) => factsText(this.#factsOf(socket), (_style, text) => text));
    if (mode !== 'WWW' && mode !== 'HTTP') return undefined;
    // A key may lie in the current folder, or in one file with any certificate.
    const passphrase = pass?.startsWith('file:') === true ? pass.slice('file:'.length) : undefined;
    const secrets = [key, cert, dkey, dcert, key2, cert2, cert_chain, CAfile, keylogfile, passphrase];
    return filesBelow(
      process.cwd(),
      secrets.filter((path) => path !== undefined),
      mode === 'HTTP',
    );
  }

  #addSecondName(): void {
    const { servername, cert2, key2 = cert2 } = this.#flags;
    if (servername === undefined && cert2 === undefined) return;
    if (servername === undefined || cert2 === undefined || key2 === undefined) {
      throw new UsageError('-servername and -cert2 go together');
    }
    const context = secureContextOptions(this.#flags);
    const identity = readIdentity(['-cert2', cert2], ['-key2', key2], context);
    this.#server.addContext(servername, { ...context, ...identity });
  }

  #onConnection(socket: TLSSocket, mode: Mode | undefined): void {
    const connection = this.#count(socket);
    if (connection === undefined) return;
    const facts = this.#factsOf(socket);
    socket.on('error', (error) => this.#reporter.connectionError(error, connection, facts.peer));
    if (facts.verification.result === 'not accepted') {
      this.#reporter.warn(
        `THE CLIENT IS NOT VERIFIED (${facts.verification.error}): anybody may be at the other end. Going on because of --insecure.`,
      );
    }
    if (this.#reporter.json) this.#reporter.event('handshake', { connection, ...facts });
    else this.#reporter.facts(facts);
    socket.once('close', () => this.#reporter.event('end', { connection, bytesRead: socket.bytesRead }));
    this.#answer(socket, mode, connection);
  }

  #answer(socket: TLSSocket, mode: Mode | undefined, connection: number): void {
    if (mode === 'echo') socket.pipe(socket);
    else if (mode === 'rev') {
      const reversal = lineReversal();
      reversal.on('error', (error) => socket.destroy(error));
      socket.pipe(reversal).pipe(socket);
    } else if (mode === undefined) this.#terminal?.add(socket, connection);
  }

  #onFailure(error: Error, socket: TLSSocket): void {
    const connection = this.#count(socket);
    if (connection !== undefined) this.#reporter.connectionError(error, connection, peerName(socket));
  }

  /** The number of a connection; undefined for one that is too many, which is over. */
  #count(socket: TLSSocket): number | undefined {
    const { naccept = Infinity } = this.#flags;
    this.#accepted += 1;
    if (this.#accepted > naccept) {
      socket.destroy();
      return undefined;
    }
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    if (this.#accepted === naccept) this.#server.close();
    return this.#numberOf(socket);
  }

  #factsOf(socket: TLSSocket): NegotiatedFacts {
    return negotiatedFacts(socket, 'server', peerName(socket), this.#verificationOf(socket));
  }

  #verificationOf(socket: TLSSocket): Verification {
    const { authorized, authorizationError } = socket;
    if (this.#flags.Verify === undefined && this.#flags.verify === undefined) {
      return { result: 'not asked', error: null, name: null };
    }
    if (authorized) return { result: 'accepted', error: null, name: null };
    if (this.#flags.Verify === undefined && socket.getPeerX509Certificate() === undefined) {
      return { result: 'none shown', error: null, name: null };
    }
    const error = authorizationError instanceof Error ? authorizationError.message : authorizationError;
    return { result: 'not accepted', error, name: null };
  }
}

type Mode = 'www' | 'WWW' | 'HTTP' | 'rev' | 'echo';

function modeOf(flags: ServerFlags): Mode | undefined {
  const given = (['www', 'WWW', 'HTTP', 'rev', 'echo'] as const).filter((mode) => flags[mode] === true);
  if (given.length > 1) throw new UsageError(`Give one of -${given.join(', -')}`);
  return given[0];
}

const withoutCertificate =
  'A server needs a certificate: -cert FILE and -key FILE. One for tests comes from: openssl req -x509 -newkey ec ' +
  '-pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost -addext ' +
  'subjectAltName=DNS:localhost';

function peerName({ remoteAddress, remotePort }: TLSSocket): string {
  if (remoteAddress === undefined || remotePort === undefined) return 'a local client';
  // An IPv4 address that came to a socket of IPv6.
  return targetName({ host: remoteAddress.replace(/^::ffff:(?=[\d.]+$)/, ''), port: remotePort });
}
