// What the addon exports for pqtls/crypto (native/kem.cc, signature.cc, digest.cc, hybrid.cc).

// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface NativeCrypto {}
