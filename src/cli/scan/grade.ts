// The grade of an endpoint, and why: one table of rules, each with the best grade that it leaves. docs/scan.md.

import { isPostQuantum, postQuantumGroups } from './groups.js';
import { accepted, isUnclear, unclear, type Certificate, type EndpointReport } from './report.js';

/** From the best to the worst. */
export const grades = ['A+', 'A', 'B', 'C', 'D', 'F'] as const;
export type Grade = (typeof grades)[number];

export interface Rule {
  readonly id: string;
  /** The best grade that it leaves; undefined for what is only told. */
  readonly cap: Grade | undefined;
  readonly title: string;
  /** What it means, and what to do. */
  readonly help: string;
  /** What was found, in one sentence; undefined where the rule does not apply. */
  readonly find: (report: EndpointReport) => string | undefined;
}

export interface Finding {
  readonly rule: Rule;
  readonly message: string;
}

export interface Verdict {
  /** Undefined where the scan did not come far enough. */
  readonly grade: Grade | undefined;
  /** The worst first. */
  readonly findings: readonly Finding[];
}

export const rules: readonly Rule[] = [
  {
    id: 'no-handshake',
    cap: 'F',
    title: 'No TLS handshake succeeds',
    help: 'The endpoint speaks TLS and refused every handshake. It may want a server name (HOST:PORT@NAME) or a client certificate before anything else.',
    find: ({ status, problem }) => (status === 'refused' ? `Every handshake was refused: ${problem}.` : undefined),
  },
  {
    id: 'large-client-hello-breaks',
    cap: 'F',
    title: 'A post-quantum ClientHello breaks the connection',
    help: 'Clients that offer post-quantum groups first, as current browsers do, cannot connect. Look for a middlebox or a TLS stack that reads a ClientHello from one TCP segment only.',
    find: ({ largeClientHello: { result, detail, classicalOfSameSize } }) => {
      if (classicalOfSameSize === undefined) return undefined;
      const why = isUnclear(classicalOfSameSize)
        ? 'so does a classical one of the same size'
        : `a classical one of the same size does not (${classicalOfSameSize}): the groups are in the way, not the size`;
      return `A ClientHello with post-quantum groups ends in: ${result} (${detail}); ${why}.`;
    },
  },
  {
    id: 'obsolete-version-only',
    cap: 'F',
    title: 'Nothing newer than TLS 1.1',
    help: 'RFC 8996 forbids TLS 1.0 and 1.1. Upgrade the TLS stack.',
    find: ({ status, versions }) =>
      status === 'scanned' && !speaks(versions, 'TLSv1.3') && !speaks(versions, 'TLSv1.2')
        ? `It accepts ${accepted(versions).join(' and ') || 'no version by itself'} only.`
        : undefined,
  },
  {
    id: 'certificate-not-valid',
    cap: 'F',
    title: 'The certificate is outside of its dates',
    help: 'Renew the certificate.',
    find: (report) => first(leaves(report), (leaf) => outsideOfDates(leaf, report.scannedAt)),
  },
  {
    id: 'weak-certificate',
    cap: 'F',
    title: 'The certificate can be forged',
    help: 'Use RSA keys of at least 2048 bits, and signatures with SHA-256 or better.',
    find: ({ chains }) => first(chains, ({ certificates }) => weakest(certificates)),
  },
  {
    id: 'no-tls13',
    cap: 'D',
    title: 'No TLS 1.3',
    help: 'Post-quantum key exchange needs TLS 1.3 (RFC 9846): enable it first.',
    find: ({ versions }) =>
      speaks(versions, 'TLSv1.2') && !speaks(versions, 'TLSv1.3')
        ? `TLS 1.3 came to: ${versions['TLSv1.3']?.result} (${versions['TLSv1.3']?.detail ?? ''}).`
        : undefined,
  },
  {
    id: 'no-post-quantum',
    cap: 'C',
    title: 'No post-quantum key exchange',
    help: 'What is recorded today can be read by a quantum computer later. Enable X25519MLKEM768 (RFC 10024).',
    find: (report) =>
      speaks(report.versions, 'TLSv1.3') && !hasPostQuantum(report) && unclearGroups(report).length === 0
        ? `It refuses every post-quantum group, and accepts ${accepted(report.groups).join(', ')}.`
        : undefined,
  },
  {
    id: 'post-quantum-unknown',
    cap: 'C',
    title: 'Whether there is post-quantum key exchange is not known',
    help: 'The probes ended without an answer. Scan again, with a longer --timeout.',
    find: (report) => {
      if (!speaks(report.versions, 'TLSv1.3') || hasPostQuantum(report)) return undefined;
      const unclear = unclearGroups(report);
      return unclear.length === 0 ? undefined : `No clear answer: ${unclear.join(', ')}.`;
    },
  },
  {
    id: 'obsolete-version-accepted',
    cap: 'C',
    title: 'TLS 1.1 or older is accepted',
    help: 'RFC 8996 forbids TLS 1.0 and 1.1. Disable them.',
    find: ({ versions }) => {
      const obsolete = ['TLSv1.1', 'TLSv1'].filter((version) => speaks(versions, version));
      const isBetterKnown = speaks(versions, 'TLSv1.3') || speaks(versions, 'TLSv1.2');
      return obsolete.length > 0 && isBetterKnown ? `It also accepts ${obsolete.join(' and ')}.` : undefined;
    },
  },
  {
    id: 'not-trusted',
    cap: 'C',
    title: 'The certificate is not trusted',
    help: 'Clients cannot know who answers. Where the authority is your own, give it with --ca FILE; where the name differs, give HOST:PORT@NAME.',
    find: ({ chains }) =>
      first(chains, ({ trusted, problem }) =>
        trusted ? undefined : `The chain or the name is not accepted: ${problem}.`,
      ),
  },
  {
    id: 'post-quantum-not-preferred',
    cap: 'B',
    title: 'Post-quantum key exchange is not preferred',
    help: 'Put a post-quantum group first in the list of the server, and let the server choose.',
    find: (report) => {
      const { preferredGroup } = report;
      if (!hasPostQuantum(report) || preferredGroup === undefined || isPostQuantum(preferredGroup.group))
        return undefined;
      return `Offered post-quantum groups first, it chooses ${preferredGroup.group}.`;
    },
  },
  {
    id: 'post-quantum-by-retry',
    cap: 'B',
    title: 'Post-quantum key exchange costs a round trip',
    help: 'Clients send a share of X25519MLKEM768; a server without that group has to ask for another one. Enable X25519MLKEM768.',
    find: ({ preferredGroup }) =>
      preferredGroup?.helloRetryRequest === true && isPostQuantum(preferredGroup.group)
        ? `It asks for ${preferredGroup.group} by HelloRetryRequest.`
        : undefined,
  },
  {
    id: 'retry-request-broken',
    cap: 'B',
    title: 'HelloRetryRequest does not work',
    help: 'Clients whose first key share is of another group cannot connect. RFC 9846, Section 4.1.4.',
    find: ({ helloRetryRequest }) =>
      first(Object.values(helloRetryRequest), ({ behaviour, detail }) =>
        behaviour === 'fails' ? `The handshake fails: ${detail}.` : undefined,
      ),
  },
  {
    id: 'no-forward-secrecy',
    cap: 'B',
    title: 'Suites without forward secrecy',
    help: 'With RSA key transport, who gets the server key later reads what was recorded. Disable suites of the form TLS_RSA_WITH_*.',
    find: ({ legacySuites }) => {
      const suites = new Set(Object.values(legacySuites).flatMap(({ suites }) => suites.filter(isKeyTransport)));
      return suites.size === 0 ? undefined : `It accepts ${[...suites].join(', ')}.`;
    },
  },
  {
    id: 'classical-accepted',
    cap: 'A',
    title: 'Classical key exchange is still accepted',
    help: 'Nothing to do while there are clients without post-quantum groups. After that, leave post-quantum groups and TLS 1.3 alone.',
    find: (report) => {
      const { groups, versions } = report;
      if (!hasPostQuantum(report)) return undefined;
      const others = accepted(groups).filter((name) => !isPostQuantum(name));
      const older = accepted(versions).filter((version) => version !== 'TLSv1.3');
      const all = [...others, ...older];
      return all.length === 0 ? undefined : `It also accepts ${all.join(', ')}.`;
    },
  },
  {
    id: 'classical-unknown',
    cap: 'A',
    title: 'Whether classical key exchange is accepted is not known',
    help: 'The probes ended without an answer. Scan again, with a longer --timeout.',
    find: (report) => {
      const { groups, versions } = report;
      const all = [...unclear(groups).filter((name) => !isPostQuantum(name)), ...unclear(versions)];
      return hasPostQuantum(report) && all.length > 0 ? `No clear answer: ${all.join(', ')}.` : undefined;
    },
  },
  {
    id: 'client-order',
    cap: undefined,
    title: "The client's order of groups decides",
    help: 'A client that lists a classical group first gets it. Let the server choose.',
    find: ({ preferredGroup }) =>
      preferredGroup?.order === 'client' && preferredGroup.reversed !== undefined
        ? `It chooses ${preferredGroup.group}, and ${preferredGroup.reversed} where the list is reversed.`
        : undefined,
  },
  {
    id: 'classical-certificate',
    cap: undefined,
    title: 'The certificate is classical',
    help: 'A forged signature needs a quantum computer during the handshake, so this is less urgent than key exchange. ML-DSA certificates: RFC 9881.',
    find: (report) => {
      const keys = leaves(report).map(({ key }) => key);
      if (keys.length === 0 || keys.some((key) => /^(ML|SLH)-DSA/.test(key))) return undefined;
      return `Its key is ${keys.join(', ')}.`;
    },
  },
  {
    id: 'expires-soon',
    cap: undefined,
    title: 'The certificate expires soon',
    help: 'Renew the certificate.',
    find: (report) =>
      first(leaves(report), ({ notAfter }) => {
        const days = (Date.parse(notAfter) - Date.parse(report.scannedAt)) / (24 * 60 * 60 * 1000);
        return days >= 0 && days < soonInDays ? `It expires on ${notAfter}.` : undefined;
      }),
  },
];

