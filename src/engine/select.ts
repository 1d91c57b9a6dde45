// Which engine speaks TLS here, and why: reported, never guessed by the user.

import { awsLcVersion, loadBinding, type BindingState, type Capabilities, type NativeBinding } from '../binding.js';
import { UnsupportedError } from '../errors.js';
import type { EngineName } from './connection.js';

interface Found {
  /** Whether the addon's AWS-LC was built as a FIPS 140 module. */
  readonly fips: boolean;
  /** What the addon's AWS-LC has; nothing where the addon did not load. */
  readonly capabilities: Capabilities;
  readonly why: string;
}

export type EngineChoice =
  /** `version` is e.g. `AWS-LC 5.12.0`, `AWS-LC 5.12.0 FIPS`. */
  (Found & { readonly engine: EngineName; readonly version: string }) | (Found & { readonly engine: undefined });

const nothing: Capabilities = Object.freeze({ mlKem: false, mlDsa: false, tls: false });

/** The engine that connect() and createServer() use, or why there is none. */
export function selectEngine(): EngineChoice {
  return engineOf(loadBinding());
}

/** selectEngine() for any state of the addon. */
export function engineOf(state: BindingState): EngineChoice {
  if (!state.loaded) {
    const why = `the native addon did not load (${state.reason})`;
    return { engine: undefined, fips: false, capabilities: nothing, why };
  }
  const { binding } = state;
  const found = { fips: binding.fips, capabilities: Object.freeze({ ...binding.capabilities }) };
  if (!found.capabilities.tls) {
    return { engine: undefined, ...found, why: 'the native addon was built from an AWS-LC source without libssl' };
  }
  return { engine: 'aws-lc', version: awsLcVersion(binding), ...found, why: 'the native addon is loaded' };
}

/**
 * The binding, for TLS.
 *
 * @throws UnsupportedError `ERR_PQTLS_UNSUPPORTED` where no engine can speak TLS
 */
export function requireTlsBinding(state: BindingState = loadBinding()): NativeBinding {
  if (state.loaded && state.binding.capabilities.tls) return state.binding;
  // Who has the addon has the tools as well: another source is what is missing.
  const advice = state.loaded
    ? 'Build it again with a source that has its ssl/ folder: AWS_LC_SOURCE_DIR names one to "npm rebuild pqtls".'
    : 'Install a C++ compiler, make, Python 3, CMake and cargo, then run "npm rebuild pqtls".';
  const works = state.loaded ? 'What pqtls/crypto has works' : 'The primitives of pqtls/crypto work';
  throw new UnsupportedError(
    `TLS needs the native addon, and ${engineOf(state).why}. ${advice} ${works} without it.`,
    'tls',
  );
}
