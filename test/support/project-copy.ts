// A copy of the project's sources, to run the set-up in without touching this checkout.

import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { projectDir } from './project.js';

const sources = ['src', 'native', 'vendor', 'binding.gyp', 'package.json', 'package-lock.json', 'tsconfig.json'];
const generated = /[/\\]vendor[/\\](build|crates)([/\\]|$)/;

/** Copies what the set-up reads; the npm packages are linked. With `awsLc`, so is an AWS-LC that is already built. */
export function copyProject(target: string, options: { awsLc: boolean }): void {
  for (const name of sources) {
    cpSync(join(projectDir, name), join(target, name), {
      recursive: true,
      filter: (source) => !generated.test(source),
    });
  }
  symlinkSync(join(projectDir, 'node_modules'), join(target, 'node_modules'));
  if (!options.awsLc) return;
  const builtIn = join(projectDir, 'vendor/build');
  const copiedTo = join(target, 'vendor/build');
  mkdirSync(copiedTo, { recursive: true });
  for (const name of readdirSync(builtIn).filter((name) => name.endsWith('.stamp') || name === 'include')) {
    cpSync(join(builtIn, name), join(copiedTo, name), { recursive: true });
  }
  for (const library of ['crypto/libcrypto.a', 'ssl/libssl.a']) {
    const path = join(builtIn, 'cmake/aws-lc', library);
    if (existsSync(path)) cpSync(path, join(copiedTo, 'cmake/aws-lc', library));
  }
  if (existsSync(join(projectDir, 'vendor/crates'))) {
    symlinkSync(join(projectDir, 'vendor/crates'), join(target, 'vendor/crates'));
  }
}
