// `npm start`: a hybrid handshake between an HTTPS echo server and a client on loopback, and what was negotiated.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { getProvider, KeyExchangeGroup, providers, SigningKey, DecapsulationKey } from '../crypto/index.js';
import { connect, createServer, selectEngine, type HandshakeInfo, type Server } from '../index.js';
import { Authority } from './demo-authority.js';

export interface StartOptions {
  /** Keep the server running and print how to connect to it. */
  readonly serve: boolean;
  readonly port: number;
  /** The set-up has just listed what the addon needs and this machine lacks. */
  readonly toolsMissing: boolean;
}

/** Resolves with the exit code: 0 the handshake was post-quantum, 1 it failed, 2 TLS is not available here. */
export async function start(options: StartOptions): Promise<number> {
  try {
    return await run(options);
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    const hint = code === 'EADDRINUSE' ? '. Choose another port with --port.' : '';
    process.stderr.write(`${message}${hint}\n`);
    return 1;
  }
}

async function run({ serve, port, toolsMissing }: StartOptions): Promise<number> {
  const choice = selectEngine();
  if (choice.engine === undefined) {
    showPrimitives();
    process.stderr.write(
      toolsMissing
        ? 'TLS needs the native addon, which cannot be built without what is listed above.\n'
        : `TLS needs the native addon, and ${choice.why}.\n`,
    );
    return 2;
  }
  process.stdout.write(
    `Engine ${choice.engine}: ${choice.version}; providers of primitives: ${providers().join(', ')}\n`,
  );
  const server = await startServer(port);
  const result = await exchange(server);
  report(result);
  if (serve) await keepServing(server);
  server.tls.close();
  return result.info.postQuantum ? 0 : 1;
}

// What a newcomer may send to the echo server.
const maximumBody = 1024 * 1024;

/** Answers every request with what it was sent. */
function echo(request: IncomingMessage, response: ServerResponse): void {
  const parts: Buffer[] = [];
  let length = 0;
  request.on('data', (part: Buffer) => {
    length += part.length;
    if (length > maximumBody) {
      response.writeHead(413, { connection: 'close' }).end(`At most ${maximumBody} bytes.\n`);
      request.destroy();
      return;
    }
    parts.push(part);
  });
  request.on('end', () => {
    const body = length > 0 ? Buffer.concat(parts) : Buffer.from(`${request.method} ${request.url}\n`);
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': body.length }).end(body);
  });
}

interface EchoServer {
  readonly tls: Server;
  readonly port: number;
  readonly authority: Authority;
}

async function startServer(port: number): Promise<EchoServer> {
  const authority = await Authority.create('pqtls demo CA');
  const tls = createServer({ ...(await authority.issue()), ALPNProtocols: ['http/1.1'] });
  const http = createHttpServer(echo);
  tls.on('secureConnection', (socket) => {
    socket.on('error', () => socket.destroy());
    http.emit('connection', socket);
  });
  tls.on('tlsClientError', (error: Error & { code?: string }) => {
    process.stderr.write(`A handshake failed: ${error.message} (${error.code ?? 'no code'})\n`);
  });
  tls.listen(port, '127.0.0.1');
  await once(tls, 'listening');
  return { tls, port: (tls.address() as AddressInfo).port, authority };
}

interface Exchange {
  readonly info: HandshakeInfo;
  readonly sent: string;
  readonly echoed: string;
}

async function exchange({ port, authority }: EchoServer): Promise<Exchange> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca: authority.cert,
    ALPNProtocols: ['http/1.1'],
  });
  await once(socket, 'secureConnect');
  const sent = 'Hello from a post-quantum client.';
  const posted = request({
    method: 'POST',
    path: '/echo',
    host: 'localhost',
    createConnection: () => socket,
  });
  posted.end(sent);
  const [response] = (await once(posted, 'response')) as [IncomingMessage];
  let echoed = '';
  for await (const part of response) echoed += String(part);
  const info = socket.getHandshakeInfo();
  socket.destroy();
  if (info === undefined) throw new Error('The handshake left no information');
  if (echoed !== sent) throw new Error(`The echo differs: ${echoed}`);
  return { info, sent, echoed };
}

function printRows(rows: readonly (readonly [string, string])[]): void {
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) process.stdout.write(`  ${styleText('dim', name.padEnd(width))}  ${value}\n`);
}

