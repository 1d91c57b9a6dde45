// npm run test:soak: a hundred thousand handshakes of every kind, after which memory is flat and nothing is open.

import { parseArgs } from 'node:util';
import { soak } from './support/soak.js';

const help = `Usage: npm run test:soak [-- --count N]

Makes N handshakes (default 100 000; about six minutes on two cores) between servers and clients in one process: full,
resumed, with a client certificate, refused, aborted by the client, cut off in the ClientHello, with RSA and with ML-DSA
certificates, with a \`sign\` callback, and with SNICallback and ALPNCallback, in equal parts. Says what memory there is
forty times, and fails where it grows by more than ${bound()} bytes a handshake in the last three quarters, or where a
connection, a handle of libuv, a descriptor or more than a few socket objects are left.

Example: npm run test:soak -- --count 20000`;

/** A leaked connection of libssl is 20 KiB, a leaked socket of the addon 300 bytes. */
function bound(): number {
  return 64;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { count: { type: 'string', default: '100000' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    console.log(help);
    return;
  }
  const count = Number(values.count);
  if (!Number.isInteger(count) || count < 1000)
    throw new TypeError(`--count must be at least 1000, not ${values.count}`);
  const started = performance.now();
  const { done, slope, before, after } = await soak(count, 40, (finished, memory) => {
    console.log(`${finished} handshakes, ${memory.toFixed(1)} MiB`);
  });
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `\n${Object.entries(done)
      .map(([kind, number]) => `${number} ${kind}`)
      .join(', ')}: ${seconds.toFixed(0)} s`,
  );
  console.log(`memory: ${slope.toFixed(1)} bytes a handshake in the last three quarters (at most ${bound()})`);
  console.log('open before:', JSON.stringify(before));
  console.log('open after: ', JSON.stringify(after));
  const faults = [
    slope > bound() && 'memory grows',
    after.connections !== 0 && 'connections are open',
    after.tcpHandles > before.tcpHandles && 'handles are open',
    after.descriptors.length > before.descriptors.length && 'descriptors are open',
    after.resources.length > before.resources.length && 'resources are active',
    after.uncollected > 20 && 'sockets are not collected',
  ].filter((fault) => fault !== false);
  console.log(faults.length === 0 ? 'Nothing is left.' : `Failed: ${faults.join(', ')}.`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

await main();
