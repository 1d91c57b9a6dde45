// Numbers of the protocol as the runner gives them, to the names that options of the library take.

import {
  NamedGroup,
  nameOf,
  ProtocolVersion,
  SignatureScheme,
  type ProtocolVersionName,
} from '#src/protocol/constants.js';
import { UnimplementedError, type Flags } from './flags.js';

export function groupName(id: number): string {
  return knownName('group', NamedGroup, id);
}

export function schemeName(id: number): string {
  return knownName('signature scheme', SignatureScheme, id);
}

function knownName(what: string, registry: Readonly<Record<string, number>>, id: number): string {
  const name = nameOf(registry, id);
  if (!Object.hasOwn(registry, name)) throw new UnimplementedError(`The ${what} ${name} is not implemented`);
  return name;
}

const switches = [
  ['TLSv1', 'no-tls1'],
  ['TLSv1.1', 'no-tls11'],
  ['TLSv1.2', 'no-tls12'],
  ['TLSv1.3', 'no-tls13'],
] as const satisfies readonly (readonly [ProtocolVersionName, keyof Flags])[];

/** The versions of a connection; the library has no gaps in them. */
export function versionRange(flags: Flags): { minVersion: ProtocolVersionName; maxVersion: ProtocolVersionName } {
  const minimum = flags['min-version'] ?? ProtocolVersion.TLSv1;
  const maximum = flags['max-version'] ?? ProtocolVersion['TLSv1.3'];
  const chosen = switches
    .filter(([, off]) => flags[off] !== true)
    .map(([name]) => name)
    .filter((name) => ProtocolVersion[name] >= minimum && ProtocolVersion[name] <= maximum);
  const [minVersion] = chosen;
  const maxVersion = chosen.at(-1);
  if (minVersion === undefined || maxVersion === undefined) throw new UnimplementedError('There is no version left');
  if (ProtocolVersion[maxVersion] - ProtocolVersion[minVersion] !== chosen.length - 1) {
    throw new UnimplementedError('A version between two others cannot be switched off');
  }
  return { minVersion, maxVersion };
}
