// How many handshakes run at a time with one host, and how many begin in a second overall.

import { setTimeout as sleep } from 'node:timers/promises';

export interface Limits {
  /** Handshakes at a time with one host. */
  readonly perHost: number;
  /** Handshakes that begin in a second, overall; 0 for no limit. */
  readonly rate: number;
}

export class Throttle {
  readonly #limits: Limits;
  readonly #signal: AbortSignal;
  readonly #hosts = new Map<string, Slots>();
  /** When the next handshake may begin, by performance.now(). */
  #next = 0;

  constructor(limits: Limits, signal: AbortSignal) {
    this.#limits = limits;
    this.#signal = signal;
  }

  /** Runs the work when its turn has come. Rejects with the signal's reason once it is aborted. */
  async run<T>(host: string, work: () => Promise<T>): Promise<T> {
    const slots = this.#slotsOf(host);
    await slots.take();
    try {
      await this.#turn();
      this.#signal.throwIfAborted();
      return await work();
    } finally {
      slots.give();
      if (slots.isIdle) this.#hosts.delete(host);
    }
  }

  #slotsOf(host: string): Slots {
    let slots = this.#hosts.get(host);
    if (slots === undefined) {
      slots = new Slots(this.#limits.perHost);
      this.#hosts.set(host, slots);
    }
    return slots;
  }

  async #turn(): Promise<void> {
    if (this.#limits.rate === 0) return;
    const now = performance.now();
    const begin = Math.max(now, this.#next);
    this.#next = begin + 1000 / this.#limits.rate;
    if (begin > now) await sleep(begin - now, undefined, { signal: this.#signal });
  }
}

/** What may run at a time, first come, first served. */
export class Slots {
  readonly #total: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(total: number) {
    this.#total = total;
  }

  get isIdle(): boolean {
    return this.#taken === 0 && this.#waiting.length === 0;
  }

  async take(): Promise<void> {
    if (this.#taken < this.#total) {
      this.#taken++;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  give(): void {
    const next = this.#waiting.shift();
    // The slot goes to the next as it is.
    if (next !== undefined) next();
    else this.#taken--;
  }
}