const soonInDays = 14;

export function judge(report: EndpointReport): Verdict {
  const findings = rules.flatMap((rule): Finding[] => {
    const message = rule.find(report);
    return message === undefined ? [] : [{ rule, message }];
  });
  const isKnown = (report.status === 'scanned' || report.status === 'refused') && report.incomplete === undefined;
  const worst = Math.max(0, ...findings.map(({ rule: { cap } }) => (cap === undefined ? 0 : grades.indexOf(cap))));
  return { grade: isKnown ? grades[worst] : undefined, findings };
}

/** The findings that made the grade what it is. */
export function decisive({ grade, findings }: Verdict): readonly Finding[] {
  return findings.filter(({ rule }) => rule.cap === grade && grade !== undefined);
}

/** One line for tables: why the endpoint has its grade, or none. */
export function reasonOf(report: EndpointReport, verdict: Verdict): string {
  if (verdict.grade === undefined) return report.incomplete ?? report.problem ?? report.status;
  const reasons = decisive(verdict).map(({ rule, message }) => `${rule.title}: ${message}`);
  return reasons.length === 0 ? 'Post-quantum key exchange is required.' : reasons.join(' ');
}

export function isBelow(grade: Grade, minimum: Grade): boolean {
  return grades.indexOf(grade) > grades.indexOf(minimum);
}

