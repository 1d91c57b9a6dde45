// Which groups an endpoint accepts, each tried alone, and which it prefers. RFC 9846, Section 4.2.7.

import { foreignGroups, isPostQuantum, ownGroups, untriedGroups } from '../groups.js';
import type { Facts, Offer } from '../handshake.js';
import { foreignGroupOffer, groupOffer } from '../offers.js';
import { isAccepted, probeOf, type Prober } from '../prober.js';
import type { EndpointReport, Probe, Probes } from '../report.js';

/**
 * @param base what the endpoint accepts, but for its groups
 * @param hindered why post-quantum groups, and those of the other stack, cannot be tried
 */
export async function probeGroups(
  prober: Prober,
  base: Offer,
  hindered: { readonly postQuantum: string | undefined; readonly foreign: string | undefined },
): Promise<Probes> {
  const tried = await Promise.all([
    ...ownGroups.map(async (name): Promise<[string, Probe]> => {
      if (hindered.postQuantum !== undefined && isPostQuantum(name)) return [name, untried(hindered.postQuantum)];
      return [name, probeOf(await prober.try(groupOffer(base, [name])))];
    }),
    ...foreignGroups.map(async (name): Promise<[string, Probe]> => {
      if (hindered.foreign !== undefined) return [name, untried(hindered.foreign)];
      return [name, probeOf(await prober.try(foreignGroupOffer(name)))];
    }),
  ]);
  const others = Object.entries(untriedGroups).map(([name, why]): [string, Probe] => [name, untried(why)]);
  return Object.fromEntries([...tried, ...others]);
}

function untried(detail: string): Probe {
  return { result: 'not-tried', detail };
}

/**
 * Offers the accepted groups in reverse: who chooses the same again goes by its own order.
 *
 * @param contact the first handshake, whose post-quantum groups stood first if there were any
 * @param accepted of our own stack's groups, most wanted first
 */
export async function probePreference(
  prober: Prober,
  base: Offer,
  contact: Facts,
  accepted: readonly string[],
): Promise<EndpointReport['preferredGroup']> {
  const isComplete = base.groups?.some(isPostQuantum) === true || !accepted.some(isPostQuantum);
  const forward = isComplete ? contact : await prober.try(groupOffer(base, accepted));
  if (!isAccepted(forward) || forward.group === undefined) return undefined;
  const found = { group: forward.group, helloRetryRequest: forward.helloRetryRequest };
  if (accepted.length === 0) return { ...found, order: 'unknown' };
  if (accepted.length === 1) return { ...found, order: 'single' };
  const outcome = await prober.try(groupOffer(base, accepted.toReversed()));
  if (!isAccepted(outcome) || outcome.group === undefined) return { ...found, order: 'unknown' };
  return { ...found, reversed: outcome.group, order: outcome.group === forward.group ? 'server' : 'client' };
}
