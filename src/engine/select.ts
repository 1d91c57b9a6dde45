// Which engine speaks TLS here, and why: reported, never guessed by the user.

import { awsLcVersion, loadBinding, type BindingState, type Capabilities, type NativeBinding } from '../binding.js';
import { invalidArgType, invalidArgValue, UnsupportedError } from '../errors.js';
import type { EngineContext, EngineName } from './connection.js';
import type { TlsEngine } from './engine.js';
import { nativeEngine } from './native-engine.js';
import { pureEngine } from './load-pure-engine.js';
import { pureEngineVersion } from './pure-version.js';

interface Found {
  /** Whether the engine's library was built as a FIPS 140 module. */
  readonly fips: boolean;
  /** What the addon's AWS-LC has; nothing where the addon did not load. */
  readonly capabilities: Capabilities;
  readonly why: string;
}

export type EngineChoice =
  /** `version` is e.g. `AWS-LC 5.12.0`, `AWS-LC 5.12.0 FIPS`. */
  (Found & { readonly engine: EngineName; readonly version: string }) | (Found & { readonly engine: undefined });

export interface EngineOptions {
  /**
   * Who speaks TLS: `aws-lc`, the native addon, or `typescript`, which speaks TLS 1.3 only and is not constant-time.
   * Default: PQTLS_ENGINE of the environment, else `aws-lc` where the addon is there, else `typescript` with a warning.
   */
  engine?: EngineName | undefined;
}

const engineNames = ['aws-lc', 'typescript'] as const satisfies readonly EngineName[];

const nothing: Capabilities = Object.freeze({ mlKem: false, mlDsa: false, tls: false });

/** The engine that connect() and createServer() use without `engine`, or why there is none. */
export function selectEngine(): EngineChoice {
  return engineOf(loadBinding(), engineOfEnvironment());
}

/** selectEngine() for any state of the addon. */
export function engineOf(state: BindingState, asked?: EngineName): EngineChoice {
  const { fips, capabilities } = state.loaded ? state.binding : { fips: false, capabilities: nothing };
  const found = { fips, capabilities: Object.freeze({ ...capabilities }) };
  const lack = lackOf(state);
  if (asked === 'typescript')
    return { engine: asked, version: pureEngineVersion, ...found, fips: false, why: 'PQTLS_ENGINE asks for it' };
  if (lack === undefined && state.loaded) {
    return { engine: 'aws-lc', version: awsLcVersion(state.binding), ...found, why: 'the native addon is loaded' };
  }
  const why = lack ?? '';
  if (asked === 'aws-lc' || isNativeRequired()) return { engine: undefined, ...found, why };
  return { engine: 'typescript', version: pureEngineVersion, ...found, fips: false, why };
}

/** Why the addon can't speak TLS. */
function lackOf(state: BindingState): string | undefined {
  if (!state.loaded) return `the native addon did not load (${state.reason})`;
  return state.binding.capabilities.tls ? undefined : 'the native addon was built from an AWS-LC source without libssl';
}

/**
 * The engine for contexts that are made with these options.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`; UnsupportedError `ERR_PQTLS_UNSUPPORTED` where that
 *   engine can't speak TLS here, or where PQTLS_REQUIRE_NATIVE=1 forbids it
 */
export function requireEngine(options: EngineOptions = {}, state: BindingState = loadBinding()): TlsEngine {
  const asked = checkEngine(options.engine) ?? engineOfEnvironment();
  if (asked === 'typescript') {
    if (isNativeRequired()) {
      throw new UnsupportedError(
        "PQTLS_REQUIRE_NATIVE=1 forbids the engine 'typescript', which was asked for",
        'typescript',
      );
    }
    return pureEngine();
  }
  const lack = lackOf(state);
  if (lack === undefined || asked === 'aws-lc' || isNativeRequired()) return nativeEngine(requireTlsBinding(state));
  warnOfFallback(lack);
  return pureEngine();
}

/** The engine that a context was made for. */
export function engineOfContext({ engine }: EngineContext): TlsEngine {
  return engine === 'typescript' ? pureEngine() : nativeEngine(requireTlsBinding());
}

function checkEngine(value: unknown, name = 'options.engine'): EngineName | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalidArgType(name, 'of type string', value);
  const known = engineNames.find((engine) => engine === value);
  if (known === undefined) {
    throw invalidArgValue(name, `'${value.slice(0, 64)}' is not one of ${engineNames.join(', ')}`);
  }
  return known;
}

function engineOfEnvironment(): EngineName | undefined {
  return checkEngine(process.env['PQTLS_ENGINE'] || undefined, 'PQTLS_ENGINE');
}

function isNativeRequired(): boolean {
  return process.env['PQTLS_REQUIRE_NATIVE'] === '1';
}

let warned = false;

/** Once for each process that nobody has asked. */
function warnOfFallback(lack: string): void {
  if (warned) return;
  warned = true;
  process.emitWarning(
    `TLS runs on the TypeScript engine: ${lack}. Big-number arithmetic in JavaScript is not constant-time: who can measure ` +
      'it well enough may learn keys. Build the addon with "npm rebuild pqtls", ask for this engine with ' +
      "PQTLS_ENGINE=typescript or engine: 'typescript', or refuse it with PQTLS_REQUIRE_NATIVE=1.",
    { code: 'PQTLS_TYPESCRIPT_ENGINE' },
  );
}

/**
 * The binding, for TLS.
 *
 * @throws UnsupportedError `ERR_PQTLS_UNSUPPORTED` where the addon can't speak TLS
 */
export function requireTlsBinding(state: BindingState = loadBinding()): NativeBinding {
  const lack = lackOf(state);
  if (state.loaded && lack === undefined) return state.binding;
  // Who has the addon has the tools as well: another source is what is missing.
  const advice = state.loaded
    ? 'Build it again with a source that has its ssl/ folder: AWS_LC_SOURCE_DIR names one to "npm rebuild pqtls".'
    : 'Install a C++ compiler, make, Python 3, CMake and cargo, then run "npm rebuild pqtls".';
  const works = state.loaded ? 'What pqtls/crypto has works' : 'The primitives of pqtls/crypto work';
  throw new UnsupportedError(
    `TLS on AWS-LC needs the native addon, and ${lack}. ${advice} ${works} without it.`,
    'tls',
  );
}
