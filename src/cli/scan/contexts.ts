// The contexts of a scan's offers, for both TLS stacks: each is made once, as contexts are dear to make.

import type { SecureContext as NodeSecureContext } from 'node:tls';
import { createSecureContext, getCACertificates } from '../../index.js';
import { nodeTls } from '../../tls/node-tls.js';
import type { Offer } from './handshake.js';

export function pqtlsContextOf(offer: Offer, ca: string | undefined): ReturnType<typeof createSecureContext> {
  return contexts.get(offer, ca, pqtlsContext);
}

export function opensslContextOf(offer: Offer, ca: string | undefined): NodeSecureContext {
  return contexts.get(offer, ca, opensslContext);
}

/** The same offers go to all endpoints. */
class Contexts {
  readonly #made = new Map<string, unknown>();

  get<T>(offer: Offer, ca: string | undefined, make: (offer: Offer, ca: string | undefined) => T): T {
    const { stack, minVersion, maxVersion, groups, ciphers, sigalgs } = offer;
    const key = JSON.stringify([stack, minVersion, maxVersion, groups, ciphers, sigalgs, offer.unverified, ca]);
    // Lists that endpoints steer could fill it without end.
    if (this.#made.size > 400) this.#made.clear();
    const known = this.#made.get(key);
    if (known !== undefined) return known as T;
    const made = make(offer, ca);
    this.#made.set(key, made);
    return made;
  }
}

const contexts = new Contexts();

function pqtlsContext(offer: Offer, ca: string | undefined): ReturnType<typeof createSecureContext> {
  const { minVersion, maxVersion, groups, ciphers, sigalgs } = offer;
  return createSecureContext({
    minVersion,
    maxVersion,
    ciphers: ciphers?.join(':') ?? 'ALL:!PSK',
    ...(groups === undefined ? {} : { groups }),
    ...(sigalgs === undefined ? {} : { sigalgs: sigalgs.join(':') }),
    ...trusted(offer, ca),
  });
}

function opensslContext(offer: Offer, ca: string | undefined): NodeSecureContext {
  const { minVersion, maxVersion, groups, ciphers, sigalgs } = offer;
  return nodeTls.createSecureContext({
    minVersion,
    maxVersion,
    // Level 0 still knows what is outdated: whether an endpoint does is the question.
    ciphers: `${ciphers?.join(':') ?? 'ALL'}:${ciphers?.[0]?.startsWith('TLS_') === true ? 'ALL:' : ''}!PSK:!SRP:!aNULL:!eNULL:@SECLEVEL=0`,
    ...(groups === undefined ? {} : { ecdhCurve: groups.join(':') }),
    ...(sigalgs === undefined ? {} : { sigalgs: sigalgs.join(':') }),
    ...trusted(offer, ca),
  });
}

function trusted({ unverified }: Offer, ca: string | undefined): { ca?: string[] } {
  if (unverified === true) return { ca: [] };
  return ca === undefined ? {} : { ca: [...getCACertificates(), ca] };
}
