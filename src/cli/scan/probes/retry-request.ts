// What an endpoint does with a key share of another group than it wants. RFC 9846, Section 4.1.4.

import { isPostQuantum, ownGroups } from '../groups.js';
import type { Offer } from '../handshake.js';
import { groupOffer } from '../offers.js';
import { isAccepted, type Prober } from '../prober.js';
import { isUnclear, type EndpointReport, type Probes, type RetryBehaviour } from '../report.js';

type RetryBehaviours = EndpointReport['helloRetryRequest'];

/** What the endpoint is known to accept and to refuse, of the groups that our own stack has. */
interface KnownGroups {
  readonly accepted: readonly string[];
  readonly refused: readonly string[];
}

/** @param preferred what it chose where everything was offered */
export async function probeRetryRequest(
  prober: Prober,
  base: Offer,
  groups: Probes,
  preferred: string | undefined,
): Promise<RetryBehaviours> {
  const known: KnownGroups = {
    accepted: ownGroups.filter((name) => groups[name]?.result === 'accepted'),
    refused: ownGroups.filter((name) => groups[name]?.result === 'refused'),
  };
  const [withoutUsableShare, withLesserShare] = await Promise.all([
    probeWithoutUsableShare(prober, base, known),
    probeWithLesserShare(prober, base, known, preferred),
  ]);
  return { withoutUsableShare, withLesserShare };
}

export function untriedRetryRequest(detail: string): RetryBehaviours {
  const untried: RetryBehaviour = { behaviour: 'not-tried', detail };
  return { withoutUsableShare: untried, withLesserShare: untried };
}

/** One share, of a group that it refuses, and the name of one that it accepts. */
async function probeWithoutUsableShare(prober: Prober, base: Offer, known: KnownGroups): Promise<RetryBehaviour> {
  // Of one class: AWS-LC sends a share of the first group of each.
  const pairs = known.accepted.flatMap((wanted) =>
    known.refused
      .filter((refused) => isPostQuantum(refused) === isPostQuantum(wanted))
      .map((refused) => [refused, wanted] as const),
  );
  const [pair] = pairs;
  if (pair === undefined) return untried('it accepts every group of which a share could be sent');
  return outcomeOf(prober, base, pair);
}

/** A share that it accepts, and the name of the group that it prefers. */
async function probeWithLesserShare(
  prober: Prober,
  base: Offer,
  { accepted, refused }: KnownGroups,
  preferred: string | undefined,
): Promise<RetryBehaviour> {
  if (preferred === undefined || !accepted.includes(preferred)) return untried('it is not known what it prefers');
  const others = accepted.filter((name) => name !== preferred);
  const [lesser] = others.filter((name) => isPostQuantum(name) === isPostQuantum(preferred));
  // A classical share beside a post-quantum wish needs a post-quantum share that is of no use: AWS-LC sends one.
  const [classical] = others.filter((name) => !isPostQuantum(name));
  const [useless] = refused.filter(isPostQuantum);
  if (isPostQuantum(preferred) && classical !== undefined && useless !== undefined) {
    return outcomeOf(prober, base, [classical, useless, preferred]);
  }
  if (lesser !== undefined) return outcomeOf(prober, base, [lesser, preferred]);
  return untried('it accepts no second group of which a share could be sent alone');
}

async function outcomeOf(prober: Prober, base: Offer, groups: readonly string[]): Promise<RetryBehaviour> {
  const wanted = groups.at(-1) ?? '';
  const shares = groups.slice(0, -1).join(' and ');
  const offer = groupOffer(base, groups);
  const tried = await prober.try(offer);
  if (tried.result === 'not-tried') return untried(tried.detail);
  const confirmed = isUnclear(tried.result) ? await prober.confirm(offer) : tried;
  const outcome = confirmed ?? tried;
  if (!isAccepted(outcome)) {
    return {
      behaviour: confirmed === undefined ? 'unknown' : 'fails',
      detail: `${outcome.result} with a share of ${shares}, ${wanted} offered: ${outcome.detail}`,
    };
  }
  const { group = 'no group', helloRetryRequest } = outcome;
  return helloRetryRequest
    ? { behaviour: 'asks', detail: `given a share of ${shares} it asks for ${group}` }
    : { behaviour: 'takes-share', detail: `given a share of ${shares} it goes on with ${group}, ${wanted} offered` };
}

function untried(detail: string): RetryBehaviour {
  return { behaviour: 'not-tried', detail };
}
