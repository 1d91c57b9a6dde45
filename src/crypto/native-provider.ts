// The provider over the native addon: AWS-LC.

import { loadBinding } from '../binding.js';
import { UnsupportedError } from '../errors.js';
import type { CryptoProvider } from './provider.js';

export function createNativeProvider(): CryptoProvider {
  const state = loadBinding();
  throw new UnsupportedError(`The provider 'aws-lc' is not available: ${state.loaded ? 'not built in' : state.reason}`, 'aws-lc');
}
