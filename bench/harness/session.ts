// One run of the bench: says where it runs, and saves what it measured.

import { relative } from 'node:path';
import { describeFeatures, describeMachine } from './fingerprint.js';
import {
  describeVersions,
  prepareFolder,
  resultsFolder,
  saveResult,
  schemaVersion,
  type BenchResult,
} from './results.js';

/** A line on standard output. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

type Measured = Pick<BenchResult, 'measurements' | 'targets' | 'series' | 'goals'>;

/**
 * Prints the machine and the versions, runs `measure` and saves its result.
 *
 * @param output folder of the JSON file; default bench/results
 * @throws UsageError where that cannot be written to, before anything is measured
 */
export async function session(
  { scenarios, quick, output }: { scenarios: readonly string[]; quick: boolean; output: string | undefined },
  measure: () => Promise<Measured>,
): Promise<BenchResult> {
  const started = new Date();
  const machine = describeMachine();
  const versions = describeVersions();
  print(`CPU       ${machine.cpu}, ${machine.cpus} CPUs, ${machine.architecture}, ${machine.system}`);
  print(`features  ${describeFeatures(machine)}`);
  print(
    `versions  Node ${versions.node} (OpenSSL ${versions.openssl}), ${versions.awsLc ?? 'no addon'}, ${versions.noble}`,
  );
  const folder = output ?? resultsFolder;
  prepareFolder(folder);
  const measured = await measure();
  const result: BenchResult = {
    schemaVersion,
    scenarios,
    startedAt: started.toISOString(),
    seconds: (Date.now() - started.getTime()) / 1000,
    quick,
    machine,
    versions,
    ...measured,
  };
  print(`\nSaved ${relative(process.cwd(), saveResult(result, folder))}`);
  return result;
}
