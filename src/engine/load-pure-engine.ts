// Loads the TypeScript engine when it is first asked for: what it consists of takes four times as long to load as all the rest.

// eslint-disable-next-line no-restricted-imports -- to load a module of this package in the middle of a call, and no addon
import { createRequire } from 'node:module';
import { UnsupportedError } from '../errors.js';
import type { TlsEngine } from './engine.js';
import type * as PureEngine from './pure-engine.js';

let engine: TlsEngine | undefined;

/** For a program in one file, where nothing can be found at run time. */
export function providePureEngine(provided: TlsEngine): void {
  engine = provided;
}

/** @throws UnsupportedError `ERR_PQTLS_UNSUPPORTED` in a bundle without it */
export function pureEngine(): TlsEngine {
  engine ??= load();
  return engine;
}

function load(): TlsEngine {
  try {
    const module = createRequire(import.meta.url)('./pure-engine.js') as typeof PureEngine;
    return module.pureEngine();
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'MODULE_NOT_FOUND') throw cause;
    throw new UnsupportedError(
      'The TypeScript engine is not in this bundle: leave pqtls out of the bundle (as an external package), or import ' +
        "'pqtls/typescript-engine' to have it in",
      'typescript',
    );
  }
}
