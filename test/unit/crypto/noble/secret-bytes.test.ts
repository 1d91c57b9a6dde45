// When the noble provider wipes its secrets.

import t from 'tap';
import { SecretBytes, withRandomBytes } from '#src/crypto/noble/secret-bytes.js';
import { TurnQueue } from '#src/crypto/noble/turn-queue.js';

const wiped = new Uint8Array(4);

t.test('destroy() wipes at once where nothing is pending', async (t) => {
  const bytes = Uint8Array.of(1, 2, 3, 4);
  const secret = new SecretBytes(bytes);
  t.equal(secret.use(), bytes);
  secret.destroy();
  t.strictSame(bytes, wiped);
  t.throws(() => secret.use(), { code: 'ERR_PQTLS_KEY_DESTROYED' });
});

t.test('destroy() waits for the last pending operation, also one that throws', async (t) => {
  const queue = new TurnQueue();
  const bytes = Uint8Array.of(1, 2, 3, 4);
  const secret = new SecretBytes(bytes);
  const first = secret.useLater(queue, (held) => held.slice());
  const second = secret.useLater(queue, () => {
    throw new Error('failed');
  });
  secret.destroy();
  t.strictSame(await first, Uint8Array.of(1, 2, 3, 4));
  await t.rejects(second, { message: 'failed' });
  t.strictSame(bytes, wiped);
  await t.rejects(
    secret.useLater(queue, () => 1),
    { code: 'ERR_PQTLS_KEY_DESTROYED' },
  );
});

t.test('withRandomBytes() wipes, also after an exception', async (t) => {
  let kept = new Uint8Array(0);
  t.equal(
    withRandomBytes(32, (secret) => {
      kept = secret;
      return secret.some((byte) => byte !== 0);
    }),
    true,
  );
  t.strictSame(kept, new Uint8Array(32));
  t.throws(() =>
    withRandomBytes(32, (secret) => {
      kept = secret;
      throw new Error('failed');
    }),
  );
  t.strictSame(kept, new Uint8Array(32));
});
