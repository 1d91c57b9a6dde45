// Argument checks of pqtls/crypto's public functions, the same for every provider.
//
// Views of a SharedArrayBuffer are refused, as WebCrypto refuses them: another thread could change the bytes between a
// check and its use. Views of a detached buffer, or of a resizable one that became too short for them, are refused: they
// would pass for empty input. Output buffers may not overlap each other or an input.

import { types } from 'node:util';
import { invalidArgType, invalidArgValue, KeyRejectedError, outOfRange } from '../errors.js';

const bytesExpected = 'an instance of Buffer or Uint8Array that is not backed by a SharedArrayBuffer';

/** Refuses what is not a Uint8Array or Buffer, what is shared, and what has lost its bytes. */
export function checkBytes(name: string, value: unknown): asserts value is Uint8Array {
  if (!types.isUint8Array(value) || value.buffer instanceof SharedArrayBuffer) {
    throw invalidArgType(name, bytesExpected, value);
  }
  if (value.byteLength === 0 && isOutOfBounds(value)) {
    throw invalidArgValue(name, 'its buffer was detached, or resized to end before it');
  }
}

/** checkBytes, then refuses any other length as KeyRejectedError `wrong_length`; `what` names the value in its message. */
export function checkKeyMaterial(
  name: string,
  what: string,
  value: unknown,
  length: number,
): asserts value is Uint8Array {
  checkBytes(name, value);
  if (value.byteLength !== length) {
    throw new KeyRejectedError(`${what} must be ${length} bytes long, received ${value.byteLength}`, 'wrong_length');
  }
}

/** checkBytes, then refuses any other length as RangeError `ERR_OUT_OF_RANGE`. */
export function checkOutput(name: string, value: unknown, length: number): asserts value is Uint8Array {
  checkBytes(name, value);
  if (value.byteLength !== length) {
    throw outOfRange(`${name}.byteLength`, `exactly ${length}`, value.byteLength);
  }
}

/** Refuses an output that shares bytes with an input or with another output. */
export function checkDisjoint(name: string, output: Uint8Array, otherName: string, other: Uint8Array): void {
  if (
    output.buffer === other.buffer &&
    output.byteOffset < other.byteOffset + other.byteLength &&
    other.byteOffset < output.byteOffset + output.byteLength
  ) {
    throw invalidArgValue(name, `it overlaps "${otherName}"`);
  }
}

/** The entry of a table of algorithms, or TypeError `ERR_INVALID_ARG_VALUE` that lists them. */
export function checkAlgorithm<Name extends string, Entry>(table: ReadonlyMap<Name, Entry>, value: unknown): Entry {
  const entry = table.get(value as Name);
  if (entry !== undefined) {
    return entry;
  }
  if (typeof value !== 'string') {
    throw invalidArgType('algorithm', 'of type string', value);
  }
  throw invalidArgValue('algorithm', `'${value.slice(0, 64)}' is not one of ${[...table.keys()].join(', ')}`);
}

/** An options object that may be left out. */
export function checkOptions(value: unknown): void {
  if (value !== undefined && (typeof value !== 'object' || value === null)) {
    throw invalidArgType('options', 'of type object', value);
  }
}

/** A whole number of bytes, at most 2^31 - 1. */
export function checkLength(name: string, value: unknown): asserts value is number {
  if (typeof value !== 'number') {
    throw invalidArgType(name, 'of type number', value);
  }
  if (!Number.isInteger(value) || value < 0 || value > 0x7fff_ffff) {
    throw outOfRange(name, 'an integer >= 0 and <= 2147483647', value);
  }
}

/** Such a view says that its length is 0; only its methods tell it from an empty one. ECMA-262, Section 23.2.4.4. */
function isOutOfBounds(value: Uint8Array): boolean {
  try {
    Uint8Array.prototype.at.call(value, 0);
    return false;
  } catch {
    return true;
  }
}
