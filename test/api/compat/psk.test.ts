// Pre-shared keys: pskCallback on both ends, in TLS 1.2 (node:tls offers external PSK in TLS 1.3 as well).

import { Subject, type Options } from '../../support/behaviours.js';
import { errorView } from '../../support/observations.js';

const subject = new Subject('psk');

const psk = Buffer.alloc(32, 5);
const suites = 'PSK+HIGH:ECDHE-PSK-AES128-CBC-SHA';
const serverOptions: Options = { cert: undefined, ciphers: suites, maxVersion: 'TLSv1.2', pskIdentityHint: 'hint' };
const clientOptions: Options = { ciphers: suites, checkServerIdentity: () => undefined, maxVersion: 'TLSv1.2' };

subject.add('a shared key', async (run) => {
  const seen: unknown[] = [];
  const { client, served } = await run.pair(
    {
      ...serverOptions,
      pskCallback(socket: unknown, identity: string) {
        seen.push(socket instanceof run.tls.TLSSocket, identity);
        return psk;
      },
    },
    {
      ...clientOptions,
      pskCallback(hint: unknown) {
        seen.push(hint);
        return { psk, identity: 'me' };
      },
    },
  );
  return { seen, authorized: [client.authorized, served.authorized], protocol: client.getProtocol() };
});

subject.add('an unknown identity', async (run) =>
  run.failure(
    { ...serverOptions, pskCallback: () => null },
    { ...clientOptions, pskCallback: () => ({ psk, identity: 'me' }) },
  ),
);

subject.add('keys that differ', async (run) =>
  run.failure(
    { ...serverOptions, pskCallback: () => Buffer.alloc(32, 6) },
    { ...clientOptions, pskCallback: () => ({ psk, identity: 'me' }) },
  ),
);

const thrown = (code: string, message: string) => ({ code, message, type: 'TypeError' });
const ofKeys = {
  reason: 'what may be the key is not in a message',
  pqtls: thrown(
    'ERR_INVALID_ARG_TYPE',
    'The "psk" argument must be an instance of Buffer, TypedArray, or DataView. Received type string',
  ),
};
const longest = (what: string) => ({
  reason: 'the longest that AWS-LC takes',
  pqtls: thrown('ERR_INVALID_ARG_VALUE', what),
});

for (const [name, answer, differs] of [
  ['null', null],
  ['undefined', undefined],
  ['a number', 5],
  ['no psk', { identity: 'me' }],
  ['no identity', { psk }],
  ['an identity that is a number', { psk, identity: 5 }],
  ['a psk of text', { psk: 'x', identity: 'me' }, ofKeys],
  [
    'an identity of 129 bytes',
    { psk, identity: 'x'.repeat(129) },
    longest("The argument 'identity' PSK identity exceeds 128 bytes"),
  ],
  [
    'a psk of 300 bytes',
    { psk: Buffer.alloc(300), identity: 'me' },
    longest("The argument 'psk' Pre-shared key exceeds 256 bytes"),
  ],
] as const) {
  subject.add(
    `a client's pskCallback that answers ${name}`,
    async (run) => {
      const { port } = await run.serve({ ...serverOptions, pskCallback: () => psk });
      const client = run.connect({ port, ...clientOptions, pskCallback: () => answer });
      return Promise.race([
        new Promise((resolve) => {
          client.on('secureConnect', () => resolve('secureConnect'));
          client.on('error', (error) => resolve(errorView(error)));
        }),
        run.uncaught().then((error) => ({ uncaught: errorView(error) })),
      ]);
    },
    // Before, an error in a callback was nobody's or was lost.
    { since: '20.20', ...(differs === undefined ? {} : { differs }) },
  );
}

await subject.check();
