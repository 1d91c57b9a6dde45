// The other end of a transcript: node:tls, and so OpenSSL, of whatever Node runs this file. One JSON argument, one connection
// after another; as a server it prints its port.

import * as tls from 'node:tls';

export interface OpensslPeer {
  readonly role: 'server' | 'client';
  readonly options: tls.TlsOptions & tls.ConnectionOptions;
  readonly port?: number;
  /** In a row; the later ones resume. */
  readonly connections: number;
}

function fail(error: Error): void {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
}

/** Answers what it is sent, and ends. */
function serve({ options, connections }: OpensslPeer): void {
  let left = connections;
  const server = tls.createServer(options, (socket) => {
    socket.on('error', fail);
    socket.once('data', () => socket.end('pong'));
    left -= 1;
    if (left === 0) server.close();
  });
  server.on('tlsClientError', fail);
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as { port: number }).port}\n`));
}

function dial(peer: OpensslPeer, left: number, session?: Buffer): void {
  const options: tls.ConnectionOptions = { ...peer.options, host: '127.0.0.1', port: peer.port, servername: 'localhost' };
  const socket = tls.connect(session === undefined ? options : { ...options, session });
  let next: Buffer | undefined;
  socket.on('session', (bytes: Buffer) => (next = bytes));
  socket.on('error', fail);
  socket.on('secureConnect', () => socket.write('ping'));
  socket.once('data', () => socket.end());
  socket.on('close', () => {
    if (left > 1) dial(peer, left - 1, next);
  });
}

const peer = JSON.parse(process.argv[2] ?? '{}') as OpensslPeer;
if (peer.role === 'server') serve(peer);
else dial(peer, peer.connections);
