// onread: plaintext into the program's buffer; the same on node:tls and pqtls.

import { closed } from '../support/observations.js';
import { sameOnBoth } from '../support/scenarios.js';

sameOnBoth('one buffer again and again', async ({ listen, dial, watch, log }) => {
  const { port } = await listen({}, (socket) => socket.end('hello world'));
  const given = Buffer.alloc(4);
  const socket = watch(
    'client',
    dial(port, {
      onread: {
        buffer: given,
        callback(this: unknown, length: number, buffer: Buffer) {
          log(length, buffer.toString('latin1', 0, length), buffer === given, this === socket);
          return true;
        },
      },
    } as object),
    ['data', 'end', 'finish', 'close', 'error'],
  );
  await closed(socket);
  log(socket.bytesRead);
});

sameOnBoth('anything else is ignored', async ({ listen, dial, watch }) => {
  const { port } = await listen({}, (socket) => socket.end('x'));
  for (const onread of [{}, { buffer: Buffer.alloc(1) }, { buffer: 5, callback() {} }]) {
    await closed(watch('client', dial(port, { onread } as object), ['data', 'end', 'close']));
  }
});

sameOnBoth('false pauses until resume()', async ({ listen, dial, log }) => {
  let more = (): void => {};
  const { port } = await listen({}, (socket) => {
    socket.write('one');
    more = () => void socket.end('two');
  });
  let first = true;
  const socket = dial(port, {
    onread: {
      buffer: Buffer.alloc(100),
      callback(length: number, buffer: Buffer) {
        log(buffer.toString('latin1', 0, length));
        if (!first) return true;
        first = false;
        more();
        setTimeout(() => {
          log('resume');
          socket.resume();
        }, 30);
        return false;
      },
    },
  } as object);
  await closed(socket);
});
