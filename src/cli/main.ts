#!/usr/bin/env node
// The `pqtls` command.

import { Command } from 'commander';
import { scanCommand } from './scan.js';

await new Command('pqtls').addCommand(scanCommand()).parseAsync();
