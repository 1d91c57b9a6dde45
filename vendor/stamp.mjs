// Stamps: a hash of everything that a build step reads, kept beside its result, so that nothing is built twice.
// @ts-check

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * @param {unknown} inputs anything that JSON can say
 * @returns {string}
 */
export function hashOf(inputs) {
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex');
}

/** @param {string} path */
export function hashOfFile(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/**
 * Every file below a folder, relative, sorted, with `/`.
 * @param {string} dir
 * @param {(path: string) => boolean} [accepts]
 * @returns {string[]}
 */
export function filesBelow(dir, accepts = () => true) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(dir.length + 1)
        .replaceAll('\\', '/'),
    )
    .filter(accepts)
    .sort();
}

/**
 * Names and contents of the files of a folder.
 * @param {string} dir
 * @param {(path: string) => boolean} [accepts]
 */
export function contentsOf(dir, accepts) {
  return filesBelow(dir, accepts).map((path) => [path, hashOfFile(join(dir, path))]);
}

/**
 * Names, sizes and times of the files of a folder: for trees of thousands of files, which hashing would make slow.
 * @param {string} dir
 */
export function shapeOf(dir) {
  return filesBelow(dir, (path) => !path.startsWith('.git/')).map((path) => {
    const { size, mtimeMs } = statSync(join(dir, path));
    return [path, size, mtimeMs];
  });
}

/**
 * @param {string} stampPath
 * @param {string} hash
 */
export function isStamped(stampPath, hash) {
  return existsSync(stampPath) && readFileSync(stampPath, 'utf8').trim() === hash;
}

/**
 * @param {string} stampPath
 * @param {string} hash
 */
export function stamp(stampPath, hash) {
  mkdirSync(dirname(stampPath), { recursive: true });
  writeFileSync(stampPath, `${hash}\n`);
}

/**
 * Takes the stamp away before a step begins, so that one that was interrupted is not taken for done.
 * @param {string} stampPath
 */
export function unstamp(stampPath) {
  rmSync(stampPath, { force: true });
}

/**
 * Writes a generated file only where it changes: its time decides what the compiler runs again.
 * @param {string} path
 * @param {string} content
 */
export function writeIfChanged(path, content) {
  if (existsSync(path) && readFileSync(path, 'utf8') === content) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
