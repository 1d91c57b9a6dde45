// What a connection may agree on: the post-quantum mode and the named policy, from options and environment. docs/policy.md.

import { invalidArgType, invalidArgValue, NotPostQuantumError, TlsError } from '../errors.js';
import {
  ProtocolVersion,
  type NamedGroupName,
  type ProtocolVersionName,
  type SignatureSchemeName,
} from '../protocol/constants.js';
import { isPostQuantumGroup } from '../protocol/named-groups.js';
import { policies, type Policy, type PolicyName, type PostQuantumMode } from './named-policies.js';

export interface PolicyOptions {
  /**
   * `prefer` (default), `require` or `off`. The stricter of this, the policy, the context and `PQTLS_POST_QUANTUM` wins.
   */
  postQuantum?: PostQuantumMode | undefined;
  /** A name of `policies`. Options beside it may only narrow it. Default: `PQTLS_POLICY`, or none. */
  policy?: PolicyName | undefined;
}

/** What a SecureContext holds its connections to. */
export interface ContextSecurity {
  readonly postQuantum: PostQuantumMode;
  /** The dated name; undefined where none was asked for. */
  readonly policyName: string | undefined;
  readonly minVersion: ProtocolVersionName;
  readonly maxVersion: ProtocolVersionName;
  readonly groups: readonly NamedGroupName[];
}

const strictness: Readonly<Record<PostQuantumMode, number>> = { off: 0, prefer: 1, require: 2 };

function isMode(value: unknown): value is PostQuantumMode {
  return typeof value === 'string' && Object.hasOwn(strictness, value);
}

function readMode(name: string, value: unknown): PostQuantumMode | undefined {
  if (value === undefined || value === null) return undefined;
  if (isMode(value)) return value;
  if (typeof value !== 'string') throw invalidArgType(name, 'of type string', value);
  throw invalidArgValue(name, `'${value}' is none of 'prefer', 'require', 'off'`);
}

function readPolicy(name: string, value: unknown): Policy | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalidArgType(name, 'of type string', value);
  const policy = Object.hasOwn(policies, value) ? policies[value] : undefined;
  if (policy !== undefined) return policy;
  throw invalidArgValue(name, `'${value}' is not a known policy. Known policies: ${Object.keys(policies).join(', ')}`);
}

function environment(name: string): string | undefined {
  const value = process.env[name];
  return value === '' ? undefined : value;
}

/** The strictest of the modes that are given. */
export function strictest(...modes: (PostQuantumMode | undefined)[]): PostQuantumMode | undefined {
  let found: PostQuantumMode | undefined;
  for (const mode of modes) {
    if (mode !== undefined && (found === undefined || strictness[mode] > strictness[found])) found = mode;
  }
  return found;
}

/** Carries what one of several sources of options asks for past a merge in which another's option of that name wins. */
export const alsoAsked: unique symbol = Symbol.for('pqtls.alsoAsked');

interface OwnDemand {
  readonly mode: PostQuantumMode | undefined;
  readonly policy: Policy | undefined;
}

/** What one source of options asks for by itself. */
function readOwn(options: PolicyOptions): OwnDemand {
  const mode = readMode('options.postQuantum', options.postQuantum);
  const policy = readPolicy('options.policy', options.policy);
  if (policy !== undefined && mode !== undefined && strictness[mode] < strictness[policy.postQuantum]) {
    throw widening('postQuantum', `'${mode}'`, policy, `'${policy.postQuantum}'`);
  }
  return { mode, policy };
}

/**
 * `postQuantum` and `policy` of several sources in one: the strictest mode, and the policy that all agree on. Inherited ones
 * count, so a copy made by spreading has them again with `{ ...options, ...joinPolicies(options) }`; what nobody asks for
 * is absent.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for a bad value, and for two different policies
 */
export function joinPolicies(...sources: unknown[]): PolicyOptions {
  // For every connection, and most ask for nothing.
  return sources.some(asksForPolicy) ? joinDemands(sources) : {};
}

function asksForPolicy(source: unknown): boolean {
  if (typeof source !== 'object' || source === null) return false;
  const { postQuantum, policy, [alsoAsked]: other } = source as PolicyOptions & { [alsoAsked]?: unknown };
  return (postQuantum ?? policy ?? other) !== undefined;
}

function joinDemands(sources: readonly unknown[]): PolicyOptions {
  const modes: (PostQuantumMode | undefined)[] = [];
  let name: PolicyName | undefined;
  let policy: Policy | undefined;
  for (const source of sources.flatMap(withAlsoAsked)) {
    const own = readOwn(source);
    modes.push(own.mode);
    if (own.policy === undefined) continue;
    if (policy !== undefined && own.policy.name !== policy.name) {
      throw invalidArgValue('options.policy', `'${policy.name}' and '${own.policy.name}' are asked for at once`);
    }
    policy = own.policy;
    name ??= source.policy;
  }
  const mode = strictest(...modes);
  const joined: PolicyOptions = {};
  if (mode !== undefined) joined.postQuantum = strictest(mode, policy?.postQuantum);
  if (name !== undefined) joined.policy = name;
  return joined;
}

