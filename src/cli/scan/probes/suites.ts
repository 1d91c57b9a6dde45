// Which cipher suites an endpoint accepts: TLS 1.3's each alone, those of older versions until it refuses what is left.

import { nodeTls } from '../../../tls/node-tls.js';
import type { Facts, Offer, Version } from '../handshake.js';
import { foreignOffer, legacyVersionOffer } from '../offers.js';
import { isAccepted, probeOf, type Prober } from '../prober.js';
import type { EndpointReport, PreferenceOrder, Probe, Probes } from '../report.js';

// RFC 9846, Section B.4. AWS-LC has no CCM.
const ownSuites = ['TLS_AES_256_GCM_SHA384', 'TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256'];
const foreignSuites = ['TLS_AES_128_CCM_SHA256', 'TLS_AES_128_CCM_8_SHA256'];

/**
 * @param known a handshake that told of one already
 * @param foreign why those of the other stack cannot be tried
 */
export async function probeTls13Suites(
  prober: Prober,
  base: Offer,
  known: Facts,
  foreign: string | undefined,
): Promise<Probes> {
  const tried = await Promise.all([
    ...ownSuites.map(async (suite): Promise<[string, Probe]> => {
      if (suite === known.cipherSuite) return [suite, probeOf(known)];
      return [suite, probeOf(await prober.try({ ...base, minVersion: 'TLSv1.3', ciphers: [suite], unverified: true }))];
    }),
    ...foreignSuites.map(async (suite): Promise<[string, Probe]> => {
      if (foreign !== undefined) return [suite, { result: 'not-tried', detail: foreign }];
      return [suite, probeOf(await prober.try({ ...foreignOffer, ciphers: [suite] }))];
    }),
  ]);
  return Object.fromEntries(tried);
}

type LegacySuites = EndpointReport['legacySuites'][string];

export interface LegacyVersion {
  readonly probe: Probe;
  readonly suites: LegacySuites | undefined;
  /** The first handshake that succeeded. */
  readonly facts: Facts | undefined;
}

/** What OpenSSL has for TLS 1.2 and older, by its own names; without those that need no certificate. */
const offered = nodeTls
  .getCiphers()
  .map((name) => name.toUpperCase())
  .filter((name) => !/^TLS_|PSK|SRP|^ADH|^AECDH|NULL/.test(name));

/** A version of TLS 1.2 or older, and its suites in the order in which the endpoint takes them. */
export async function probeLegacyVersion(prober: Prober, version: Version): Promise<LegacyVersion> {
  const first = await prober.try(legacyVersionOffer(version));
  const probe = probeOf(first);
  if (!isAccepted(first)) return { probe, suites: undefined, facts: undefined };
  const found: Facts[] = [first];
  let left = without(offered, first);
  let ended: Probe = { result: 'not-tried', detail: 'nothing is left to offer' };
  while (left.length > 0) {
    const outcome = await prober.try(legacyVersionOffer(version, left));
    if (!isAccepted(outcome)) {
      ended = probeOf(outcome);
      break;
    }
    found.push(outcome);
    const fewer = without(left, outcome);
    // A server that chooses what was not offered would never end.
    if (fewer.length === left.length) break;
    left = fewer;
  }
  const order = await probeOrder(prober, version, found);
  return { probe, suites: { suites: found.map(({ cipherSuite }) => cipherSuite), order, ended }, facts: first };
}

async function probeOrder(prober: Prober, version: Version, found: readonly Facts[]): Promise<PreferenceOrder> {
  const [first] = found;
  if (first === undefined || found.length < 2) return 'single';
  const reversed = await prober.try(
    legacyVersionOffer(version, found.map(({ cipherName }) => cipherName).toReversed()),
  );
  if (!isAccepted(reversed)) return 'unknown';
  return reversed.cipherName === first.cipherName ? 'server' : 'client';
}

function without(names: readonly string[], { cipherName }: Facts): string[] {
  return names.filter((name) => name !== cipherName);
}
