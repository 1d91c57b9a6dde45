// Which provider serves an algorithm: the argument, else PQTLS_PROVIDER, else aws-lc, else noble.

import type { Capabilities } from '../binding.js';
import { invalidArgType, invalidArgValue, UnsupportedError } from '../errors.js';
import { createNativeProvider } from './native-provider.js';
import { createNobleProvider } from './noble-provider.js';
import type { Algorithm, CryptoProvider, ProviderName } from './provider.js';

/** Every provider, in order of preference. */
const factories = {
  'aws-lc': () => createNativeProvider(),
  noble: createNobleProvider,
} as const satisfies Record<ProviderName, () => CryptoProvider>;

const names = Object.keys(factories) as ProviderName[];

/** What every entry point that makes a key, hash or group takes. */
export interface ProviderOptions {
  /** `aws-lc` or `noble`; by default PQTLS_PROVIDER of the environment, else the first that has the algorithm. */
  provider?: ProviderName | undefined;
}

/** A provider as it is shown to users. */
export interface ProviderInfo {
  readonly name: ProviderName;
  /** Version of the library behind it, e.g. `AWS-LC 5.12.0`, `AWS-LC 5.12.0 FIPS`. */
  readonly version: string;
  /** Whether that library was built as a FIPS 140 module; noble is none. */
  readonly fips: boolean;
  /** What it has: another AWS-LC source may lack some. `supports()` answers for one algorithm. */
  readonly capabilities: Capabilities;
  /** Whether it has the algorithm; using one that it lacks throws UnsupportedError. */
  supports(algorithm: Algorithm): boolean;
}

const created = new Map<ProviderName, CryptoProvider | UnsupportedError>();
const chosen = new Map<Algorithm, CryptoProvider>();
const chosenByName = new Map<ProviderName, Map<Algorithm, CryptoProvider>>();
let fromEnvironment: ProviderName | undefined | null = null;

/**
 * The names of the providers that can be used here, in order of preference.
 */
export function providers(): ProviderName[] {
  return names.filter((name) => !(load(name) instanceof UnsupportedError));
}

/**
 * One provider, or the default one (PQTLS_PROVIDER, else the first that loads).
 *
 * @throws {TypeError} ERR_INVALID_ARG_VALUE: no provider has this name.
 * @throws {UnsupportedError} it cannot be used here; the message says why.
 */
export function getProvider(name?: ProviderName): ProviderInfo {
  const provider = usable(name ?? environmentChoice() ?? providers()[0] ?? 'noble', 'name');
  return Object.freeze({
    name: provider.name,
    version: provider.version,
    fips: provider.fips,
    capabilities: provider.capabilities,
    supports: (algorithm: Algorithm) => provider.supports(algorithm),
  });
}

/** The provider for an algorithm. Throws as getProvider does. */
export function selectProvider(algorithm: Algorithm, options?: ProviderOptions): CryptoProvider {
  const requested = options?.provider;
  // A small hash takes about as long as the checks below: what was chosen once is looked up.
  const known = requested === undefined ? chosen.get(algorithm) : chosenByName.get(requested)?.get(algorithm);
  return known ?? choose(algorithm, requested);
}

function choose(algorithm: Algorithm, requested: ProviderName | undefined): CryptoProvider {
  if (requested !== undefined) {
    const provider = supporting(usable(requested, 'options.provider'), algorithm);
    const known = chosenByName.get(requested) ?? new Map<Algorithm, CryptoProvider>();
    chosenByName.set(requested, known.set(algorithm, provider));
    return provider;
  }
  const fixed = environmentChoice();
  const provider =
    fixed === undefined ? firstSupporting(algorithm) : supporting(usable(fixed, 'PQTLS_PROVIDER'), algorithm);
  chosen.set(algorithm, provider);
  return provider;
}

function firstSupporting(algorithm: Algorithm): CryptoProvider {
  const reasons: string[] = [];
  for (const name of names) {
    const provider = load(name);
    if (provider instanceof UnsupportedError) {
      reasons.push(provider.message);
    } else if (provider.supports(algorithm)) {
      return provider;
    } else {
      reasons.push(`${provider.version} lacks it`);
    }
  }
  throw new UnsupportedError(`No provider has ${algorithm}: ${reasons.join('; ')}`, algorithm);
}

function supporting(provider: CryptoProvider, algorithm: Algorithm): CryptoProvider {
  if (!provider.supports(algorithm)) {
    throw new UnsupportedError(
      `The provider '${provider.name}' (${provider.version}) does not have ${algorithm}`,
      algorithm,
    );
  }
  return provider;
}

function usable(name: ProviderName, argument: string): CryptoProvider {
  if (typeof name !== 'string') {
    throw invalidArgType(argument, 'of type string', name);
  }
  if (!Object.hasOwn(factories, name)) {
    throw invalidArgValue(argument, `'${String(name).slice(0, 64)}' is not one of ${names.join(', ')}`);
  }
  const provider = load(name);
  if (provider instanceof UnsupportedError) {
    throw provider;
  }
  return provider;
}

function load(name: ProviderName): CryptoProvider | UnsupportedError {
  let provider = created.get(name);
  if (provider === undefined) {
    try {
      provider = factories[name]();
    } catch (error) {
      if (!(error instanceof UnsupportedError)) {
        throw error;
      }
      provider = error;
    }
    created.set(name, provider);
  }
  return provider;
}

// Read once: process.env is a call into the runtime, dearer than a small hash.
function environmentChoice(): ProviderName | undefined {
  if (fromEnvironment === null) {
    fromEnvironment = (process.env['PQTLS_PROVIDER'] || undefined) as ProviderName | undefined;
    if (fromEnvironment !== undefined && !Object.hasOwn(factories, fromEnvironment)) {
      const value = fromEnvironment;
      fromEnvironment = null;
      throw invalidArgValue('PQTLS_PROVIDER', `'${String(value).slice(0, 64)}' is not one of ${names.join(', ')}`);
    }
  }
  return fromEnvironment;
}
