// A process that is measured: a server, a client, or both ends over a Duplex. Runs under whichever Node it is started with.

import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setImmediate as eventLoopTurn, setTimeout as sleep } from 'node:timers/promises';
import nodeTls from 'node:tls';
import pqtls from '#src/index.js';
import { MemoryHandshakes } from '../typescript/handshake.js';
import { PrimitiveSum } from '../typescript/primitive-sum.js';
import type { Answer, ClientRole, DuplexRole, EngineRole, Question, Role, ServerRole, Usage } from './contract.js';

const role = JSON.parse(process.argv[2] ?? '') as Role;
const isOurs = role.library === 'pqtls' || role.library === 'typescript';
const group = 'X25519MLKEM768';
const chunk = Buffer.alloc(64 * 1024, 'x');
const small = Buffer.alloc(64, 'x');
const turnEvery = 16;

let since = process.cpuUsage();
let connections = 0;
let strays = 0;

function usage(): Usage {
  const { user, system } = process.cpuUsage(since);
  return { microseconds: user + system, connections, strays };
}

// node:tls is asked for nothing; so one connection of so many is asked what carries it.
const askedOneOf = 16;

function count(socket: object): void {
  connections += 1;
  if (!isOurs || role.role === 'duplex' || connections % askedOneOf !== 1) return;
  const info = (socket as InstanceType<typeof pqtls.TLSSocket>).getHandshakeInfo();
  const isMeant = role.library === 'typescript' ? info?.engine === 'typescript' : info?.transport === 'native';
  if (!isMeant) strays += 1;
}

function say(answer: Answer): void {
  process.send?.(answer);
}

/** Both have the same functions, as far as they are used here. */
function library(): typeof nodeTls {
  return isOurs ? (pqtls as unknown as typeof nodeTls) : nodeTls;
}

/** Unknown to node:tls, which is not given it. */
const engine = isOurs ? { engine: role.library === 'typescript' ? 'typescript' : 'aws-lc' } : {};

/** node:tls of a Node without the hybrid group is measured with the classical one. */
function groups(): string {
  const [major = 0, minor = 0] = process.versions.openssl.split('.').map(Number);
  const isHybrid = isOurs || major > 3 || (major === 3 && minor >= 5);
  return isHybrid ? group : 'X25519';
}

function serve({ mode, cert, key, hello, flight }: ServerRole): Server {
  const handlers = { echo, burst, download, upload };
  if (role.library === 'tcp') {
    return createTcpServer((socket) => {
      connections += 1;
      afterHello(socket, hello, flight);
    });
  }
  return library().createServer({ ...engine, cert, key, ecdhCurve: groups() }, (socket) => {
    count(socket);
    // A load generator that is done may reset what it has no use for.
    socket.on('error', () => {});
    handlers[mode](socket);
  });
}

function afterHello(socket: Socket, hello: number, flight: number): void {
  const answer = Buffer.alloc(flight, 'x');
  let left = hello;
  socket.on('error', () => {});
  socket.on('end', () => socket.end());
  socket.on('data', (bytes: Buffer) => {
    if (left === 0) {
      socket.write(bytes);
      return;
    }
    left -= Math.min(left, bytes.length);
    if (left === 0) socket.write(answer);
  });
}

function echo(socket: Socket): void {
  socket.on('data', (bytes: Buffer) => socket.write(bytes));
  socket.on('end', () => socket.end());
}

function burst(socket: Socket): void {
  // Nagle's algorithm would wait for the client's delayed acknowledgement: 40 ms, whatever the library does. RFC 896.
  socket.setNoDelay(true);
  let received = 0;
  socket.on('data', (bytes: Buffer) => {
    for (received += bytes.length; received >= small.length; received -= small.length) {
      for (let i = 0; i < 64; i++) socket.write(small);
    }
  });
}

function readCount(socket: Socket, then: (count: number, rest: Buffer) => void): void {
  let head = Buffer.alloc(0);
  const onData = (bytes: Buffer): void => {
    head = Buffer.concat([head, bytes]);
    if (head.length < 8) return;
    socket.off('data', onData);
    then(Number(head.readBigUInt64BE()), head.subarray(8));
  };
  socket.on('data', onData);
}

function download(socket: Socket): void {
  readCount(socket, (wanted) => {
    let left = wanted;
    const send = (): void => {
      while (left > 0) {
        const bytes = left >= chunk.length ? chunk : chunk.subarray(0, left);
        left -= bytes.length;
        if (!socket.write(bytes)) break;
      }
      if (left > 0) socket.once('drain', send);
    };
    send();
  });
}

function upload(socket: Socket): void {
  readCount(socket, (wanted, rest) => {
    let left = wanted - rest.length;
    socket.on('data', (bytes: Buffer) => {
      left -= bytes.length;
      if (left === 0) socket.write(small.subarray(0, 8));
    });
  });
}

