// The target linux-arm64 on another Linux: Debian's cross compilers, and Node's arm64 release under qemu's user emulation.
// @ts-check

import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { installNodePackage } from './node-package.mjs';
import { projectDir } from './paths.mjs';
import { writeIfChanged } from './stamp.mjs';
import { findInPath } from './toolchain.mjs';

/** qemu's own variable for where the emulated program finds its loader and libraries; else where Debian puts them. */
const sysroot = process.env['QEMU_LD_PREFIX'] ?? '/usr/aarch64-linux-gnu';
const emulator = 'qemu-aarch64';
const root = join(projectDir, '.build/linux-arm64');

/** @type {readonly import('./toolchain.mjs').Tool[]} */
const tools = [
  {
    name: 'a C compiler for arm64',
    why: 'compiles AWS-LC',
    override: undefined,
    commands: ['aarch64-linux-gnu-gcc'],
    install: { debian: 'gcc-aarch64-linux-gnu' },
  },
  {
    name: 'a C++ compiler for arm64',
    why: 'compiles AWS-LC and the addon',
    override: undefined,
    commands: ['aarch64-linux-gnu-g++'],
    install: { debian: 'g++-aarch64-linux-gnu' },
  },
  {
    name: `the C library for arm64 in ${sysroot}`,
    why: "the emulated Node's; QEMU_LD_PREFIX names another folder",
    override: undefined,
    commands: [join(sysroot, 'lib/ld-linux-aarch64.so.1')],
    install: { debian: 'libc6-arm64-cross libstdc++6-arm64-cross' },
  },
  {
    name: emulator,
    why: 'runs programs for arm64',
    override: undefined,
    commands: [emulator],
    install: { debian: 'qemu-user' },
  },
];

/**
 * @param {string} nodeVersion of the Node that runs the addon, whose headers it is built with; a major or an exact one
 * @returns {import('./target.mjs').Target}
 */
export function arm64Target(nodeVersion) {
  return {
    arch: 'arm64',
    root,
    env: { CC: 'aarch64-linux-gnu-gcc', CXX: 'aarch64-linux-gnu-g++' },
    cmakeFlags: [
      'CMAKE_SYSTEM_NAME=Linux',
      'CMAKE_SYSTEM_PROCESSOR=aarch64',
      // AWS-LC's build runs programs to look for faults of the compiler.
      `CMAKE_CROSSCOMPILING_EMULATOR=${emulator};-L;${sysroot}`,
    ],
    tools,
    nodeDir: () => {
      linkSources();
      return nodeRelease(nodeVersion);
    },
    node: () => emulatedNode(nodeVersion),
  };
}

/** node-gyp writes beside binding.gyp: a folder with links to the sources leaves this machine's own build alone. */
function linkSources() {
  mkdirSync(root, { recursive: true });
  for (const name of ['binding.gyp', 'native']) {
    if (!existsSync(join(root, name))) symlinkSync(join('../..', name), join(root, name));
  }
}

/** @param {string} version */
async function nodeRelease(version) {
  const dir = join(root, `node-${version}`);
  if (!existsSync(join(dir, 'bin/node'))) {
    const scratch = join(root, `fetching-${process.pid}`);
    try {
      const fetched = await installNodePackage(scratch, 'arm64', version);
      // Only a complete folder ever has the final name.
      rmSync(dir, { recursive: true, force: true });
      renameSync(fetched, dir);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }
  return dir;
}

/**
 * A script that runs Node under the emulator. Its process.execPath is the script: the kernel cannot execute the binary
 * that it would name, and programs start themselves again through it.
 * @param {string} version
 */
async function emulatedNode(version) {
  const dir = await nodeRelease(version);
  const script = join(dir, 'emulated-node');
  const preload = join(dir, 'exec-path.cjs');
  const command = [findInPath(emulator) ?? emulator, '-L', sysroot, join(dir, 'bin/node'), '--require', preload];
  writeIfChanged(preload, `process.execPath = ${JSON.stringify(script)};\n`);
  writeIfChanged(script, `#!/bin/sh\nexec ${command.map(quoted).join(' ')} "$@"\n`);
  chmodSync(script, 0o755);
  return script;
}

/** @param {string} word */
function quoted(word) {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
