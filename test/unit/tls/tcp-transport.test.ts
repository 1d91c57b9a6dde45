// TcpTransport: what it makes of options on their way to the addon.

import type { NativeTcpHandle } from '#src/binding/tcp-contract.js';
import { TcpTransport } from '#src/tls/tcp-transport.js';
import t from 'tap';

t.test('keep-alive probes, in milliseconds as node:net has them, and as an object as Node 26 has them', (t) => {
  const asked: unknown[][] = [];
  const handle = { setKeepAlive: (...args: unknown[]) => asked.push(args) } as unknown as NativeTcpHandle;
  const transport = new TcpTransport(handle, { slab: new Uint8Array(0), registers: new Int32Array(0) });
  for (const [args, expected] of [
    [[], [false, 0, 0, 0]],
    [[true], [true, 0, 0, 0]],
    [
      [true, 1999],
      [true, 1, 0, 0],
    ],
    [
      [true, '5000'],
      [true, 5, 0, 0],
    ],
    [
      [true, 5000, 2000, 3],
      [true, 5, 2, 3],
    ],
    [[{ enable: true, initialDelay: 7000, interval: 1500, count: 4 }], [true, 7, 1, 4]],
    [[{ enable: false }], [false, 0, 0, 0]],
  ] as [unknown[], unknown[]][]) {
    t.equal(transport.setKeepAlive(...args), transport);
    t.strictSame(asked.pop(), expected, JSON.stringify(args));
  }
  t.end();
});
