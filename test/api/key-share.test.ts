// Key shares that were tampered with, straight into the engine of a server. RFC 9846, Section 4.2.8; RFC 10024.

import { Duplex } from 'node:stream';
import t from 'tap';
import { connect, createSecureContext, PeerMisbehavedError, TLSSocket, type SecureContext } from 'pqtls';
import { credentials } from '../support/tls-server.js';
import { alertOf } from '../support/engine-under-test.js';

/** A Duplex that hands everything written to it to `take`. */
function sink(take: (chunk: Buffer) => void): Duplex {
  return new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, callback) {
      take(chunk);
      callback();
    },
  });
}

/** The ClientHello that our client sends for one group. */
function clientHello(groups: string): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = connect({ socket: sink((chunk) => resolve(Buffer.from(chunk))), groups, servername: 'localhost' });
    socket.on('error', () => {});
  });
}

/** What a server makes of a ClientHello: its error, or 'answered'. */
function serve(secureContext: SecureContext, hello: Buffer): Promise<Error | 'answered'> {
  return new Promise((resolve) => {
    const transport = sink((chunk) => {
      // A handshake record (22) is a ServerHello; an alert (21) comes with the error.
      if (chunk[0] === 22) resolve('answered');
    });
    const socket = new TLSSocket(transport, { isServer: true, secureContext });
    socket.on('error', resolve);
    transport.push(hello);
  });
}

// Where the components of each client share lie, in bytes. RFC 10024, Section 4.
const shares = [
  { group: 'X25519MLKEM768', header: '11ec04c0', length: 1216, kem: [0, 1184], x25519: [1184, 1216] },
  { group: 'SecP256r1MLKEM768', header: '11eb04e1', length: 1249, kem: [65, 1249], point: [0, 65] },
  { group: 'SecP384r1MLKEM1024', header: '11ed0681', length: 1665, kem: [97, 1665], point: [0, 97] },
  { group: 'X25519', header: '001d0020', length: 32, x25519: [0, 32] },
  { group: 'secp256r1', header: '00170041', length: 65, point: [0, 65] },
  { group: 'secp384r1', header: '00180061', length: 97, point: [0, 97] },
] as const;

for (const share of shares) {
  void t.test(share.group, async (t) => {
    const { leaf } = await credentials();
    const context = createSecureContext(leaf);
    const hello = await clientHello(share.group);
    const start = hello.indexOf(Buffer.from(share.header, 'hex')) + 4;
    t.ok(start > 4, 'the share is found by its group and length');
    const tampered = ([from, to]: readonly [number, number], byte: number): Buffer =>
      Buffer.from(hello).fill(byte, start + from, start + to);

    t.equal(await serve(context, hello), 'answered', 'as it came');
    if ('kem' in share) {
      const error = await serve(context, tampered([share.kem[0], share.kem[0] + 48], 0xff));
      t.type(error, PeerMisbehavedError, 'coefficients of 4095');
      t.match(error, alertOf('BAD_ENCAPSULATION_KEY'));
    }
    if ('x25519' in share) {
      const error = await serve(context, tampered(share.x25519, 0));
      t.type(error, PeerMisbehavedError, 'a point of low order: the secret would be zero');
      t.match(error, { code: 'ERR_SSL_BAD_ECPOINT', alertSent: 'illegal_parameter' });
    }
    if ('point' in share) {
      const error = await serve(context, tampered([share.point[0] + 1, share.point[1]], 0x01));
      t.type(error, PeerMisbehavedError, 'a point that is not on the curve');
      t.match(error, { code: 'ERR_SSL_BAD_ECPOINT', alertSent: 'illegal_parameter' });
    }
  });
}
