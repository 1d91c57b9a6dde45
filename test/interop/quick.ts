// The quick subset of the matrix as tap tests, for npm test: a peer that is not built is skipped with the reason.

import '../support/both-engines.js';
import t from 'tap';
import { allCells, cellName, isQuick } from './axes.js';
import { makeCredentials } from './credentials.js';
import { runCells } from './matrix.js';
import { peers } from './peers/index.js';

/** Cells at a time: tests run two at a time themselves. */
const workers = 1;

/** @param fetched peers that are brought here where they are missing; the others only run where somebody built them */
export function testPeers(names: readonly string[], { fetched = [] }: { fetched?: readonly string[] } = {}): void {
  for (const peer of peers.filter(({ name }) => names.includes(name))) {
    const skip = fetched.includes(peer.name) ? false : (peer.missing() ?? false);
    void t.test(`${peer.title}, quick subset`, { skip }, async (t) => {
      await peer.prepare();
      t.comment(await peer.version());
      const cells = [...allCells()].filter(isQuick);
      const results = await runCells(peer, cells, await makeCredentials(), workers, () => {});
      t.equal(results.length, cells.length);
      for (const { cell, outcome } of results) {
        if (outcome.status === 'n/a') t.pass(`${cellName(cell)} # n/a: ${outcome.reason}`);
        else t.same(outcome, { status: 'passed' }, cellName(cell));
      }
    });
  }
}
