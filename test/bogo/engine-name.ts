// Which engines the tests can be run against.

import type { EngineName } from '#src/engine/connection.js';

export const engineNames = ['aws-lc', 'typescript'] as const satisfies readonly EngineName[];

/** @throws TypeError for any other name */
export function readEngineName(name: string | undefined): EngineName {
  const found = engineNames.find((known) => known === (name ?? 'aws-lc'));
  if (found === undefined) throw new TypeError(`PQTLS_ENGINE must be one of ${engineNames.join(', ')}, not ${name}`);
  return found;
}
