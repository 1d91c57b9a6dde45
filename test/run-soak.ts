// npm run test:soak: a hundred thousand handshakes of every kind, after which memory is flat and nothing is open.

import { Command, InvalidArgumentError, Option } from 'commander';
import { soak } from './support/soak.js';

/** Bytes a handshake. A leaked connection of libssl is 20 KiB, a leaked socket of the addon 300 bytes. */
const bound = 64;

function handshakes(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1000) throw new InvalidArgumentError('At least 1000 are needed.');
  return count;
}

async function main({ count }: { readonly count: number }): Promise<void> {
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
  console.log(`memory: ${slope.toFixed(1)} bytes a handshake in the last three quarters (at most ${bound})`);
  console.log('open before:', JSON.stringify(before));
  console.log('open after: ', JSON.stringify(after));
  const faults = [
    slope > bound && 'memory grows',
    after.connections !== 0 && 'connections are open',
    after.tcpHandles > before.tcpHandles && 'handles are open',
    after.descriptors.length > before.descriptors.length && 'descriptors are open',
    after.resources.length > before.resources.length && 'resources are active',
    after.uncollected > 20 && 'sockets are not collected',
  ].filter((fault) => fault !== false);
  console.log(faults.length === 0 ? 'Nothing is left.' : `Failed: ${faults.join(', ')}.`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

await new Command('npm run test:soak --')
  .description(
    `Makes handshakes between servers and clients in one process (100 000 take about six minutes on two cores): full,
resumed, with a client certificate, refused, aborted by the client, cut off in the ClientHello, with RSA and with ML-DSA
certificates, with a \`sign\` callback, and with SNICallback and ALPNCallback, in equal parts. Says what memory there is
forty times, and fails where it grows by more than ${bound} bytes a handshake in the last three quarters, or where a
connection, a handle of libuv, a descriptor or more than a few socket objects are left.`,
  )
  .addOption(new Option('--count <n>', 'handshakes').default(100_000).argParser(handshakes))
  .addHelpText('after', '\nExample: npm run test:soak -- --count 20000')
  .action(main)
  .parseAsync();
