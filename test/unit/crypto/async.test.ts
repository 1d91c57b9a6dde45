// Streams of thousands of asynchronous operations: they end, in order, leak nothing and leave the pool to others.
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { DecapsulationKey, hash, hashAsync, KeyExchangeGroup, providers, SigningKey, xofAsync } from 'pqtls/crypto';
import t from 'tap';
import { keepsFreedMemory, memoryGrowth } from '../../support/memory.js';

/** How many operations on keys wait at once: noble takes milliseconds for each. */
const count = { 'aws-lc': 2000, noble: 100 } as const;
/** Cheap ones, in thousands wherever they run. */
const hashCount = 5000;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

for (const provider of providers()) {
  const options = { provider };

  t.test(`${hashCount} hashes at once on ${provider}`, async (t) => {
    let ended = 0;
    const inOrder: number[] = [];
    const digests = await Promise.all(
      Array.from({ length: hashCount }, async (_, i) => {
        const digest = await hashAsync('SHA3-256', Buffer.from(`message ${i}`), options);
        ended += 1;
        if (provider === 'noble') inOrder.push(i);
        return digest;
      }),
    );
    t.equal(ended, hashCount);
    t.ok(
      digests.every((digest, i) => Buffer.from(hash('SHA3-256', Buffer.from(`message ${i}`), options)).equals(digest)),
      'each has the digest of its own message',
    );
    t.ok(
      inOrder.every((i, place) => i === place),
      'one after the other where there is one thread',
    );
  });

  t.test(`the event loop is not held up by ${hashCount} hashes on ${provider}`, async (t) => {
    let done = 0;
    const hashes = Array.from({ length: hashCount }, async () => {
      await hashAsync('SHA3-256', new Uint8Array(1), options);
      done += 1;
    });
    await turn();
    t.ok(done < hashCount, `a turn of the event loop came after ${done} of them`);
    await Promise.all(hashes);
  });

  t.test(`${count[provider]} encapsulations, then decapsulations at once on ${provider}`, async (t) => {
    const key = DecapsulationKey.generate('ML-KEM-768', options);
    const encapsulations = await Promise.all(
      Array.from({ length: count[provider] }, () => key.encapsulationKey.encapsulateAsync()),
    );
    const secrets = await Promise.all(encapsulations.map(({ ciphertext }) => key.decapsulateAsync(ciphertext)));
    t.ok(secrets.every((secret, i) => Buffer.from(secret).equals(encapsulations[i]?.sharedSecret as Uint8Array)));
    t.equal(new Set(secrets.map((secret) => Buffer.from(secret).toString('hex'))).size, count[provider]);
  });

  t.test(`${count[provider] >> 2} operations of every kind at once on ${provider}`, async (t) => {
    const group = KeyExchangeGroup.get('X25519MLKEM768', options);
    const work = async (i: number): Promise<boolean> => {
      const message = Buffer.from(`message ${i}`);
      switch (i % 5) {
        case 0: {
          const key = await DecapsulationKey.generateAsync('ML-KEM-512', options);
          const { ciphertext, sharedSecret } = await key.encapsulationKey.encapsulateAsync();
          return Buffer.from(sharedSecret).equals(await key.decapsulateAsync(ciphertext));
        }
        case 1: {
          const key = await SigningKey.generateAsync('ML-DSA-44', options);
          return key.verifyingKey.verifyAsync(message, await key.signAsync(message));
        }
        case 2: {
          const client = await group.startAsync();
          const server = await group.startAndCompleteAsync(client.share);
          return Buffer.from(server.sharedSecret).equals(await client.completeAsync(server.share));
        }
        case 3:
          return Buffer.from(hash('SHA3-256', message, options)).equals(await hashAsync('SHA3-256', message, options));
        default:
          return (await xofAsync('SHAKE256', message, i, options)).byteLength === i;
      }
    };
    const results = await Promise.all(Array.from({ length: count[provider] >> 2 }, (_, i) => work(i)));
    t.ok(results.every((result) => result));
  });

  t.test(`never settles in the same turn on ${provider}`, async (t) => {
    let settled = false;
    const pending = hashAsync('SHA3-256', new Uint8Array(1), options).then(() => {
      settled = true;
    });
    for (let i = 0; i < 20; i += 1) await Promise.resolve();
    t.equal(settled, false);
    await pending;
  });

  t.test(`AsyncLocalStorage is kept on ${provider}`, async (t) => {
    const storage = new AsyncLocalStorage<number>();
    const seen = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        storage.run(i, async () => {
          await hashAsync('SHA3-256', new Uint8Array(1), options);
          return storage.getStore();
        }),
      ),
    );
    t.same(
      seen,
      Array.from({ length: 20 }, (_, i) => i),
    );
  });

  t.test(`a key destroyed while ${count[provider] >> 3} of its operations wait on ${provider}`, async (t) => {
    const key = SigningKey.generate('ML-DSA-44', options);
    const { verifyingKey } = key;
    const message = Buffer.from('message');
    const pending = Array.from({ length: count[provider] >> 3 }, () => key.signAsync(message));
    key.destroy();
    const signatures = await Promise.all(pending);
    t.ok(signatures.every((signature) => verifyingKey.verify(message, signature)));
  });
}

if (providers().includes('aws-lc')) {
  const options = { provider: 'aws-lc' } as const;

  t.test('the threadpool is not starved', async (t) => {
    const key = SigningKey.generate('ML-DSA-65', options);
    let done = 0;
    const jobs = Array.from({ length: 2000 }, async () => {
      await key.signAsync(Buffer.from('message'));
      done += 1;
    });
    const path = new URL(import.meta.url);
    // Each read is several trips through the pool, behind whatever is queued there.
    for (let i = 0; i < 10; i += 1) await readFile(path);
    t.ok(done < 1500, `10 files were read before 1500 of 2000 jobs were done (${done})`);
    await Promise.all(jobs);
    t.equal(done, 2000);
  });

  t.test('a pool of one thread is shared too', (t) => {
    const script = `
      import { readFile } from 'node:fs/promises';
      import { SigningKey } from 'pqtls/crypto';
      const key = SigningKey.generate('ML-DSA-44', { provider: 'aws-lc' });
      let done = 0;
      const jobs = Array.from({ length: 500 }, () => key.signAsync(Buffer.from('x')).then(() => { done += 1; }));
      await readFile('package.json');
      const before = done;
      await Promise.all(jobs);
      console.log(before < 400 && done === 500 ? 'shared' : before + ' of ' + done);`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: new URL('../../../..', import.meta.url),
      env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
      encoding: 'utf8',
    });
    t.equal(stdout.trim(), 'shared', stderr);
    t.end();
  });

  t.test('nothing leaks', { skip: keepsFreedMemory }, async (t) => {
    const run = async (): Promise<void> => {
      const key = await DecapsulationKey.generateAsync('ML-KEM-768', options);
      const { ciphertext } = await key.encapsulationKey.encapsulateAsync();
      await Promise.all(Array.from({ length: 500 }, () => key.decapsulateAsync(ciphertext)));
      await Promise.all(Array.from({ length: 500 }, () => DecapsulationKey.generateAsync('ML-KEM-768', options)));
      await turn();
    };
    const grown = await memoryGrowth(30, run);
    // 15 000 keys of 2.5 KB and their handles would be about 45 MB.
    t.ok(grown < 20, `RSS grew by ${grown.toFixed(1)} MiB`);
    t.same(
      process.getActiveResourcesInfo().filter((name) => /pqtls|Work/.test(name)),
      [],
      'no work is left',
    );
  });
}
