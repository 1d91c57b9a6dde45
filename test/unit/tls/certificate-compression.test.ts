// The codec of certificate compression, as an engine uses it. RFC 8879.

import nodeZlib from 'node:zlib';
import t from 'tap';
import { CertificateCompression } from '#src/protocol/constants.js';
import { zlibCodec } from '#src/tls/certificate-compression.js';

const input = new Uint8Array(3000).map((_, index) => index % 251);

t.test('every algorithm', async (t) => {
  const { zlib, brotli, zstd } = CertificateCompression;
  t.equal(zlibCodec.compress(zstd, input) !== undefined, 'zstdCompressSync' in nodeZlib, 'zstd where Node has it');
  const algorithms = 'zstdCompressSync' in nodeZlib ? [zlib, brotli, zstd] : [zlib, brotli];
  for (const algorithm of algorithms) {
    const compressed = zlibCodec.compress(algorithm, input) as Uint8Array;
    t.ok(compressed.length < input.length);
    t.same(new Uint8Array(zlibCodec.decompress(algorithm, compressed, input.length) ?? []), input);
    for (const wrong of [0, -1, 1, input.length - 1, input.length + 1, 2 ** 24]) {
      t.equal(zlibCodec.decompress(algorithm, compressed, wrong), undefined, `${wrong} bytes were told`);
    }
    t.equal(zlibCodec.decompress(algorithm, compressed.subarray(0, -1), input.length), undefined, 'cut');
    t.equal(zlibCodec.decompress(algorithm, new Uint8Array(0), input.length), undefined);
    t.equal(zlibCodec.decompress(algorithm, new Uint8Array(100).fill(0xff), input.length), undefined);
    // 64 MiB of zeros are a few kilobytes.
    const bomb = zlibCodec.compress(algorithm, new Uint8Array(64 * 1024 * 1024)) as Uint8Array;
    t.equal(zlibCodec.decompress(algorithm, bomb, 16 * 1024), undefined, 'a bomb');
  }
  t.equal(zlibCodec.compress(0, input), undefined);
  t.equal(zlibCodec.decompress(99, input, input.length), undefined);
});
