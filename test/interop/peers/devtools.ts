// Chromium's DevTools protocol over --remote-debugging-pipe: JSON messages, each ended by a NUL, on descriptors 3 and 4.

import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { bound } from '../bound-process.js';
import { PeerError } from '../program.js';

const graceMs = 3000;
/** Messages are small, but for what a page logs. */
const maxMessageBytes = 16 * 1024 * 1024;

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** A running browser. Its events are `<session id> <method>`, with the parameters. */
export class Browser extends EventEmitter {
  readonly #child: ChildProcess;
  readonly #input: Writable;
  readonly #waiting = new Map<number, { resolve(value: Record<string, unknown>): void; reject(error: Error): void }>();
  #lastId = 0;
  #buffered: Buffer[] = [];
  #bufferedBytes = 0;
  #stderr = '';

  constructor(file: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    super();
    this.#child = spawn(...bound(file, [...args, '--remote-debugging-pipe']), {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
      env,
      // A group of its own, so that its many processes can be ended together.
      detached: true,
    });
    this.#input = this.#child.stdio[3] as Writable;
    this.#input.on('error', () => {});
    (this.#child.stdio[4] as Readable).on('data', (chunk: Buffer) => this.#accept(chunk));
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#stderr = (this.#stderr + chunk.toString()).slice(-2000)));
    const fail = (): void => this.#failAll(`the browser ended (exit code ${this.#child.exitCode}): ${this.#stderr}`);
    this.#child.once('close', fail);
    this.#child.once('error', fail);
  }

  async send(method: string, params: object = {}, sessionId?: string): Promise<Record<string, unknown>> {
    const id = ++this.#lastId;
    const answer = new Promise<Record<string, unknown>>((resolve, reject) =>
      this.#waiting.set(id, { resolve, reject }),
    );
    this.#input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return answer;
  }

  async close(): Promise<void> {
    const { pid } = this.#child;
    if (pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.send('Browser.close').catch(() => {});
    const timer = setTimeout(() => process.kill(-pid, 'SIGKILL'), graceMs);
    await exited;
    clearTimeout(timer);
    // A helper of the browser's that outlives it has the other ends.
    for (const stream of this.#child.stdio) stream?.destroy();
    this.#failAll('the browser was closed');
  }

  #accept(chunk: Buffer): void {
    let rest = chunk;
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
      const message = Buffer.concat([...this.#buffered, rest.subarray(0, end)]).toString();
      this.#buffered = [];
      this.#bufferedBytes = 0;
      rest = rest.subarray(end + 1);
      this.#take(JSON.parse(message) as Message);
    }
    this.#buffered.push(rest);
    this.#bufferedBytes += rest.length;
    if (this.#bufferedBytes > maxMessageBytes) this.#failAll('a message of the browser is too long');
  }

  #take({ id, sessionId, method, params, result, error }: Message): void {
    if (id === undefined) {
      if (method !== undefined) this.emit(`${sessionId ?? ''} ${method}`, params ?? {});
      return;
    }
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result ?? {});
    else waiting?.reject(new PeerError(`DevTools: ${error.message}`));
  }

  #failAll(message: string): void {
    const error = new PeerError(message);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.emit('failed', error);
  }
}
