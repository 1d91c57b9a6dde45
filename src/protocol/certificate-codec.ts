// What an engine asks of certificate compression; node:zlib is given to it from outside. RFC 8879.

/** Algorithms are numbers of the registry, `CertificateCompression`. */
export interface CertificateCodec {
  /** Undefined for an algorithm that it has not. */
  compress(algorithm: number, input: Uint8Array): Uint8Array | undefined;
  /**
   * Exactly `length` bytes; undefined where the input does not parse or has more or fewer, however many it would be: no
   * more than that is ever made. RFC 8879, Section 4.
   */
  decompress(algorithm: number, input: Uint8Array, length: number): Uint8Array | undefined;
}
