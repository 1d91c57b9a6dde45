// Every peer of the interop lab.

import type { Peer } from '../peer.js';
import { chromium } from './chromium.js';
import { gnutls } from './gnutls.js';
import { go } from './go.js';
import { nodes } from './node.js';
import { openssl } from './openssl.js';
import { awsLc } from './aws-lc.js';
import { boringssl } from './boringssl.js';
import { python } from './python.js';
import { rustls } from './rustls.js';

import { s2n, s2nDefault } from './s2n.js';

export const peers: readonly Peer[] = [
  s2n,
  s2nDefault,
  boringssl,
  awsLc,
  rustls,
  go,
  openssl,
  ...nodes,
  python,
  chromium,
  gnutls,
];
