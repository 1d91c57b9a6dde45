// Certificate compression through node:zlib. RFC 8879.

import * as zlib from 'node:zlib';
import type { TlsEngine } from '../engine/engine.js';
import { invalidArgType, nodeInvalidArgValue } from '../errors.js';
import type { CertificateCodec } from '../protocol/certificate-codec.js';
import { CertificateCompression, type CertificateCompressionName } from '../protocol/constants.js';
import { operationFailed } from './config-errors.js';

interface Codec {
  compress(input: Uint8Array): Uint8Array;
  decompress(input: Uint8Array, options: { maxOutputLength: number }): Uint8Array;
}

/** Node 22.15 and later have zstd. */
interface ZstdFunctions {
  zstdCompressSync?: Codec['compress'];
  zstdDecompressSync?: Codec['decompress'];
}

const codecs = new Map<CertificateCompressionName, Codec>([
  ['zlib', { compress: (input) => zlib.deflateSync(input), decompress: zlib.inflateSync }],
  ['brotli', { compress: (input) => zlib.brotliCompressSync(input), decompress: zlib.brotliDecompressSync }],
]);
const { zstdCompressSync, zstdDecompressSync } = zlib as ZstdFunctions;
if (zstdCompressSync !== undefined && zstdDecompressSync !== undefined) {
  codecs.set('zstd', { compress: (input) => zstdCompressSync(input), decompress: zstdDecompressSync });
}

/** What `certificateCompression` can name here: `zlib`, `brotli`, and `zstd` where node:zlib has it. */
export function getCertificateCompressionAlgorithms(): CertificateCompressionName[] {
  return [...codecs.keys()];
}

/**
 * Reads a `certificateCompression` option: at most three names, most wanted first. Undefined for none.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`; Error `ERR_CRYPTO_OPERATION_FAILED` for a name that
 *   is repeated or that node:zlib lacks here
 */
export function chooseCertificateCompression(value: unknown): Uint16Array | undefined {
  const option = 'options.certificateCompression';
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw invalidArgType(option, 'an instance of Array', value);
  const names: unknown[] = value;
  if (names.length === 0) return undefined;
  if (names.length > 3) throw nodeInvalidArgValue(option, names, 'can specify at most 3 algorithms');
  for (const [index, name] of names.entries()) {
    if (!isName(name)) throw nodeInvalidArgValue(`${option}[${index}]`, name, "must be 'zlib', 'brotli', or 'zstd'");
  }
  const known = names.filter(isName);
  if (new Set(known).size !== known.length || known.some((name) => !codecs.has(name))) {
    throw operationFailed('Failed to set certificate compression preference');
  }
  return Uint16Array.from(known, (name) => CertificateCompression[name]);
}

function isName(value: unknown): value is CertificateCompressionName {
  return typeof value === 'string' && Object.hasOwn(CertificateCompression, value);
}

const installedIn = new WeakSet<TlsEngine>();

/** Gives the engine the codec that it calls within a handshake, once. */
export function installCertificateCodec(engine: TlsEngine): void {
  if (installedIn.has(engine)) return;
  engine.setCertificateCodec(zlibCodec);
  installedIn.add(engine);
}

/** node:zlib. */
export const zlibCodec: CertificateCodec = {
  compress: (algorithm, input) => codecOf(algorithm)?.compress(input),
  decompress(algorithm, input, length) {
    // node:zlib has no way to say that nothing may come out.
    if (length <= 0) return undefined;
    try {
      const output = codecOf(algorithm)?.decompress(input, { maxOutputLength: length });
      return output?.length === length ? output : undefined;
    } catch {
      // The peer's bytes: the engine answers with the alert of RFC 8879, Section 4.
      return undefined;
    }
  },
};

function codecOf(algorithm: number): Codec | undefined {
  for (const [name, codec] of codecs) if (CertificateCompression[name] === algorithm) return codec;
  return undefined;
}