function withAlsoAsked(source: unknown): PolicyOptions[] {
  if (typeof source !== 'object' || source === null) return [];
  const other: unknown = Reflect.get(source, alsoAsked);
  if (typeof other !== 'object' || other === null) return [source];
  // After the merge, the mode of one stands beside the policy of the other: no contradiction.
  const { postQuantum, policy } = source as PolicyOptions;
  return [{ postQuantum }, { policy }, other];
}

/** What options and environment ask for. */
export interface Demand {
  /** undefined where nothing asks; then it is `prefer`. */
  readonly postQuantum: PostQuantumMode | undefined;
  readonly policy: Policy | undefined;
  /** Named in the options, so that what lies outside of it is a contradiction; the environment's only narrows. */
  readonly isExplicit: boolean;
}

/**
 * Reads `postQuantum` and `policy` from options and from `PQTLS_POST_QUANTUM` and `PQTLS_POLICY`, at the time of the call.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for a bad value, in the environment as well
 */
export function readDemand(options: PolicyOptions): Demand {
  const { mode, policy: own } = readOwn(options);
  const processMode = readMode('PQTLS_POST_QUANTUM', environment('PQTLS_POST_QUANTUM'));
  const processPolicy = readPolicy('PQTLS_POLICY', environment('PQTLS_POLICY'));
  return {
    postQuantum: strictest(mode, own?.postQuantum, processMode, processPolicy?.postQuantum),
    policy: own ?? processPolicy,
    isExplicit: own !== undefined,
  };
}

/**
 * Where a list comes from: an option; a default of the module that the program or the command line has set; or nobody
 * asked for one, and a policy's own takes its place.
 */
export type WishSource = 'option' | 'default' | 'none';

/** What a context was asked for, once options and defaults are resolved. */
export interface Wishes {
  readonly groups: readonly NamedGroupName[];
  readonly groupsFrom: WishSource;
  readonly minVersion: ProtocolVersionName;
  readonly maxVersion: ProtocolVersionName;
}

/** Narrows what a context was asked for to what the policy and the mode allow. */
export function narrow(demand: Demand, wishes: Wishes): ContextSecurity {
  const { policy } = demand;
  const postQuantum = demand.postQuantum ?? 'prefer';
  let { groups, minVersion, maxVersion } = wishes;
  if (policy !== undefined) {
    groups =
      wishes.groupsFrom === 'none' ? policy.groups : within(demand, wishes.groupsFrom, 'groups', groups, policy.groups);
    ({ minVersion, maxVersion } = versionsWithin(policy, wishes));
  }
  if (postQuantum === 'require') {
    if (ProtocolVersion[maxVersion] < ProtocolVersion['TLSv1.3']) {
      throw noneLeft(`maxVersion is ${maxVersion}, and only TLS 1.3 has post-quantum groups`);
    }
    minVersion = 'TLSv1.3';
  }
  return { postQuantum, policyName: policy?.name, minVersion, maxVersion, groups: groupsOf(postQuantum, groups) };
}

/** The groups of a list that a mode leaves. */
function groupsOf(mode: PostQuantumMode, groups: readonly NamedGroupName[]): readonly NamedGroupName[] {
  if (mode === 'prefer') return groups;
  const left = groups.filter((name) => isPostQuantumGroup(name) === (mode === 'require'));
  if (left.length > 0) return left;
  if (mode === 'require') throw noneLeft(`none of the groups ${groups.join(', ')} is post-quantum`);
  throw invalidArgValue('options.groups', `postQuantum is 'off', and all of ${groups.join(', ')} are post-quantum`);
}

function noneLeft(why: string): NotPostQuantumError {
  return new NotPostQuantumError(`Post-quantum key exchange is required: ${why}`, { phase: 'config' });
}

function widening(option: string, value: string, policy: Policy, allowed: string): TypeError {
  return invalidArgValue(
    `options.${option}`,
    `${value} goes beyond the policy '${policy.name}', which has ${allowed}; options beside a policy may only narrow it`,
  );
}

