// Runs small programs as child processes, as a user would: files of their own, flags, environment.

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Authority } from '#src/cli/demo-authority.js';
import { cleanEnvironment, projectDir, runCommand, temporaryFolder, type CommandResult } from './project.js';

export interface ProgramFolder {
  readonly path: string;
  /** Writes `file` and runs it with `flags` before it. */
  run(file: string, source: string, flags?: readonly string[], env?: NodeJS.ProcessEnv): Promise<CommandResult>;
  remove(): void;
}

/** A folder in which `pqtls` is installed, with the credentials of localhost in key.pem, cert.pem and ca.pem. */
export async function programFolder(name: string): Promise<ProgramFolder> {
  const { path, remove } = temporaryFolder(name);
  mkdirSync(join(path, 'node_modules'));
  symlinkSync(projectDir, join(path, 'node_modules/pqtls'), 'junction');
  for (const dependency of ['express', 'ws', 'undici', 'nodemailer', 'pg']) {
    symlinkSync(join(projectDir, 'node_modules', dependency), join(path, 'node_modules', dependency), 'junction');
  }
  const authority = await Authority.create();
  const leaf = await authority.issue();
  const files = { 'key.pem': leaf.key, 'cert.pem': leaf.cert, 'ca.pem': authority.cert };
  for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content);
  return {
    path,
    remove,
    run: (file, source, flags = [], env = {}) => {
      writeFileSync(join(path, file), source);
      return runCommand(process.execPath, ['--no-warnings', ...flags, file], {
        cwd: path,
        env: cleanEnvironment({ NODE_EXTRA_CA_CERTS: join(path, 'ca.pem'), ...env }),
      });
    },
  };
}
