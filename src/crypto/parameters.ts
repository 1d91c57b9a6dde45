// Names and sizes of every algorithm of pqtls/crypto, in bytes. FIPS 202, FIPS 203 Table 3, FIPS 204 Table 2, RFC 10024.

/** ML-KEM parameter sets. FIPS 203, Section 8. */
export type KemAlgorithm = 'ML-KEM-512' | 'ML-KEM-768' | 'ML-KEM-1024';
/** ML-DSA parameter sets. FIPS 204, Section 4. */
export type SignatureAlgorithm = 'ML-DSA-44' | 'ML-DSA-65' | 'ML-DSA-87';
/** SHA-3 hash functions of fixed length. FIPS 202, Section 6.1. */
export type HashAlgorithm = 'SHA3-224' | 'SHA3-256' | 'SHA3-384' | 'SHA3-512';
/** Extendable-output functions. FIPS 202, Section 6.2. */
export type XofAlgorithm = 'SHAKE128' | 'SHAKE256';
/** Groups for TLS 1.3 key shares, by their IANA names. RFC 9846, Section 4.2.7; RFC 10024; draft-ietf-tls-mlkem-04. */
export type GroupName = ClassicalGroup | HybridGroup | KemGroup;

export interface KemParameters {
  readonly encapsulationKey: number;
  readonly decapsulationKey: number;
  readonly ciphertext: number;
  readonly sharedSecret: 32;
  /** d || z. FIPS 203, Section 7.1. */
  readonly seed: 64;
}

/** FIPS 203, Table 3. */
export const kemParameters = {
  'ML-KEM-512': { encapsulationKey: 800, decapsulationKey: 1632, ciphertext: 768, sharedSecret: 32, seed: 64 },
  'ML-KEM-768': { encapsulationKey: 1184, decapsulationKey: 2400, ciphertext: 1088, sharedSecret: 32, seed: 64 },
  'ML-KEM-1024': { encapsulationKey: 1568, decapsulationKey: 3168, ciphertext: 1568, sharedSecret: 32, seed: 64 },
} as const satisfies Record<KemAlgorithm, KemParameters>;

export interface SignatureParameters {
  readonly verifyingKey: number;
  readonly signingKey: number;
  readonly signature: number;
  readonly seed: 32;
}

/** FIPS 204, Table 2. */
export const signatureParameters = {
  'ML-DSA-44': { verifyingKey: 1312, signingKey: 2560, signature: 2420, seed: 32 },
  'ML-DSA-65': { verifyingKey: 1952, signingKey: 4032, signature: 3309, seed: 32 },
  'ML-DSA-87': { verifyingKey: 2592, signingKey: 4896, signature: 4627, seed: 32 },
} as const satisfies Record<SignatureAlgorithm, SignatureParameters>;

/** Longest context string of ML-DSA, in bytes. FIPS 204, Section 5.2. */
export const maxContextLength = 255;

/** Digest lengths in bytes. FIPS 202, Section 6.1. */
export const hashLengths = {
  'SHA3-224': 28,
  'SHA3-256': 32,
  'SHA3-384': 48,
  'SHA3-512': 64,
} as const satisfies Record<HashAlgorithm, number>;

export type ClassicalGroup = 'X25519' | 'secp256r1' | 'secp384r1';
export type HybridGroup = 'X25519MLKEM768' | 'SecP256r1MLKEM768' | 'SecP384r1MLKEM1024';
export type KemGroup = 'MLKEM768' | 'MLKEM1024';

/** A classical group's share and secret; EC points are uncompressed, the secret is the x-coordinate. RFC 9846, Section 4.2.8.2. */
export interface ClassicalLayout {
  readonly kind: 'classical';
  readonly clientShare: number;
  readonly serverShare: number;
  readonly sharedSecret: number;
}

/** Which components a hybrid group joins, and in which order shares and secrets are concatenated. RFC 10024. */
export interface HybridLayout {
  readonly kind: 'hybrid';
  readonly first: KemAlgorithm | ClassicalGroup;
  readonly second: KemAlgorithm | ClassicalGroup;
  readonly clientShare: number;
  readonly serverShare: number;
  readonly sharedSecret: number;
}

/** ML-KEM alone: the client's share is an encapsulation key, the server's a ciphertext. draft-ietf-tls-mlkem-04, Section 4. */
export interface KemLayout {
  readonly kind: 'kem';
  readonly kem: KemAlgorithm;
  readonly clientShare: number;
  readonly serverShare: number;
  readonly sharedSecret: number;
}

export type GroupLayout = HybridLayout | ClassicalLayout | KemLayout;

/** Every group: sizes of shares and secret in bytes, and the order of a hybrid's components. */
export const groupLayouts = {
  X25519MLKEM768: {
    kind: 'hybrid',
    first: 'ML-KEM-768',
    second: 'X25519',
    clientShare: 1216,
    serverShare: 1120,
    sharedSecret: 64,
  },
  SecP256r1MLKEM768: {
    kind: 'hybrid',
    first: 'secp256r1',
    second: 'ML-KEM-768',
    clientShare: 1249,
    serverShare: 1153,
    sharedSecret: 64,
  },
  SecP384r1MLKEM1024: {
    kind: 'hybrid',
    first: 'secp384r1',
    second: 'ML-KEM-1024',
    clientShare: 1665,
    serverShare: 1665,
    sharedSecret: 80,
  },
  X25519: { kind: 'classical', clientShare: 32, serverShare: 32, sharedSecret: 32 },
  secp256r1: { kind: 'classical', clientShare: 65, serverShare: 65, sharedSecret: 32 },
  secp384r1: { kind: 'classical', clientShare: 97, serverShare: 97, sharedSecret: 48 },
  MLKEM768: { kind: 'kem', kem: 'ML-KEM-768', clientShare: 1184, serverShare: 1088, sharedSecret: 32 },
  MLKEM1024: { kind: 'kem', kem: 'ML-KEM-1024', clientShare: 1568, serverShare: 1568, sharedSecret: 32 },
} as const satisfies Record<GroupName, GroupLayout>;

/** Other spellings of groups, in lower case: IANA's, NIST's, OpenSSL's and node:tls's. */
export const groupAliases: ReadonlyMap<string, GroupName> = new Map<string, GroupName>([
  ['x25519mlkem768', 'X25519MLKEM768'],
  ['secp256r1mlkem768', 'SecP256r1MLKEM768'],
  ['secp384r1mlkem1024', 'SecP384r1MLKEM1024'],
  ['x25519', 'X25519'],
  ['secp256r1', 'secp256r1'],
  ['p-256', 'secp256r1'],
  ['p256', 'secp256r1'],
  ['prime256v1', 'secp256r1'],
  ['secp384r1', 'secp384r1'],
  ['p-384', 'secp384r1'],
  ['p384', 'secp384r1'],
  ['mlkem768', 'MLKEM768'],
  ['ml-kem-768', 'MLKEM768'],
  ['mlkem1024', 'MLKEM1024'],
  ['ml-kem-1024', 'MLKEM1024'],
]);