/** The part of a list that a policy has. A policy in the same options as the list must have all of it. */
function within<T extends string>(
  demand: Demand,
  source: WishSource,
  option: string,
  values: readonly T[],
  allowed: readonly string[],
): readonly T[] {
  const { policy } = demand;
  if (policy === undefined) return values;
  const outside = values.filter((value) => !allowed.includes(value));
  const isContradiction = demand.isExplicit && source === 'option';
  if (outside.length > 0 && (isContradiction || outside.length === values.length)) {
    throw widening(option, outside.join(', '), policy, allowed.join(', '));
  }
  return values.filter((value) => allowed.includes(value));
}

function versionsWithin(
  policy: Policy,
  wishes: Wishes,
): { minVersion: ProtocolVersionName; maxVersion: ProtocolVersionName } {
  const byAge = [...policy.versions].sort((a, b) => ProtocolVersion[a] - ProtocolVersion[b]);
  const lowest = byAge[0] ?? 'TLSv1.3';
  const highest = byAge.at(-1) ?? 'TLSv1.3';
  if (ProtocolVersion[wishes.maxVersion] < ProtocolVersion[lowest]) {
    throw widening('maxVersion', wishes.maxVersion, policy, policy.versions.join(', '));
  }
  // A minimum below the policy's is met by the policy's: it asks for nothing older, it only would have allowed it.
  const minVersion = ProtocolVersion[wishes.minVersion] > ProtocolVersion[lowest] ? wishes.minVersion : lowest;
  const maxVersion = ProtocolVersion[wishes.maxVersion] < ProtocolVersion[highest] ? wishes.maxVersion : highest;
  return { minVersion, maxVersion };
}

/** `sigalgs` under a policy: the part of it that the policy has, or all of the policy's. */
export function narrowSchemes(
  demand: Demand,
  schemes: readonly SignatureSchemeName[] | undefined,
): readonly SignatureSchemeName[] | undefined {
  if (demand.policy === undefined) return schemes;
  if (schemes === undefined) return demand.policy.signatureSchemes;
  return within(demand, 'option', 'sigalgs', schemes, demand.policy.signatureSchemes);
}

// One suite, where OpenSSL's lists also have words for many (HIGH, ECDHE+AESGCM, !aNULL).
const suiteName = /^(TLS_[A-Z0-9_]+|[A-Z0-9]+(-[A-Z0-9]+)+)$/;

/**
 * `ciphers` under a policy: what of them the policy has; undefined without a policy.
 *
 * @param wish the words of the list
 * @param tls12 what the list came to for TLS 1.2, by OpenSSL's names
 */
export function narrowCiphers(
  demand: Demand,
  wish: { readonly words: readonly string[]; readonly source: WishSource },
  tls12: readonly string[],
): { tls12: readonly string[]; tls13: readonly string[] } | undefined {
  const { policy } = demand;
  if (policy === undefined) return undefined;
  const allowed13 = policy.cipherSuites.filter((name) => name.startsWith('TLS_'));
  const allowed12 = policy.cipherSuites.filter((name) => !name.startsWith('TLS_'));
  const { words, source } = wish;
  if (source === 'none') return { tls12: allowed12, tls13: allowed13 };
  const named = words.filter((name) => suiteName.test(name));
  if (demand.isExplicit && source === 'option') within(demand, source, 'ciphers', named, policy.cipherSuites);
  const wanted13 = named.filter((name) => name.startsWith('TLS_'));
  const left13 = wanted13.filter((name) => allowed13.includes(name));
  const left12 = tls12.filter((name) => allowed12.includes(name));
  const asks12 = words.some((name) => !name.startsWith('TLS_'));
  if ((wanted13.length > 0 && left13.length === 0) || (asks12 && allowed12.length > 0 && left12.length === 0)) {
    throw widening('ciphers', words.join(':'), policy, policy.cipherSuites.join(', '));
  }
  return { tls12: asks12 ? left12 : [], tls13: wanted13.length > 0 ? left13 : allowed13 };
}

// Bits of the shortest RSA key at OpenSSL's security levels of 0 to 5.
const rsaBitsOfLevels = [0, 1024, 2048, 3072, 7680, 15360];

/** `@SECLEVEL` under a policy: never below the level that refuses the RSA keys that the policy refuses. */
export function narrowSecurityLevel(demand: Demand, level: number): number {
  const { policy } = demand;
  if (policy === undefined) return level;
  return Math.max(
    level,
    rsaBitsOfLevels.findIndex((bits) => bits >= policy.minimumRsaBits),
  );
}

/** What one connection does less than its context. */
export interface ConnectionSecurity {
  readonly postQuantum: PostQuantumMode;
  readonly policyName: string | undefined;
  /** undefined where the context is as strict and in the right order. */
  readonly restriction:
    { readonly minVersion?: ProtocolVersionName; readonly groups: readonly NamedGroupName[] } | undefined;
}

/**
 * What a connection over a context may do: never more than either the context or its own options allow.
 *
 * @throws NotPostQuantumError phase `config`: the context has no post-quantum group or version left
 * @throws TypeError `ERR_INVALID_ARG_VALUE`: another policy than the context's
 */
