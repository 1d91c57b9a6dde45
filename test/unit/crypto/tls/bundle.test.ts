// A bundle of the TypeScript engine's parts imports nothing of Node's, and runs where there is none of it.

import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import t from 'tap';

const pathOf = (module: string): string => fileURLToPath(import.meta.resolve(`#src/${module}`));
const protocol = dirname(pathOf('protocol/constants.js'));
const modules = [
  ...['crypto/tls/noble-primitives.js', 'crypto/tls/noble-signer.js', 'crypto/noble-provider.js'].map(pathOf),
  ...['x509/verify-chain.js', 'x509/trust-store.js', 'x509/revocation-list.js'].map(pathOf),
  ...readdirSync(protocol, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .map((name) => `${protocol}/${name}`),
];

t.test('a bundle for no platform', async (t) => {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: modules.map((path, index) => `export * as m${index} from ${JSON.stringify(path)};`).join('\n'),
      resolveDir: protocol,
    },
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

  // What a browser has of it, and nothing of Node's. Objects of this context are not those of that one.
  const context = createContext({ TextEncoder, TextDecoder, atob });
  runInContext('globalThis.crypto = { getRandomValues: (bytes) => bytes.fill(7) };', context);
  runInContext(outputFiles[0]?.text ?? '', context);
  const result = runInContext(
    `(() => {
      const { m0, m1, m2 } = bundle;
      const primitives = m0.noblePrimitives;
      const message = new TextEncoder().encode('abc');
      const aead = primitives.aead('aes-128-gcm', new Uint8Array(16));
      const sealed = new Uint8Array(message.length + 16);
      aead.seal(new Uint8Array(12), message, [message], sealed, 0);
      const opened = new Uint8Array(message.length);
      const length = aead.open(new Uint8Array(12), message, sealed, opened, 0);
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
        opened: [length, ...opened],
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
