// Placeholder until the branch `noble` is merged, which replaces this file.

import { UnsupportedError } from '../errors.js';
import type { CryptoProvider } from './provider.js';

export function createNobleProvider(): CryptoProvider {
  throw new UnsupportedError('The noble provider is not built in', 'noble');
}