function speaks(versions: EndpointReport['versions'], version: string): boolean {
  return versions[version]?.result === 'accepted';
}

function hasPostQuantum({ groups }: EndpointReport): boolean {
  return accepted(groups).some(isPostQuantum);
}

/** Post-quantum groups that were neither accepted nor refused. */
function unclearGroups({ groups }: EndpointReport): string[] {
  return postQuantumGroups.flatMap((name) => {
    const probe = groups[name];
    if (probe === undefined || probe.result === 'accepted' || probe.result === 'refused') return [];
    return [`${name} ${probe.result}`];
  });
}

function leaves({ chains }: EndpointReport): Certificate[] {
  return chains.flatMap(({ certificates: [leaf] }) => leaf ?? []);
}

function outsideOfDates({ notBefore, notAfter }: Certificate, at: string): string | undefined {
  if (Date.parse(notAfter) < Date.parse(at)) return `It expired on ${notAfter}.`;
  return Date.parse(notBefore) > Date.parse(at) ? `It is not valid before ${notBefore}.` : undefined;
}

/** Whoever forges an issuer forges what it issues. */
function weakest(certificates: readonly Certificate[]): string | undefined {
  const [leaf, ...issuers] = certificates;
  const ofLeaf = leaf && weakness(leaf);
  if (ofLeaf !== undefined) return ofLeaf;
  return first(issuers, (issuer) => {
    const found = weakness(issuer);
    return found === undefined ? undefined : `Its issuer ${issuer.subject}: ${found}`;
  });
}

function weakness({ key, signature, selfIssued }: Certificate): string | undefined {
  const [, bits] = /^RSA(?:-PSS)?-(\d+)$/.exec(key) ?? [];
  if (bits !== undefined && Number(bits) < 2048) return `Its key has ${bits} bits.`;
  // Nobody relies on the signature of a root by itself.
  return /md5|sha1/i.test(signature) && !selfIssued ? `It is signed with ${signature}.` : undefined;
}

function isKeyTransport(suite: string): boolean {
  return suite.startsWith('TLS_RSA_WITH_');
}

function first<T>(values: readonly T[], find: (value: T) => string | undefined): string | undefined {
  for (const value of values) {
    const found = find(value);
    if (found !== undefined) return found;
  }
  return undefined;
}
