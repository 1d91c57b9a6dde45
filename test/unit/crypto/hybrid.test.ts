// Key exchange groups on every provider. RFC 9846, Section 4.2.8; RFC 10024.
import { createECDH, createPrivateKey, createPublicKey, diffieHellman, type ECDH } from 'node:crypto';
import { inspect } from 'node:util';
import { DecapsulationKey, KeyExchangeGroup, providers } from 'pqtls/crypto';
import { groupLayouts } from '#src/crypto/parameters.js';
import type { GroupName, KemAlgorithm } from '#src/crypto/parameters.js';
import t from 'tap';

const names = Object.keys(groupLayouts) as GroupName[];
const x25519Length = 32;

/** Where a group's parts begin in a client share, a server share and a secret; undefined where it has no such part. */
function parts(name: GroupName): {
  curve: string | undefined;
  client: number;
  server: number;
  kem?: { name: KemAlgorithm; client: number; server: number; secret: number };
} {
  switch (name) {
    case 'X25519MLKEM768':
      return {
        curve: 'X25519',
        client: 1184,
        server: 1088,
        kem: { name: 'ML-KEM-768', client: 0, server: 0, secret: 0 },
      };
    case 'SecP256r1MLKEM768':
      return {
        curve: 'secp256r1',
        client: 0,
        server: 0,
        kem: { name: 'ML-KEM-768', client: 65, server: 65, secret: 32 },
      };
    case 'SecP384r1MLKEM1024':
      return {
        curve: 'secp384r1',
        client: 0,
        server: 0,
        kem: { name: 'ML-KEM-1024', client: 97, server: 97, secret: 48 },
      };
    case 'MLKEM768':
    case 'MLKEM1024': {
      const kem = name === 'MLKEM768' ? 'ML-KEM-768' : 'ML-KEM-1024';
      return { curve: undefined, client: 0, server: 0, kem: { name: kem, client: 0, server: 0, secret: 0 } };
    }
    default:
      return { curve: name, client: 0, server: 0 };
  }
}

const invalid = (pattern: RegExp) => ({
  name: 'KeyRejectedError',
  code: 'ERR_PQTLS_KEY_REJECTED',
  reason: 'invalid_encoding',
  message: pattern,
});

