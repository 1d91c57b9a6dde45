// A plaintext conversation before TLS: what is read is bounded in size and in time. Common to every STARTTLS protocol.

import type { Socket } from 'node:net';
import { StartTlsError } from '../exit-codes.js';
import { printable } from '../terminal-text.js';

/** The most that a server may say before TLS, in bytes; greetings and capabilities are a few hundred. */
const largestTotal = 64 * 1024;
/** RFC 5321 allows 512 bytes, IMAP servers list capabilities in more. */
const longestLine = 8 * 1024;

/** Reads a server's plaintext; one read at a time. */
export class Wire {
  readonly #socket: Socket;
  readonly #protocol: string;
  readonly #timeoutMs: number;
  readonly #timer: NodeJS.Timeout;
  #buffer = Buffer.alloc(0);
  #total = 0;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  readonly #onData = (chunk: Buffer): void => {
    this.#total += chunk.length;
    if (this.#total > largestTotal) this.#fail(this.broken(`more than ${largestTotal} bytes before TLS`));
    else this.#buffer = Buffer.concat([this.#buffer, chunk]);
    this.#wake?.();
  };
  readonly #onEnd = (): void =>
    this.#fail(
      new StartTlsError('ERR_PQTLS_STARTTLS_CLOSED', `The ${this.#protocol} server closed the connection before TLS`),
    );
  readonly #onError = (error: Error): void => this.#fail(error);

  constructor(socket: Socket, protocol: string, timeoutMs: number) {
    this.#socket = socket;
    this.#protocol = protocol;
    this.#timeoutMs = timeoutMs;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onEnd);
    socket.on('error', this.#onError);
    this.#timer = setTimeout(() => {
      const said = this.#total === 0 ? 'said nothing' : `did not go on with -starttls ${protocol}`;
      this.#fail(
        new StartTlsError('ERR_PQTLS_STARTTLS_TIMEOUT', `The server ${said} within ${this.#timeoutMs / 1000} s`),
      );
    }, timeoutMs);
  }

  send(bytes: string | Uint8Array): void {
    if (this.#failure === undefined) this.#socket.write(bytes);
  }

  /** A line without its end. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#buffer.indexOf('\n');
      if (end > longestLine || (end < 0 && this.#buffer.length > longestLine)) {
        throw this.broken(`a line of more than ${longestLine} bytes`);
      }
      if (end >= 0)
        return this.#take(end + 1)
          .toString('utf8')
          .replace(/\r?\n$/, '');
      await this.#more();
    }
  }

  async bytes(length: number): Promise<Buffer> {
    if (length > largestTotal) throw this.broken(`a message of ${length} bytes`);
    while (this.#buffer.length < length) await this.#more();
    return this.#take(length);
  }

  /** Everything up to the first match and with it; the match. */
  async match(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#buffer.toString('latin1'));
      if (found !== null) {
        this.#take(found.index + found[0].length);
        return found;
      }
      await this.#more();
    }
  }

  /**
   * Gives the socket back for TLS. What the server sent after its go-ahead was not protected: whoever is on the path may
   * have put it there (CVE-2011-0411).
   */
  finish(): void {
    const left = this.#buffer.length;
    this.close();
    if (this.#failure !== undefined) throw this.#failure;
    if (left === 0) return;
    throw new StartTlsError(
      'ERR_PQTLS_STARTTLS_INJECTION',
      `${left} bytes of plaintext came with the go-ahead of the ${this.#protocol} server`,
    );
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#socket.pause();
    this.#socket.off('data', this.#onData);
    this.#socket.off('end', this.#onEnd);
    this.#socket.off('close', this.#onEnd);
    this.#socket.off('error', this.#onError);
  }

  /** The server does not speak the protocol. */
  broken(what: string): StartTlsError {
    return new StartTlsError(
      'ERR_PQTLS_STARTTLS_PROTOCOL',
      `The server does not speak ${this.#protocol}: it sent ${what}`,
    );
  }

  /** The server said no. */
  refused(answer: string): StartTlsError {
    return new StartTlsError(
      'ERR_PQTLS_STARTTLS_REFUSED',
      `The ${this.#protocol} server refused TLS: ${printable(answer)}`,
    );
  }

  /** The server does not have it. */
  unsupported(what: string): StartTlsError {
    return new StartTlsError('ERR_PQTLS_STARTTLS_UNSUPPORTED', `The ${this.#protocol} server has no TLS here: ${what}`);
  }

  #take(length: number): Buffer {
    const part = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return part;
  }

  /** Waits for something new; what came before an end is read first. */
  async #more(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }
}

/** What a peer sent that was not expected, quoted. */
export function quoted(text: string): string {
  return `'${printable(text, 80)}'`;
}
