#!/usr/bin/env node
// A shim: one process for each test, as the runner of BoringSSL's tests starts it. PQTLS_ENGINE names the engine.

import { runShim } from './shim-run.js';
import { readEngineName } from './engine-name.js';

// The runner takes everything on stderr for a failure.
process.removeAllListeners('warning');

const args = process.argv.slice(2).map((arg) => Buffer.from(arg).toString('latin1'));
const { code, stdout, stderr } = await runShim(readEngineName(process.env['PQTLS_ENGINE']), args);
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = code;
