// The quick subset of the interop matrix against OpenSSL, in the system's Python and, where it was fetched, as a command; GnuTLS.

import { testPeers } from './quick.js';

testPeers(['python', 'openssl', 'gnutls']);
