// Reads the symbol index of a static library: ar's, of GNU, BSD (macOS) and Microsoft (which has GNU's first).
// @ts-check

import { closeSync, openSync, readSync } from 'node:fs';

const magic = '!<arch>\n';
const headerLength = 60;

/**
 * Names of the global symbols that a static library defines.
 * @param {string} path
 * @returns {Set<string>}
 */
export function archiveSymbols(path) {
  const file = openSync(path, 'r');
  try {
    if (readAt(file, 0, magic.length).toString('latin1') !== magic) throw new Error(`${path} is not a static library`);
    const header = readAt(file, magic.length, headerLength).toString('latin1');
    let name = header.slice(0, 16).trimEnd();
    const size = Number(header.slice(48, 58).trim());
    let content = readAt(file, magic.length + headerLength, size);
    // BSD keeps names longer than 15 characters at the front of the content.
    const longName = /^#1\/(\d+)$/.exec(name);
    if (longName !== null) {
      const length = Number(longName[1]);
      name = content.subarray(0, length).toString('latin1').replace(/\0+$/, '');
      content = content.subarray(length);
    }
    if (name === '/') return gnuIndex(content, 4);
    if (name === '/SYM64/') return gnuIndex(content, 8);
    if (name.startsWith('__.SYMDEF')) return bsdIndex(content);
    throw new Error(`${path} has no symbol index`);
  } finally {
    closeSync(file);
  }
}

/**
 * A big-endian count, as many offsets, then the names.
 * @param {Buffer} content
 * @param {4 | 8} width
 */
function gnuIndex(content, width) {
  const count = width === 4 ? content.readUInt32BE(0) : Number(content.readBigUInt64BE(0));
  const names = content
    .subarray(width * (count + 1))
    .toString('latin1')
    .split('\0');
  return new Set(names.slice(0, count));
}

/**
 * A little-endian table of (offset of name, offset of member), then the names; Mach-O prefixes them with an underscore.
 * @param {Buffer} content
 */
function bsdIndex(content) {
  const tableLength = content.readUInt32LE(0);
  const names = content.subarray(8 + tableLength);
  /** @type {Set<string>} */
  const symbols = new Set();
  for (let entry = 4; entry < 4 + tableLength; entry += 8) {
    const start = content.readUInt32LE(entry);
    const name = names.subarray(start, names.indexOf(0, start)).toString('latin1');
    symbols.add(name.replace(/^_/, ''));
  }
  return symbols;
}

/**
 * @param {number} file
 * @param {number} position
 * @param {number} length
 */
function readAt(file, position, length) {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, readSync(file, buffer, 0, length, position));
}
