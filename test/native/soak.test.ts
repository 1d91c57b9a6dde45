// Two thousand handshakes of every kind leave no connection, handle, descriptor or socket object; npm run test:soak makes more.

import t from 'tap';
import { keepsFreedMemory } from '../support/memory.js';
import { soak } from '../support/soak.js';

const handshakes = 2000;

void t.test('what is left', async (t) => {
  const { done, memory, before, after } = await soak(handshakes, 8);
  t.equal(
    Object.values(done).reduce((sum, count) => sum + count, 0),
    handshakes,
  );
  t.equal(after.connections, 0);
  t.equal(after.tcpHandles, before.tcpHandles);
  t.same(after.descriptors, before.descriptors);
  t.same(after.resources, before.resources);
  t.ok(after.uncollected <= 20, `${after.uncollected} sockets are not collected`);
  const [, , early = 0] = memory;
  const grown = (memory.at(-1) ?? 0) - early;
  // Connections of libssl are 20 KiB each, on both sides of the 1250 handshakes between: 48 MiB.
  if (!keepsFreedMemory) t.ok(grown < 20, `grew by ${grown.toFixed(1)} MiB`);
});
