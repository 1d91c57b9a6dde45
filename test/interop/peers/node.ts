// OpenSSL inside Node 24 and 26, by our program peers/node/program.ts on node:tls.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cachedNode, nodeBinary, type NodeVersion } from '../../support/node-versions.js';
import { acceptedByOpenssl } from '../axes.js';
import { command, step } from '../build-steps.js';
import type { Peer } from '../peer.js';
import { startProgram } from '../program.js';

const program = fileURLToPath(new URL('node/program.js', import.meta.url));

export const nodes: readonly Peer[] = (['24', '26'] as const satisfies readonly NodeVersion[]).map(nodePeer);

function nodePeer(version: NodeVersion): Peer {
  const name = `node-${version}`;
  return {
    name,
    title: `OpenSSL in Node ${version}`,
    pin: `npm's package of Node ${version}, the newest`,
    limits: [],
    accepts: acceptedByOpenssl,
    missing: () =>
      existsSync(cachedNode(version)) ? undefined : `not fetched: npm run test:interop -- --peer ${name} fetches it`,
    async prepare() {
      if (existsSync(cachedNode(version))) return;
      await step(`Fetching Node ${version} (57 MB)`, () => nodeBinary(version));
    },
    async version() {
      const print = 'console.log(`${process.version}, OpenSSL ${process.versions.openssl}`)';
      return (await command(cachedNode(version), ['-e', print])).trim();
    },
    start: async (config) => startProgram(cachedNode(version), [program], config),
  };
}
