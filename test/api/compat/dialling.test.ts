// How tls.connect() dials: lookup, several addresses, where it binds, and what it asks of the TCP connection.

import { AsyncLocalStorage } from 'node:async_hooks';
import { ADDRCONFIG } from 'node:dns';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import * as net from 'node:net';
import { Subject, type BehaviourOptions, type Run } from '../../support/behaviours.js';
import { engineUnderTest } from '../../support/engine-under-test.js';
import { attempt, closed, errorEvent, errorView, record } from '../../support/observations.js';

type Callback = (...values: unknown[]) => void;

const subject = new Subject('dialling');
const dialled = ['lookup', 'connectionAttempt', 'connectionAttemptFailed', 'connectionAttemptTimeout', 'connect'];
const lasting = ['ready', 'secureConnect', 'error', 'close'];

/** A lookup that finds these, and notes what it was asked. */
function finds(addresses: readonly string[], asked: unknown[] = []): unknown {
  return (host: string, options: Record<string, unknown>, callback: Callback): void => {
    const { all, family, hints } = options;
    asked.push({ host, all, family, hints });
    const found = addresses.map((address) => ({ address, family: net.isIP(address) }));
    process.nextTick(() => {
      if (all === true) callback(null, found);
      else callback(null, found[0]?.address, found[0]?.family);
    });
  };
}

/** What lookup, the attempts and the connection tell; ports are never the same twice. */
async function dial(run: Run, options: Record<string, unknown>): Promise<unknown> {
  const { port } = await run.serve();
  const attempts: unknown[] = [];
  const client = run.connect({ port, host: 'several.test', ...options });
  for (const name of dialled) {
    client.on(name, (...values: unknown[]) =>
      attempts.push([name, ...values.map((value) => (value === port ? 'PORT' : errorView(value)))]),
    );
  }
  const events = record(client, lasting);
  await new Promise<void>((resolve) => {
    client.once('secureConnect', () => resolve());
    client.once('close', () => resolve());
  });
  return {
    attempts,
    events,
    authorized: client.authorized,
    remoteAddress: client.remoteAddress,
    autoSelectFamilyAttemptedAddresses: (
      client as { autoSelectFamilyAttemptedAddresses?: string[] }
    ).autoSelectFamilyAttemptedAddresses?.map((address) => address.replace(String(port), 'PORT')),
  };
}

// The server listens on 127.0.0.1 alone: the other addresses of loopback refuse.
for (const [name, addresses, options] of [
  ['the first of two refuses', ['::1', '127.0.0.1'], { autoSelectFamily: true }],
  ['the first of two of one family refuses', ['127.0.0.2', '127.0.0.1'], { autoSelectFamily: true }],
  ['the first two of three refuse', ['127.0.0.2', '::1', '127.0.0.1'], { autoSelectFamily: true }],
  ['all of them refuse', ['::1', '127.0.0.2'], { autoSelectFamily: true }],
  ['one address', ['127.0.0.1'], { autoSelectFamily: true }],
  ['one address, which refuses', ['127.0.0.2'], { autoSelectFamily: true }],
  ['a time for each attempt', ['::1', '127.0.0.1'], { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 1000 }],
  ['without it, the first refuses', ['127.0.0.2', '127.0.0.1'], { autoSelectFamily: false }],
  ['family 4 asks for one', ['127.0.0.1', '::1'], { autoSelectFamily: true, family: 4 }],
  ['by default, the first refuses', ['::1', '127.0.0.1'], {}],
] as const) {
  subject.add(`autoSelectFamily: ${name}`, async (run) => {
    const asked: unknown[] = [];
    const seen = await dial(run, { ...options, lookup: finds(addresses, asked) });
    return { asked, seen };
  });
}

/** Refused by node:tls from Node 24 on; before, it took the value as it came. */
const laterRefused: BehaviourOptions = {
  differs: {
    reason: 'as in Node 24 and later',
    before: 24,
    pqtls: {
      threw: {
        code: 'ERR_INVALID_ARG_TYPE',
        message: 'The "options.keepAliveInitialDelay" property must be of type number. Received type string (\'x\')',
        type: 'TypeError',
      },
    },
  },
};

