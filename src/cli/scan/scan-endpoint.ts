// Scans one endpoint: the first handshakes decide which probes can tell anything, and only those are made.

import { chainsOf } from './chains.js';
import type { Endpoint } from './endpoints.js';
import { ownGroups } from './groups.js';
import type { Facts, HandshakeOptions, Offer, Outcome, Version } from './handshake.js';
import { classicalOffer, foreignOffer, legacyOffer, paddedOffer, wideOffer } from './offers.js';
import { isAccepted, Prober, probeOf } from './prober.js';
import { probeGroups, probePreference } from './probes/groups.js';
import { probeResumption } from './probes/resumption.js';
import { probeRetryRequest, untriedRetryRequest } from './probes/retry-request.js';
import { probeSignatures } from './probes/signatures.js';
import { probeLegacyVersion, probeTls13Suites } from './probes/suites.js';
import { isUnclear, type EndpointReport, type EndpointStatus, type Probe } from './report.js';
import type { Throttle } from './throttle.js';

/** Rejects only with the reason of an aborted signal. */
export async function scanEndpoint(
  endpoint: Endpoint,
  throttle: Throttle,
  options: HandshakeOptions,
): Promise<EndpointReport> {
  const started = performance.now();
  const scannedAt = new Date().toISOString();
  const prober = new Prober(endpoint, throttle, options);
  const contact = await makeContact(prober, firstOffer(endpoint));
  const found = contact.status === 'scanned' ? await probeAll(prober, contact) : nothingFound(contact);
  const { host, port, servername, starttls } = endpoint;
  return {
    endpoint: {
      host,
      port,
      ...(servername === undefined ? {} : { servername }),
      ...(starttls === undefined ? {} : { starttls }),
    },
    status: contact.status,
    ...(contact.status === 'scanned' ? {} : { problem: contact.problem }),
    ...(prober.gone === undefined ? {} : { incomplete: prober.gone }),
    ...(prober.address === undefined ? {} : { address: prober.address }),
    scannedAt,
    durationMs: Math.round(performance.now() - started),
    handshakes: prober.handshakes,
    ...found,
  };
}

type LargeClientHello = EndpointReport['largeClientHello'];

/** Some handshake succeeded. */
interface Contact {
  readonly status: 'scanned';
  readonly facts: Facts;
  /** What was offered in it. */
  readonly offer: Offer;
  readonly largeClientHello: LargeClientHello;
}

interface NoContact {
  readonly status: Exclude<EndpointStatus, 'scanned'>;
  readonly problem: string;
  readonly largeClientHello: LargeClientHello;
}

/** What goes over to TLS from another protocol speaks no HTTP. */
function firstOffer({ starttls }: Endpoint): Offer {
  return starttls === undefined ? wideOffer : { ...wideOffer, alpn: [] };
}

/** No offer of TLS has anything to do with it. */
function isBeforeTls({ result }: Outcome): boolean {
  return result === 'unreachable' || result === 'no-starttls';
}

/**
 * Finds an offer that the endpoint accepts, the largest first.
 *
 * @param first the largest
 */
async function makeContact(prober: Prober, first: Offer): Promise<Contact | NoContact> {
  let offer = first;
  let wide = await prober.once(offer);
  // What cannot be connected to may be so by chance; what answers in plain text is not.
  if (isBeforeTls(wide)) wide = await prober.once(offer);
  if (wide.result === 'refused' && wide.detail.endsWith('no_application_protocol')) {
    // Something else than HTTP; our names were in the way.
    offer = { ...first, alpn: [] };
    wide = await prober.once(offer);
  }
  if (isAccepted(wide)) return contactBy(wide, offer, sizeOf(wide));
  if (isBeforeTls(wide) || wide.result === 'not-tls') return noContact(wide, wide);
  const small = await prober.once(classicalOffer(offer));
  if (isAccepted(small)) return afterSmallHello(prober, offer, wide, small);
  // A second chance for both, where the first failures may be chance.
  if (isUnclear(wide.result)) {
    wide = await prober.once(offer);
    if (isAccepted(wide)) return contactBy(wide, offer, sizeOf(wide));
  }
  if (isUnclear(wide.result) && isUnclear(small.result)) return noContact(small, wide);
  const legacy = await prober.try(legacyOffer);
  if (isAccepted(legacy)) return contactBy(legacy, legacyOffer, failed(wide));
  // Whatever told most: an alert says that there is TLS.
  const telling = [legacy, small, wide].find(({ result }) => result === 'refused') ?? legacy;
  return noContact(telling, wide);
}

/** The small ClientHello got through: was it the size of the other? */
async function afterSmallHello(prober: Prober, offer: Offer, first: Outcome, small: Facts): Promise<Contact> {
  const wide = isUnclear(first.result) ? await prober.once(offer) : first;
  if (isAccepted(wide)) return contactBy(wide, offer, sizeOf(wide));
  const padded = await prober.try(paddedOffer(offer));
  // The size gets through: once more, before the groups are said to be in the way.
  const again = isUnclear(wide.result) && isAccepted(padded) ? await prober.once(offer) : wide;
  if (isAccepted(again)) return contactBy(again, offer, sizeOf(again));
  return contactBy(small, classicalOffer(offer), { ...failed(wide), classicalOfSameSize: padded.result });
}

function contactBy(facts: Facts, offer: Offer, largeClientHello: LargeClientHello): Contact {
  return { status: 'scanned', facts, offer, largeClientHello };
}

