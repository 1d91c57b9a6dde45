// What of native/ is compiled together: most of the time for one file goes into the headers that they all include.
// @ts-check

import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { projectDir } from './paths.mjs';
import { writeIfChanged } from './stamp.mjs';

/** As many as keep two processors busy to the end, with what is compiled alone. */
const partCount = 3;
/**
 * One set of functions of the same names for each primitive, so that two of them do not go together; and what GCC 12 warns
 * of in vain when it inlines more of it.
 */
const alone = new Set(['bench_floor.cc', 'client_order.cc', 'digest.cc', 'hybrid.cc', 'kem.cc', 'signature.cc']);

const folder = 'addon-parts';
/** From the folder of the parts to native/. */
const nativeFromParts = '../../../native';

/**
 * Writes files that include those of native/.
 * @param {string} buildDir vendor/build of a target
 * @returns {string[]} what the addon is compiled from, relative to binding.gyp
 */
export function writeAddonParts(buildDir) {
  const dir = join(buildDir, folder);
  mkdirSync(dir, { recursive: true });
  const parts = dividedFiles();
  const names = parts.map((_files, index) => `part-${index + 1}.cc`);
  for (const name of readdirSync(dir)) if (!names.includes(name)) rmSync(join(dir, name));
  for (const [index, files] of parts.entries()) {
    const lines = files.map((file) => `#include "${nativeFromParts}/${file}"\n`);
    writeIfChanged(join(dir, names[index] ?? ''), lines.join(''));
  }
  return [...names.map((name) => `vendor/build/${folder}/${name}`), ...[...alone].map((name) => `native/${name}`)];
}

/** @returns {string[][]} the files of each part, about as long as the others */
function dividedFiles() {
  const native = join(projectDir, 'native');
  const sized = readdirSync(native)
    .filter((name) => name.endsWith('.cc') && !alone.has(name))
    .map((name) => ({ name, size: readFileSync(join(native, name)).length }))
    .sort((a, b) => b.size - a.size || (a.name < b.name ? -1 : 1));
  const parts = Array.from({ length: partCount }, () => ({ size: 0, names: /** @type {string[]} */ ([]) }));
  for (const { name, size } of sized) {
    const [smallest] = [...parts].sort((a, b) => a.size - b.size);
    if (smallest === undefined) continue;
    smallest.size += size;
    smallest.names.push(name);
  }
  return parts.map(({ names }) => names.sort());
}
