// The native build from the source to the addon: each step only where its result is missing or out of date.
// @ts-check

import { buildAddon, isAddonBuilt, removeAddon } from './addon-build.mjs';
import { buildAwsLc, isAwsLcBuilt } from './aws-lc-build.mjs';
import { chosenSource, fetchSource, isFetched } from './aws-lc-source.mjs';
import { NativeUnavailableError } from './setup-error.mjs';
import { hostTarget } from './target.mjs';
import { missingTools } from './toolchain.mjs';

/**
 * Throws NativeUnavailableError where this machine lacks something, StepFailedError where a build fails.
 * @param {import('./progress.mjs').Reporter} reporter
 * @param {import('./addon-build.mjs').Configuration} configuration
 * @param {import('./target.mjs').Target} target
 * @returns {Promise<boolean>} whether anything was built
 */
export async function buildNative(reporter, configuration = 'Release', target = hostTarget) {
  const source = chosenSource();
  if (isAddonBuilt(source, target, configuration)) return false;
  // Whatever keeps the build from its end, an addon of other sources must not be taken for this one.
  removeAddon(target, configuration);

  const missing = missingTools({ needsCargo: !isFetched(source), targetTools: target.tools });
  if (missing.length > 0) throw new NativeUnavailableError(missing);

  const where = target === hostTarget ? '' : ` for ${process.platform}-${target.arch}`;
  if (!isFetched(source)) {
    await reporter.step(`Fetching the AWS-LC source (${source.label}, about 10 MB)`, fetchSource);
  }
  if (!isAwsLcBuilt(source, target)) {
    await reporter.step(`Building AWS-LC${where} (${source.label}, about a minute on two cores)`, (step) =>
      buildAwsLc(source, target, step),
    );
  }
  const name = configuration === 'Release' ? 'the addon' : 'the addon with sanitizers';
  await reporter.step(`Building ${name}${where}`, (step) => buildAddon(source, target, configuration, step));
  return true;
}
