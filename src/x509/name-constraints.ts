// Name constraints of CA certificates: DNS names, addresses, mailboxes, URIs and directory names. RFC 5280, Section 4.2.1.10.

import type { Certificate } from './certificate.js';
import type { NameConstraints, Subtree } from './extensions.js';
import type { GeneralName } from './general-names.js';
import type { VerificationCode } from './verification-errors.js';

/** Comparisons of a name with a constraint in one path, so that nobody can have thousands times thousands made. */
const mostComparisons = 250_000;

const oids = { commonName: '2.5.4.3', emailAddress: '1.2.840.113549.1.9.1' } as const;

/**
 * Holds every certificate of a path to the constraints of those above it; `path` is leaf first. What is self-issued and
 * not the leaf is exempt. RFC 5280, Section 6.1.3, steps (b) and (c).
 */
export function checkNameConstraints(path: readonly Certificate[]): VerificationCode | undefined {
  let comparisons = 0;
  for (const [index, issuer] of path.entries()) {
    const constraints = issuer.extensions.nameConstraints;
    if (constraints === undefined || index === 0) continue;
    const subtrees = constraints.permitted.length + constraints.excluded.length;
    for (const [below, certificate] of path.slice(0, index).entries()) {
      if (below > 0 && certificate.isSelfIssued) continue;
      const names = namesOf(certificate, below === 0);
      comparisons += names.length * subtrees;
      if (comparisons > mostComparisons) return 'ERR_PQTLS_CERTIFICATE_TOO_COMPLEX';
      const fault = checkNames(names, constraints);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

/** The subject, the alternative names, and what stands in for them where there are none. */
function namesOf(certificate: Certificate, isLeaf: boolean): GeneralName[] {
  const { subject, extensions } = certificate;
  const alternatives = extensions.subjectAltNames ?? [];
  const names: GeneralName[] = [...alternatives];
  if (subject.rdns.length > 0) names.push({ type: 'directory', name: subject });
  for (const { type, text } of subject.attributes) {
    // Old mailboxes in subjects are held to the constraints too. RFC 5280, Section 4.2.1.10.
    if (type === oids.emailAddress) names.push({ type: 'email', value: text ?? '' });
    // node:tls looks for a host in the common name where no DNS name is among the alternatives.
    const standsIn = isLeaf && type === oids.commonName && !alternatives.some((name) => name.type === 'dns');
    if (standsIn && text !== undefined && looksLikeHost(text)) names.push({ type: 'dns', value: text });
  }
  return names;
}

function looksLikeHost(text: string): boolean {
  return text.includes('.') && /^[A-Za-z0-9_*-]+(\.[A-Za-z0-9_-]+)*\.?$/.test(text) && !/^[\d.]+$/.test(text);
}

function checkNames(names: readonly GeneralName[], constraints: NameConstraints): VerificationCode | undefined {
  for (const name of names) {
    let isConstrained = false;
    let isPermitted = false;
    for (const subtree of constraints.permitted) {
      const match = matches(name, subtree);
      if (match === 'other-type') continue;
      if (typeof match === 'object') return match.fault;
      isConstrained = true;
      isPermitted ||= match;
    }
    if (isConstrained && !isPermitted) return 'PERMITTED_VIOLATION';
    for (const subtree of constraints.excluded) {
      const match = matches(name, subtree, true);
      if (typeof match === 'object') return match.fault;
      if (match === true) return 'EXCLUDED_VIOLATION';
    }
  }
  return undefined;
}

type Match = boolean | 'other-type' | { readonly fault: VerificationCode };

function matches(name: GeneralName, { base, wholeTree }: Subtree, isExcluded = false): Match {
  if (name.type !== base.type) return 'other-type';
  if (name.type === 'other') {
    // A constraint that is not understood must not be passed over. RFC 5280, Section 4.2.1.10.
    return base.type === 'other' && base.tag === name.tag ? { fault: 'UNSUPPORTED_CONSTRAINT_TYPE' } : 'other-type';
  }
  if (!wholeTree) return { fault: 'SUBTREE_MINMAX' };
  switch (name.type) {
    case 'dns':
      return base.type === 'dns' && matchesDns(name.value, base.value, isExcluded);
    case 'email':
      return base.type === 'email' ? matchesEmail(name.value, base.value) : 'other-type';
    case 'uri':
      return base.type === 'uri' ? matchesUri(name.value, base.value) : 'other-type';
    case 'ip':
      return base.type === 'ip' ? matchesIp(name.bytes, base.bytes) : 'other-type';
    case 'directory':
      return base.type === 'directory' && base.name.rdns.every((rdn, index) => rdn === name.name.rdns[index]);
  }
}

/** Labels may be added in front. A leading dot is taken as OpenSSL does: only names below. */
function matchesDns(name: string, base: string, isExcluded: boolean): Match {
  const host = withoutRootDot(name.toLowerCase());
  const constraint = withoutRootDot(base.toLowerCase());
  if (constraint === '') return true;
  if (isWithin(host, constraint)) return true;
  // What a wildcard stands for may be what is excluded. RFC 9525 lets it be the first label alone.
  return isExcluded && host.startsWith('*.') && isWithin(withoutDot(constraint), host.slice(2));
}

/** The domain itself or a name below it; only below where the constraint begins with a dot. */
function isWithin(host: string, constraint: string): boolean {
  if (constraint.startsWith('.')) return host.endsWith(constraint) && host.length > constraint.length;
  return host === constraint || host.endsWith(`.${constraint}`);
}

function withoutRootDot(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

function withoutDot(host: string): string {
  return host.startsWith('.') ? host.slice(1) : host;
}

/** A mailbox, every mailbox of a host, or of the hosts below a domain (with a dot before it). */
function matchesEmail(name: string, base: string): Match {
  const at = name.lastIndexOf('@');
  // Quoted local parts may hold anything: they are not compared.
  if (at < 1 || name.includes('"')) return { fault: 'UNSUPPORTED_NAME_SYNTAX' };
  const host = name.slice(at + 1).toLowerCase();
  const baseAt = base.lastIndexOf('@');
  if (baseAt >= 0) {
    return name.slice(0, at) === base.slice(0, baseAt) && host === base.slice(baseAt + 1).toLowerCase();
  }
  const constraint = base.toLowerCase();
  return constraint.startsWith('.') ? host.endsWith(constraint) : host === constraint;
}

/** The host of a URI: one host, or the hosts below a domain (with a dot before it). */
function matchesUri(name: string, base: string): Match {
  const authority = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#]*)/.exec(name)?.[1];
  const host = authority?.replace(/^.*@/, '').replace(/:\d*$/, '').toLowerCase();
  // A URI under a constraint must have a host by name. RFC 5280, Section 4.2.1.10.
  if (host === undefined || host === '' || host.startsWith('[') || /^[\d.]+$/.test(host)) {
    return { fault: 'UNSUPPORTED_NAME_SYNTAX' };
  }
  const constraint = base.toLowerCase();
  return constraint.startsWith('.')
    ? host.endsWith(constraint) && host.length > constraint.length
    : host === constraint;
}

/** Address and mask, as long as each other. An address of the other family is outside of every range. */
function matchesIp(address: Uint8Array, range: Uint8Array): Match {
  if (range.length !== 8 && range.length !== 32) return { fault: 'UNSUPPORTED_NAME_SYNTAX' };
  if (address.length !== 4 && address.length !== 16) return { fault: 'UNSUPPORTED_NAME_SYNTAX' };
  if (range.length !== 2 * address.length) return false;
  return address.every((byte, index) => {
    const mask = range[address.length + index] ?? 0;
    return (byte & mask) === ((range[index] ?? 0) & mask);
  });
}