function report({ info, echoed }: Exchange): void {
  const group = info.group;
  const verdict = info.postQuantum
    ? styleText('green', 'yes')
    : styleText('red', 'no: a recorded connection can be read by a quantum computer');
  process.stdout.write(`\n${styleText('bold', 'TLS handshake on loopback')}\n`);
  printRows([
    ['Post-quantum', `${verdict}${group?.hybrid === true ? ' (hybrid key exchange)' : ''}`],
    ['Protocol', info.protocol],
    ['Cipher suite', info.cipherSuite],
    ['Group', group === undefined ? 'none' : `${group.name} (0x${group.id.toString(16).padStart(4, '0')})`],
    [
      'Key shares',
      group === undefined ? 'none' : `client ${group.clientShare} bytes, server ${group.serverShare} bytes`,
    ],
    ['Signature scheme', info.peerSignatureScheme ?? 'none'],
    ['Application protocol', info.alpn ?? 'none'],
    ['Engine', `${info.engine} (${info.engineVersion})`],
    ['Handshake', `${info.durationMs.toFixed(2)} ms, ${info.helloRetryRequest ? 'with' : 'no'} HelloRetryRequest`],
    ['Bytes on the wire', `${info.bytesWritten} sent, ${info.bytesRead} received`],
    ['Echo', echoed],
  ]);
  process.stdout.write('\n');
}

function printHowToConnect({ port, authority }: EchoServer): string {
  const folder = mkdtempSync(join(tmpdir(), 'pqtls-demo-'));
  const file = join(folder, 'ca.pem');
  writeFileSync(file, authority.cert);
  process.stdout.write(
    [
      `The echo server listens on https://localhost:${port}/ until Ctrl-C. Its CA is in ${file}. Connect with`,
      '',
      `  curl --cacert ${file} --data hello https://localhost:${port}/`,
      `  openssl s_client -connect localhost:${port} -CAfile ${file} -groups X25519MLKEM768   (OpenSSL 3.5 or later)`,
      `  NODE_EXTRA_CA_CERTS=${file} node -e "fetch('https://localhost:${port}/').then(r => r.text()).then(console.log)"`,
      '',
      '',
    ].join('\n'),
  );
  return folder;
}

/** Every family of primitives once, so that a machine without the addon shows what does work. */
function showPrimitives(): void {
  const provider = getProvider('noble');
  const key = DecapsulationKey.generate('ML-KEM-768', { provider: 'noble' });
  const { ciphertext, sharedSecret } = key.encapsulationKey.encapsulate();
  const same = Buffer.compare(key.decapsulate(ciphertext), sharedSecret) === 0;
  const signer = SigningKey.generate('ML-DSA-65', { provider: 'noble' });
  const message = Buffer.from('pqtls');
  const signature = signer.sign(message);
  const group = KeyExchangeGroup.get('X25519MLKEM768', { provider: 'noble' });
  const client = group.start();
  const server = group.startAndComplete(client.share);
  const agreed = Buffer.compare(client.complete(server.share), server.sharedSecret) === 0;
  process.stdout.write(`\n${styleText('bold', `Primitives on ${provider.name} (${provider.version})`)}\n`);
  printRows([
    ['ML-KEM-768', `ciphertext ${ciphertext.length} bytes, secrets ${same ? 'agree' : 'differ'}`],
    [
      'ML-DSA-65',
      `signature ${signature.length} bytes, ${signer.verifyingKey.verify(message, signature) ? 'verifies' : 'does not verify'}`,
    ],
    [
      'X25519MLKEM768',
      `shares ${client.share.length} and ${server.share.length} bytes, secrets ${agreed ? 'agree' : 'differ'}`,
    ],
  ]);
  process.stdout.write('\n');
}

async function keepServing(server: EchoServer): Promise<void> {
  const folder = printHowToConnect(server);
  server.tls.on('secureConnection', (socket) => {
    const info = socket.getHandshakeInfo();
    process.stdout.write(
      `${new Date().toISOString()}  ${info?.protocol} ${info?.cipherSuite} ${info?.group?.name ?? 'no group'} ` +
        `${info?.postQuantum === true ? 'post-quantum' : 'NOT post-quantum'}\n`,
    );
  });
  await Promise.race(['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal)));
  rmSync(folder, { recursive: true, force: true });
}
