// Moves the AWS-LC pin to the newest published version, or to a given one, through cargo.
// @ts-check

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readPin } from './aws-lc-source.mjs';
import { pinDir } from './paths.mjs';
import { run } from './run.mjs';
import { StepFailedError } from './setup-error.mjs';
import { cargoCommand, findInPath } from './toolchain.mjs';

const help = `Usage: npm run update-aws-lc [-- VERSION]

Pins the newest published version of the Cargo package aws-lc-sys, or VERSION, in vendor/aws-lc/Cargo.toml, and
refreshes vendor/aws-lc/Cargo.lock with its checksum. Commit both files; the next npm test builds the new source.

Examples:
  npm run update-aws-lc
  npm run update-aws-lc -- 0.47.0`;

const manifestPath = join(pinDir, 'Cargo.toml');
const lockPath = join(pinDir, 'Cargo.lock');

/** @param {string | undefined} requested */
async function updatePin(requested) {
  if (findInPath(cargoCommand()) === undefined)
    throw new StepFailedError('cargo is missing. Get it from https://rustup.rs');
  if (requested !== undefined && !/^\d+\.\d+\.\d+$/.test(requested)) {
    throw new StepFailedError(`"${requested}" is not a version. Example: npm run update-aws-lc -- 0.47.0`);
  }
  const before = { manifest: readFileSync(manifestPath, 'utf8'), lock: readFileSync(lockPath, 'utf8'), pin: readPin() };
  try {
    // First which version, then a lock file for it: the second step may choose older helpers, never an older AWS-LC.
    const version = requested ?? (await newestVersion(before.manifest));
    setRequirement(before.manifest, `=${version}`);
    rmSync(lockPath);
    await run(cargoCommand(), ['generate-lockfile'], {
      cwd: pinDir,
      // Debian's cargo must be able to read it, so it is made for the rust-version in Cargo.toml.
      env: { ...process.env, CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS: 'fallback' },
    });
    // Checks the two files against each other.
    await run(cargoCommand(), ['metadata', '--locked', '--format-version', '1'], { cwd: pinDir });
  } catch (error) {
    writeFileSync(manifestPath, before.manifest);
    writeFileSync(lockPath, before.lock);
    throw error;
  }
  const after = readPin();
  console.log(
    after.version === before.pin.version && after.checksum === before.pin.checksum
      ? `aws-lc-sys ${after.version} is pinned already`
      : `aws-lc-sys ${before.pin.version} -> ${after.version} (sha256 ${after.checksum}). Now run: npm test`,
  );
}

/** @param {string} manifest */
async function newestVersion(manifest) {
  setRequirement(manifest, '*');
  rmSync(lockPath);
  await run(cargoCommand(), ['generate-lockfile'], {
    cwd: pinDir,
    env: { ...process.env, CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS: 'allow' },
  });
  return readPin().version;
}

/**
 * @param {string} manifest
 * @param {string} requirement
 */
function setRequirement(manifest, requirement) {
  writeFileSync(manifestPath, manifest.replace(/^aws-lc-sys = ".*"$/m, `aws-lc-sys = "${requirement}"`));
}

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', default: false } },
  });
  if (values.help) console.log(help);
  else await updatePin(positionals[0]);
} catch (error) {
  if (!(error instanceof StepFailedError) && !(error instanceof TypeError && 'code' in error)) throw error;
  console.error(`pqtls: ${error.message}`);
  process.exitCode = 1;
}
