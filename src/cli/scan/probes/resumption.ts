// Whether an endpoint resumes a session. RFC 9846, Section 2.2.

import type { Offer } from '../handshake.js';
import { isAccepted, type Prober } from '../prober.js';
import type { EndpointReport } from '../report.js';

/** @param base what the endpoint accepts */
export async function probeResumption(prober: Prober, base: Offer): Promise<EndpointReport['resumption']> {
  const first = await prober.try({ ...base, wantSession: true });
  if (!isAccepted(first)) return 'not-tried';
  if (first.session === undefined) return 'no-session';
  const second = await prober.try({ ...base, session: first.session });
  if (!isAccepted(second)) return 'not-tried';
  return second.resumed ? 'resumes' : 'full-handshake';
}
