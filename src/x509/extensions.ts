// Extensions of certificates that path validation acts on. RFC 5280, Section 4.2.

import { DerError, parseDer, type DerElement } from '../crypto/tls/der.js';
import { readGeneralName, type GeneralName } from './general-names.js';

/** id-ce-*. RFC 5280, Section 4.2.1. */
export const ExtensionOid = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  cRLDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
} as const;

/**
 * What may be critical. Policies are let through because nobody asks for one here: then they exclude nothing, but where
 * policyConstraints demands one, so that is not in the list. Everything else that is critical ends the path. RFC 5280,
 * Section 6.1.4, step (o).
 */
const understood: ReadonlySet<string> = new Set([
  ExtensionOid.keyUsage,
  ExtensionOid.subjectAltName,
  ExtensionOid.basicConstraints,
  ExtensionOid.nameConstraints,
  ExtensionOid.cRLDistributionPoints,
  ExtensionOid.certificatePolicies,
  ExtensionOid.policyMappings,
  ExtensionOid.extKeyUsage,
  ExtensionOid.inhibitAnyPolicy,
]);

/** Bits of KeyUsage by their place. RFC 5280, Section 4.2.1.3. */
export const KeyUsageBit = { digitalSignature: 0, keyCertSign: 5, cRLSign: 6 } as const;

export interface NameConstraints {
  readonly permitted: readonly Subtree[];
  readonly excluded: readonly Subtree[];
}

export interface Subtree {
  readonly base: GeneralName;
  /** `minimum` is 0 and there is no `maximum`, as RFC 5280, Section 4.2.1.10, demands. */
  readonly wholeTree: boolean;
}

export interface Extensions {
  readonly hasUnhandledCritical: boolean;
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | undefined } | undefined;
  /** Undefined where there is none: then every use is allowed. */
  readonly keyUsage: ((bit: number) => boolean) | undefined;
  readonly extKeyUsage: ReadonlySet<string> | undefined;
  readonly subjectAltNames: readonly GeneralName[] | undefined;
  readonly nameConstraints: NameConstraints | undefined;
  readonly subjectKeyIdentifier: Uint8Array | undefined;
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier;
}

export interface AuthorityKeyIdentifier {
  readonly keyIdentifier: Uint8Array | undefined;
  readonly serialNumber: Uint8Array | undefined;
}

export interface RawExtension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** Extensions ::= SEQUENCE OF SEQUENCE { extnID, critical DEFAULT FALSE, extnValue }. Throws DerError; none twice. */
export function readRawExtensions(element: DerElement): Map<string, RawExtension> {
  const found = new Map<string, RawExtension>();
  for (const extension of element.sequence()) {
    const members = extension.sequence();
    const [id, second] = members;
    const value = members.at(-1);
    if (id === undefined || value === undefined || members.length < 2 || members.length > 3) {
      throw new DerError('an extension');
    }
    const critical = members.length === 3 && second?.boolean() === true;
    // The default is left out in DER.
    if (members.length === 3 && !critical) throw new DerError('critical TRUE');
    const oid = id.objectIdentifier();
    if (found.has(oid)) throw new DerError('every extension once');
    found.set(oid, { oid, critical, value: value.octetString() });
  }
  return found;
}

/** Throws DerError where one that is acted on does not parse. */
export function readExtensions(raw: ReadonlyMap<string, RawExtension>): Extensions {
  const read = <T>(oid: string, reader: (element: DerElement) => T): T | undefined => {
    const extension = raw.get(oid);
    return extension === undefined ? undefined : reader(parseDer(extension.value));
  };
  return {
    hasUnhandledCritical: [...raw.values()].some(({ oid, critical }) => critical && !understood.has(oid)),
    basicConstraints: read(ExtensionOid.basicConstraints, readBasicConstraints),
    keyUsage: read(ExtensionOid.keyUsage, readKeyUsage),
    extKeyUsage: read(ExtensionOid.extKeyUsage, readExtKeyUsage),
    subjectAltNames: read(ExtensionOid.subjectAltName, (names) => names.sequence().map(readGeneralName)),
    nameConstraints: read(ExtensionOid.nameConstraints, readNameConstraints),
    subjectKeyIdentifier: read(ExtensionOid.subjectKeyIdentifier, (identifier) => identifier.octetString()),
    authorityKeyIdentifier: read(ExtensionOid.authorityKeyIdentifier, readAuthorityKeyIdentifier) ?? {
      keyIdentifier: undefined,
      serialNumber: undefined,
    },
  };
}

function readBasicConstraints(element: DerElement): NonNullable<Extensions['basicConstraints']> {
  const members = element.sequence();
  const hasFlag = members[0]?.universalTag === 1;
  const ca = hasFlag && members[0]?.boolean() === true;
  if (hasFlag && !ca) throw new DerError('cA TRUE');
  const [length, ...more] = hasFlag ? members.slice(1) : members;
  if (more.length > 0 || (length !== undefined && !ca)) throw new DerError('BasicConstraints');
  return { ca, pathLength: length?.smallInteger() };
}

function readKeyUsage(element: DerElement): (bit: number) => boolean {
  const { bytes } = element.bits();
  return (bit) => (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1;
}

function readExtKeyUsage(element: DerElement): ReadonlySet<string> {
  const usages = element.sequence().map((usage) => usage.objectIdentifier());
  if (usages.length === 0) throw new DerError('a key purpose');
  return new Set(usages);
}

function readNameConstraints(element: DerElement): NameConstraints {
  const members = new Map(element.sequence().map((member) => [member.contextTag, member.tagged()]));
  if (members.size === 0) throw new DerError('a name constraint');
  return {
    permitted: (members.get(0) ?? []).map(readSubtree),
    excluded: (members.get(1) ?? []).map(readSubtree),
  };
}

function readSubtree(element: DerElement): Subtree {
  const [base, ...bounds] = element.sequence();
  if (base === undefined) throw new DerError('a GeneralSubtree');
  // minimum is 0, the default, which DER leaves out.
  return { base: readGeneralName(base), wholeTree: bounds.length === 0 };
}

function readAuthorityKeyIdentifier(element: DerElement): AuthorityKeyIdentifier {
  const member = (tag: number): Uint8Array | undefined =>
    element.sequence().find(({ contextTag, isConstructed }) => contextTag === tag && !isConstructed)?.content;
  return { keyIdentifier: member(0), serialNumber: member(2) };
}
