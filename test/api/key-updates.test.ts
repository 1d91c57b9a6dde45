// KeyUpdate messages of a peer that sends many. RFC 9846, Section 4.7.3.

import { createCipheriv, createHmac } from 'node:crypto';
import { once } from 'node:events';
import * as net from 'node:net';
import t, { type Test } from 'tap';
import { connect, PeerMisbehavedError, type TLSSocket } from 'pqtls';
import { credentials, errorOf, listen } from '../support/tls-server.js';

const suite = { ciphers: 'TLS_AES_128_GCM_SHA256', cipher: 'aes-128-gcm', keyLength: 16, hash: 'sha256' } as const;
const tagLength = 16;

/** HKDF-Expand-Label with an empty context, for at most one block. RFC 9846, Section 7.1. */
function expandLabel(secret: Buffer, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.of(0, length, name.length), name, Buffer.of(0, 1)]);
  return createHmac(suite.hash, secret).update(info).digest().subarray(0, length);
}

/** A client's records, from its first application data on. */
class RecordWriter {
  #secret: Buffer;
  /** Of the records under this key; a handful. */
  #count = 0;

  constructor(secret: Buffer) {
    this.#secret = secret;
  }

  /** KeyUpdate with update_not_requested, and the keys that it brings. */
  keyUpdate(): Buffer {
    const record = this.data(Buffer.from('1800000100', 'hex'), 0x16);
    this.#secret = expandLabel(this.#secret, 'traffic upd', 32);
    this.#count = 0;
    return record;
  }

  data(content: Buffer, type = 0x17): Buffer {
    const inner = Buffer.concat([content, Buffer.of(type)]);
    const header = Buffer.of(0x17, 3, 3, 0, inner.length + tagLength);
    const key = expandLabel(this.#secret, 'key', suite.keyLength);
    // RFC 9846, Section 5.3.
    const nonce = Buffer.from(expandLabel(this.#secret, 'iv', 12));
    nonce.writeUInt8(nonce.readUInt8(11) ^ this.#count++, 11);
    const cipher = createCipheriv(suite.cipher, key, nonce);
    cipher.setAAD(header);
    return Buffer.concat([header, cipher.update(inner), cipher.final(), cipher.getAuthTag()]);
  }
}

/** A finished handshake, with the client's transport and what it writes next under its first keys. */
async function established(t: Test): Promise<{ served: TLSSocket; tcp: net.Socket; writer: RecordWriter }> {
  const { authority } = await credentials();
  const { server, port } = await listen(t);
  const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  const tcp = net.connect(port, '127.0.0.1');
  const client = connect({ socket: tcp, ca: authority.cert, servername: 'localhost', ciphers: suite.ciphers });
  client.on('error', () => {});
  const secret = new Promise<Buffer>((resolve) => {
    client.on('keylog', (line: Buffer) => {
      const [label, , hex = ''] = line.toString().trim().split(' ');
      if (label === 'CLIENT_TRAFFIC_SECRET_0') resolve(Buffer.from(hex, 'hex'));
    });
  });
  const [served] = await accepted;
  const writer = new RecordWriter(await secret);
  t.teardown(() => {
    client.destroy();
    served.destroy();
  });
  return { served, tcp, writer };
}

void t.test('a peer may change its keys, but not without end', async (t) => {
  const { served, tcp, writer } = await established(t);
  const failed = errorOf(served);
  for (let count = 0; count < 32; count += 1) tcp.write(writer.keyUpdate());
  tcp.write(writer.data(Buffer.from('data')));
  const [chunk] = (await once(served, 'data')) as [Buffer];
  t.equal(chunk.toString(), 'data', 'after 32 of them');

  // What came before the data counts no more.
  served.resume();
  for (let count = 0; count < 33; count += 1) tcp.write(writer.keyUpdate());
  const error = await failed;
  t.ok(error instanceof PeerMisbehavedError, error.message);
  t.match(error, { code: 'ERR_SSL_TOO_MANY_KEY_UPDATES', alertSent: 'unexpected_message', phase: 'data' });
});
