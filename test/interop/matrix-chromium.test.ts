// The quick subset of the interop matrix against Chromium, where it is installed.

import { testPeers } from './quick.js';

testPeers(['chromium']);