async function connectAll({ ca }: ClientRole, port: number, total: number, concurrency: number): Promise<void> {
  const tls = library();
  const secureContext = tls.createSecureContext({ ...engine, ca, ecdhCurve: groups() });
  let left = total;
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', secureContext }, () => {
        count(socket);
        socket.write(small);
      });
      socket.on('data', () => socket.end());
      socket.on('error', reject);
      socket.on('close', () => resolve());
    });
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (left-- > 0) await one();
    }),
  );
}

/** Two ends of a stream that is no socket. */
function duplexPair(): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  const waiting: ((() => void) | undefined)[] = [];
  const make = (own: number, other: number): Duplex =>
    new Duplex({
      read() {
        const resume = waiting[other];
        waiting[other] = undefined;
        resume?.();
      },
      write(bytes: Buffer, _encoding, callback) {
        if (ends[other]?.push(bytes) === true) process.nextTick(callback);
        else waiting[own] = callback;
      },
      final(callback) {
        ends[other]?.push(null);
        callback();
      },
    });
  ends.push(make(0, 1), make(1, 0));
  return ends as [Duplex, Duplex];
}

async function overDuplex({ cert, key, ca }: DuplexRole): Promise<(bytes: number) => Promise<void>> {
  const tls = library();
  const serverContext = tls.createSecureContext({ ...engine, cert, key, ecdhCurve: groups() });
  const clientContext = tls.createSecureContext({ ...engine, ca, ecdhCurve: groups() });
  await Promise.resolve();
  return (bytes) =>
    new Promise((resolve, reject) => {
      const [left, right] = duplexPair();
      const server = new tls.TLSSocket(left, { isServer: true, secureContext: serverContext });
      const client = tls.connect({ socket: right, servername: 'localhost', secureContext: clientContext }, () => {
        count(client);
        client.write(small);
      });
      let wanted = bytes + small.length;
      client.on('data', (data: Buffer) => {
        wanted -= data.length;
        if (wanted === 0) client.end();
      });
      client.on('close', () => resolve());
      for (const end of [server, client]) end.on('error', reject);
      server.once('data', (data: Buffer) => {
        server.write(data);
        let remaining = bytes;
        const send = (): void => {
          while (remaining > 0) {
            remaining -= chunk.length;
            if (!server.write(chunk)) break;
          }
          if (remaining > 0) server.once('drain', send);
        };
        send();
      });
      server.on('end', () => server.end());
    });
}

async function timed(work: () => Promise<void>): Promise<Answer> {
  const [cpu, clock] = [process.cpuUsage(), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { microseconds: user + system, wall: (performance.now() - clock) * 1000, usage: usage() };
}

/** Either, as it is asked: one process for each, though both are made. */
function inMemory(credentials: EngineRole): (ask: 'handshakes in memory' | 'primitives') => () => void {
  const handshakes = new MemoryHandshakes(credentials);
  const sum = new PrimitiveSum(credentials);
  return (ask) => (ask === 'primitives' ? () => sum.run() : () => handshakes.run());
}

async function memory(): Promise<number> {
  // Finalizers of what was collected free more: until a turn of the loop after the last.
  for (let i = 0; i < 3; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await sleep(100);
  }
  return process.memoryUsage.rss();
}

async function main(): Promise<void> {
  const exchange = role.role === 'duplex' ? await overDuplex(role) : undefined;
  const memoryWork = role.role === 'engine' ? inMemory(role) : undefined;
  const answer = async (question: Question): Promise<Answer> => {
    if (question.ask === 'begin') {
      since = process.cpuUsage();
      connections = strays = 0;
      return {};
    }
    if (question.ask === 'usage') return { usage: usage() };
    if (question.ask === 'memory') return { rss: await memory() };
    if (question.ask === 'transfer') return timed(async () => exchange?.(question.bytes));
    if (question.ask !== 'handshakes') {
      const work = memoryWork?.(question.ask);
      return timed(async () => {
        for (let i = 0; i < question.count; i++) {
          work?.();
          // Native halves of dropped keys are freed between turns of the loop.
          if (i % turnEvery === 0) await eventLoopTurn();
        }
      });
    }
    return timed(async () => {
      if (role.role === 'client') await connectAll(role, question.port, question.count, question.concurrency);
      for (let i = 0; exchange !== undefined && i < question.count; i++) await exchange(0);
    });
  };
  process.on('message', (question: Question) => void answer(question).then(say));
  process.on('disconnect', () => process.exit());
  if (role.role !== 'server') {
    say({});
    return;
  }
  const server = serve(role);
  server.listen(0, '127.0.0.1', 4096, () => say({ port: (server.address() as { port: number }).port }));
}

await main();
