// What a reader of a comparison has to know: in what, beside the code of pqtls, the two runs differ.

import type { SavedResult } from '../harness/result-file.js';
import { nodesInCommon } from './comparison.js';

export function warningsOf(a: SavedResult, b: SavedResult): string[] {
  const isSameMachine = a.machine.fingerprint === b.machine.fingerprint;
  const nodes = nodesInCommon(a, b).filter((pair) => pair.a !== pair.b);
  return [
    ...(isSameMachine
      ? differing('kernel', a.machine.system, b.machine.system)
      : [
          'A and B are of different machines: compare the ratios; absolute figures tell how fast each machine is, not ' +
            'what pqtls makes of it',
        ]),
    ...nodes.map((pair) => `different Node: ${pair.a} and ${pair.b} were measured, and are compared`),
    ...differing('Node that ran the bench', a.versions.node, b.versions.node),
    ...differing('AWS-LC', a.versions.awsLc ?? 'no addon', b.versions.awsLc ?? 'no addon'),
    ...differing('noble', a.versions.noble, b.versions.noble),
    ...Object.entries({ A: a, B: b }).flatMap(([name, { quick, versions }]) => [
      ...(quick ? [`${name} is of --quick: its figures mean little`] : []),
      ...(versions.commit?.endsWith('-dirty') === true ? [`${name} is of a work tree with changes`] : []),
    ]),
  ];
}

function differing(what: string, a: string, b: string): string[] {
  return a === b ? [] : [`different ${what}: ${a} and ${b}`];
}
