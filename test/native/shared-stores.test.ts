// Contexts that trust the same certificates share one store, which goes with the last of them; what adds to it has its own.

import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { loadBinding } from '#src/binding.js';
import type { NativeTrustStore } from '#src/binding/tls-contract.js';
import { Authority } from '#src/cli/demo-authority.js';
import { createSecureContext } from 'pqtls';
import t from 'tap';
import { residentMemory } from '../support/memory.js';
import { dial, errorOf, listen } from '../support/tls-server.js';

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

  t.test('what was found good before a store was changed is looked at again', async (t) => {
    const authority = await Authority.create();
    const leaf = await authority.issue();
    const { port, server } = await listen(t, leaf);
    server.on('tlsClientError', () => undefined);
    // Partial chains are a setting of the store, which is this context's alone.
    const secureContext = createSecureContext({ ca: authority.cert, allowPartialTrustChain: true });
    const store = seen.at(-1);
    for (let turn = 0; turn < 2; turn++) {
      const socket = await dial(t, port, { ca: undefined, secureContext });
      await once(socket, 'secureConnect');
      t.equal(socket.authorized, true);
    }
    store?.addCrl(Buffer.from(await authority.crl([new X509Certificate(leaf.cert).serialNumber])));
    t.equal((await errorOf(await dial(t, port, { ca: undefined, secureContext }))).code, 'CERT_REVOKED');
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
