// A thousand handshakes of the TypeScript engine one after another, full and resumed: V8's heap does not grow, and no handle stays.

import { fileURLToPath } from 'node:url';
import { median } from 'simple-statistics';
import t from 'tap';
import { cleanEnvironment, runCommand } from '../../support/project.js';
import { handshakes, samplesEvery, warmUp, type HeapReport } from './heap-program.js';

/** What one more handshake may leave: less than the smallest thing that is kept of one, its session. */
const bytesPerHandshake = 600;

// Twenty seconds of one processor, which a loaded machine has not got at once.
t.setTimeout(900_000);

t.test('the heap after a thousand handshakes', { timeout: 900_000 }, async (t) => {
  const program = fileURLToPath(new URL('heap-program.js', import.meta.url));
  const { code, stdout, stderr } = await runCommand(process.execPath, [program, 'run'], { env: cleanEnvironment() });
  t.equal(code, 0, stderr);
  const { resumed, session, heap, handlesBefore, handlesAfter } = JSON.parse(stdout) as HeapReport;
  t.equal(resumed, (warmUp + handshakes) / 2, 'every second one resumed');
  t.ok(session > bytesPerHandshake, 'one kept session in every handshake would be seen');
  const window = heap.length / 4;
  const growth = median(heap.slice(-window)) - median(heap.slice(0, window));
  const between = samplesEvery * (heap.length - window);
  t.ok(growth < bytesPerHandshake * between, `${growth} bytes in ${between} handshakes`);
  t.strictSame(handlesAfter, handlesBefore, 'no handle is left');
});