for (const provider of providers()) {
  for (const name of names) {
    const layout = groupLayouts[name];
    const where = parts(name);

    t.test(`${name} on ${provider}`, async (t) => {
      const group = KeyExchangeGroup.get(name, { provider });

      t.test('says its sizes', (t) => {
        t.equal(group.name, name);
        t.equal(group.provider, provider);
        t.equal(group.clientShareLength, layout.clientShare);
        t.equal(group.serverShareLength, layout.serverShare);
        t.equal(group.sharedSecretLength, layout.sharedSecret);
        t.equal(group.hybrid, layout.kind === 'hybrid');
        t.equal(inspect(group), `KeyExchangeGroup { name: '${name}', provider: '${provider}' }`);
        t.end();
      });

      t.test('both sides get the same secret, in every form', async (t) => {
        const client = group.start();
        t.equal(client.share.byteLength, layout.clientShare);
        t.equal(client.share.buffer.byteLength, layout.clientShare);
        const server = group.startAndComplete(client.share);
        t.equal(server.share.byteLength, layout.serverShare);
        t.equal(server.sharedSecret.byteLength, layout.sharedSecret);
        t.same(client.complete(server.share), server.sharedSecret);

        const clientShare = Buffer.alloc(layout.clientShare);
        const serverShare = Buffer.alloc(layout.serverShare);
        const serverSecret = Buffer.alloc(layout.sharedSecret);
        const clientSecret = Buffer.alloc(layout.sharedSecret);
        const active = group.startInto(clientShare);
        t.equal(active.share, clientShare);
        group.startAndCompleteInto(clientShare, serverShare, serverSecret);
        active.completeInto(serverShare, clientSecret);
        t.same(clientSecret, serverSecret);
        t.notSame(clientSecret, Buffer.alloc(layout.sharedSecret));

        const later = await group.startAsync();
        const answer = await group.startAndCompleteAsync(later.share);
        t.same(await later.completeAsync(answer.share), answer.sharedSecret);
      });

      t.test('shares and secrets are laid out as the standard says', (t) => {
        const { kem } = where;
        const ours = group.start();
        if (kem === undefined) {
          t.end();
          return;
        }
        const ek = ours.share.subarray(kem.client, kem.client + (kem.name === 'ML-KEM-768' ? 1184 : 1568));
        t.ok(ek.byteLength > 0);
        // A client made by hand of its parts.
        const dk = DecapsulationKey.generate(kem.name, { provider });
        const curve = where.curve === undefined ? undefined : KeyExchangeGroup.get(where.curve, { provider });
        const active = curve?.start();
        const share = new Uint8Array(layout.clientShare);
        share.set(dk.encapsulationKey.toBytes(), kem.client);
        if (active !== undefined) share.set(active.share, where.client);
        const answer = group.startAndComplete(share);
        const ciphertextLength = kem.name === 'ML-KEM-768' ? 1088 : 1568;
        const kemSecret = dk.decapsulate(answer.share.slice(kem.server, kem.server + ciphertextLength));
        const curveShare = answer.share.slice(where.server, where.server + (curve?.serverShareLength ?? 0));
        const curveSecret = active?.complete(curveShare) ?? new Uint8Array(0);
        const expected = kem.secret === 0 ? [kemSecret, curveSecret] : [curveSecret, kemSecret];
        t.same(answer.sharedSecret, new Uint8Array(Buffer.concat(expected)));
        t.end();
      });

      t.test('a wrong length is rejected and does not end the exchange', async (t) => {
        const wrongLength = { name: 'KeyRejectedError', reason: 'wrong_length' };
        const client = group.start();
        for (const wrong of [-1, 1]) {
          t.throws(() => group.startAndComplete(new Uint8Array(layout.clientShare + wrong)), wrongLength);
          t.throws(() => client.complete(new Uint8Array(layout.serverShare + wrong)), wrongLength);
          await t.rejects(group.startAndCompleteAsync(new Uint8Array(layout.clientShare + wrong)), wrongLength);
          await t.rejects(client.completeAsync(new Uint8Array(layout.serverShare + wrong)), wrongLength);
        }
        t.throws(() => group.startInto(new Uint8Array(layout.clientShare - 1)), { code: 'ERR_OUT_OF_RANGE' });
        const server = group.startAndComplete(client.share);
        t.throws(() => client.completeInto(server.share, new Uint8Array(layout.sharedSecret + 1)), {
          code: 'ERR_OUT_OF_RANGE',
        });
        t.same(client.complete(server.share), server.sharedSecret);
      });

      t.test('a bad curve part is rejected, with its name', async (t) => {
        if (where.curve === undefined) return;
        const curveLength = KeyExchangeGroup.get(where.curve, { provider }).clientShareLength;
        const server = group.startAndComplete(group.start().share);
        const bad: Uint8Array[] = [];
        if (where.curve === 'X25519') {
          // Points of low order: the result would be all zeros.
          bad.push(new Uint8Array(x25519Length), new Uint8Array(x25519Length).fill(1, 0, 1));
        } else {
          const point = group.start().share.slice(where.client, where.client + curveLength);
          const offCurve = point.slice();
          offCurve[curveLength - 1] = (offCurve[curveLength - 1] as number) ^ 1;
          const form = (first: number) => Uint8Array.of(first, ...point.subarray(1));
          bad.push(offCurve, form(0), form(2), form(3), form(5), form(6), form(7));
          bad.push(new Uint8Array(curveLength), new Uint8Array(curveLength).fill(0xff, 1).fill(4, 0, 1));
        }
        for (const bytes of bad) {
          const clientShare = group.start().share;
          clientShare.set(bytes, where.client);
          const serverShare = server.share.slice();
          serverShare.set(bytes, where.server);
          const rejection = invalid(
            new RegExp(`^${where.kem === undefined ? 'The' : `${name}: the`} ${where.curve} share is `),
          );
          t.throws(() => group.startAndComplete(clientShare), rejection);
          await t.rejects(group.startAndCompleteAsync(clientShare), rejection);
          t.throws(() => group.start().complete(serverShare), rejection);
          await t.rejects(group.start().completeAsync(serverShare), rejection);
        }
      });

      if (where.kem !== undefined) {
        t.test('an ML-KEM part that is not reduced is rejected, with its name', async (t) => {
          const { kem } = where;
          const { share } = group.start();
          share.set([0xff, 0xff, 0xff], kem?.client);
          const rejection = {
            name: 'KeyRejectedError',
            reason: 'modulus_check',
            message: new RegExp(
              `^${where.curve === undefined ? `The ${name}` : `${name}: the ${kem?.name}`} encapsulation key `,
            ),
          };
          t.throws(() => group.startAndComplete(share), rejection);
          await t.rejects(group.startAndCompleteAsync(share), rejection);
        });

        t.test('a ciphertext of another key gives another secret, not an error', (t) => {
          const client = group.start();
          const server = group.startAndComplete(client.share);
          const at = where.kem?.server as number;
          server.share[at] = (server.share[at] as number) ^ 1;
          t.notSame(client.complete(server.share), server.sharedSecret);
          t.end();
        });
      }

      t.test('an exchange completes once', async (t) => {
        const destroyed = { name: 'KeyDestroyedError', code: 'ERR_PQTLS_KEY_DESTROYED' };
        const client = group.start();
        const server = group.startAndComplete(client.share);
        client.complete(server.share);
        t.throws(() => client.complete(server.share), destroyed);
        t.throws(() => client.completeInto(server.share, new Uint8Array(layout.sharedSecret)), destroyed);
        await t.rejects(client.completeAsync(server.share), destroyed);

        const dropped = group.start();
        dropped.destroy();
        dropped.destroy();
        t.throws(() => dropped.complete(server.share), destroyed);

        const pending = group.start();
        const answer = group.startAndComplete(pending.share);
        const promise = pending.completeAsync(answer.share);
        answer.share.fill(0);
        pending.destroy();
        t.same(await promise, answer.sharedSecret, 'destroy() lets a pending completion end');
      });
    });
  }

  t.test(`the classical groups agree with node:crypto on ${provider}`, (t) => {
    const spki = Buffer.from('302a300506032b656e032100', 'hex');
    const pkcs8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
    const privateKey = createPrivateKey({
      key: Buffer.concat([pkcs8, Buffer.alloc(32, 0x42)]),
      format: 'der',
      type: 'pkcs8',
    });
    const publicBytes = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32);
    const x25519 = KeyExchangeGroup.get('X25519', { provider }).startAndComplete(publicBytes);
    const peer = createPublicKey({ key: Buffer.concat([spki, x25519.share]), format: 'der', type: 'spki' });
    t.ok(diffieHellman({ privateKey, publicKey: peer }).equals(x25519.sharedSecret), 'X25519');
    for (const [name, curve] of [
      ['secp256r1', 'prime256v1'],
      ['secp384r1', 'secp384r1'],
    ] as const) {
      const ecdh: ECDH = createECDH(curve);
      const answer = KeyExchangeGroup.get(name, { provider }).startAndComplete(ecdh.generateKeys());
      t.ok(ecdh.computeSecret(answer.share).equals(answer.sharedSecret), name);
    }
    t.end();
  });

  t.test(`names and aliases on ${provider}`, (t) => {
    for (const [alias, name] of [
      ['P-256', 'secp256r1'],
      ['p256', 'secp256r1'],
      ['prime256v1', 'secp256r1'],
      ['SECP256R1', 'secp256r1'],
      ['P-384', 'secp384r1'],
      ['x25519', 'X25519'],
      ['x25519mlkem768', 'X25519MLKEM768'],
      ['secp384r1mlkem1024', 'SecP384r1MLKEM1024'],
      ['MLKEM768', 'MLKEM768'],
      ['ml-kem-1024', 'MLKEM1024'],
    ] as const) {
      t.equal(KeyExchangeGroup.get(alias, { provider }).name, name);
    }
    for (const unknown of ['', 'X448', 'toString', '__proto__', 'x25519 ']) {
      t.throws(() => KeyExchangeGroup.get(unknown, { provider }), {
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_VALUE',
        message:
          /X25519MLKEM768, SecP256r1MLKEM768, SecP384r1MLKEM1024, X25519, secp256r1, secp384r1, MLKEM768, MLKEM1024/,
      });
    }
    t.throws(() => KeyExchangeGroup.get(0x11ec as never, { provider }), { code: 'ERR_INVALID_ARG_TYPE' });
    t.end();
  });
}
