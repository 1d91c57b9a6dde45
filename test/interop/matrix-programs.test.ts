// The quick subset of the interop matrix against AWS-LC's libssl and Go, where npm run test:interop has built them.

import { testPeers } from './quick.js';

testPeers(['aws-lc', 'go']);
