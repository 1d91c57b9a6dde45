// A TLS 1.3 server that answers a ClientHello with a ServerHello of the test's own. RFC 9846, Section 4.1.3.

import { once } from 'node:events';
import * as net from 'node:net';
import type { Test } from 'tap';

// SHA-256 of "HelloRetryRequest". RFC 9846, Section 4.1.3.
const helloRetryRequest = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';

function u16(value: number): string {
  return value.toString(16).padStart(4, '0');
}

/** A record with a ServerHello that chooses a group, as a HelloRetryRequest or with a share of 32 bytes. */
function serverHello(clientHello: Buffer, group: number, isRetry: boolean): Buffer {
  // Record header (5), handshake header (4), version (2), random (32).
  const sessionIdLength = clientHello[43] ?? 0;
  const sessionId = clientHello.subarray(44, 44 + sessionIdLength).toString('hex');
  const share = isRetry ? u16(group) : `${u16(group)}0020${'09'.repeat(32)}`;
  const extensions = `002b00020304${'0033'}${u16(share.length / 2)}${share}`;
  const random = isRetry ? helloRetryRequest : '11'.repeat(32);
  const body =
    `0303${random}${sessionIdLength.toString(16).padStart(2, '0')}${sessionId}130100` +
    `${u16(extensions.length / 2)}${extensions}`;
  const message = `0200${u16(body.length / 2)}${body}`;
  return Buffer.from(`160303${u16(message.length / 2)}${message}`, 'hex');
}

export interface ScriptedServer {
  readonly port: number;
  /** The number of the first alert that the client sent. */
  readonly alert: Promise<number>;
}

export async function serverThatChooses(t: Test, group: number, isRetry: boolean): Promise<ScriptedServer> {
  let tell: (alert: number) => void;
  const alert = new Promise<number>((resolve) => (tell = resolve));
  const server = net.createServer((socket) => {
    let hello: Buffer | undefined;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      if (hello === undefined) {
        hello = chunk;
        socket.write(serverHello(chunk, group, isRetry));
        return;
      }
      // A plaintext alert, after a ChangeCipherSpec of compatibility mode perhaps.
      const at = chunk.indexOf(Buffer.from('1503030002', 'hex'));
      if (at >= 0) tell(chunk[at + 6] ?? -1);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return { port: (server.address() as net.AddressInfo).port, alert };
}
