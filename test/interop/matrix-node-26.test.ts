// The quick subset of the interop matrix against OpenSSL in Node 26, which is fetched where it is missing.

import { testPeers } from './quick.js';

testPeers(['node-26'], { fetched: ['node-26'] });
