// A process that serves endpoints of known configuration, on whatever Node runs it. Prints their ports as JSON.
//
// Arguments: a JSON file with the credentials, and the names of the kinds; ends when its standard input does.

import { readFileSync } from 'node:fs';
import * as net from 'node:net';
import * as nodeTls from 'node:tls';
import { kinds, type Answer, type CredentialName, type Path, type TcpBehaviour } from './scan-kinds.js';

export type Credentials = Readonly<Record<CredentialName, { cert: string | string[]; key: string | string[] }>>;

type TlsAnswer = Exclude<Answer, { stack: 'tcp' }>;

async function tlsServer(answer: TlsAnswer, credentials: Credentials): Promise<net.Server> {
  const options = { ...credentials[answer.credential ?? 'leaf'], ...answer.options };
  const server =
    answer.stack === 'node:tls'
      ? nodeTls.createServer(options)
      : // Not on the other versions of Node: they serve their own TLS.
        ((await import('pqtls')).createServer(options as object) as unknown as nodeTls.Server);
  server.on('secureConnection', (socket) => {
    socket.on('error', () => socket.destroy());
    socket.resume();
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  if (answer.ocsp === true) {
    server.on('OCSPRequest', (_certificate, _issuer, callback) => callback(null, Buffer.from('3003020100', 'hex')));
  }
  return server;
}

const behaviours: Readonly<Record<TcpBehaviour, (socket: net.Socket) => void>> = {
  http: (socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n'));
  },
  greets: (socket) => {
    socket.write('220 mail.example ESMTP\r\n');
  },
  silent: (socket) => {
    socket.resume();
  },
  closes: (socket) => {
    socket.end();
  },
  resets: (socket) => {
    socket.once('data', () => socket.resetAndDestroy());
  },
  alert: (socket) => {
    // handshake_failure
    socket.once('data', () => socket.end(Buffer.from('15030300020228', 'hex')));
  },
  warnings: (socket) => {
    socket.once('data', () => {
      // user_canceled, a thousand times in one write, again and again.
      const warnings = Buffer.from('1503030002015a'.repeat(1000), 'hex');
      every(socket, 10, () => socket.write(warnings));
    });
  },
  garbage: (socket) => {
    const send = (): void => {
      while (!socket.destroyed && socket.write(Buffer.alloc(65536, 0x80)));
    };
    socket.on('drain', send);
    send();
  },
  drips: (socket) => {
    // The beginning of a record that would take minutes.
    const bytes = [0x16, 0x03, 0x03, 0x3f, 0xff, 0x02, 0x00, 0x3f, 0xfb, 0x03, 0x03];
    socket.once('data', () => every(socket, 100, () => socket.write(Buffer.of(bytes.shift() ?? 0))));
    socket.resume();
  },
  'half-hello': (socket) => {
    // The header of a ServerHello, and nothing of it.
    socket.once('data', () => socket.write(Buffer.from('160303007a0200007603', 'hex')));
  },
};

function every(socket: net.Socket, milliseconds: number, run: () => unknown): void {
  const timer = setInterval(run, milliseconds);
  socket.on('close', () => clearInterval(timer));
}

// The beginnings of post-quantum key shares: the group and the length. RFC 9846, Section 4.2.8.
const postQuantumShares = ['11ec04c0', '11eb04e1', '11ed0681', '020104a0', '02020620'].map((hex) =>
  Buffer.from(hex, 'hex'),
);

function isHindered(path: Path, hello: Buffer): boolean {
  if (path.endsWith('large-hello')) return hello.length > 1200;
  return path === 'resets-hybrids' && postQuantumShares.some((share) => hello.includes(share));
}

/** Connections to `target`, as they fare on the path. */
function proxy(target: number, path: Path): net.Server {
  return net.createServer((near) => {
    near.on('error', () => near.destroy());
    near.once('data', (first) => {
      if (isHindered(path, first)) {
        if (path === 'closes-large-hello') near.end();
        else if (path !== 'drops-large-hello') near.resetAndDestroy();
        return;
      }
      const far = net.connect(target, '127.0.0.1');
      far.on('error', () => near.destroy());
      near.on('close', () => far.destroy());
      far.write(first);
      near.pipe(far);
      if (path === 'slow') {
        far.on('data', (chunk) => setTimeout(() => near.write(chunk), 80));
        far.on('end', () => setTimeout(() => near.end(), 80));
      } else if (path === 'swallows-alerts') {
        far.on('data', (chunk) => (chunk[0] === 0x15 ? near.end() : near.write(chunk)));
        far.on('end', () => near.end());
      } else far.pipe(near);
    });
  });
}

async function listen(server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as net.AddressInfo).port;
}

async function start(answer: Answer, credentials: Credentials): Promise<number> {
  if (answer.stack === 'tcp') {
    return listen(
      net.createServer((socket) => {
        socket.on('error', () => socket.destroy());
        behaviours[answer.behaviour](socket);
      }),
    );
  }
  const port = await listen(await tlsServer(answer, credentials));
  return answer.path === undefined ? port : listen(proxy(port, answer.path));
}

const [file = '', ...names] = process.argv.slice(2);
const credentials = JSON.parse(readFileSync(file, 'utf8')) as Credentials;
const ports: number[] = [];
for (const name of names) {
  const kind = kinds.find((each) => each.name === name);
  if (kind === undefined) throw new Error(`There is no kind of endpoint called ${name}`);
  ports.push(await start(kind.answer, credentials));
}
process.stdout.write(`${JSON.stringify(ports)}\n`);
process.stdin.on('end', () => process.exit()).resume();
