// The runner's own certificate compression algorithms, which it has instead of those of RFC 8879.

import { randomBytes } from 'node:crypto';
import type { CertificateCodec } from '#src/protocol/certificate-codec.js';
import type { Flags } from './flags.js';

interface MockCodec {
  compress(input: Uint8Array): Uint8Array | undefined;
  /** undefined where the input does not come to `length` bytes. */
  decompress(input: Uint8Array, length: number): Uint8Array | undefined;
}

const shrinkingPrefix = Buffer.from([0, 0]);
const expandingPrefix = Buffer.from([1, 2, 3, 4]);

// cert_compression_tests.go, beside the runner, has the other side of them.
const codecs = new Map<number, MockCodec>([
  [
    0xff02,
    {
      compress: (input) => Buffer.concat([expandingPrefix, input]),
      decompress: (input, length) =>
        expandingPrefix.equals(input.subarray(0, 4)) && input.length === length + 4 ? input.slice(4) : undefined,
    },
  ],
  [
    0xff01,
    {
      compress: (input) => (shrinkingPrefix.equals(input.subarray(0, 2)) ? input.slice(2) : undefined),
      decompress: (input, length) =>
        input.length + 2 === length ? Buffer.concat([shrinkingPrefix, input]) : undefined,
    },
  ],
  [
    0xff03,
    {
      compress: (input) => Buffer.concat([randomBytes(1), input]),
      decompress: (input, length) => (input.length === length + 1 ? input.slice(1) : undefined),
    },
  ],
]);

/** RFC 8879 numbers of what the flags ask for, most wanted first. */
export function mockAlgorithms(flags: Flags): number[] {
  const one = flags['install-one-cert-compression-alg'];
  return [...codecs.keys()].filter((id) => flags['install-cert-compression-algs'] === true || id === one);
}

export const mockCodec: CertificateCodec = {
  compress: (algorithm, input) => codecs.get(algorithm)?.compress(input),
  decompress: (algorithm, input, length) => codecs.get(algorithm)?.decompress(input, length),
};
