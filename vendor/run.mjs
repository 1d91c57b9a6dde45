// Runs a command, hands its output on line by line and keeps the end of it for the error message.
// @ts-check

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { StepFailedError } from './setup-error.mjs';

const keptLines = 60;

/**
 * @typedef {object} RunOptions
 * @property {string} cwd
 * @property {NodeJS.ProcessEnv} [env]
 * @property {(line: string) => void} [onLine] every line of stdout and stderr
 */

/**
 * Resolves with the lines of stdout; rejects with StepFailedError unless the command exits 0.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {RunOptions} options
 * @returns {Promise<string[]>}
 */
export function run(command, args, options) {
  return new Promise((resolve, reject) => {
    const verbose = process.env['PQTLS_VERBOSE'] === '1';
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Windows starts npm through npm.cmd, which needs a shell; everything else is an executable.
      shell: process.platform === 'win32' && command === 'npm',
    });
    /** @type {string[]} */
    const stdout = [];
    /** @type {string[]} */
    const tail = [];
    const onLine = (/** @type {string} */ line) => {
      tail.push(line);
      if (tail.length > keptLines) tail.shift();
      if (verbose) process.stderr.write(`${line}\n`);
      options.onLine?.(line);
    };
    createInterface({ input: child.stdout }).on('line', (line) => {
      stdout.push(line);
      onLine(line);
    });
    createInterface({ input: child.stderr }).on('line', onLine);
    child.on('error', (error) => reject(new StepFailedError(`${command} did not start: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(stdout);
      const end = signal === null ? `exited with ${code}` : `was ended by ${signal}`;
      reject(new StepFailedError(`${[command, ...args].join(' ')} ${end}:\n${tail.join('\n')}`));
    });
  });
}

/**
 * Runs npm, the one that runs us where there is one.
 * @param {readonly string[]} args
 * @param {RunOptions} options
 */
export function runNpm(args, options) {
  const env = withoutNpmCommandLine(options.env ?? process.env);
  const cli = process.env['npm_execpath'];
  return cli !== undefined && /npm-cli\.[cm]?js$/.test(cli)
    ? run(process.execPath, [cli, ...args], { ...options, env })
    : run('npm', args, { ...options, env });
}

/**
 * The environment without npm's configuration: node-gyp lets `npm_config_nodedir` and its like win over its command
 * line, and what gets built must not depend on a user's npmrc.
 * @param {NodeJS.ProcessEnv} env
 */
export function withoutNpmConfig(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^npm_(package_)?config_/i.test(name)));
}

// What npm tells its scripts about the command line that started it would change what a nested npm does:
// `npm install --global pqtls` must not install the headers globally. Registry, proxy and cache stay.
/** @param {NodeJS.ProcessEnv} env */
function withoutNpmCommandLine(env) {
  const commandLine =
    /^npm_config_(global|location|prefix|local_prefix|dry_run|ignore_scripts|omit|include|only|production|save.*|package_lock.*|workspaces?|include_workspace_root|nodedir)$/i;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !commandLine.test(name)));
}