function noContact(outcome: Outcome, wide: Outcome): NoContact {
  return { status: statusOf(outcome), problem: probeOf(outcome).detail ?? '', largeClientHello: failed(wide) };
}

function statusOf({ result }: Outcome): NoContact['status'] {
  if (result === 'unreachable' || result === 'not-tls' || result === 'no-starttls') return result;
  // Not one answer was TLS, by its rules.
  if (result === 'broken') return 'not-tls';
  if (result === 'timeout') return 'silent';
  return result === 'closed' || result === 'reset' ? 'closed' : 'refused';
}

function sizeOf({ clientHelloLength }: Facts): LargeClientHello {
  return { result: 'accepted', ...(clientHelloLength === undefined ? {} : { length: clientHelloLength }) };
}

function failed(outcome: Outcome): LargeClientHello {
  const { result, detail } = probeOf(outcome);
  return { result, ...(detail === undefined ? {} : { detail }) };
}

type Findings = Omit<
  EndpointReport,
  'endpoint' | 'status' | 'problem' | 'incomplete' | 'address' | 'scannedAt' | 'durationMs' | 'handshakes'
>;

function nothingFound({ problem, largeClientHello }: NoContact): Findings {
  return {
    versions: {},
    groups: {},
    helloRetryRequest: untriedRetryRequest(problem),
    largeClientHello,
    tls13Suites: {},
    legacySuites: {},
    signatureSchemes: { accepted: [], ended: { result: 'not-tried', detail: problem } },
    chains: [],
    ocspStapled: false,
    resumption: 'not-tried',
  };
}

const legacyVersions = ['TLSv1.2', 'TLSv1.1', 'TLSv1'] as const satisfies readonly Version[];

async function probeAll(prober: Prober, { facts, offer, largeClientHello }: Contact): Promise<Findings> {
  prober.control = offer;
  const tls13 = await probeTls13(prober, facts, offer);
  const [modern, legacy, resumption, signatures] = await Promise.all([
    isAccepted(tls13) ? probeModern(prober, offer, tls13, largeClientHello) : withoutTls13(probeOf(tls13)),
    Promise.all(legacyVersions.map(async (version) => [version, await probeLegacyVersion(prober, version)] as const)),
    probeResumption(prober, offer),
    probeSignatures(prober, offer.stack === 'pqtls' ? offer : classicalOffer(wideOffer), facts),
  ]);
  const handshakes = [facts, ...signatures.handshakes, ...legacy.flatMap(([, { facts }]) => facts ?? [])];
  return {
    versions: {
      'TLSv1.3': probeOf(tls13),
      ...Object.fromEntries(legacy.map(([version, { probe }]) => [version, probe])),
    },
    ...modern,
    largeClientHello,
    legacySuites: Object.fromEntries(
      legacy.flatMap(([version, { suites }]) => (suites === undefined ? [] : [[version, suites]])),
    ),
    signatureSchemes: { accepted: [...signatures.accepted], ended: signatures.ended },
    // TLS 1.2 may show chains that TLS 1.3 does not.
    chains: chainsOf(handshakes),
    ...(facts.alpn === undefined ? {} : { alpn: facts.alpn }),
    ocspStapled: facts.ocspStapled,
    ...(handshakes.some(({ wantsCertificate }) => wantsCertificate === true)
      ? { clientCertificateRequired: true }
      : {}),
    resumption,
  };
}

async function probeTls13(prober: Prober, facts: Facts, offer: Offer): Promise<Outcome> {
  return facts.protocol === 'TLSv1.3'
    ? facts
    : prober.try({ ...wideOffer, ...offer, stack: 'pqtls', minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' });
}

type Modern = Pick<Findings, 'groups' | 'preferredGroup' | 'helloRetryRequest' | 'tls13Suites'>;

function withoutTls13({ result, detail }: Probe): Modern {
  const why = `no TLS 1.3: ${result}${detail === undefined ? '' : ` (${detail})`}`;
  return { groups: {}, helloRetryRequest: untriedRetryRequest(why), tls13Suites: {} };
}

async function probeModern(
  prober: Prober,
  offer: Offer,
  facts: Facts,
  { result, detail = '', classicalOfSameSize }: LargeClientHello,
): Promise<Modern> {
  const isSizeInTheWay = isUnclear(result) && classicalOfSameSize !== undefined && isUnclear(classicalOfSameSize);
  const foreign = await foreignHindrance(prober);
  const groups = await probeGroups(prober, offer, {
    postQuantum: isSizeInTheWay ? `a large ClientHello does not get through: ${detail}` : undefined,
    foreign,
  });
  const accepted = ownGroups.filter((name) => groups[name]?.result === 'accepted');
  const [preferredGroup, helloRetryRequest, tls13Suites] = await Promise.all([
    probePreference(prober, offer, facts, accepted),
    probeRetryRequest(prober, offer, groups, facts.group),
    probeTls13Suites(prober, offer, facts, foreign),
  ]);
  return { groups, ...(preferredGroup === undefined ? {} : { preferredGroup }), helloRetryRequest, tls13Suites };
}

/** Why node:tls's refusals say nothing of one group or suite: it and the endpoint have no others in common. */
async function foreignHindrance(prober: Prober): Promise<string | undefined> {
  const outcome = await prober.try(foreignOffer);
  if (isAccepted(outcome)) return undefined;
  return `node:tls on OpenSSL ${process.versions.openssl} has no TLS 1.3 handshake with it: ${outcome.detail}`;
}
