// A bounded run of every parser on changed inputs, the same ones each time: it accepts, or it refuses by an error that says
// so, in a number of steps that grows with the input. More of it: npm run test:fuzz.

import t from 'tap';
import { recordCorpus } from './corpus.js';
import { fuzz } from './fuzz.js';
import { parsersFor } from './parsers.js';

const inputs = 300;
/** A connection costs a key exchange. */
const connections = 50;

t.test('every parser', async (t) => {
  const parsers = parsersFor(await recordCorpus());
  for (const [name, parser] of parsers) {
    t.ok(parser.corpus.length > 0, `${name} has something to start from`);
    const count = name.endsWith('connection') ? connections : inputs;
    const { accepted, refused, findings } = await fuzz(parser, { seed: 1, goesOn: (done) => done < count });
    t.strictSame(findings, [], name);
    t.equal(accepted + refused, count);
  }
});

t.test("the harness tells an error that is none of the parser's", async (t) => {
  const corpus = [Uint8Array.of(1, 2, 3)];
  const throwing = { corpus, refusals: [], run: () => Buffer.alloc(-1) };
  const { findings } = await fuzz(throwing, { seed: 1, goesOn: (done) => done < 10 });
  t.equal(findings.length, 5);
  t.match(findings[0]?.what, /ERR_OUT_OF_RANGE|RangeError/);
});
