// The quick subset of the interop matrix against the peers in Rust, where npm run test:interop has built them.

import { testPeers } from './quick.js';

testPeers(['s2n', 's2n-default', 'boringssl', 'rustls']);
