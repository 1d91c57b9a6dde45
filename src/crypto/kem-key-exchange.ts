// ML-KEM alone as a key exchange group, over a provider's keys: the client's share is an encapsulation key, the server's
// a ciphertext. draft-ietf-tls-mlkem-04, Section 4.

import { KeyDestroyedError } from '../errors.js';
import { groupLayouts, type KemGroup } from './parameters.js';
import type { CryptoProvider, ProviderDecapsulationKey, ProviderKeyExchange } from './provider.js';
import { notReduced } from './rejections.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** What of a provider the exchange is made of. */
export type KemProvider = Pick<
  CryptoProvider,
  'generateDecapsulationKey' | 'generateDecapsulationKeyAsync' | 'encapsulationKeyFromBytes'
>;

/** Whether a group is ML-KEM alone. */
export function isKemGroup(group: string): group is KemGroup {
  return Object.hasOwn(groupLayouts, group) && groupLayouts[group as keyof typeof groupLayouts].kind === 'kem';
}

/** A client's half: its decapsulation key, which is gone after the first completion. */
export class KemKeyExchange implements ProviderKeyExchange {
  #key: ProviderDecapsulationKey | undefined;

  private constructor(key: ProviderDecapsulationKey) {
    this.#key = key;
  }

  /** Writes the client share. */
  static start(provider: KemProvider, group: KemGroup, share: Uint8Array): KemKeyExchange {
    const key = provider.generateDecapsulationKey(groupLayouts[group].kem);
    share.set(key.encapsulationKey().toBytes());
    return new KemKeyExchange(key);
  }

  static async startAsync(
    provider: KemProvider,
    group: KemGroup,
  ): Promise<{ exchange: ProviderKeyExchange; share: Bytes }> {
    const key = await provider.generateDecapsulationKeyAsync(groupLayouts[group].kem);
    return { exchange: new KemKeyExchange(key), share: key.encapsulationKey().toBytes() };
  }

  completeInto(serverShare: Uint8Array, sharedSecret: Uint8Array): void {
    const key = this.#take();
    try {
      key.decapsulateInto(serverShare, sharedSecret);
    } finally {
      key.destroy();
    }
  }

  /** Takes the key at once: a destroy() from then on lets the operation finish. */
  async completeAsync(serverShare: Uint8Array): Promise<Bytes> {
    const key = this.#take();
    try {
      return await key.decapsulateAsync(serverShare);
    } finally {
      key.destroy();
    }
  }

  destroy(): void {
    this.#key?.destroy();
    this.#key = undefined;
  }

  #take(): ProviderDecapsulationKey {
    const key = this.#key;
    if (key === undefined) throw new KeyDestroyedError();
    this.#key = undefined;
    return key;
  }
}

/** A server's side. */
export function encapsulateForGroup(
  provider: KemProvider,
  group: KemGroup,
  clientShare: Uint8Array,
  share: Uint8Array,
  sharedSecret: Uint8Array,
): void {
  encapsulationKey(provider, group, clientShare).encapsulateInto(share, sharedSecret);
}

/** A server's side, on the threadpool where the provider can. */
export async function encapsulateForGroupAsync(
  provider: KemProvider,
  group: KemGroup,
  clientShare: Uint8Array,
): Promise<{ share: Bytes; sharedSecret: Bytes }> {
  const { ciphertext, sharedSecret } = await encapsulationKey(provider, group, clientShare).encapsulateAsync();
  return { share: ciphertext, sharedSecret };
}

/** The check of the key is what the draft asks of a server. draft-ietf-tls-mlkem-04, Section 4.2. */
function encapsulationKey(
  provider: KemProvider,
  group: KemGroup,
  clientShare: Uint8Array,
): ReturnType<CryptoProvider['encapsulationKeyFromBytes']> {
  try {
    return provider.encapsulationKeyFromBytes(groupLayouts[group].kem, clientShare);
  } catch (error) {
    // The refusal names the group, as those of other groups do.
    if (isNotReduced(error)) throw notReduced(group);
    throw error;
  }
}

function isNotReduced(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && error.reason === 'modulus_check';
}
