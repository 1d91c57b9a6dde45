// Every peer of the interop lab.

import type { Peer } from '../peer.js';
import { go } from './go.js';
import { rustls } from './rustls.js';

export const peers: readonly Peer[] = [rustls, go];
