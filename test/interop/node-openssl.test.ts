// Handshakes and data with OpenSSL 3.5 inside Node 24 and Node 26, in both directions, on every default group.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { connect, createServer, defaultGroups, type HandshakeInfo } from 'pqtls';
import { Authority, type Issued } from '#src/cli/demo-authority.js';
import { nodeBinary, type NodeVersion } from '../support/node-versions.js';
import { exchangePattern } from '../support/pattern.js';
import type { PeerConfig, PeerReport } from './node-peer.js';

const peerScript = fileURLToPath(new URL('node-peer.js', import.meta.url));
const large = 64 * 1024 * 1024;

// What each group is to OpenSSL, and the sizes of its shares. RFC 10024, Section 4; RFC 9846, Section 4.2.8.2.
const expected = {
  X25519MLKEM768: { openssl: 'X25519MLKEM768', postQuantum: true, client: 1216, server: 1120 },
  SecP256r1MLKEM768: { openssl: 'SecP256r1MLKEM768', postQuantum: true, client: 1249, server: 1153 },
  SecP384r1MLKEM1024: { openssl: 'SecP384r1MLKEM1024', postQuantum: true, client: 1665, server: 1665 },
  X25519: { openssl: 'X25519', postQuantum: false, client: 32, server: 32 },
  secp256r1: { openssl: 'prime256v1', postQuantum: false, client: 65, server: 65 },
  secp384r1: { openssl: 'secp384r1', postQuantum: false, client: 97, server: 97 },
} as const;

class Peer {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(node: string, config: PeerConfig) {
    this.#child = spawn(node, [peerScript, JSON.stringify(config)], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (this.#child.stdout === null) throw new Error('the peer has no output');
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async line<T>(): Promise<T> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('the peer ended without a report');
    return JSON.parse(value) as T;
  }

  async exit(): Promise<number | null> {
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }
}

function checkInfo(t: Test, info: HandshakeInfo | undefined, group: keyof typeof expected): void {
  const { postQuantum, client, server } = expected[group];
  t.match(info, {
    protocol: 'TLSv1.3',
    engine: 'aws-lc',
    postQuantum,
    group: { name: group, postQuantum, hybrid: postQuantum, clientShare: client, serverShare: server },
  });
}

async function ourServer(t: Test, node: string, leaf: Issued, ca: string, group: keyof typeof expected, bytes: number) {
  const server = createServer({ ...leaf });
  server.on('tlsClientError', (error) => t.fail('tlsClientError', { error }));
  const served = new Promise<number>((resolve, reject) => {
    server.on('secureConnection', (socket) => {
      checkInfo(t, socket.getHandshakeInfo(), group);
      t.equal(socket.getHandshakeInfo()?.signatureScheme, 'ecdsa_secp256r1_sha256');
      socket.on('error', reject);
      exchangePattern(socket, bytes).then(resolve, reject);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const peer = new Peer(node, { role: 'client', group: expected[group].openssl, bytes, ca, port });
  const report = await peer.line<PeerReport>();
  t.equal(await served, bytes, 'everything arrived here');
  t.match(report, {
    openssl: /^3\.5\./,
    protocol: 'TLSv1.3',
    received: bytes,
    ephemeral: { name: expected[group].openssl },
  });
  t.equal(await peer.exit(), 0);
  server.close();
  await once(server, 'close');
}

async function ourClient(t: Test, node: string, leaf: Issued, ca: string, group: keyof typeof expected, bytes: number) {
  const peer = new Peer(node, { role: 'server', group: expected[group].openssl, bytes, ...leaf });
  const { port } = await peer.line<{ port: number }>();
  const socket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost' });
  await once(socket, 'secureConnect');
  const info = socket.getHandshakeInfo();
  checkInfo(t, info, group);
  t.equal(socket.authorized, true);
  t.equal(info?.peerSignatureScheme, 'ecdsa_secp256r1_sha256');
  // Shares go out for the first hybrid and the first classical group; any other takes a HelloRetryRequest.
  t.equal(info?.helloRetryRequest, group !== 'X25519MLKEM768' && group !== 'X25519');
  t.equal(await exchangePattern(socket, bytes), bytes, 'everything arrived here');
  socket.end();
  await once(socket, 'close');
  t.match(await peer.line<PeerReport>(), { openssl: /^3\.5\./, protocol: 'TLSv1.3', received: bytes });
  t.equal(await peer.exit(), 0);
}

t.same([...defaultGroups], Object.keys(expected), 'every default group is covered');

for (const version of ['24', '26'] as const satisfies readonly NodeVersion[]) {
  void t.test(`OpenSSL in Node ${version}`, async (t) => {
    const node = await nodeBinary(version);
    const authority = await Authority.create();
    const leaf = await authority.issue();
    for (const group of defaultGroups) {
      await t.test(`our server, ${group}`, (t) => ourServer(t, node, leaf, authority.cert, group, large));
      await t.test(`our client, ${group}`, (t) => ourClient(t, node, leaf, authority.cert, group, large));
    }
  });
}
