// What the native build builds for: this machine, or one that is emulated (arm64-target.mjs).
// @ts-check

import { nodeHeadersDir } from './node-headers.mjs';
import { projectDir } from './paths.mjs';
import { hostCompilers } from './toolchain.mjs';

/**
 * @typedef {object} Target
 * @property {string} arch as Node calls it
 * @property {string} root the folder with binding.gyp and native/, below which the results go (paths.mjs)
 * @property {NodeJS.ProcessEnv} env what builds get beside our own environment
 * @property {readonly string[]} cmakeFlags settings of AWS-LC's build, `NAME=value`
 * @property {readonly import('./toolchain.mjs').Tool[]} tools what POSIX needs beside what every build does
 * @property {() => Promise<string>} nodeDir the folder to give node-gyp as --nodedir
 * @property {() => Promise<string>} node the command that runs the target's Node here
 */

/** @type {Target} */
export const hostTarget = {
  arch: process.arch,
  root: projectDir,
  env: {},
  cmakeFlags: [],
  tools: hostCompilers,
  nodeDir: nodeHeadersDir,
  node: async () => process.execPath,
};
