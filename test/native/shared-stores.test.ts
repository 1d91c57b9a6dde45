// Contexts that trust the same certificates share one store, which goes with the last of them; what adds to it has its own.

import { loadBinding } from '#src/binding.js';
import type { NativeTrustStore } from '#src/binding/tls-contract.js';
import { Authority } from '#src/cli/demo-authority.js';
import { createSecureContext } from 'pqtls';
import t from 'tap';
import { residentMemory } from '../support/memory.js';

const state = loadBinding();

if (!state.loaded) {
  t.pass('nothing to test', { skip: 'without the addon there are no stores' });
} else {
  const { SecureContext } = state.binding;
  let seen: NativeTrustStore[] = [];
  Reflect.set(
    state.binding,
    'SecureContext',
    class extends SecureContext {
      override setTrustStore(store: NativeTrustStore): void {
        seen.push(store);
        super.setTrustStore(store);
      }
    },
  );
  const storesOf = (...options: Parameters<typeof createSecureContext>): NativeTrustStore | undefined => {
    createSecureContext(...options);
    return seen.at(-1);
  };

  t.test('one store for one list of certificates', async (t) => {
    const [first, second] = [(await Authority.create()).cert, (await Authority.create()).cert];
    const shared = storesOf({ ca: first });
    t.ok(shared);
    t.equal(storesOf({ ca: first }), shared);
    t.equal(storesOf({ ca: [Buffer.from(first)] }), shared, 'in another form');
    t.not(storesOf({ ca: second }), shared);
    t.not(storesOf({ ca: [first, second] }), shared);
    t.equal(storesOf({}), storesOf({}), 'and one for the default certificates');

    const own = storesOf({ ca: first, allowPartialTrustChain: true });
    t.not(own, shared);
    t.not(storesOf({ ca: first, allowPartialTrustChain: true }), own);
    t.equal(storesOf({ ca: first }), shared, 'which is as it was');
  });

  t.test('what no context has is let go', async (t) => {
    const ca = (await Authority.create()).cert;
    const made = new WeakRef(storesOf({ ca }) as NativeTrustStore);
    seen = [];
    await residentMemory();
    t.equal(made.deref(), undefined);
    t.ok(storesOf({ ca }), 'and made again');
  });
}
