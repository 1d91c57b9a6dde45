// The handshakes with one endpoint: throttled, repeated once where a failure may be chance, given up where it is gone.

import type { Facts, HandshakeOptions, Offer, Outcome, Target } from './handshake.js';
import { handshake } from './handshake.js';
import { serverNameOf, type Endpoint } from './endpoints.js';
import { isUnclear, type Probe } from './report.js';
import type { Throttle } from './throttle.js';

// Probes in a row that came to nothing clear, before the endpoint is asked whether it is still there.
const patience = 2;
/** How often an offer has to be lost again, between controls that get through. */
const confirmations = 2;

export class Prober {
  readonly #endpoint: Endpoint;
  readonly #throttle: Throttle;
  readonly #options: HandshakeOptions;
  #address: string | undefined;
  #control: Offer | undefined;
  #unclear = 0;
  #checking: Promise<void> | undefined;
  #gone: string | undefined;
  #handshakes = 0;

  constructor(endpoint: Endpoint, throttle: Throttle, options: HandshakeOptions) {
    this.#endpoint = endpoint;
    this.#throttle = throttle;
    this.#options = options;
  }

  get handshakes(): number {
    return this.#handshakes;
  }

  /** The first address that answered: a name may stand for machines that differ. */
  get address(): string | undefined {
    return this.#address;
  }

  /** Why the rest was given up. */
  get gone(): string | undefined {
    return this.#gone;
  }

  /** An offer that the endpoint accepted once: with it one learns whether it still answers. */
  set control(offer: Offer) {
    this.#control = offer;
  }

  /** One handshake, not repeated. */
  async once(offer: Offer): Promise<Outcome> {
    const { host, port, starttls } = this.#endpoint;
    const outcome = await this.#throttle.run(host, () => {
      this.#handshakes++;
      const target: Target = { host: this.#address ?? host, port, servername: serverNameOf(this.#endpoint), starttls };
      return handshake(target, offer, this.#options);
    });
    this.#address ??= outcome.address;
    return outcome;
  }

  /** A handshake that is tried twice before a silence, an end or a reset counts. */
  async try(offer: Offer): Promise<Outcome> {
    if (this.#gone !== undefined) return this.#notTried(offer);
    const first = await this.once(offer);
    if (!isUnclear(first.result)) return this.#clear(first);
    const second = await this.once(offer);
    if (!isUnclear(second.result)) return this.#clear(second);
    this.#unclear++;
    if (this.#unclear >= patience) {
      await this.#checkPresence();
      // What the endpoint did not answer because it was gone says nothing of the offer.
      if (this.#isGone()) return this.#notTried(offer);
    }
    return second;
  }

  /**
   * Whether a silence, an end or a reset is the answer to an offer, and not chance: it comes twice more, each time after the
   * control was accepted. Undefined where that is not known; otherwise the last outcome, which may be another one.
   */
  async confirm(offer: Offer): Promise<Outcome | undefined> {
    let outcome: Outcome | undefined;
    for (let times = 0; times < confirmations && this.#control !== undefined && this.#gone === undefined; times++) {
      const control = await this.once(this.#control);
      if (control.result !== 'accepted') return undefined;
      outcome = await this.once(offer);
      if (!isUnclear(outcome.result)) return outcome;
    }
    return outcome;
  }

  #isGone(): boolean {
    return this.#gone !== undefined;
  }

  #clear(outcome: Outcome): Outcome {
    this.#unclear = 0;
    return outcome;
  }

  #notTried({ stack }: Offer): Outcome {
    return { result: 'not-tried', detail: this.#gone ?? '', stack };
  }

  /** One check at a time answers for all probes that run beside each other. */
  async #checkPresence(): Promise<void> {
    this.#checking ??= this.#check().finally(() => (this.#checking = undefined));
    await this.#checking;
  }

  async #check(): Promise<void> {
    if (this.#control === undefined) return;
    let outcome = await this.once(this.#control);
    if (outcome.result !== 'accepted') outcome = await this.once(this.#control);
    if (outcome.result === 'accepted') this.#unclear = 0;
    else this.#gone = `the endpoint stopped answering: ${outcome.detail}`;
  }
}

/** What a probe says in the report. */
export function probeOf(outcome: Outcome): Probe {
  const { result, stack } = outcome;
  return outcome.result === 'accepted' ? { result, stack } : { result, stack, detail: outcome.detail };
}

export function isAccepted(outcome: Outcome): outcome is Facts {
  return outcome.result === 'accepted';
}
