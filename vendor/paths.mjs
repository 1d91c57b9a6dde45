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
/** Everything that is generated on the way to the addon, except the addon itself. */
export const vendorBuildDir = join(vendorDir, 'build');
export const awsLcBuildDir = join(vendorBuildDir, 'cmake');
export const generatedIncludeDir = join(vendorBuildDir, 'include');
export const headersCacheDir = join(vendorBuildDir, 'node-headers');

/** node-gyp's own output folder; src/binding.ts loads the addon from here. */
export const addonBuildDir = join(projectDir, 'build');
/** Why there is no addon, for whoever finds it missing later; npm hides the output of a consumer's install. */
export const missingAddonNote = join(addonBuildDir, 'why-not-native.txt');

export const awsLcLicense = join(addonBuildDir, 'AWS-LC-LICENSE.txt');

/** @param {'Release' | 'Sanitize'} configuration */
export function addonPath(configuration = 'Release') {
  return join(addonBuildDir, configuration, 'pqtls.node');
}
