// Counters of all TLS connections of this thread, and the same as Prometheus text (exposition format 0.0.4).

import type { HandshakeOutcome } from '../engine/connection.js';
import { NamedGroup, nameOf } from '../protocol/constants.js';
import { groupProperties, type GroupProperties } from '../protocol/named-groups.js';

type Side = 'client' | 'server';

/** How many handshakes came to their end, by what they agreed on. */
export interface HandshakeCount {
  readonly side: Side;
  readonly protocol: string;
  /** `none` for a key exchange without a group, `other` for one that we have no name for. */
  readonly group: string;
  readonly postQuantum: boolean;
  readonly engine: string;
  readonly resumed: boolean;
  readonly helloRetryRequest: boolean;
  readonly count: number;
}

/** How many connections ended with an error. */
export interface FailureCount {
  readonly side: Side;
  /** `handshake`, or `data` after it. */
  readonly phase: 'handshake' | 'data';
  /** The error's `code`; `none` where it has none, `other` once there are 200 different rows. */
  readonly code: string;
  /** `none` where there was none. */
  readonly alertSent: string;
  readonly alertReceived: string;
  readonly count: number;
}

export interface DurationHistogram {
  readonly count: number;
  /** Seconds. */
  readonly sum: number;
  /** How many took `le` seconds at most; the last `le` is Infinity. */
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
}

/** What metrics() returns: counts since the thread loaded pqtls. */
export interface Metrics {
  readonly handshakes: readonly HandshakeCount[];
  readonly failures: readonly FailureCount[];
  /** Ciphertext. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Sockets that are made and not destroyed. */
  readonly openConnections: Readonly<Record<Side, number>>;
  /** Retries with classical groups only, by `retryClassical`. */
  readonly classicalRetries: number;
  readonly handshakeDuration: Readonly<Record<Side, DurationHistogram>>;
  /** The same as Prometheus text, for `text/plain; version=0.0.4`. */
  toPrometheus(): string;
}

// Seconds.
const bucketBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, Infinity];

/** A peer must not be able to make us remember ever more; a program's own error codes end here as well. */
const longestTable = 200;

type Labels = Readonly<Record<string, string>>;

/** Counts by combination of labels, up to `longestTable` of them. */
interface Row {
  readonly labels: Labels;
  count: number;
}

class Table {
  readonly #rows = new Map<string, Row>();

