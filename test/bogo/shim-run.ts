// One run of the shim, from its command line to its exit code.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { loadBinding } from '#src/binding.js';
import type { EngineName } from '#src/engine/connection.js';
import { runExchanges } from './exchange.js';
import { describeFailure } from './failure.js';
import { parseFlags, UnimplementedError, type Flags } from './flags.js';

/** What the runner looks at. */
export interface ShimResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Says to the runner that the test asks for what is not there. */
const unimplementedCode = 89;

/** @param args one character for each byte */
export async function runShim(engine: EngineName, args: readonly string[]): Promise<ShimResult> {
  try {
    const flags = parseFlags(args);
    // There is no second process that makes the handshake.
    if (flags.initial['is-handshaker-supported'] === true) return { code: 0, stdout: 'No\n', stderr: '' };
    if (engine === 'aws-lc' && !loadBinding().loaded) throw new Error('The addon is not built: run "npm run build"');
    await runExchanges(engine, flags, () => connectToRunner(flags.initial));
    return { code: 0, stdout: '', stderr: '' };
  } catch (error) {
    const code = error instanceof UnimplementedError ? unimplementedCode : 1;
    return { code, stdout: '', stderr: describeFailure(error) };
  }
}

async function connectToRunner(flags: Flags): Promise<Socket> {
  const { port = 0, ipv6, 'shim-id': id = '0' } = flags;
  const socket = connect({ port, host: ipv6 === true ? '::1' : '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const greeting = Buffer.alloc(8);
  greeting.writeBigUInt64LE(BigInt(id));
  socket.write(greeting);
  return socket;
}
