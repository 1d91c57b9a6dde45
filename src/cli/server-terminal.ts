// s_server without a mode: what clients send to standard output, standard input to the client that came first.

import type { Readable } from 'node:stream';
import type { TLSSocket } from '../index.js';
import { commandFilter, crlfFilter } from './input-filters.js';
import { printData } from './received-data.js';
import type { Reporter } from './reporter.js';

export interface TerminalOptions {
  readonly crlf: boolean;
  readonly commands: boolean;
  /** The user wants the server to end. */
  readonly stop: () => void;
}

/** The end of standard input ends nothing: clients may still have something to say. */
export class ServerTerminal {
  readonly #reporter: Reporter;
  readonly #input: Readable;
  readonly #waiting: TLSSocket[] = [];
  #current: TLSSocket | undefined;

  constructor(reporter: Reporter, { crlf, commands, stop }: TerminalOptions) {
    this.#reporter = reporter;
    process.stdin.on('error', (error) => reporter.warn(`Standard input failed: ${error.message}`));
    const filters = [];
    if (commands && process.stdin.isTTY) {
      filters.push(commandFilter({ Q: stop, q: () => this.#current?.end() }));
    }
    if (crlf) filters.push(crlfFilter());
    this.#input = filters.reduce<Readable>((input, filter) => input.pipe(filter), process.stdin);
  }

  add(socket: TLSSocket, connection: number): void {
    printData(socket, this.#reporter, connection);
    this.#waiting.push(socket);
    socket.once('close', () => {
      this.#waiting.splice(this.#waiting.indexOf(socket), this.#waiting.includes(socket) ? 1 : 0);
      if (this.#current !== socket) return;
      this.#input.unpipe(socket);
      this.#current = undefined;
      this.#attach();
    });
    this.#attach();
  }

  /** Nothing more is read. */
  close(): void {
    process.stdin.destroy();
  }

  #attach(): void {
    if (this.#current !== undefined) return;
    this.#current = this.#waiting.shift();
    if (this.#current !== undefined) this.#input.pipe(this.#current, { end: false });
  }
}
