// AWS-LC's source: the pinned Cargo package, fetched by cargo and checked file by file, or any checkout instead.
// @ts-check

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cratesDir, pinDir } from './paths.mjs';
import { run } from './run.mjs';
import { NativeUnavailableError, StepFailedError } from './setup-error.mjs';
import { filesBelow, hashOf, shapeOf } from './stamp.mjs';
import { cargoCommand } from './toolchain.mjs';

const packageName = 'aws-lc-sys';

/**
 * @typedef {object} AwsLcSource
 * @property {string} dir the folder with AWS-LC's CMakeLists.txt
 * @property {string} identity changes whenever the source does
 * @property {string} label for people
 * @property {boolean} pinned false for AWS_LC_SOURCE_DIR
 */

/**
 * Which source would be built; nothing is fetched for the answer.
 * @returns {AwsLcSource}
 */
export function chosenSource() {
  const override = process.env['AWS_LC_SOURCE_DIR'];
  if (override) return checkout(resolve(override));
  const pin = readPin();
  return {
    dir: join(cratesDir, `${packageName}-${pin.version}`, 'aws-lc'),
    identity: `${packageName} ${pin.version} ${pin.checksum}`,
    label: `${packageName} ${pin.version}`,
    pinned: true,
  };
}

/**
 * Whether the source still has to be fetched.
 * @param {AwsLcSource} source
 */
export function isFetched(source) {
  return existsSync(join(source.dir, 'CMakeLists.txt'));
}

/** Fetches the pinned source with cargo, into vendor/crates/. */
export async function fetchSource() {
  rmSync(cratesDir, { recursive: true, force: true });
  try {
    await run(cargoCommand(), ['vendor', '--locked', '--versioned-dirs', cratesDir], {
      cwd: pinDir,
      // Cargo 1.68 and 1.69 know the sparse index but do not use it unasked; it saves fetching the whole index.
      env: { CARGO_REGISTRIES_CRATES_IO_PROTOCOL: 'sparse', ...process.env },
    });
  } catch (error) {
    rmSync(cratesDir, { recursive: true, force: true });
    const reason = error instanceof Error ? error.message : String(error);
    const tooOld = /lock file version|edition20\d\d|is not stabilized/.test(reason);
    throw new NativeUnavailableError(
      tooOld
        ? [
            `missing: a newer cargo (1.71 or later). Get it from https://rustup.rs, or on Debian 12 with: apt-get install cargo-web`,
          ]
        : [
            `missing: the AWS-LC source, which cargo could not fetch (${lastMeaningfulLine(reason)}). Try again with a network, or set AWS_LC_SOURCE_DIR`,
          ],
    );
  }
  // The addon needs one package only; the others are the build helpers of its Rust side.
  for (const name of readdirSync(cratesDir)) {
    if (!name.startsWith(`${packageName}-`)) rmSync(join(cratesDir, name), { recursive: true, force: true });
  }
  verifySource();
}

/**
 * Checks every file of the fetched package against the checksums that the registry's archive was published with, and the
 * archive's own checksum against the committed lock file. Cargo checks the archive; this checks what lies on disk.
 */
export function verifySource() {
  const pin = readPin();
  const dir = join(cratesDir, `${packageName}-${pin.version}`);
  /** @type {{ files: Record<string, string>, package: string }} */
  const checksums = JSON.parse(readFileSync(join(dir, '.cargo-checksum.json'), 'utf8'));
  if (checksums.package !== pin.checksum) {
    throw new StepFailedError(
      `${dir} is not the pinned package: checksum ${checksums.package}, Cargo.lock says ${pin.checksum}`,
    );
  }
  const present = new Set(filesBelow(dir));
  present.delete('.cargo-checksum.json');
  for (const [path, expected] of Object.entries(checksums.files)) {
    if (!present.delete(path)) {
      // Cargo leaves out what only matters to a repository (.gitignore and the like).
      if (/(^|\/)\.(git|cargo)/.test(path)) continue;
      throw new StepFailedError(`${join(dir, path)} is missing. Remove vendor/crates and try again`);
    }
    const actual = createHash('sha256')
      .update(readFileSync(join(dir, path)))
      .digest('hex');
    if (actual !== expected) {
      throw new StepFailedError(
        `${join(dir, path)} was changed: its checksum is not the published one. Remove vendor/crates and try again`,
      );
    }
  }
  const [stranger] = present;
  if (stranger !== undefined) {
    throw new StepFailedError(
      `${join(dir, stranger)} is not part of the published package. Remove vendor/crates and try again`,
    );
  }
}

/** Version and checksum of the pinned package, from the committed lock file. */
export function readPin() {
  const lock = readFileSync(join(pinDir, 'Cargo.lock'), 'utf8');
  const entry = new RegExp(
    `name = "${packageName}"\nversion = "([^"]+)"\nsource = "[^"]+"\nchecksum = "([0-9a-f]{64})"`,
  ).exec(lock.replaceAll('\r\n', '\n'));
  if (entry?.[1] === undefined || entry[2] === undefined) {
    throw new StepFailedError(`vendor/aws-lc/Cargo.lock does not pin ${packageName}. Run: npm run update-aws-lc`);
  }
  return { version: entry[1], checksum: entry[2] };
}

/**
 * @param {string} dir
 * @returns {AwsLcSource}
 */
function checkout(dir) {
  if (!existsSync(join(dir, 'CMakeLists.txt')) || !existsSync(join(dir, 'include/openssl/base.h'))) {
    throw new StepFailedError(
      `AWS_LC_SOURCE_DIR=${dir} is not an AWS-LC source tree: CMakeLists.txt or include/openssl/base.h is missing`,
    );
  }
  return { dir, identity: `checkout ${dir} ${hashOf(shapeOf(dir))}`, label: dir, pinned: false };
}

/** @param {string} output */
function lastMeaningfulLine(output) {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.findLast((line) => !line.startsWith('Caused by')) ?? 'no reason given';
}
