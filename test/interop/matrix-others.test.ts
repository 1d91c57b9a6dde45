// The quick subset of the interop matrix against the other peers, where npm run test:interop has fetched or built them.

import { testPeers } from './quick.js';

testPeers(['aws-lc', 'go', 'openssl', 'chromium', 'gnutls']);
