// The tools that the native build needs: which are missing, and how to get each, in one line.
// @ts-check

import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/**
 * @typedef {object} Tool
 * @property {string} name what a message calls it
 * @property {string} why
 * @property {string | undefined} override environment variable that names another executable
 * @property {readonly string[]} commands any one of them will do
 * @property {{ debian: string, macos?: string, windows?: string }} install what to say where; Debian's alone for tools of Linux
 */

const posixCompiler = { debian: 'build-essential', macos: 'xcode-select --install' };

/** @type {readonly Tool[]} */
export const hostCompilers = [
  {
    name: 'a C compiler',
    why: 'compiles AWS-LC',
    override: 'CC',
    commands: ['cc', 'gcc', 'clang'],
    install: posixCompiler,
  },
  {
    name: 'a C++ compiler',
    why: 'compiles AWS-LC and the addon',
    override: 'CXX',
    commands: ['c++', 'g++', 'clang++'],
    install: posixCompiler,
  },
];

/** @type {Tool} */
const make = {
  name: 'make',
  why: 'node-gyp builds with it',
  override: 'MAKE',
  commands: ['make', 'gmake'],
  install: { ...posixCompiler, debian: 'make' },
};

/** @type {readonly Tool[]} */
const commonTools = [
  {
    name: 'Python 3',
    why: 'node-gyp is written in it',
    override: 'PYTHON',
    commands: ['python3', 'python'],
    install: { debian: 'python3', macos: 'brew install python3', windows: 'winget install Python.Python.3.13' },
  },
  {
    name: 'CMake',
    why: 'builds AWS-LC',
    override: undefined,
    commands: ['cmake'],
    install: { debian: 'cmake', macos: 'brew install cmake', windows: 'winget install Kitware.CMake' },
  },
];

/** @type {Tool} */
const cargo = {
  name: 'cargo',
  why: 'fetches the pinned AWS-LC source',
  override: 'CARGO',
  commands: ['cargo'],
  install: {
    debian: 'cargo (Debian 12: cargo-web)',
    macos: 'brew install rust',
    windows: 'winget install Rustlang.Rustup',
  },
};

/**
 * One line for each missing tool, none where the build can begin. Nothing is run for it.
 * @param {{ needsCargo: boolean, targetTools: readonly Tool[] }} options `targetTools`: the compilers, on POSIX
 * @returns {string[]}
 */
export function missingTools(options) {
  // On Windows node-gyp and CMake find Visual Studio themselves.
  const tools = [
    ...(process.platform === 'win32' ? [] : [...options.targetTools, make]),
    ...commonTools,
    ...(options.needsCargo ? [cargo] : []),
  ];
  return tools.filter((tool) => findTool(tool) === undefined).map(explain);
}

/** The command that runs cargo. */
export function cargoCommand() {
  return findTool(cargo) ?? 'cargo';
}

/** CMake's generator: Ninja is quicker and tells its progress more finely. Undefined leaves the choice to CMake. */
export function cmakeGenerator() {
  if (process.platform === 'win32') return undefined;
  return findInPath('ninja') === undefined ? 'Unix Makefiles' : 'Ninja';
}

/**
 * Whether a command would be found, as an absolute path.
 * @param {string} command
 * @returns {string | undefined}
 */
export function findInPath(command) {
  const suffixes = process.platform === 'win32' ? ['.exe', '.cmd', '.bat', ''] : [''];
  const dirs = isAbsolute(command) ? [''] : (process.env['PATH'] ?? '').split(delimiter).filter((dir) => dir !== '');
  for (const dir of dirs) {
    for (const suffix of suffixes) {
      const path = dir === '' ? command + suffix : join(dir, command + suffix);
      if (isExecutable(path)) return path;
    }
  }
  return undefined;
}

/** @param {Tool} tool */
function findTool(tool) {
  const override = tool.override === undefined ? undefined : process.env[tool.override];
  // CC="ccache gcc" is usual: the first word is what must exist.
  if (override) return findInPath(override.trim().split(/\s+/, 1)[0] ?? '');
  return tool.commands.map(findInPath).find((path) => path !== undefined);
}

/** @param {Tool} tool */
function explain(tool) {
  const { debian, macos, windows } = tool.install;
  const how =
    process.platform === 'win32'
      ? windows
      : process.platform === 'darwin'
        ? macos
        : `Debian/Ubuntu: apt-get install ${debian}${macos === undefined ? '' : `; macOS: ${macos}`}`;
  return `missing: ${tool.name} (${tool.why}). Get it with: ${how}`;
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