for (const [name, value] of Object.entries({
  'autoSelectFamily of text': { autoSelectFamily: 'yes' },
  'autoSelectFamilyAttemptTimeout of 0': { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 0 },
  'autoSelectFamilyAttemptTimeout of text': { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 'x' },
  'autoSelectFamilyAttemptTimeout below 10': { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 1 },
  'a keepAliveInitialDelay of text': { keepAliveInitialDelay: 'x' },
  'a localPort out of range': { localPort: 65536 },
  'a blockList that is none': { blockList: 5 },
  'hints of text': { hints: 'x' },
})) {
  subject.add(
    `connect with ${name}`,
    (run) =>
      attempt(() => {
        const lookup = (): void => {};
        const client = run.track(run.tls.connect({ port: 9, host: 'several.test', lookup, ...value } as never));
        client.on('error', () => {});
        return client;
      }),
    'keepAliveInitialDelay' in value ? laterRefused : {},
  );
}

for (const [name, lookup] of Object.entries<Callback>({
  'an address that is none': (_host, _options, callback) => (callback as Callback)(null, 'nowhere', 4),
  'a family of 9': (_host, _options, callback) => (callback as Callback)(null, '127.0.0.1', 9),
  'an error at once': (_host, _options, callback) =>
    (callback as Callback)(Object.assign(new Error('not found'), { code: 'ENOTFOUND' })),
  'what is no list': (_host, _options, callback) => (callback as Callback)(null, 'nowhere'),
})) {
  for (const autoSelectFamily of [false, true]) {
    subject.add(`lookup that finds ${name}, autoSelectFamily: ${autoSelectFamily}`, (run) =>
      dial(run, { lookup, autoSelectFamily }),
    );
  }
}

subject.add('lookup gets family and hints', async (run) => {
  const asked: unknown[] = [];
  const { port } = await run.serve();
  const lookup = finds(['127.0.0.1'], asked);
  const client = run.connect({ port, host: 'several.test', lookup, family: 4, hints: ADDRCONFIG });
  await once(client, 'secureConnect');
  return asked;
});

subject.add('lookup is not asked about an address', async (run) => {
  const asked: unknown[] = [];
  const { port } = await run.serve();
  const client = run.connect({ port, host: '127.0.0.1', lookup: finds([], asked) });
  await once(client, 'secureConnect');
  return asked;
});

subject.add('localAddress and localPort of a choice', async (run) => {
  const { port } = await run.serve();
  const holder = net.createServer();
  const localPort = await run.listen(holder);
  holder.close();
  await once(holder, 'close');
  const client = run.connect({ port, localAddress: '127.0.0.3', localPort });
  await once(client, 'secureConnect');
  return { localAddress: client.localAddress, asked: client.localPort === localPort };
});

subject.add('a localAddress of the other family', async (run) => {
  const { port } = await run.serve();
  const client = run.connect({ port, localAddress: '::1' });
  const error = await errorEvent(client);
  await closed(client);
  return error;
});

subject.add('a localPort that is taken', async (run) => {
  const { port } = await run.serve();
  const client = run.connect({ port, localAddress: '127.0.0.1', localPort: port });
  const error = await errorEvent(client);
  await closed(client);
  return (error as { code?: string }).code;
});

subject.add(
  'a blockList',
  async (run) => {
    const blockList = new net.BlockList();
    blockList.addAddress('127.0.0.1');
    const seen: unknown[] = [];
    for (const options of [{ host: '127.0.0.1' }, { lookup: finds(['127.0.0.1']) }]) {
      seen.push(await dial(run, { blockList, ...options }));
    }
    return seen;
  },
  { since: 22 },
);

