// connect(): its forms, what it refuses, and the name that it checks; the same on node:tls and pqtls.

import { once } from 'node:events';
import * as net from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import t from 'tap';
import { connect } from 'pqtls';
import { closed, outcome } from '../support/observations.js';
import { sameOnBoth } from '../support/scenarios.js';
import { type TlsModule } from '../support/tls-modules.js';

sameOnBoth('every form of the arguments', async ({ tls, listen, log, own, ca }) => {
  const { port } = await listen({}, (socket) => socket.end());
  const trust = { ca, servername: 'localhost' };
  const forms: unknown[][] = [
    [{ ...trust, port }],
    [port, trust],
    [port, '127.0.0.1', trust],
    [String(port), trust],
    [port, null, trust],
    [port, undefined, trust],
    // What the options say wins.
    [1, '192.0.2.1', { ...trust, port, host: '127.0.0.1' }],
    [{ ...trust, port: 1 }, { port }],
  ];
  for (const form of forms) {
    const socket = own(
      (tls.connect as (...args: unknown[]) => ReturnType<TlsModule['connect']>)(...form, () => log('secure')),
    );
    await closed(socket);
  }
});

sameOnBoth('a Unix socket', async ({ tls, log, own, key, cert, ca }) => {
  const path = process.platform === 'win32' ? `\\\\?\\pipe\\pqtls-${process.pid}` : `\0pqtls-${process.pid}`;
  const server = tls.createServer({ key, cert }, (socket) => socket.end('x'));
  server.listen(path);
  await once(server, 'listening');
  for (const form of [[{ path, ca, servername: 'localhost' }], [path, { ca, servername: 'localhost' }]]) {
    const socket = own((tls.connect as (...args: unknown[]) => ReturnType<TlsModule['connect']>)(...form));
    socket.on('data', (chunk) => log(chunk, socket.remoteAddress, socket.remotePort));
    await closed(socket);
  }
  server.close();
});

sameOnBoth('bad values throw', async ({ tls, log }) => {
  const options: object[] = [
    {},
    { port: 'x' },
    { port: 70_000 },
    { port: 1, timeout: 'x' },
    { port: 1, localAddress: 'zz' },
    { port: 1, lookup: 5 },
    { port: 1, signal: 5 },
    { port: 1, highWaterMark: -1 },
    { path: 5 },
  ];
  for (const option of options) {
    const result = outcome(() => tls.connect(option as ConnectionOptions).on('error', () => {}));
    if (result instanceof Error) log(Object.keys(option), result.name, (result as { code?: string }).code);
    else log('made', (result as net.Socket).destroy() !== undefined);
  }
  log(outcome(() => Reflect.apply(tls.connect, tls, [])));
});

sameOnBoth('an IP address as the server name', async ({ log, listen, dial }) => {
  const { port } = await listen({}, (socket) => socket.end());
  const result = outcome(() => dial(port, { servername: '127.0.0.1' }));
  if (result instanceof Error) {
    log(result);
    return;
  }
  await once(result as net.Socket, 'secureConnect');
  log('secure');
});

sameOnBoth('the name that the certificate is checked against', async ({ tls, listen, log, own, ca }) => {
  const { port } = await listen({}, (socket) => socket.end());
  const names = [{ host: '127.0.0.1' }, { host: 'localhost' }, { servername: 'localhost', host: '127.0.0.1' }, {}];
  for (const name of [...names, { servername: '', host: '127.0.0.1' }]) {
    const options = { port, ca, family: 4, ...name };
    const socket = own(
      tls.connect({
        ...options,
        checkServerIdentity: (hostname, certificate) => {
          log(hostname, certificate.subject.CN);
          return undefined;
        },
      }),
    );
    await closed(socket);
  }
});

sameOnBoth('the answer of checkServerIdentity', async ({ listen, log, dial, watch }) => {
  const { port } = await listen();
  const refusal = new Error('nope');
  const socket = watch('client', dial(port, { checkServerIdentity: () => refusal }), [
    'secureConnect',
    'error',
    'close',
  ]);
  await closed(socket);
  log(socket.authorized, socket.authorizationError);
});

sameOnBoth('lookup, family and the attempt', async ({ listen, log, dial, watch }) => {
  const { port } = await listen({}, (socket) => socket.end());
  const socket = watch(
    'client',
    dial(port, {
      host: 'some.example',
      servername: 'localhost',
      family: 4,
      lookup: (hostname: string, options: { all?: boolean }, callback: (...args: unknown[]) => void) => {
        log(hostname);
        callback(null, options.all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4);
      },
    } as object),
    ['lookup', 'connect', 'ready', 'secureConnect', 'close'],
  );
  socket.on('connectionAttempt', (address) => log('attempt', address));
  await closed(socket);
});

sameOnBoth('who refuses, ends and resets', async ({ listenRaw, dial, watch, log }) => {
  const shut = await listenRaw(() => {});
  const events = ['connect', 'end', 'error', 'close'];
  for (const port of [
    await listenRaw((socket) => socket.end()),
    await listenRaw((socket) => socket.once('data', () => socket.end())),
    await listenRaw((socket) => socket.once('data', () => socket.resetAndDestroy())),
  ]) {
    const socket = watch('client', dial(port), events);
    await closed(socket);
    log(socket.authorized, Reflect.get(socket, 'secureConnecting'));
  }
  const unused = net.createServer().listen(0, '127.0.0.1');
  await once(unused, 'listening');
  const { port } = unused.address() as net.AddressInfo;
  unused.close();
  await once(unused, 'close');
  await closed(watch('refused', dial(port), events));
  log(typeof shut);
});

void t.test('NODE_TLS_REJECT_UNAUTHORIZED counts where no option says otherwise, and is warned of', async (t) => {
  t.teardown(() => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']);
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  const warned = once(process, 'warning');
  const socket = connect({ port: 1 });
  socket.on('error', () => {});
  socket.destroy();
  const [warning] = (await warned) as [Error];
  t.match(warning.message, /NODE_TLS_REJECT_UNAUTHORIZED/);
});

void t.test('what node:tls refuses from version 22 on is refused everywhere', (t) => {
  const refused: [object, string][] = [
    [{ checkServerIdentity: undefined }, 'ERR_INVALID_ARG_TYPE'],
    [{ checkServerIdentity: 5 }, 'ERR_INVALID_ARG_TYPE'],
    [{ minDHSize: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ minDHSize: '1' }, 'ERR_INVALID_ARG_TYPE'],
    [{ keepAliveInitialDelay: 'a' }, 'ERR_INVALID_ARG_TYPE'],
  ];
  for (const [options, code] of refused) t.throws(() => connect({ port: 1, ...options }), { code });
  t.end();
});
