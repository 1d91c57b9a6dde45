// Formats native/ and the C++ of the interop lab with clang-format (or, with --check, says what it would change), of the version that package.json pins.
// @ts-check

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from '@wasm-fmt/clang-format';
import { projectDir } from './paths.mjs';

const check = process.argv.includes('--check');
const style = readFileSync(join(projectDir, '.clang-format'), 'utf8');
const folders = ['native', 'test/interop/peers/aws-lc'];

for (const folder of folders) {
  for (const name of readdirSync(join(projectDir, folder)).filter((name) => /\.(cc|h)$/.test(name))) {
    const path = join(projectDir, folder, name);
    const source = readFileSync(path, 'utf8');
    const formatted = format(source, name, style);
    if (formatted === source) continue;
    if (check) {
      console.error(`${folder}/${name} is not formatted. Run: npm run format`);
      process.exitCode = 1;
    } else {
      writeFileSync(path, formatted);
      console.log(`${folder}/${name}`);
    }
  }
}