/** Minutes until the first probe of a connection, as the kernel has it; undefined where it sends none. */
async function minutesUntilProbe({ localPort, remotePort }: net.Socket): Promise<number | undefined> {
  const [local, remote] = [localPort, remotePort].map(
    (port = 0) => `:${port.toString(16).toUpperCase().padStart(4, '0')}`,
  );
  for (let attempt = 0; attempt < 250; attempt++) {
    const lines = readFileSync('/proc/net/tcp', 'latin1').split('\n');
    // sl, local_address, rem_address, st (01: established), tx_queue:rx_queue, tr:tm->when in hundredths of a second, ...
    const found = lines
      .map((line) => line.trim().split(/ +/))
      .find(([, from = '', to = '', state]) => from.endsWith(`${local}`) && to.endsWith(`${remote}`) && state === '01');
    const [kind, when = ''] = found?.[5]?.split(':') ?? [];
    if (kind === '00') return undefined;
    if (kind === '02') return Math.round(Number.parseInt(when, 16) / 100 / 60);
    // What was sent last is not acknowledged yet.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the kernel tells of no such connection, or not what it waits for');
}

if (process.platform === 'linux') {
  subject.add(
    'keepAlive and keepAliveInitialDelay reach the kernel',
    async (run) => {
      const { port } = await run.serve();
      const client = run.connect({ port, keepAlive: true, keepAliveInitialDelay: 600_000 });
      await once(client, 'secureConnect');
      return { minutes: await minutesUntilProbe(client) };
    },
    { differs: { reason: 'as in Node 24 and later', before: 24, pqtls: { minutes: 10 } } },
  );

  subject.add('setKeepAlive() reaches the kernel', async (run) => {
    const { port } = await run.serve();
    const client = run.connect({ port });
    await once(client, 'secureConnect');
    const minutes = [await minutesUntilProbe(client)];
    for (const [on, delay] of [[true, 1_200_000], [false], [true, 600_000]] as [boolean, number?][]) {
      client.setKeepAlive(on, delay);
      minutes.push(await minutesUntilProbe(client));
    }
    return minutes;
  });

  subject.add('setKeepAlive() before the connection', async (run) => {
    const { port } = await run.serve();
    const client = run.connect({ port });
    client.setKeepAlive(true, 600_000);
    const other = run.connect({ port });
    // Without a delay the first probe comes after libuv's minute, not after the system's two hours.
    other.setKeepAlive(true);
    await Promise.all([once(client, 'secureConnect'), once(other, 'secureConnect')]);
    return [await minutesUntilProbe(client), await minutesUntilProbe(other)];
  });
}

// A signal that is aborted before connect() is no case here: node:tls goes on to connect, and Node aborts on what it reads.

subject.add('a signal that is aborted during lookup', async (run) => {
  const { port } = await run.serve();
  const controller = new AbortController();
  const lookup = (): void => void setImmediate(() => controller.abort(new Error('enough')));
  const client = run.connect({ port, host: 'several.test', lookup, signal: controller.signal });
  const events = record(client, ['connect', ...lasting]);
  const error = await errorEvent(client);
  await closed(client);
  return { error, events };
});

subject.add('destroy() during lookup, which answers later', async (run) => {
  const { port } = await run.serve();
  const client = run.connect({ port, host: 'several.test', lookup: finds(['127.0.0.1']) });
  const events = record(client, ['lookup', 'connect', ...lasting]);
  client.destroy();
  await closed(client);
  await new Promise((resolve) => setImmediate(resolve));
  return events;
});

subject.add('destroy() in the first of two attempts', async (run) => {
  const { port } = await run.serve();
  const client = run.connect({
    port,
    host: 'several.test',
    lookup: finds(['127.0.0.1', '127.0.0.2']),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: 300,
  });
  const events = record(client, [...dialled, ...lasting]);
  client.once('connectionAttempt', () => process.nextTick(() => client.destroy()));
  await closed(client);
  // No attempt goes on: its time would be up by then.
  await new Promise((resolve) => setTimeout(resolve, 400));
  return events;
});

const storage = new AsyncLocalStorage<string>();
// Over net.Socket `close` comes from the one that was told to connect, and in its context.
const isNative = process.env['PQTLS_TRANSPORT'] !== 'net' && engineUnderTest !== 'typescript';
const told = [...dialled, 'ready', 'error', ...(isNative ? ['close'] : [])];

for (const [name, addresses, host] of [
  ['an address that answers', ['127.0.0.1'], '127.0.0.1'],
  ['an address that refuses', ['127.0.0.2'], '127.0.0.2'],
  ['a name', ['127.0.0.1'], 'several.test'],
  ['a name, whose first address refuses', ['127.0.0.2', '127.0.0.1'], 'several.test'],
] as const) {
  for (const when of ['to the end', 'and destroyed at once']) {
    subject.add(
      `async contexts of a socket that is made, told to connect and looked up in three: ${name}, ${when}`,
      async (run) => {
        const { port } = await run.serve();
        const { TLSSocket } = run.tls;
        const client = run.track(
          storage.run('made', () => new TLSSocket(undefined as never, { rejectUnauthorized: false })),
        );
        const seen: string[] = [];
        for (const event of told) {
          client.on(event, () => seen.push(`${event} ${storage.getStore()}`));
        }
        client.on('error', () => {});
        const found = finds(addresses) as (...values: unknown[]) => void;
        const lookup = (...values: unknown[]): void => storage.run('looked up', () => found(...values));
        storage.run('told', () => client.connect({ port, host, lookup, autoSelectFamily: true }));
        if (when === 'to the end') client.once('ready', () => setImmediate(() => client.destroy()));
        else process.nextTick(() => client.destroy());
        await closed(client);
        return seen;
      },
    );
  }
}

await subject.check();
