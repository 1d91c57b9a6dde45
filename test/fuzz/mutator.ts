// Inputs for parsers: what was recorded, changed at random, the same for the same seed. It is not guided by coverage.

/** xorshift32: small, and the same everywhere. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** From 0 up to `end`, without it. */
  below(end: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return end <= 0 ? 0 : this.#state % end;
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new Error('There is nothing to pick from');
    return value;
  }
}

const interesting = [0x00, 0x01, 0x02, 0x03, 0x04, 0x7f, 0x80, 0xfe, 0xff];
/** Nothing that a parser bounds is longer. */
const longest = 140_000;

type Change = (bytes: Buffer, random: Random, corpus: readonly Uint8Array[]) => Buffer;

/** A part of one of the inputs. */
function part(bytes: Uint8Array, random: Random): Uint8Array {
  const start = random.below(bytes.length);
  return bytes.subarray(start, start + 1 + random.below(Math.min(64, bytes.length - start)));
}

function insert(bytes: Buffer, at: number, added: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at)]);
}

const changes: readonly Change[] = [
  function flipBit(bytes, random) {
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    return bytes;
  },
  function setByte(bytes, random) {
    bytes[random.below(bytes.length)] = random.pick(interesting);
    return bytes;
  },
  /** Lengths are mostly off by little. */
  function addToByte(bytes, random) {
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) + random.below(9) - 4;
    return bytes;
  },
  function cut(bytes, random) {
    return bytes.subarray(0, random.below(bytes.length));
  },
  function remove(bytes, random) {
    const start = random.below(bytes.length);
    const end = start + 1 + random.below(16);
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
  },
  function insertBytes(bytes, random) {
    const added = Buffer.from(Array.from({ length: 1 + random.below(8) }, () => random.below(256)));
    return insert(bytes, random.below(bytes.length + 1), added);
  },
  function repeat(bytes, random) {
    const copy = Buffer.from(part(bytes, random));
    const times = 1 + random.below(random.below(8) === 0 ? 400 : 4);
    return insert(bytes, random.below(bytes.length + 1), Buffer.concat(Array.from({ length: times }, () => copy)));
  },
  function splice(bytes, random, corpus) {
    const other = random.pick(corpus);
    return Buffer.concat([bytes.subarray(0, random.below(bytes.length)), other.subarray(random.below(other.length))]);
  },
];

/** One of the corpus, changed up to eight times. */
export function mutate(corpus: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes: Buffer = Buffer.from(random.pick(corpus));
  for (let count = 1 + random.below(8); count > 0; count--) {
    bytes = bytes.length === 0 ? Buffer.of(random.below(256)) : random.pick(changes)(bytes, random, corpus);
  }
  return Uint8Array.from(bytes.subarray(0, longest));
}
