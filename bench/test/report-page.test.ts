// The page of bench:report: what is on it, and that a file cannot put anything else there.

import t from 'tap';
import { html } from '#src/cli/html-template.js';
import { page } from '../report/page.js';
import { runsByMachine } from '../report/runs.js';
import type { SavedResult } from '../harness/result-file.js';
import { graviton, madeUpResult, measurementOf, seriesOf, targetOf, twoSeries } from './made-up-results.js';

const goal = {
  scenario: 'handshake',
  metric: 'server CPU',
  against: 'node:tls',
  better: 'lower',
  goal: 0.45,
  ratio: { median: 0.5, low: 0.46, high: 0.6 },
  reached: false,
} as const;

function everything(parts: Partial<SavedResult> = {}): SavedResult {
  return madeUpResult({
    series: twoSeries([100, 110, 120, 130, 140], [200, 210, 220, 230, 240]),
    goals: [goal],
    targets: [targetOf(1.01, 1.05, 1.2)],
    measurements: [measurementOf(900), measurementOf(90_000, { contender: 'noble' })],
    ...parts,
  });
}

const files = (...results: SavedResult[]) => results.map((result, index) => ({ path: `${index}.json`, result }));

/** The text that a reader sees, in one line. */
const textOf = (text: string): string => text.replaceAll(/<style[^]*?<\/style>|<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');

t.test('templates escape what is put into them', async (t) => {
  t.equal(html`<b>${`<i title="x">'&`}</b>`.text, '<b>&#60;i title=&#34;x&#34;&#62;&#39;&#38;</b>');
  t.equal(html`${[html`<i>${1}</i>`, undefined, '<']}`.text, '<i>1</i>&#60;');
});

t.test('machines, goals, charts and tables', async (t) => {
  const faster = { ...goal, ratio: { median: 0.4, low: 0.39, high: 0.41 }, reached: true };
  const text = page(files(everything(), everything({ machine: graviton, goals: [faster] })));
  const seen = textOf(text);
  t.match(seen, '2 runs of 2 machines');
  for (const fact of [
    'ba9876543210',
    'Some Xeon',
    'AVX2',
    'Graviton3',
    'NEON, SHA3',
    'AWS-LC 5.0.0',
    'OpenSSL 3.0.0',
  ]) {
    t.match(seen, fact);
  }
  t.match(seen, '2026-11-01 10:20:30 UTC');
  t.match(seen, /handshake: server CPU node:tls at most 0\.45× 0\.400×.*✓ reached 0\.500×.*✗ missed/, 'side by side');
  t.match(seen, '1.050× (1.010× – 1.200×) ✓ reached, unsure', 'the interval holds the goal');
  t.match(seen, 'µs, lower is better');
  t.match(seen, 'Some Xeon pqtls v26.1.0 120 µs 100 – 140 5');
  t.match(seen, '90.0 µs ±1.0%');
  t.equal(text.match(/<svg/g)?.length, text.match(/<figure/g)?.length, 'a chart in every figure');
  t.equal(text.match(/<details/g)?.length, text.match(/<figure/g)?.length, 'and a table behind it');
  t.notMatch(seen, '--quick');
});

t.test('bars have the lengths of their figures', async (t) => {
  const text = page(files(madeUpResult({ series: twoSeries([100], [200]) })));
  const [ours = 0, theirs = 0] = ['0', '1'].map((index) =>
    Number(new RegExp(`<path d="M[\\d.]+ [\\d.]+l([\\d.]+) 0[^>]*fill="var\\(--color-${index}\\)"`).exec(text)?.[1]),
  );
  t.ok(ours > 50, `${ours}`);
  t.ok(Math.abs(theirs / ours - 2) < 0.02, `${theirs} is twice ${ours}`);
});

t.test('it asks for nothing and runs nothing', async (t) => {
  const text = page(files(everything()));
  t.match(text, `content="default-src 'none'; style-src 'unsafe-inline'"`);
  t.notMatch(text, /<script|<link|<img|<iframe|\ssrc=|@import|url\(/i);
  for (const [, target] of text.matchAll(/href="([^"]*)"/g)) t.match(target, /^#/);
});

t.test('a file cannot put HTML on the page', async (t) => {
  const evil = `</title></style></svg><script>alert(1)</script><img src=x onerror="alert('1')">{a|b}&lt;`;
  const hostile = poisoned(everything({ quick: true }), evil);
  const text = page([
    { path: evil, result: hostile },
    { path: 'b', result: { ...hostile, startedAt: '2026-11-02T00:00:00.000Z' } },
  ]);
  t.notMatch(text, '<script');
  t.notMatch(text, '<img');
  t.notMatch(text, 'onerror="');
  t.equal(
    text.match(/<\/style>/g)?.length,
    page(files(everything(), everything({ startedAt: '2026-11-02T00:00:00.000Z' }))).match(/<\/style>/g)?.length,
  );
  t.match(text, '&#60;script&#62;alert(1)', 'it is shown as it is');
});

t.test('runs are told apart', async (t) => {
  const names = (...results: SavedResult[]): string[] =>
    runsByMachine(files(...results)).flatMap(({ runs }) => runs.map(({ name }) => name));
  const { machine } = madeUpResult();
  const later = { startedAt: '2026-11-02T00:00:00.000Z' };
  t.same(names(madeUpResult()), ['Some Xeon']);
  t.same(names(madeUpResult(later), madeUpResult()), [
    'Some Xeon, 2026-11-01 10:20:30',
    'Some Xeon, 2026-11-02 00:00:00',
  ]);
  t.same(names(madeUpResult(), madeUpResult()), ['Some Xeon'], 'the same run twice');
  t.same(names(madeUpResult(), madeUpResult({ machine: { ...machine, fingerprint: 'f', cpus: 8 } })), [
    'Some Xeon, 2 CPUs',
    'Some Xeon, 8 CPUs',
  ]);
  t.same(names(madeUpResult(), madeUpResult({ machine: { ...machine, fingerprint: 'f' } })), [
    'Some Xeon, 2 CPUs, ba9876543210',
    'Some Xeon, 2 CPUs, f',
  ]);
  t.same(names(madeUpResult({ quick: true })), ['Some Xeon (quick)']);
});

t.test('quick runs are warned about', async (t) => {
  const seen = textOf(page(files(everything({ quick: true }), everything({ machine: graviton }))));
  t.match(seen, '1 run of --quick: those figures are not for comparing');
  t.match(seen, 'This run was made with --quick');
});

t.test('parts that no file has are left out', async (t) => {
  const text = page(files(madeUpResult({ series: [seriesOf([1, 2, 3])] })));
  t.match(text, 'id="tls"');
  t.notMatch(text, /id="goals"|id="primitives"/);
});

t.test('figures that a chart cannot place', async (t) => {
  // Quick runs measure memory below 0, and margins above 100%.
  const series = [seriesOf([-5, 3, 8], { unit: 'B' }), seriesOf([0, 0, 0], { driver: 'node:tls', unit: 'B' })];
  const text = page(files(madeUpResult({ series, measurements: [measurementOf(100, { marginPercent: 250 })] })));
  t.notMatch(text, /NaN|Infinity|undefined/);
});

/** With `evil` in place of every text that is not one of the words that are checked on reading. */
function poisoned<T>(value: T, evil: string): T {
  const checked = new Set(['lower', 'higher', 'times-slower', 'times-faster']);
  const visit = (part: unknown, key: string): unknown => {
    if (typeof part === 'string') return checked.has(part) || key === 'startedAt' ? part : evil;
    if (Array.isArray(part)) return part.map((item) => visit(item, key));
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([name, item]) => [name, visit(item, name)]));
  };
  return visit(value, '') as T;
}
