// A peer's program as a child process that speaks the protocol of peer.ts.

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { cleanEnvironment } from '../support/project.js';
import { spawnBound } from './bound-process.js';
import type { Conversation, PeerConfig, PeerReport } from './peer.js';

/** How long it has to go by itself once it was asked to end, before it is killed. */
const graceMs = 1000;
const keptStderr = 4000;

/** The peer failed or left; the message has what it said. */
export class PeerError extends Error {
  override readonly name = 'PeerError';
}

export async function startProgram(
  file: string,
  args: readonly string[],
  config: PeerConfig,
  env: NodeJS.ProcessEnv = {},
): Promise<Conversation> {
  const child = spawnBound(file, args, { env: cleanEnvironment(env) });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-keptStderr)));
  const exited = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', (error) => {
      stderr += error.message;
      resolve();
    });
  });
  // It may have failed before it read; its exit says so.
  child.stdin.on('error', () => {});
  child.stdin.end(`${JSON.stringify(config)}\n`);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  const next = async (): Promise<Record<string, unknown>> => {
    const { value, done } = await lines.next();
    if (done === true) {
      await exited;
      throw new PeerError(`the peer ended without a report (exit code ${child.exitCode})${said(stderr)}`);
    }
    const message = JSON.parse(value) as Record<string, unknown>;
    if (typeof message['error'] === 'string') throw new PeerError(`the peer says: ${message['error']}${said(stderr)}`);
    return message;
  };

  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await once(child, 'close');
    clearTimeout(timer);
  };

  try {
    const port = config.role === 'server' ? (await next())['port'] : undefined;
    if (port !== undefined && typeof port !== 'number') throw new PeerError('the peer told no port');
    return { port, report: async () => (await next()) as unknown as PeerReport, end };
  } catch (error) {
    await end();
    throw error;
  }
}

function said(stderr: string): string {
  return stderr.trim() === '' ? '' : `: ${stderr.trim()}`;
}
