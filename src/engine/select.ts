// Which engine speaks TLS here, and why: reported, never guessed by the user.

import { loadBinding, type NativeBinding } from '../binding.js';
import { UnsupportedError } from '../errors.js';
import type { EngineName } from './connection.js';

export type EngineChoice =
  | { readonly engine: EngineName; readonly version: string; readonly why: string }
  | { readonly engine: undefined; readonly why: string };

/** The engine that connect() and createServer() use, or why there is none. */
export function selectEngine(): EngineChoice {
  const state = loadBinding();
  if (!state.loaded) return { engine: undefined, why: `the native addon did not load (${state.reason})` };
  if (!state.binding.capabilities.tls) {
    return { engine: undefined, why: 'the native addon was built from an AWS-LC source without libssl' };
  }
  return { engine: 'aws-lc', version: `AWS-LC ${state.binding.awsLcVersion}`, why: 'the native addon is loaded' };
}

/**
 * The binding, for TLS.
 *
 * @throws UnsupportedError `ERR_PQTLS_UNSUPPORTED` where no engine can speak TLS
 */
export function requireTlsBinding(): NativeBinding {
  const state = loadBinding();
  const choice = selectEngine();
  if (state.loaded && choice.engine !== undefined) return state.binding;
  throw new UnsupportedError(
    `TLS needs the native addon, and ${choice.why}. ` +
      'Install a C++ compiler, make, Python 3, CMake and cargo, then run "npm rebuild pqtls". ' +
      'The primitives of pqtls/crypto work without it.',
    'tls',
  );
}
