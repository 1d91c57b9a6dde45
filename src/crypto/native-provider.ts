// The provider `aws-lc`, over the native addon. Fresh results come through the addon's scratch and are copied here.

import { awsLcVersion, loadBinding } from '../binding.js';
import type { BindingState, Capabilities, NativeBinding } from '../binding.js';
import {
  groupIndexes,
  hashIndexes,
  kemIndexes,
  signatureIndexes,
  Status,
  xofIndexes,
} from '../binding/crypto-contract.js';
import type {
  DecapsulationKeyHandle,
  DigestHandle,
  EncapsulationKeyHandle,
  KeyExchangeHandle,
  NativeCrypto,
  SigningKeyHandle,
  VerifyingKeyHandle,
} from '../binding/crypto-contract.js';
import { CryptoOperationError, KeyDestroyedError, UnsupportedError } from '../errors.js';
import { encapsulateForGroup, encapsulateForGroupAsync, isKemGroup, KemKeyExchange } from './kem-key-exchange.js';
import { groupLayouts, hashLengths, kemParameters, signatureParameters } from './parameters.js';
import type {
  GroupName,
  HashAlgorithm,
  KemAlgorithm,
  KemParameters,
  SignatureAlgorithm,
  SignatureParameters,
  XofAlgorithm,
} from './parameters.js';
import type {
  Algorithm,
  CryptoProvider,
  Encapsulation,
  ProviderDecapsulationKey,
  ProviderEncapsulationKey,
  ProviderHash,
  ProviderKeyExchange,
  ProviderSigningKey,
  ProviderVerifyingKey,
  ProviderXof,
  SignParameters,
} from './provider.js';
import { inconsistentSigningKey, invalidPoint, notReduced, wrongHash, zeroSharedSecret } from './rejections.js';

type Bytes = Uint8Array<ArrayBuffer>;

const hashAlgorithms = Object.keys(hashIndexes) as HashAlgorithm[];

/** Throws UnsupportedError with the reason where the addon does not load. */
export function createNativeProvider(state: BindingState = loadBinding()): CryptoProvider {
  if (!state.loaded) {
    throw new UnsupportedError(
      `The provider 'aws-lc' needs the native addon, which did not load: ${state.reason}`,
      'aws-lc',
    );
  }
  return new NativeProvider(state.binding);
}

class NativeProvider implements CryptoProvider {
  readonly name = 'aws-lc';
  readonly version: string;
  readonly fips: boolean;
  readonly capabilities: Capabilities;
  readonly #native: NativeBinding;
  /** A small hash takes about as long as finding out where its digest is. */
  readonly #hashes: ReadonlyMap<HashAlgorithm, { index: number; digest: Bytes }>;

