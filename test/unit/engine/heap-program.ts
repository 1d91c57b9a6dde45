// Handshakes of the TypeScript engine one after another, every second one resumed, in a process of its own: tap watches every
// promise, which takes three times as long. Prints one line of JSON.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { connect, createSecureContext, createServer } from 'pqtls';
import { Issuer } from '../../support/certificates.js';
import { usedHeap } from '../../support/memory.js';

export interface HeapReport {
  readonly resumed: number;
  /** Bytes. */
  readonly session: number;
  /** Bytes after every `samplesEvery` handshakes, without warm-up and garbage. */
  readonly heap: readonly number[];
  readonly handlesBefore: readonly string[];
  readonly handlesAfter: readonly string[];
}

/** V8's feedback and code of either engine grow, ever slower, for more than a thousand handshakes. */
export const warmUp = 1_000;
export const handshakes = 1_000;
export const samplesEvery = 50;

/** Without those of standard output, and of a turn that is awaited. */
function openHandles(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => !['PipeWrap', 'Immediate'].includes(name))
    .sort();
}

async function main(): Promise<void> {
  const { cert, key } = await Issuer.selfSigned({ subject: 'CN=localhost', names: ['localhost'] });
  const engine = 'typescript';
  const handlesBefore = openHandles();
  const server = createServer({ cert, key, engine, groups: ['X25519'] }, (socket) => void socket.end('x'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const secureContext = createSecureContext({ ca: cert, engine, groups: ['X25519'] });
  let session: Buffer | undefined;
  let resumed = 0;
  const shake = async (isFull: boolean): Promise<void> => {
    const offered = isFull ? {} : { session };
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', secureContext, engine, ...offered });
    socket.on('session', (bytes: Buffer) => (session = bytes));
    socket.on('secureConnect', () => {
      if (socket.isSessionReused()) resumed += 1;
    });
    socket.resume();
    await once(socket, 'close');
  };
  const heap: number[] = [];
  for (let done = 0; done < warmUp + handshakes; done++) {
    if (done >= warmUp && done % samplesEvery === 0) heap.push(await usedHeap());
    await shake(done % 2 === 0);
  }
  // Waits for the server's end of the last connection.
  server.close();
  await once(server, 'close');
  let handlesAfter = openHandles();
  // Closed handles are there for some turns more.
  for (let turns = 0; turns < 100 && handlesAfter.length > handlesBefore.length; turns++) {
    await turn();
    handlesAfter = openHandles();
  }
  const report: HeapReport = { resumed, session: session?.length ?? 0, heap, handlesBefore, handlesAfter };
  process.stdout.write(JSON.stringify(report));
}

if (process.argv[2] === 'run') await main();
