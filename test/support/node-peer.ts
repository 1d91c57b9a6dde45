// test/interop/node-peer.ts as a child process, for tests that need a peer with another OpenSSL.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { PeerConfig } from '../interop/node-peer.js';
import { nodeBinary, type NodeVersion } from './node-versions.js';

const peerFile = join(import.meta.dirname, '..', 'interop', 'node-peer.js');

export async function startNode(version: NodeVersion, config: PeerConfig): Promise<{ end(): Promise<void> }> {
  const child = spawn(await nodeBinary(version), [peerFile, JSON.stringify(config)], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  return {
    async end() {
      child.kill();
      await exited;
    },
  };
}