  /** Returns the row that was counted. */
  count(labels: Labels, overflow?: Labels): Row {
    const key = Object.values(labels).join('\n');
    const known = this.#rows.get(key);
    if (known === undefined && this.#rows.size >= longestTable && overflow !== undefined) return this.count(overflow);
    const row = known ?? { labels, count: 0 };
    if (known === undefined) this.#rows.set(key, row);
    row.count += 1;
    return row;
  }

  rows(): { labels: Labels; count: number }[] {
    return [...this.#rows.values()].map((row) => ({ ...row }));
  }
}

class Histogram {
  readonly #counts = bucketBounds.map(() => 0);
  #sum = 0;

  add(seconds: number): void {
    this.#sum += seconds;
    let index = 0;
    while (seconds > (bucketBounds[index] ?? Infinity)) index += 1;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  snapshot(): DurationHistogram {
    let count = 0;
    const buckets = bucketBounds.map((le, index) => ({ le, count: (count += this.#counts[index] ?? 0) }));
    return { count, sum: this.#sum, buckets };
  }
}

interface LastRow {
  readonly outcome: HandshakeOutcome;
  readonly engine: string;
  readonly row: Row;
}

/** What the sockets count into; two of its fields are added to on the hot path. */
class Counters {
  bytesReceived = 0;
  bytesSent = 0;
  classicalRetries = 0;
  /** What the addon sent by itself since it was asked last. */
  sentElsewhere: () => number = () => 0;
  readonly #open = { client: 0, server: 0 };
  readonly #handshakes = new Table();
  readonly #failures = new Table();
  readonly #lastRow: Record<Side, LastRow | undefined> = {
    client: undefined,
    server: undefined,
  };
  readonly #durations = { client: new Histogram(), server: new Histogram() };

  opened(isServer: boolean): void {
    this.#open[sideOf(isServer)] += 1;
  }

  closed(isServer: boolean): void {
    // Often enough for the addon's counter, which has 31 bits.
    this.bytesSent += this.sentElsewhere();
    this.#open[sideOf(isServer)] -= 1;
  }

  established(isServer: boolean, engine: string, outcome: HandshakeOutcome, durationMs: number): void {
    const side = sideOf(isServer);
    this.#durations[side].add(durationMs / 1000);
    // Most handshakes are like the one before.
    const last = this.#lastRow[side];
    if (
      last?.outcome.group === outcome.group &&
      last.outcome.protocol === outcome.protocol &&
      last.engine === engine &&
      last.outcome.resumed === outcome.resumed &&
      last.outcome.helloRetryRequest === outcome.helloRetryRequest
    ) {
      last.row.count += 1;
      return;
    }
    const group = groupOf(outcome.group);
    const row = this.#handshakes.count({
      side,
      protocol: outcome.protocol,
      group,
      postQuantum: String(isPostQuantum(group)),
      engine,
      resumed: String(outcome.resumed),
      helloRetryRequest: String(outcome.helloRetryRequest),
    });
    this.#lastRow[side] = { outcome, engine, row };
  }

  failed(isServer: boolean, isHandshake: boolean, error: Error): void {
    const { code, alertSent, alertReceived } = error as {
      code?: unknown;
      alertSent?: unknown;
      alertReceived?: unknown;
    };
    const labels = {
      side: sideOf(isServer),
      phase: isHandshake ? 'handshake' : 'data',
      code: typeof code === 'string' ? code : 'none',
      alertSent: alertLabel(alertSent),
      alertReceived: alertLabel(alertReceived),
    };
    this.#failures.count(labels, { ...labels, code: 'other', alertSent: 'other', alertReceived: 'other' });
  }

  snapshot(): Metrics {
    this.bytesSent += this.sentElsewhere();
    const values = {
      handshakes: this.#handshakes.rows().map(({ labels, count }) => handshakeCount(labels, count)),
      failures: this.#failures.rows().map(({ labels, count }) => ({ ...labels, count }) as unknown as FailureCount),
      bytesReceived: this.bytesReceived,
      bytesSent: this.bytesSent,
      openConnections: { ...this.#open },
      classicalRetries: this.classicalRetries,
      handshakeDuration: { client: this.#durations.client.snapshot(), server: this.#durations.server.snapshot() },
    };
    return { ...values, toPrometheus: () => prometheusText(values) };
  }
}

function sideOf(isServer: boolean): Side {
  return isServer ? 'server' : 'client';
}

function groupOf(id: number): string {
  if (id === 0) return 'none';
  const name = nameOf(NamedGroup, id);
  return Object.hasOwn(NamedGroup, name) ? name : 'other';
}

function isPostQuantum(group: string): boolean {
  return (groupProperties as Record<string, GroupProperties | undefined>)[group]?.postQuantum ?? false;
}

/** An alert without a name comes as `0x....`, and there are 256 of them. */
function alertLabel(alert: unknown): string {
  if (typeof alert !== 'string') return 'none';
  return alert.startsWith('0x') ? 'other' : alert;
}

function handshakeCount(labels: Labels, count: number): HandshakeCount {
  return {
    ...(labels as unknown as HandshakeCount),
    postQuantum: labels['postQuantum'] === 'true',
    resumed: labels['resumed'] === 'true',
    helloRetryRequest: labels['helloRetryRequest'] === 'true',
    count,
  };
}

/** Every TLS socket of this thread counts here. */
export const metricsOfThisThread = new Counters();

/** Counts of all TLS connections of this thread since it loaded pqtls; a snapshot. */
export function metrics(): Metrics {
  return metricsOfThisThread.snapshot();
}

type Sample = readonly [suffix: string, labels: Readonly<Record<string, unknown>>, value: number];

function prometheusText(values: Omit<Metrics, 'toPrometheus'>): string {
  const { openConnections, handshakeDuration } = values;
  const sides = ['client', 'server'] as const;
  return [
    family(
      'pqtls_handshakes_total',
      'counter',
      'TLS handshakes that were completed.',
      values.handshakes.map(({ count, ...labels }) => ['', labels, count] as const),
    ),
    family(
      'pqtls_failures_total',
      'counter',
      'TLS connections that ended with an error.',
      values.failures.map(({ count, ...labels }) => ['', labels, count] as const),
    ),
    family('pqtls_received_bytes_total', 'counter', 'Ciphertext received.', [['', {}, values.bytesReceived]]),
    family('pqtls_sent_bytes_total', 'counter', 'Ciphertext sent.', [['', {}, values.bytesSent]]),
    family('pqtls_classical_retries_total', 'counter', 'Connections dialled again with classical groups only.', [
      ['', {}, values.classicalRetries],
    ]),
    family(
      'pqtls_open_connections',
      'gauge',
      'TLS sockets that are made and not destroyed.',
      sides.map((side) => ['', { side }, openConnections[side]] as const),
    ),
    family(
      'pqtls_handshake_duration_seconds',
      'histogram',
      'From the first byte of a handshake to its end.',
      sides.flatMap((side) => histogramSamples(side, handshakeDuration[side])),
    ),
  ].join('');
}

function histogramSamples(side: Side, { count, sum, buckets }: DurationHistogram): Sample[] {
  return [
    ...buckets.map(({ le, count }) => ['_bucket', { side, le: le === Infinity ? '+Inf' : le }, count] as const),
    ['_sum', { side }, sum],
    ['_count', { side }, count],
  ];
}

function family(name: string, type: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([suffix, labels, value]) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${snakeCase(label)}="${escapeLabel(String(text))}"`);
    return `${name}${suffix}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function snakeCase(label: string): string {
  return label.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}
