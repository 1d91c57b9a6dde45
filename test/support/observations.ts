// What a program can see of errors, events and calls, as plain data that two runs can be compared by.

import type { EventEmitter } from 'node:events';
import { once } from 'node:events';

const details = ['syscall', 'errno', 'host', 'path', 'reason', 'hostname', 'input'] as const;

/**
 * An error as programs look at it. Subclasses of Error count as Error; the texts of the libraries underneath (OpenSSL's
 * has a file and a line) stay out, their codes stay in. Ports are never the same twice: whether there is one is.
 */
export function errorView(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, ...rest } = error as Error & Record<string, unknown>;
  const view: Record<string, unknown> = { type: standardType(error), code };
  const ofLibrary = typeof code === 'string' && /^ERR_(SSL|OSSL)/.test(code);
  if (!ofLibrary) {
    view['message'] = error.message.replace(/(127\.0\.0\.\d|::1):\d+/g, '$1:PORT');
    for (const name of details) if (name in rest && rest[name] !== undefined) view[name] = rest[name];
    if (rest['port'] !== undefined) view['port'] = typeof rest['port'];
    if (rest['localAddress'] !== undefined) view['localAddress'] = typeof rest['localAddress'];
  }
  return view;
}

function standardType(error: Error): string {
  if (error instanceof TypeError) return 'TypeError';
  if (error instanceof RangeError) return 'RangeError';
  return error.name === 'AbortError' ? 'AbortError' : 'Error';
}

/** What a call throws, or what it returns as `returned`. */
export function attempt(call: () => unknown): unknown {
  try {
    return { returned: typeof call() };
  } catch (error) {
    return { threw: errorView(error) };
  }
}

/** The very value that a call gives, or the error that it throws. */
export function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

/** The events of one emitter, in order, as they come: `error ECONNRESET`, `close true`. */
export function record(emitter: EventEmitter, names: readonly string[], into: string[] = []): string[] {
  for (const name of names) {
    emitter.on(name, (value: unknown) => {
      if (value instanceof Error) into.push(`${name} ${(value as { code?: string }).code ?? value.message}`);
      else if (typeof value === 'boolean') into.push(`${name} ${String(value)}`);
      else into.push(name);
    });
  }
  return into;
}

/** What a socket tells of its life, but for data. */
export const lifeOfSocket = [
  'lookup',
  'connect',
  'ready',
  'secureConnect',
  'end',
  'finish',
  'error',
  'close',
  'timeout',
];

/** Resolves when all of them emitted `close`, however it came to that. */
export async function closed(...emitters: readonly EventEmitter[]): Promise<void> {
  await Promise.all(emitters.map(async (emitter) => closedOne(emitter)));
}

async function closedOne(emitter: EventEmitter): Promise<void> {
  if ((emitter as { closed?: boolean }).closed !== true) await new Promise((resolve) => emitter.once('close', resolve));
  // `closed` is true a little before the event.
  for (let turns = 0; turns < 3; turns += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** The first `error` event's error, as errorView() shows it. */
export async function errorEvent(emitter: EventEmitter, name = 'error'): Promise<unknown> {
  return new Promise((resolve) => emitter.once(name, (error) => resolve(errorView(error))));
}

/** The next event's arguments. */
export async function next(emitter: EventEmitter, name: string): Promise<unknown[]> {
  return (await once(emitter, name)) as unknown[];
}

/** Everything that a stream delivers up to its end, as text. */
export async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  stream.on('data', (chunk: Buffer | string) => (text += chunk.toString()));
  await new Promise((resolve) => stream.once('end', resolve));
  return text;
}