export function connectionSecurity(
  options: PolicyOptions,
  context: ContextSecurity,
  isServer: boolean,
): ConnectionSecurity {
  const demand = readDemand(options);
  if (demand.isExplicit && demand.policy?.name !== context.policyName) {
    throw invalidArgValue('options.policy', otherPolicy(demand.policy?.name, context.policyName));
  }
  const postQuantum = strictest(context.postQuantum, demand.postQuantum) ?? 'prefer';
  const { policyName } = context;
  let { groups } = context;
  if (postQuantum !== 'off' && context.postQuantum === 'off') {
    throw noneLeft("the secureContext was made with postQuantum 'off'");
  }
  if (postQuantum === 'require' && context.postQuantum !== 'require') {
    if (ProtocolVersion[context.maxVersion] < ProtocolVersion['TLSv1.3']) {
      throw noneLeft(`the maxVersion of the secureContext is ${context.maxVersion}`);
    }
    return { postQuantum, policyName, restriction: { minVersion: 'TLSv1.3', groups: groupsOf('require', groups) } };
  }
  // A server takes the first group of its own that the client has: post-quantum ones before all others.
  if (isServer && postQuantum === 'prefer') groups = postQuantumFirst(groups);
  return { postQuantum, policyName, restriction: groups === context.groups ? undefined : { groups } };
}

const sortedGroups = new WeakMap<readonly NamedGroupName[], readonly NamedGroupName[]>();

/** Worked out once for the list of a context. */
function postQuantumFirst(groups: readonly NamedGroupName[]): readonly NamedGroupName[] {
  const known = sortedGroups.get(groups) ?? sortPostQuantumFirst(groups);
  sortedGroups.set(groups, known);
  return known;
}

function sortPostQuantumFirst(groups: readonly NamedGroupName[]): readonly NamedGroupName[] {
  const sorted = [...groups.filter(isPostQuantumGroup), ...groups.filter((name) => !isPostQuantumGroup(name))];
  return sorted.every((name, index) => name === groups[index]) ? groups : sorted;
}

function otherPolicy(wanted: string | undefined, actual: string | undefined): string {
  const made = actual === undefined ? 'without a policy' : `under the policy '${actual}'`;
  return `the policy is '${wanted}', and the secureContext was made ${made}`;
}

/**
 * What a context for a server name asks of a connection over another context: all that it is held to itself. undefined
 * where it is held to nothing, and the server's own versions and groups go on.
 */
export function contextDemand(
  context: ContextSecurity,
  serverMinVersion: ProtocolVersionName,
): ConnectionSecurity | undefined {
  const { postQuantum, policyName, groups } = context;
  if (postQuantum !== 'require' && policyName === undefined) return undefined;
  const isLower = ProtocolVersion[context.minVersion] < ProtocolVersion[serverMinVersion];
  const minVersion = isLower ? serverMinVersion : context.minVersion;
  return { postQuantum, policyName, restriction: { minVersion, groups: postQuantumFirst(groups) } };
}

/** A context for a server name must not allow what the server itself refuses. */
export function refuseWeakerContext(
  server: { readonly postQuantum: PostQuantumMode; readonly policyName: string | undefined },
  context: ContextSecurity,
): void {
  if (server.policyName !== undefined && server.policyName !== context.policyName) {
    throw invalidArgValue('context', otherPolicy(server.policyName, context.policyName));
  }
  if (server.postQuantum !== 'require') return;
  const classical = context.groups.filter((name) => !isPostQuantumGroup(name));
  if (context.minVersion !== 'TLSv1.3') {
    throw noneLeft(`the context for a server name allows ${context.minVersion}; make it with postQuantum: 'require'`);
  }
  if (classical.length > 0) {
    const groups = classical.join(', ');
    throw noneLeft(`the context for a server name allows ${groups}; make it with postQuantum: 'require'`);
  }
}

/**
 * The groups of a classical retry.
 *
 * @throws NotPostQuantumError, TlsError phase `config`: the mode forbids it, or there is no classical group
 */
export function classicalGroupsOf(security: ConnectionSecurity, context: ContextSecurity): readonly NamedGroupName[] {
  if (security.postQuantum === 'require') {
    throw new NotPostQuantumError("retryClassical contradicts postQuantum 'require'", { phase: 'config' });
  }
  const groups = context.groups.filter((name) => !isPostQuantumGroup(name));
  if (groups.length > 0) return groups;
  throw new TlsError(`retryClassical needs a classical group, and there is none among ${context.groups.join(', ')}`, {
    code: 'ERR_PQTLS_CONFIG',
    phase: 'config',
  });
}
