// The quick subset of the interop matrix against what needs no build: OpenSSL in Node 24 and 26 and in Python.

import { testPeers } from './quick.js';

const names = ['node-24', 'node-26', 'python'];
testPeers(names, { fetched: ['node-24', 'node-26'] });
