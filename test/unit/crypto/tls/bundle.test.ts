// A bundle of the TypeScript engine's parts imports nothing of Node's, and runs where there is none of it.

import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build, type BuildResult } from 'esbuild';
import t, { type Test } from 'tap';
import type { HandshakeResult } from '../../../support/bundled-handshake.js';
import { Issuer } from '../../../support/certificates.js';

const pathOf = (module: string): string => fileURLToPath(import.meta.resolve(`#src/${module}`));
const protocol = dirname(pathOf('protocol/constants.js'));
const modules = [
  ...['crypto/tls/noble-primitives.js', 'crypto/tls/noble-signer.js', 'crypto/noble-provider.js'].map(pathOf),
  ...['x509/verify-chain.js', 'x509/trust-store.js', 'x509/revocation-list.js'].map(pathOf),
  ...readdirSync(protocol, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .map((name) => `${protocol}/${name}`),
];

/** The text of a bundle for no platform, of which nothing is left to import. */
async function bundleOf(t: Test, contents: string): Promise<string> {
  const { outputFiles, metafile }: BuildResult<{ write: false; metafile: true }> = await build({
    stdin: { contents, resolveDir: protocol },
    bundle: true,
    write: false,
    metafile: true,
    platform: 'neutral',
    mainFields: ['module', 'main'],
    format: 'iife',
    globalName: 'bundle',
    external: ['node:*'],
    logLevel: 'silent',
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const importers = Object.entries(metafile.inputs)
    .filter(([, input]) => input.imports.some(({ path }) => path.startsWith('node:')))
    .map(([path]) => path);
  t.same(imports, [], 'nothing is left to import');
  t.same(importers, []);
  return outputFiles[0]?.text ?? '';
}

t.test('a bundle for no platform', async (t) => {
  const text = await bundleOf(
    t,
    modules.map((path, index) => `export * as m${index} from ${JSON.stringify(path)};`).join('\n'),
  );

  // What a browser has of it, and nothing of Node's. Objects of this context are not those of that one.
  const context = createContext({ TextEncoder, TextDecoder, atob });
  runInContext('globalThis.crypto = { getRandomValues: (bytes) => bytes.fill(7) };', context);
  runInContext(text, context);
  const result = runInContext(
    `(() => {
      const { m0, m1, m2 } = bundle;
      const primitives = m0.noblePrimitives;
      const message = new TextEncoder().encode('abc');
      const aead = primitives.aead('aes-128-gcm', new Uint8Array(16));
      const sealed = new Uint8Array(message.length + 16);
      aead.seal(new Uint8Array(12), message, [message], sealed, 0);
      const { head: opened } = aead.open(new Uint8Array(12), message, sealed, message.length);
      const provider = m2.createNobleProvider();
      const share = new Uint8Array(1216);
      const exchange = provider.startKeyExchange('X25519MLKEM768', share);
      const [answer, ours, theirs] = [new Uint8Array(1120), new Uint8Array(64), new Uint8Array(64)];
      provider.startAndCompleteInto('X25519MLKEM768', share, answer, theirs);
      exchange.completeInto(answer, ours);
      const pkcs8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20, ...new Uint8Array(32));
      const signer = m1.nobleSignerFromPkcs8(pkcs8);
      const signature = signer.sign('ed25519', message);
      return {
        digest: [...primitives.hash('sha256', message)].slice(0, 4),
        opened: [opened.length, ...opened],
        agreed: primitives.equal(ours, theirs),
        verified: primitives.verify('ed25519', signer.spki, message, signature),
      };
    })()`,
    context,
  ) as object;
  t.same(JSON.parse(JSON.stringify(result)), {
    digest: [0xba, 0x78, 0x16, 0xbf],
    opened: [3, 97, 98, 99],
    agreed: true,
    verified: true,
  });
});

t.test('a hybrid handshake and its resumption, client and server, where there is no Node', async (t) => {
  const handshake = fileURLToPath(import.meta.resolve('../../../support/bundled-handshake.js'));
  const text = await bundleOf(t, `export * from ${JSON.stringify(handshake)};`);
  const root = await Issuer.selfSigned({ subject: 'CN=root', ca: true });
  const leaf = await root.issue({ subject: 'CN=localhost', names: ['localhost'] });
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const given = {
    root: hex(new X509Certificate(root.cert).raw),
    leaf: hex(new X509Certificate(leaf.cert).raw),
    key: hex(createPrivateKey(leaf.key).export({ type: 'pkcs8', format: 'der' })),
  };
  const random = (bytes: Uint8Array): Uint8Array => webcrypto.getRandomValues(bytes);
  const context = createContext({ TextEncoder, TextDecoder, atob, random, given });
  runInContext('globalThis.crypto = { getRandomValues: (bytes) => random(bytes) };', context);
  t.equal(runInContext('typeof require + typeof process + typeof Buffer', context), 'undefined'.repeat(3));
  runInContext(text, context);
  const results = runInContext(
    `(() => {
      const bytes = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
      return bundle.handshakes(bytes(given.root), bytes(given.leaf), bytes(given.key));
    })()`,
    context,
  ) as HandshakeResult[];
  const expected = {
    group: 'X25519MLKEM768',
    suite: 'TLS_AES_256_GCM_SHA384',
    received: 'ping,pong',
    exportersAgree: true,
  };
  t.same(JSON.parse(JSON.stringify(results)), [
    { ...expected, resumed: false },
    { ...expected, resumed: true },
  ]);
});
