// Runs one parser on changed inputs, and says what it did that it may not.

import { ByteReader } from '#src/protocol/codec.js';
import { mutate, Random } from './mutator.js';
import type { Parser } from './parsers.js';

export interface Finding {
  readonly seed: number;
  readonly what: string;
  /** Base64 of the input. */
  readonly input: string;
}

export interface Outcome {
  readonly accepted: number;
  readonly refused: number;
  readonly findings: readonly Finding[];
}

export interface FuzzLimits {
  readonly seed: number;
  /** Whether to go on, asked before every input. */
  readonly goesOn: (done: number) => boolean;
}

const mostFindings = 5;

export async function fuzz(parser: Parser, { seed, goesOn }: FuzzLimits): Promise<Outcome> {
  let [accepted, refused] = [0, 0];
  const findings: Finding[] = [];
  for (let done = 0; goesOn(done) && findings.length < mostFindings; done++) {
    const input = mutate(parser.corpus, new Random(seed + done * 7919));
    const what = await judge(parser, input);
    if (what === 'accepted') accepted += 1;
    else if (what === 'refused') refused += 1;
    else findings.push({ seed: seed + done * 7919, what, input: Buffer.from(input).toString('base64') });
  }
  return { accepted, refused, findings };
}

/** What came of it: accepted, refused, or what is wrong. */
async function judge({ run, refusals }: Parser, input: Uint8Array): Promise<string> {
  const steps = countSteps();
  try {
    await run(Uint8Array.from(input));
    return steps.judge(input) ?? 'accepted';
  } catch (error) {
    if (!refusals.some((type) => error instanceof type)) {
      return error instanceof Error ? `${error.name}: ${error.stack}` : `thrown: ${String(error)}`;
    }
    return steps.judge(input) ?? 'refused';
  } finally {
    steps.end();
  }
}

/** A parser reads every byte a few times at most: reads are counted, as seconds would depend on the machine. */
const readsPerByte = 8;
const readsAnyway = 2_000;
const counted = ['uint8', 'uint16', 'uint24', 'uint32', 'take'] as const;

function countSteps(): { judge(input: Uint8Array): string | undefined; end(): void } {
  let steps = 0;
  const prototype = ByteReader.prototype;
  const restore = counted.map((name) => {
    const method = prototype[name] as (this: ByteReader, ...args: number[]) => never;
    prototype[name] = function (this: ByteReader, ...args: number[]) {
      steps += 1;
      return method.apply(this, args);
    };
    return () => {
      prototype[name] = method;
    };
  });
  return {
    judge: ({ length }) =>
      steps > readsAnyway + readsPerByte * length ? `${steps} reads of ${length} bytes` : undefined,
    end: () => {
      for (const back of restore) back();
    },
  };
}
