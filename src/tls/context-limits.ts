// What a policy permits a context to be made of; each chooser takes it and never goes beyond it.

import { invalidArgValue } from '../errors.js';
import type { NamedGroupName, ProtocolVersionName, SignatureSchemeName } from '../protocol/constants.js';

/** An absent member permits everything. */
export interface ContextLimits {
  /** The lowest version; a lower `minVersion` is raised to it. */
  readonly minVersion?: ProtocolVersionName | undefined;
  readonly groups?: readonly NamedGroupName[] | undefined;
  /** TLS 1.3 suites. */
  readonly cipherSuites?: readonly string[] | undefined;
  readonly signatureSchemes?: readonly SignatureSchemeName[] | undefined;
}

/**
 * The part of a list that is permitted.
 *
 * @throws TypeError `ERR_INVALID_ARG_VALUE` where nothing is left
 */
export function permitted<T>(option: string, wanted: readonly T[], allowed: readonly T[] | undefined): readonly T[] {
  if (allowed === undefined) return wanted;
  const left = wanted.filter((item) => allowed.includes(item));
  if (left.length === 0) throw invalidArgValue(option, 'the policy permits nothing of it');
  return left;
}
