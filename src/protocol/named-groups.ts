// Key exchange groups: every spelling in use (IANA, OpenSSL, Node, AWS-LC) to one name and id. RFC 9846, Section 4.2.7.

import { groupAliases } from '../crypto/parameters.js';
import { invalidArgType, invalidArgValue } from '../errors.js';
import { NamedGroup, type NamedGroupName } from './constants.js';

export { groupProperties, isPostQuantumGroup, type GroupProperties } from './group-properties.js';

/** What is offered and accepted when `groups` is not given, most wanted first. */
export const defaultGroups = [
  'X25519MLKEM768',
  'SecP256r1MLKEM768',
  'SecP384r1MLKEM1024',
  'X25519',
  'secp256r1',
  'secp384r1',
] as const satisfies readonly NamedGroupName[];

const byLowerCase = new Map<string, NamedGroupName>([
  ...(Object.keys(NamedGroup) as NamedGroupName[]).map((name) => [name.toLowerCase(), name] as const),
  ...groupAliases,
  // A group that TLS can be told of and pqtls/crypto does not offer.
  ['p-521', 'secp521r1'],
  ['p521', 'secp521r1'],
]);

/** The canonical name of a group in any spelling, or undefined. */
export function canonicalGroupName(spelling: string): NamedGroupName | undefined {
  return byLowerCase.get(spelling.toLowerCase());
}

/**
 * Reads a `groups` option: an array of names, or one string with names joined by ':'.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` (an unknown or repeated name, an empty list)
 */
export function parseGroups(option: string, value: unknown): NamedGroupName[] {
  if (typeof value !== 'string' && !Array.isArray(value)) {
    throw invalidArgType(option, 'a string or an array of strings', value);
  }
  const spellings: unknown[] = typeof value === 'string' ? value.split(':') : value;
  const names: NamedGroupName[] = [];
  for (const spelling of spellings) {
    if (typeof spelling !== 'string') throw invalidArgType(`${option}[]`, 'a string', spelling);
    const name = canonicalGroupName(spelling);
    if (name === undefined) {
      const known = Object.keys(NamedGroup).join(', ');
      throw invalidArgValue(option, `'${spelling}' is not a known group. Known groups: ${known}`);
    }
    if (names.includes(name)) throw invalidArgValue(option, `'${spelling}' is listed twice`);
    names.push(name);
  }
  if (names.length === 0) throw invalidArgValue(option, 'it lists no group');
  return names;
}
