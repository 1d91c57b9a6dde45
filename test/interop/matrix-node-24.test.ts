// The quick subset of the interop matrix against OpenSSL in Node 24, which is fetched where it is missing.

import { testPeers } from './quick.js';

testPeers(['node-24'], { fetched: ['node-24'] });
