// Every provider that can be used here, for tests that hold one against another.

import { createNativeProvider } from '#src/crypto/native-provider.js';
import { createNobleProvider } from '#src/crypto/noble-provider.js';
import type { CryptoProvider, ProviderName } from '#src/crypto/provider.js';
import { UnsupportedError } from '#src/errors.js';

const factories = { 'aws-lc': createNativeProvider, noble: createNobleProvider } as const;

/** Undefined where it cannot be used here; with PQTLS_REQUIRE_NATIVE=1 a missing addon throws instead. */
export function providerOrUndefined(name: ProviderName): CryptoProvider | undefined {
  try {
    return factories[name]();
  } catch (error) {
    if (error instanceof UnsupportedError && process.env['PQTLS_REQUIRE_NATIVE'] !== '1') return undefined;
    throw error;
  }
}

/** The providers that can be used here. */
export function allProviders(): CryptoProvider[] {
  return (Object.keys(factories) as ProviderName[]).flatMap((name) => providerOrUndefined(name) ?? []);
}

/** Each ordered pair of two providers. */
export function providerPairs(): [CryptoProvider, CryptoProvider][] {
  const providers = allProviders();
  return providers.flatMap((one) =>
    providers.filter((other) => other !== one).map((other): [CryptoProvider, CryptoProvider] => [one, other]),
  );
}
