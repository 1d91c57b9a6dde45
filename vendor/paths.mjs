// Where the set-up reads and writes, all of it inside the project.
// @ts-check

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const vendorDir = dirname(fileURLToPath(import.meta.url));
export const projectDir = dirname(vendorDir);

/** The pin: a Cargo package whose lock file names the version and the checksum of AWS-LC's source. */
export const pinDir = join(vendorDir, 'aws-lc');
/** Where cargo puts the source; never committed. */
export const cratesDir = join(vendorDir, 'crates');

/**
 * Where the native build writes. Each target has a root of its own, so that none ever takes another's result for its own.
 * @param {string} root a folder with binding.gyp and native/: the project, but for foreign targets
 */
export function nativePaths(root) {
  const buildDir = join(root, 'vendor/build');
  const addonDir = join(root, 'build');
  return {
    /** Everything that is generated on the way to the addon, except the addon itself. */
    buildDir,
    awsLcDir: join(buildDir, 'cmake'),
    includeDir: join(buildDir, 'include'),
    /** node-gyp's own output folder. */
    addonDir,
    awsLcLicense: join(addonDir, 'AWS-LC-LICENSE.txt'),
    addon: (/** @type {'Release' | 'Sanitize'} */ configuration) => join(addonDir, configuration, 'pqtls.node'),
  };
}

/** Those of this machine; src/binding.ts loads the addon from there. */
export const hostPaths = nativePaths(projectDir);
export const headersCacheDir = join(hostPaths.buildDir, 'node-headers');
/** Why there is no addon, for whoever finds it missing later; npm hides the output of a consumer's install. */
export const missingAddonNote = join(hostPaths.addonDir, 'why-not-native.txt');
