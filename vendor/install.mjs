// npm's "install" script: builds the addon where pqtls was installed, and lets the installation pass where it cannot.
// @ts-check

import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { noteMissingAddon } from './addon-build.mjs';
import { buildNative } from './native-build.mjs';
import { cratesDir, hostPaths, projectDir } from './paths.mjs';
import { lineReporter } from './progress.mjs';
import { NativeUnavailableError } from './setup-error.mjs';

// A checkout is set up by vendor/setup.mjs, with the packages that `npm install` is only about to finish here.
if (!existsSync(join(projectDir, 'src'))) await installForConsumer();

async function installForConsumer() {
  try {
    await buildNative(lineReporter());
    removeIntermediates();
  } catch (error) {
    const reasons =
      error instanceof NativeUnavailableError
        ? error.reasons
        : [`the build failed: ${/** @type {Error} */ (error).message}`];
    removeIntermediates();
    noteMissingAddon(reasons);
    for (const reason of reasons) console.error(`pqtls: ${reason}`);
    if (process.env['PQTLS_REQUIRE_NATIVE'] === '1') {
      console.error('pqtls: the native addon was not built, and PQTLS_REQUIRE_NATIVE=1 asks for it');
      process.exitCode = 1;
    } else {
      console.error(
        'pqtls: installed without the native addon: pqtls/crypto works on the noble provider, TLS does not.',
      );
      console.error('pqtls: after installing what is missing, run: npm rebuild pqtls');
    }
  }
}

/** Source, static libraries and object files: 100 MB that nobody needs once the addon is linked. */
function removeIntermediates() {
  const { addonDir, buildDir } = hostPaths;
  rmSync(cratesDir, { recursive: true, force: true });
  rmSync(buildDir, { recursive: true, force: true });
  if (!existsSync(addonDir)) return;
  for (const name of readdirSync(addonDir)) {
    if (name !== 'Release' && !/\.(stamp|txt)$/.test(name))
      rmSync(join(addonDir, name), { recursive: true, force: true });
  }
  const release = join(addonDir, 'Release');
  if (!existsSync(release)) return;
  for (const name of readdirSync(release)) {
    if (name !== 'pqtls.node') rmSync(join(release, name), { recursive: true, force: true });
  }
}
