// Runs the tests that use the addon against its build with the address and undefined-behaviour sanitizers.
// @ts-check

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { hostPaths, projectDir } from './paths.mjs';
import { run } from './run.mjs';
import { filesBelow } from './stamp.mjs';

const help = `Usage: npm run test:sanitize [-- FILE...]

Runs the compiled tests (all but those of the set-up, the package and npm start, which choose their addons themselves; or
FILE..., in .build/test) with the addon of build/Sanitize. The first finding ends the process that made it, so its test fails.

Example: npm run test:sanitize -- .build/test/native/workers.test.js`;

// Addons of their own choice, or nothing native in them.
const excluded = /^(setup|package|cli)\//;

async function main() {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    console.log(help);
    return;
  }
  const compiler = process.env['CC'] ?? 'cc';
  // The sanitizer must be loaded before Node is, which was built without it.
  const [asan = ''] = await run(compiler, ['-print-file-name=libasan.so'], { cwd: projectDir });
  const [stdcpp = ''] = await run(compiler, ['-print-file-name=libstdc++.so'], { cwd: projectDir });
  if (process.platform !== 'linux' || !existsSync(asan)) {
    console.error(`pqtls: missing: libasan, which comes with GCC on Linux (asked ${compiler})`);
    process.exitCode = 1;
    return;
  }
  const compiledTests = join(projectDir, '.build/test');
  const files =
    args.length > 0
      ? args
      : filesBelow(compiledTests, (path) => path.endsWith('.test.js') && !excluded.test(path)).map(
          (path) => `.build/test/${path}`,
        );
  const tap = createRequire(import.meta.url)
    .resolve('tap/package.json')
    .replace(/package\.json$/, 'dist/esm/run.mjs');
  const result = spawnSync(process.execPath, [tap, '--jobs=1', '--timeout=900', ...files], {
    cwd: projectDir,
    stdio: 'inherit',
    env: {
      ...process.env,
      // libstdc++ too: the sanitizer looks for the C++ exception functions when it starts, and node has them inside.
      LD_PRELOAD: `${asan}:${stdcpp}`,
      PQTLS_ADDON_PATH: hostPaths.addon('Sanitize'),
      PQTLS_REQUIRE_NATIVE: '1',
      // Node frees little of what it allocated when it ends, so leaks are counted by tests of their own instead.
      ASAN_OPTIONS: 'detect_leaks=0:halt_on_error=1:detect_odr_violation=0',
      UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
    },
  });
  process.exitCode = result.status ?? 1;
}

await main();
