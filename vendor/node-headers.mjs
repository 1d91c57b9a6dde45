// Node's C headers without a download from nodejs.org: those of this installation, else those of an npm package.
// @ts-check

import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { installNodePackage, nodePackageName } from './node-package.mjs';
import { headersCacheDir } from './paths.mjs';
import { NativeUnavailableError } from './setup-error.mjs';

/**
 * The folder to give node-gyp as --nodedir: its include/node has node_api.h.
 * @returns {Promise<string>}
 */
export async function nodeHeadersDir() {
  const installation = installationPrefix();
  if (hasHeaders(installation)) return installation;
  const major = process.versions.node.split('.')[0];
  const cached = join(headersCacheDir, `${process.platform}-${process.arch}-${major}`);
  if (!hasHeaders(cached)) await fetchHeaders(cached);
  return cached;
}

/** `bin/node` on POSIX; on Windows node.exe lies beside include/. */
function installationPrefix() {
  const dir = dirname(process.execPath);
  return process.platform === 'win32' ? dir : dirname(dir);
}

/** @param {string} dir */
function hasHeaders(dir) {
  return existsSync(join(dir, 'include/node/node_api.h')) && existsSync(join(dir, 'include/node/common.gypi'));
}

/**
 * npm's packages of Node's own releases carry include/. Of the same major the running version is taken where it was
 * published, else the newest: the addon uses Node-API alone, which does not change within a major.
 * @param {string} target
 */
async function fetchHeaders(target) {
  const name = nodePackageName(process.arch);
  const version = process.versions.node;
  const scratch = join(headersCacheDir, `fetching-${process.pid}`);
  const install = (/** @type {string} */ range) => installNodePackage(scratch, process.arch, range);
  try {
    const fetched = await install(version).catch(() => install(/** @type {string} */ (version.split('.')[0])));
    if (!hasHeaders(fetched)) throw new Error(`${name} has no include/node`);
    // The rest of the package is Node itself, 100 MB that nobody needs here.
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target, { recursive: true });
    cpSync(join(fetched, 'include'), join(scratch, 'include'), { recursive: true });
    renameSync(join(scratch, 'include'), join(target, 'include'));
  } catch {
    throw new NativeUnavailableError([
      `missing: Node's headers (include/node/node_api.h), beside ${process.execPath} or as the npm package ${name}@${version}. Get them with Node's own archive, or on Debian: apt-get install libnode-dev`,
    ]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
