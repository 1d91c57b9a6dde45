// pqtls/crypto: ML-KEM, ML-DSA, SHA-3, SHAKE and TLS key exchange groups. FIPS 202, 203, 204; RFC 10024.
/// <reference types="node" preserve="true" />
/// <reference lib="esnext.disposable" preserve="true" />

export { DecapsulationKey, EncapsulationKey } from './kem.js';
export { SigningKey, VerifyingKey } from './signature.js';
export type { SignOptions, VerifyOptions } from './signature.js';
export { Hash, Xof, hash, hashAsync, hashInto, xof, xofAsync, xofInto } from './hash.js';
export { ActiveKeyExchange, KeyExchangeGroup } from './hybrid.js';
export type { CompletedKeyExchange } from './hybrid.js';
export { getProvider, providers } from './select-provider.js';
export type { ProviderInfo, ProviderOptions } from './select-provider.js';
export type { Capabilities } from '../binding.js';
export type { Algorithm, Encapsulation, ProviderName } from './provider.js';
export type {
  ClassicalGroup,
  GroupName,
  HashAlgorithm,
  KemAlgorithm,
  SignatureAlgorithm,
  XofAlgorithm,
} from './parameters.js';
export { CryptoOperationError, KeyDestroyedError, KeyRejectedError, UnsupportedError } from '../errors.js';
export type { KeyRejectedReason } from '../errors.js';
