// Where a command says what: facts on standard output as openssl does, on standard error with -brief; warnings and errors
// on standard error. With --json all of it is on standard output, an object a line, and nothing is told twice.

import type { TraceStep } from '../tls/handshake-messages.js';
import { errorFacts, errorLine, reportError } from './error-report.js';
import { HandshakeReport } from './handshake-report.js';
import { jsonText } from './json-text.js';
import { briefFacts, factsText, type NegotiatedFacts } from './negotiated-facts.js';
import { paintFor, type Paint } from './terminal-text.js';
import type { TlsFlags } from './tls-options.js';

export class Reporter {
  readonly #flags: Pick<TlsFlags, 'json' | 'brief' | 'quiet'>;

  constructor(flags: Pick<TlsFlags, 'json' | 'brief' | 'quiet'>) {
    this.#flags = flags;
  }

  get json(): boolean {
    return this.#flags.json === true;
  }

  /** Data alone goes to standard output. */
  get #isTerse(): boolean {
    return this.#flags.brief === true || this.#flags.quiet === true;
  }

  get #stream(): NodeJS.WriteStream {
    return this.#isTerse ? process.stderr : process.stdout;
  }

  get paint(): Paint {
    return paintFor(this.#stream);
  }

  facts(facts: NegotiatedFacts): void {
    if (this.json) this.event('handshake', facts);
    else if (this.#flags.brief === true) process.stderr.write(`${briefFacts(facts)}\n`);
    else if (this.#flags.quiet !== true) this.#stream.write(`${factsText(facts, this.paint)}\n`);
  }

  /** One JSON object on a line; nothing without --json. */
  event(event: string, facts: object): void {
    if (this.json) process.stdout.write(`${jsonText({ event, ...facts })}\n`);
  }

  /** What a person wants to see beside the facts. */
  text(text: string): void {
    if (!this.json && !this.#isTerse) process.stdout.write(text);
  }

  /** As text(), and on standard error where standard output has data alone. */
  notice(text: string): void {
    if (!this.json) this.#stream.write(text);
  }

  /** What must not be missed, and must not get among the data. */
  readonly warn = (text: string): void => {
    if (this.json) this.event('warning', { message: text });
    else process.stderr.write(`${paintFor(process.stderr)('yellow', 'pqtls:')} ${text}\n`);
  };

  error(error: unknown): void {
    reportError(error, this.json);
  }

  /** Of one of a server's connections, which goes on with the others. */
  connectionError(error: unknown, connection: number, peer: string): void {
    if (this.json) this.event('error', { connection, peer, ...errorFacts(error), exitCode: undefined });
    else process.stderr.write(errorLine(error, `[${connection}] ${peer}: `));
  }

  /** A report of one connection's handshake. */
  trace(isServer: boolean, connection?: number): HandshakeReport {
    const json = (step: TraceStep): void =>
      this.event('trace', { ...(connection === undefined ? {} : { connection }), ...step });
    return new HandshakeReport(this.#stream, isServer, {
      json: this.json ? json : undefined,
      label: connection === undefined ? '' : `[${connection}] `,
    });
  }
}
