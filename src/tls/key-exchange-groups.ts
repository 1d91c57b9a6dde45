// Which groups a context offers and accepts: groups, or node:tls's ecdhCurve in OpenSSL's spellings.

import { invalidArgType } from '../errors.js';
import { NamedGroup, type NamedGroupName } from '../protocol/constants.js';
import {
  canonicalGroupName,
  defaultGroups,
  groupProperties,
  parseGroups,
  type GroupProperties,
} from '../protocol/named-groups.js';
import { moduleDefaults } from './module-defaults.js';
import type { WishSource } from './policy.js';

export interface GroupOptions {
  groups?: string | readonly string[] | null | undefined;
  ecdhCurve?: string | undefined;
}

// Classical groups that node:tls knows and AWS-LC has not: to pass them over beside others takes nothing away.
const absentGroups = /^(x448|ffdhe\d+|brainpool\w+|secp256k1|sect\w+|secp(160|192|224)\w+|prime(192|239)v\d)$/i;

export interface GroupChoice {
  readonly groups: readonly NamedGroupName[];
  readonly groupsFrom: WishSource;
}

/** A group that can be asked for. */
export interface GroupFacts extends GroupProperties {
  readonly name: NamedGroupName;
  /** IANA number. */
  readonly id: number;
}

/** Every group that can be asked for, whether it is on by default or not. */
export function groupFacts(): GroupFacts[] {
  return (Object.keys(NamedGroup) as NamedGroupName[]).map((name) => ({
    name,
    id: NamedGroup[name],
    ...groupProperties[name],
  }));
}

/** The groups of the options, or of the module's default, most wanted first. */
export function chooseGroups(options: GroupOptions): GroupChoice {
  if (options.groups !== undefined && options.groups !== null) {
    return { groups: parseGroups('options.groups', options.groups), groupsFrom: 'option' };
  }
  const { ecdhCurve = moduleDefaults.DEFAULT_ECDH_CURVE || 'auto' } = options;
  if (typeof ecdhCurve !== 'string') throw invalidArgType('options.ecdhCurve', 'of type string', ecdhCurve);
  if (ecdhCurve === 'auto' || ecdhCurve === '') return { groups: defaultGroups, groupsFrom: 'none' };
  return { groups: parseCurves(ecdhCurve), groupsFrom: options.ecdhCurve === undefined ? 'default' : 'option' };
}

/** OpenSSL 3.5's form: `:` or `/` between names, `?` before one that may be unknown, `*` before a key share to send. */
function parseCurves(list: string): readonly NamedGroupName[] {
  const names = new Set<NamedGroupName>();
  for (const item of list.split(/[:/]/)) {
    const [, marks = '', spelling = ''] = /^([?*]*)(.*)$/.exec(item) ?? [];
    const name = canonicalGroupName(spelling);
    if (name !== undefined) names.add(name);
    else if (!marks.includes('?') && !absentGroups.test(spelling)) throw notSet();
  }
  if (names.size === 0) throw notSet();
  return [...names];
}

function notSet(): Error {
  return Object.assign(new Error('Failed to set ECDH curve'), { code: 'ERR_CRYPTO_OPERATION_FAILED' });
}
