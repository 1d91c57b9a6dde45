// The named policies: each is dated and never changes; a short name is an alias of the newest. docs/policy.md.

import type { NamedGroupName, ProtocolVersionName, SignatureSchemeName } from '../protocol/constants.js';

/**
 * `prefer` chooses a shared post-quantum group wherever there is one, `require` refuses everything else, `off` is
 * classical alone.
 */
export type PostQuantumMode = 'prefer' | 'require' | 'off';

// id-ml-dsa-87. RFC 9881, Section 2.
export const certificateKeys = { 'ML-DSA-87': '2.16.840.1.101.3.4.3.19' } as const;

type CertificateKey = keyof typeof certificateKeys;

/** What a policy lets a connection do. Lists are in order of preference. */
export interface Policy {
  /** With the month in which it was made, e.g. `default-2026-11`. */
  readonly name: string;
  readonly postQuantum: PostQuantumMode;
  readonly versions: readonly ProtocolVersionName[];
  readonly groups: readonly NamedGroupName[];
  /** Suites of TLS 1.3 by IANA name, then those of TLS 1.2 by OpenSSL's. */
  readonly cipherSuites: readonly string[];
  /** Of handshakes: what we sign with and what we accept. */
  readonly signatureSchemes: readonly SignatureSchemeName[];
  /** The only kind of key that certificates may have, from the leaf to the root. */
  readonly certificateKey: CertificateKey | 'any';
  /** Certificates with shorter RSA keys are refused, anywhere in the chain. */
  readonly minimumRsaBits: number;
}

const tls13Suites = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'] as const;

const forwardSecret = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
] as const;

// The PKCS #1 schemes are for certificates, and for TLS 1.2. RFC 9846, Section 4.2.3.
const schemes = [
  'mldsa65',
  'mldsa87',
  'mldsa44',
  'ecdsa_secp256r1_sha256',
  'ecdsa_secp384r1_sha384',
  'ed25519',
  'rsa_pss_rsae_sha256',
  'rsa_pss_rsae_sha384',
  'rsa_pss_rsae_sha512',
  'rsa_pkcs1_sha256',
  'rsa_pkcs1_sha384',
  'rsa_pkcs1_sha512',
] as const satisfies readonly SignatureSchemeName[];

const hybrids = ['X25519MLKEM768', 'SecP256r1MLKEM768', 'SecP384r1MLKEM1024'] as const;
const classical = ['X25519', 'secp256r1', 'secp384r1'] as const;

const dated: readonly Policy[] = [
  {
    name: 'default-2026-11',
    postQuantum: 'prefer',
    versions: ['TLSv1.3', 'TLSv1.2'],
    groups: [...hybrids, ...classical],
    cipherSuites: [...tls13Suites, ...forwardSecret],
    signatureSchemes: schemes,
    certificateKey: 'any',
    minimumRsaBits: 2048,
  },
  {
    name: 'strict-2026-11',
    postQuantum: 'require',
    versions: ['TLSv1.3'],
    groups: hybrids,
    cipherSuites: tls13Suites,
    signatureSchemes: schemes,
    certificateKey: 'any',
    minimumRsaBits: 2048,
  },
  {
    // The algorithms of NSA's CNSA 2.0 suite, and the hybrid of the same strength.
    name: 'cnsa2-2026-11',
    postQuantum: 'require',
    versions: ['TLSv1.3'],
    groups: ['MLKEM1024', 'SecP384r1MLKEM1024'],
    cipherSuites: ['TLS_AES_256_GCM_SHA384'],
    signatureSchemes: ['mldsa87'],
    certificateKey: 'ML-DSA-87',
    minimumRsaBits: 2048,
  },
  {
    // Old peers: CBC, and at the very end suites without forward secrecy.
    name: 'compat-2026-11',
    postQuantum: 'prefer',
    versions: ['TLSv1.3', 'TLSv1.2'],
    groups: [...hybrids, ...classical, 'secp521r1'],
    cipherSuites: [
      ...tls13Suites,
      ...forwardSecret,
      'ECDHE-ECDSA-AES128-SHA',
      'ECDHE-RSA-AES128-SHA',
      'ECDHE-ECDSA-AES256-SHA',
      'ECDHE-RSA-AES256-SHA',
      'AES128-GCM-SHA256',
      'AES256-GCM-SHA384',
      'AES128-SHA',
      'AES256-SHA',
    ],
    signatureSchemes: [...schemes, 'ecdsa_secp521r1_sha512'],
    certificateKey: 'any',
    minimumRsaBits: 2048,
  },
];

const aliases = {
  default: 'default-2026-11',
  strict: 'strict-2026-11',
  cnsa2: 'cnsa2-2026-11',
  compat: 'compat-2026-11',
} as const;

/** A policy's short name, which moves with releases, or its dated one, which does not. */
export type PolicyName = keyof typeof aliases | (string & {});

/** Every policy by its dated name and by its alias; `console.table(policies)` shows them. Frozen throughout. */
export const policies: Readonly<Record<string, Policy>> = (() => {
  const byName = new Map(dated.map((policy) => [policy.name, freeze(policy)]));
  for (const [alias, name] of Object.entries(aliases)) {
    const policy = byName.get(name);
    if (policy !== undefined) byName.set(alias, policy);
  }
  return Object.freeze(Object.fromEntries(byName));
})();

function freeze(policy: Policy): Policy {
  for (const value of Object.values(policy) as unknown[]) Object.freeze(value);
  return Object.freeze(policy);
}
