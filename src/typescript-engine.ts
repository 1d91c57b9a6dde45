// `pqtls/typescript-engine`: the TypeScript engine along with the program that imports this, for bundles. docs/tls.md.

import { providePureEngine } from './engine/load-pure-engine.js';
import { pureEngine } from './engine/pure-engine.js';

providePureEngine(pureEngine());
