// Finds and loads the native addon; the typed contract of what it exports. The only file that loads a .node.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { NativeCrypto } from './binding/crypto-contract.js';
import type { NativeTcp } from './binding/tcp-contract.js';
import type { NativeTls } from './binding/tls-contract.js';

/** What can be used; for the addon, what was detected in its AWS-LC source at build time. */
export interface Capabilities {
  /** ML-KEM from a seed, with a given m, and the key checks; and with it the hybrid groups of pqtls/crypto. */
  readonly mlKem: boolean;
  /** ML-DSA with a given seed, context and deterministic signing. */
  readonly mlDsa: boolean;
  /** TLS connections: AWS-LC's libssl. */
  readonly tls: boolean;
}

/** Everything that the addon exports to JavaScript. */
export interface NativeBinding extends NativeCrypto, NativeTls, NativeTcp {
  /** e.g. `5.12.0`. */
  readonly awsLcVersion: string;
  /** Whether AWS-LC was built as a FIPS module. */
  readonly fips: boolean;
  readonly capabilities: Capabilities;
}

export type BindingState =
  | { readonly loaded: true; readonly binding: NativeBinding; readonly path: string }
  | { readonly loaded: false; readonly reason: string; readonly path: string };

/** e.g. `AWS-LC 5.12.0`, `AWS-LC 5.12.0 FIPS`. */
export function awsLcVersion({ awsLcVersion, fips }: NativeBinding): string {
  return `AWS-LC ${awsLcVersion}${fips ? ' FIPS' : ''}`;
}

// PQTLS_ADDON_PATH chooses another build of the addon: the one with sanitizers, or one that was built elsewhere.
const addonPath =
  process.env['PQTLS_ADDON_PATH'] ?? fileURLToPath(new URL('../build/Release/pqtls.node', import.meta.url));

/** vendor/ leaves word here of what was missing, because npm does not show what an install prints. */
const notePath = fileURLToPath(new URL('../build/why-not-native.txt', import.meta.url));

let state: BindingState | undefined;

/** Loads the addon once for each thread. Throws only with PQTLS_REQUIRE_NATIVE=1. */
export function loadBinding(): BindingState {
  if (state === undefined) {
    try {
      const binding = createRequire(import.meta.url)(addonPath) as NativeBinding;
      state = { loaded: true, binding, path: addonPath };
    } catch (error) {
      const reason = whyNotBuilt() ?? (error as Error).message.split('\n', 1)[0] ?? 'unknown';
      state = { loaded: false, reason, path: addonPath };
    }
  }
  if (!state.loaded && process.env['PQTLS_REQUIRE_NATIVE'] === '1') {
    throw Object.assign(
      new Error(
        `PQTLS_REQUIRE_NATIVE=1 and the native addon did not load: ${state.reason}. Build it with "npm rebuild pqtls".`,
      ),
      { code: 'ERR_PQTLS_NATIVE_MISSING' },
    );
  }
  return state;
}

function whyNotBuilt(): string | undefined {
  if (existsSync(addonPath) || !existsSync(notePath)) return undefined;
  return readFileSync(notePath, 'utf8').trim().replaceAll('\n', '; ');
}