  constructor(native: NativeBinding) {
    this.#native = native;
    this.version = awsLcVersion(native);
    this.fips = native.fips;
    this.capabilities = Object.freeze({ ...native.capabilities });
    this.#hashes = new Map(
      hashAlgorithms.map((name) => [
        name,
        { index: hashIndexes[name], digest: native.scratch.subarray(0, hashLengths[name]) },
      ]),
    );
  }

  supports(algorithm: Algorithm): boolean {
    const { mlKem, mlDsa } = this.capabilities;
    if (Object.hasOwn(kemIndexes, algorithm)) {
      return mlKem;
    }
    if (Object.hasOwn(signatureIndexes, algorithm)) {
      return mlDsa;
    }
    if (Object.hasOwn(groupLayouts, algorithm)) {
      return mlKem || groupLayouts[algorithm as GroupName].kind === 'classical';
    }
    return Object.hasOwn(hashIndexes, algorithm) || Object.hasOwn(xofIndexes, algorithm);
  }

  generateDecapsulationKey(algorithm: KemAlgorithm): ProviderDecapsulationKey {
    return this.#decapsulationKey(algorithm, this.#native.kemGenerate(kemIndexes[algorithm]));
  }

  async generateDecapsulationKeyAsync(algorithm: KemAlgorithm): Promise<ProviderDecapsulationKey> {
    return this.#decapsulationKey(algorithm, await this.#native.kemGenerateAsync(kemIndexes[algorithm]));
  }

  decapsulationKeyFromSeed(algorithm: KemAlgorithm, seed: Uint8Array): ProviderDecapsulationKey {
    return this.#decapsulationKey(algorithm, this.#native.kemFromSeed(kemIndexes[algorithm], seed));
  }

  decapsulationKeyFromBytes(algorithm: KemAlgorithm, bytes: Uint8Array): ProviderDecapsulationKey {
    return this.#decapsulationKey(algorithm, this.#native.kemDecapsulationKeyFromBytes(kemIndexes[algorithm], bytes));
  }

  encapsulationKeyFromBytes(algorithm: KemAlgorithm, bytes: Uint8Array): ProviderEncapsulationKey {
    const handle = take(this.#native.kemEncapsulationKeyFromBytes(kemIndexes[algorithm], bytes), algorithm);
    return new NativeEncapsulationKey(this.#native, handle, kemParameters[algorithm]);
  }

  #decapsulationKey(algorithm: KemAlgorithm, handle: DecapsulationKeyHandle | Status): ProviderDecapsulationKey {
    return new NativeDecapsulationKey(this.#native, take(handle, algorithm), kemParameters[algorithm]);
  }

  generateSigningKey(algorithm: SignatureAlgorithm): ProviderSigningKey {
    return this.#signingKey(algorithm, this.#native.signatureGenerate(signatureIndexes[algorithm]));
  }

  async generateSigningKeyAsync(algorithm: SignatureAlgorithm): Promise<ProviderSigningKey> {
    return this.#signingKey(algorithm, await this.#native.signatureGenerateAsync(signatureIndexes[algorithm]));
  }

  signingKeyFromSeed(algorithm: SignatureAlgorithm, seed: Uint8Array): ProviderSigningKey {
    return this.#signingKey(algorithm, this.#native.signatureFromSeed(signatureIndexes[algorithm], seed));
  }

  signingKeyFromBytes(algorithm: SignatureAlgorithm, bytes: Uint8Array): ProviderSigningKey {
    return this.#signingKey(algorithm, this.#native.signatureSigningKeyFromBytes(signatureIndexes[algorithm], bytes));
  }

  verifyingKeyFromBytes(algorithm: SignatureAlgorithm, bytes: Uint8Array): ProviderVerifyingKey {
    const handle = take(this.#native.signatureVerifyingKeyFromBytes(signatureIndexes[algorithm], bytes), algorithm);
    return new NativeVerifyingKey(this.#native, handle, signatureParameters[algorithm]);
  }

  #signingKey(algorithm: SignatureAlgorithm, handle: SigningKeyHandle | Status): ProviderSigningKey {
    return new NativeSigningKey(this.#native, take(handle, algorithm), signatureParameters[algorithm]);
  }

  hash(algorithm: HashAlgorithm, data: Uint8Array): Bytes {
    const { index, digest } = this.#hashes.get(algorithm) as { index: number; digest: Bytes };
    check(this.#native.hash(index, data), algorithm);
    const copy = new Uint8Array(digest);
    digest.fill(0);
    return copy;
  }

  hashInto(algorithm: HashAlgorithm, data: Uint8Array, digest: Uint8Array): void {
    check(this.#native.hashInto(hashIndexes[algorithm], data, digest), algorithm);
  }

  async hashAsync(algorithm: HashAlgorithm, data: Uint8Array): Promise<Bytes> {
    return take(await this.#native.hashAsync(hashIndexes[algorithm], data), algorithm);
  }

  createHash(algorithm: HashAlgorithm): ProviderHash {
    return new NativeDigest(this.#native, take(this.#native.createHash(hashIndexes[algorithm]), algorithm));
  }

  xofInto(algorithm: XofAlgorithm, data: Uint8Array, output: Uint8Array): void {
    check(this.#native.xofInto(xofIndexes[algorithm], data, output), algorithm);
  }

  async xofAsync(algorithm: XofAlgorithm, data: Uint8Array, length: number): Promise<Bytes> {
    return take(await this.#native.xofAsync(xofIndexes[algorithm], data, length), algorithm);
  }

  createXof(algorithm: XofAlgorithm): ProviderXof {
    return new NativeDigest(this.#native, take(this.#native.createXof(xofIndexes[algorithm]), algorithm));
  }

  startKeyExchange(group: GroupName, share: Uint8Array): ProviderKeyExchange {
    // The addon has no rows for ML-KEM alone: its keys are all that is in one.
    if (isKemGroup(group)) return KemKeyExchange.start(this, group, share);
    const handle = take(this.#native.groupStart(groupIndexes[group], share), group);
    return new NativeKeyExchange(this.#native, handle, group);
  }

  async startKeyExchangeAsync(group: GroupName): Promise<{ exchange: ProviderKeyExchange; share: Bytes }> {
    if (isKemGroup(group)) return KemKeyExchange.startAsync(this, group);
    const { exchange, share } = take(await this.#native.groupStartAsync(groupIndexes[group]), group);
    return { exchange: new NativeKeyExchange(this.#native, exchange, group), share };
  }

  startAndCompleteInto(group: GroupName, clientShare: Uint8Array, share: Uint8Array, sharedSecret: Uint8Array): void {
    if (isKemGroup(group)) encapsulateForGroup(this, group, clientShare, share, sharedSecret);
    else check(this.#native.groupStartAndComplete(groupIndexes[group], clientShare, share, sharedSecret), group);
  }

  async startAndCompleteAsync(
    group: GroupName,
    clientShare: Uint8Array,
  ): Promise<{ share: Bytes; sharedSecret: Bytes }> {
    if (isKemGroup(group)) return encapsulateForGroupAsync(this, group, clientShare);
    return take(await this.#native.groupStartAndCompleteAsync(groupIndexes[group], clientShare), group);
  }
}

class NativeEncapsulationKey implements ProviderEncapsulationKey {
  readonly #native: NativeCrypto;
  readonly #handle: EncapsulationKeyHandle;
  readonly #parameters: KemParameters;

  constructor(native: NativeCrypto, handle: EncapsulationKeyHandle, parameters: KemParameters) {
    this.#native = native;
    this.#handle = handle;
    this.#parameters = parameters;
  }

  encapsulate(): Encapsulation {
    check(this.#native.kemEncapsulate(this.#handle));
    return this.#takeEncapsulation();
  }

  encapsulateInto(ciphertext: Uint8Array, sharedSecret: Uint8Array): void {
    check(this.#native.kemEncapsulateInto(this.#handle, ciphertext, sharedSecret));
  }

  async encapsulateAsync(): Promise<Encapsulation> {
    return take(await this.#native.kemEncapsulateAsync(this.#handle));
  }

  encapsulateDeterministic(m: Uint8Array): Encapsulation {
    check(this.#native.kemEncapsulateWithM(this.#handle, m));
    return this.#takeEncapsulation();
  }

  toBytes(): Bytes {
    check(this.#native.kemEncapsulationKeyBytes(this.#handle));
    return this.#native.scratch.slice(0, this.#parameters.encapsulationKey);
  }

  #takeEncapsulation(): Encapsulation {
    const { scratch } = this.#native;
    const length = this.#parameters.ciphertext;
    return { ciphertext: scratch.slice(0, length), sharedSecret: takeSecret(scratch, length, length + 32) };
  }
}

class NativeDecapsulationKey implements ProviderDecapsulationKey {
  readonly #native: NativeCrypto;
  readonly #handle: DecapsulationKeyHandle;
  readonly #parameters: KemParameters;

  constructor(native: NativeCrypto, handle: DecapsulationKeyHandle, parameters: KemParameters) {
    this.#native = native;
    this.#handle = handle;
    this.#parameters = parameters;
  }

  decapsulate(ciphertext: Uint8Array): Bytes {
    check(this.#native.kemDecapsulate(this.#handle, ciphertext));
    return takeSecret(this.#native.scratch, 0, 32);
  }

  decapsulateInto(ciphertext: Uint8Array, sharedSecret: Uint8Array): void {
    check(this.#native.kemDecapsulateInto(this.#handle, ciphertext, sharedSecret));
  }

  async decapsulateAsync(ciphertext: Uint8Array): Promise<Bytes> {
    return take(await this.#native.kemDecapsulateAsync(this.#handle, ciphertext));
  }

  encapsulationKey(): ProviderEncapsulationKey {
    const handle = take(this.#native.kemEncapsulationKey(this.#handle));
    return new NativeEncapsulationKey(this.#native, handle, this.#parameters);
  }

  toBytes(): Bytes {
    check(this.#native.kemDecapsulationKeyBytes(this.#handle));
    return takeSecret(this.#native.scratch, 0, this.#parameters.decapsulationKey);
  }

  seed(): Bytes | undefined {
    return takeSeed(this.#native, this.#native.kemSeed(this.#handle), this.#parameters.seed);
  }

  destroy(): void {
    this.#native.kemDestroy(this.#handle);
  }
}

class NativeSigningKey implements ProviderSigningKey {
  readonly #native: NativeCrypto;
  readonly #handle: SigningKeyHandle;
  readonly #parameters: SignatureParameters;

  constructor(native: NativeCrypto, handle: SigningKeyHandle, parameters: SignatureParameters) {
    this.#native = native;
    this.#handle = handle;
    this.#parameters = parameters;
  }

  sign(message: Uint8Array, { context, deterministic }: SignParameters): Bytes {
    check(this.#native.signatureSign(this.#handle, message, nonEmpty(context), deterministic));
    return this.#native.scratch.slice(0, this.#parameters.signature);
  }

  signInto(message: Uint8Array, signature: Uint8Array, { context, deterministic }: SignParameters): void {
    check(this.#native.signatureSignInto(this.#handle, message, nonEmpty(context), deterministic, signature));
  }

  async signAsync(message: Uint8Array, { context, deterministic }: SignParameters): Promise<Bytes> {
    return take(await this.#native.signatureSignAsync(this.#handle, message, nonEmpty(context), deterministic));
  }

  verifyingKey(): ProviderVerifyingKey {
    const handle = take(this.#native.signatureVerifyingKey(this.#handle));
    return new NativeVerifyingKey(this.#native, handle, this.#parameters);
  }

  toBytes(): Bytes {
    check(this.#native.signatureSigningKeyBytes(this.#handle));
    return takeSecret(this.#native.scratch, 0, this.#parameters.signingKey);
  }

  seed(): Bytes | undefined {
    return takeSeed(this.#native, this.#native.signatureSeed(this.#handle), this.#parameters.seed);
  }

  destroy(): void {
    this.#native.signatureDestroy(this.#handle);
  }
}

class NativeVerifyingKey implements ProviderVerifyingKey {
  readonly #native: NativeCrypto;
  readonly #handle: VerifyingKeyHandle;
  readonly #parameters: SignatureParameters;

  constructor(native: NativeCrypto, handle: VerifyingKeyHandle, parameters: SignatureParameters) {
    this.#native = native;
    this.#handle = handle;
    this.#parameters = parameters;
  }

  verify(message: Uint8Array, signature: Uint8Array, context: Uint8Array): boolean {
    return this.#native.signatureVerify(this.#handle, message, signature, nonEmpty(context));
  }

  async verifyAsync(message: Uint8Array, signature: Uint8Array, context: Uint8Array): Promise<boolean> {
    return take(await this.#native.signatureVerifyAsync(this.#handle, message, signature, nonEmpty(context)));
  }

  toBytes(): Bytes {
    check(this.#native.signatureVerifyingKeyBytes(this.#handle));
    return this.#native.scratch.slice(0, this.#parameters.verifyingKey);
  }
}

class NativeDigest implements ProviderHash, ProviderXof {
  readonly #native: NativeCrypto;
  readonly #handle: DigestHandle;

  constructor(native: NativeCrypto, handle: DigestHandle) {
    this.#native = native;
    this.#handle = handle;
  }

  update(data: Uint8Array): void {
    check(this.#native.digestUpdate(this.#handle, data));
  }

  digestInto(digest: Uint8Array): void {
    check(this.#native.digestFinal(this.#handle, digest));
  }

  readInto(output: Uint8Array): void {
    check(this.#native.xofRead(this.#handle, output));
  }

  clone(): NativeDigest {
    return new NativeDigest(this.#native, take(this.#native.digestClone(this.#handle)));
  }
}

class NativeKeyExchange implements ProviderKeyExchange {
  readonly #native: NativeCrypto;
  readonly #handle: KeyExchangeHandle;
  readonly #group: GroupName;

  constructor(native: NativeCrypto, handle: KeyExchangeHandle, group: GroupName) {
    this.#native = native;
    this.#handle = handle;
    this.#group = group;
  }

  completeInto(serverShare: Uint8Array, sharedSecret: Uint8Array): void {
    check(this.#native.groupComplete(this.#handle, serverShare, sharedSecret), this.#group);
  }

  async completeAsync(serverShare: Uint8Array): Promise<Bytes> {
    return take(await this.#native.groupCompleteAsync(this.#handle, serverShare), this.#group);
  }

  destroy(): void {
    this.#native.groupDestroy(this.#handle);
  }
}

/** Copies a secret out of the scratch and leaves none of it there. */
function takeSecret(scratch: Bytes, start: number, end: number): Bytes {
  const secret = scratch.slice(start, end);
  scratch.fill(0, start, end);
  return secret;
}

function takeSeed(native: NativeCrypto, status: Status, length: number): Bytes | undefined {
  if (status === Status.noSeed) {
    return undefined;
  }
  check(status);
  return takeSecret(native.scratch, 0, length);
}

/** The addon takes undefined for an empty context, which spares it a look into the array. */
function nonEmpty(context: Uint8Array): Uint8Array | undefined {
  return context.byteLength === 0 ? undefined : context;
}

function check(status: Status, algorithm?: Algorithm): void {
  if (status !== Status.ok) {
    throw toError(status, algorithm);
  }
}

function take<Value extends object | boolean>(value: Value | Status, algorithm?: Algorithm): Value {
  if (typeof value === 'number') {
    throw toError(value, algorithm);
  }
  return value;
}

/** What only the addon can see of a key or share; each of these operations names its algorithm. */
const rejections: Partial<Record<Status, (algorithm: Algorithm) => Error>> = {
  [Status.modulusCheck]: notReduced,
  [Status.hashCheck]: wrongHash,
  [Status.inconsistentKey]: inconsistentSigningKey,
  [Status.invalidPoint]: invalidPoint,
  [Status.zeroSharedSecret]: zeroSharedSecret,
};

function toError(status: Status, algorithm: Algorithm | undefined): Error {
  if (status === Status.keyDestroyed) return new KeyDestroyedError();
  const rejection = rejections[status];
  if (rejection !== undefined && algorithm !== undefined) return rejection(algorithm);
  return new CryptoOperationError(`AWS-LC failed${algorithm === undefined ? '' : ` in ${algorithm}`}`);
}
