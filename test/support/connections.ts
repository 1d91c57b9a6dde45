// Two connections of any engines, joined in memory: what one writes, the other receives, and every question is answered.

import { createSecureContext, type SecureContextOptions } from 'pqtls';
import type {
  Answer,
  Connection,
  ConnectionOptions,
  EngineEvent,
  EngineName,
  Progress,
  Question,
} from '#src/engine/connection.js';
import { engineOfContext } from '#src/engine/select.js';
import { Alert } from '#src/protocol/constants.js';
import type { TlsError } from '#src/errors.js';

export const engines = ['aws-lc', 'typescript'] as const satisfies readonly EngineName[];

const defaults: ConnectionOptions = {
  isServer: false,
  verifyPeer: true,
  requirePeer: true,
  suspendOnClientHello: false,
  servername: undefined,
  alpn: undefined,
  poolsOutput: false,
  borrowsInput: false,
};

/** One end, and what came of it. */
export class End {
  readonly connection: Connection;
  readonly events: EngineEvent[] = [];
  plaintext = '';
  done = false;
  closed = false;
  error: TlsError | undefined;
  questions: Question[] = [];
  answer: (question: Question) => Answer = acceptTrusted;
  readonly #out: Uint8Array[] = [];

  constructor(engine: EngineName, options: SecureContextOptions, settings: Partial<ConnectionOptions>) {
    const { context } = createSecureContext({ ...options, engine });
    this.connection = engineOfContext(context).createConnection(context, { ...defaults, ...settings });
    this.connection.enableSessionEvents();
  }

  static client(engine: EngineName, options: SecureContextOptions, settings: Partial<ConnectionOptions> = {}): End {
    return new End(engine, options, { servername: 'localhost', ...settings });
  }

  static server(engine: EngineName, options: SecureContextOptions, settings: Partial<ConnectionOptions> = {}): End {
    return new End(engine, options, { isServer: true, verifyPeer: false, requirePeer: false, ...settings });
  }

  take(progress: Progress): void {
    for (const { bytes, release } of progress.ciphertext) {
      this.#out.push(Uint8Array.from(bytes));
      release();
    }
    this.events.push(...progress.events);
    this.done ||= progress.handshakeDone;
    for (const bytes of progress.plaintext) this.plaintext += bytes.toString('latin1');
    this.closed ||= progress.closeNotify;
    this.error ??= progress.error;
    const { awaits } = progress;
    if (awaits === undefined || this.error !== undefined) return;
    this.questions.push(awaits);
    this.take(this.connection.resume(this.answer(awaits)));
  }

  send(text: string): void {
    const chunk = Buffer.from(text, 'latin1');
    let at = 0;
    do {
      const { ciphertext, taken, error } = this.connection.send(chunk, at);
      if (ciphertext !== undefined) {
        this.#out.push(Uint8Array.from(ciphertext.bytes));
        ciphertext.release();
      }
      this.error ??= error;
      at += taken;
    } while (at < chunk.length && this.error === undefined);
  }

  drain(): Buffer {
    return Buffer.concat(this.#out.splice(0));
  }
}

function acceptTrusted(question: Question): Answer {
  if (question.kind === 'verify') {
    return { kind: 'verify', alert: question.chainError === undefined ? undefined : Alert.unknown_ca };
  }
  return question.kind === 'resume-session' ? { kind: 'resume-session', session: undefined } : { kind: question.kind };
}

/** Carries bytes both ways until neither has any, in pieces of at most `size` bytes. */
export function carry(client: End, server: End, size = Infinity): void {
  for (;;) {
    const up = client.drain();
    const down = server.drain();
    if (up.length === 0 && down.length === 0) return;
    feed(server, up, size);
    feed(client, down, size);
  }
}

function feed(end: End, bytes: Buffer, size: number): void {
  for (let at = 0; at < bytes.length && end.error === undefined; at += size) {
    let progress = end.connection.receive(bytes.subarray(at, Math.min(at + size, bytes.length)));
    end.take(progress);
    while (progress.more) {
      progress = end.connection.receive(undefined);
      end.take(progress);
    }
  }
}

/** A handshake from the start, and the tickets that come after it. */
export function shakeHands(client: End, server: End, size = Infinity): void {
  client.take(client.connection.start());
  carry(client, server, size);
  if (server.done) server.send('');
  carry(client, server, size);
}
