// A report of a scan as tests need it: a well-configured endpoint, but for what they change.

import type { Certificate, EndpointReport } from '#src/cli/scan/report.js';

const yes = { result: 'accepted', stack: 'pqtls' } as const;
const no = { result: 'refused', stack: 'pqtls', detail: 'alert handshake_failure' } as const;

export const scannedAt = '2026-11-28T12:00:00.000Z';

export const certificate: Certificate = {
  subject: 'CN=example.org',
  issuer: 'CN=CA',
  serialNumber: '01',
  names: ['DNS:example.org'],
  notBefore: '2026-11-01T00:00:00.000Z',
  notAfter: '2027-02-01T00:00:00.000Z',
  key: 'ML-DSA-65',
  signature: 'ML-DSA-65',
  selfIssued: false,
  fingerprint256: 'AA:BB',
};

/** Nothing but post-quantum groups and TLS 1.3. */
export const best: EndpointReport = {
  endpoint: { host: 'example.org', port: 443 },
  status: 'scanned',
  address: '192.0.2.7',
  scannedAt,
  durationMs: 100,
  handshakes: 30,
  versions: { 'TLSv1.3': yes, 'TLSv1.2': no, 'TLSv1.1': no, TLSv1: no },
  groups: { X25519MLKEM768: yes, SecP384r1MLKEM1024: yes, MLKEM768: no, X25519: no, secp256r1: no },
  preferredGroup: { group: 'X25519MLKEM768', helloRetryRequest: false, reversed: 'X25519MLKEM768', order: 'server' },
  helloRetryRequest: {
    withoutUsableShare: { behaviour: 'asks', detail: 'it asks' },
    withLesserShare: { behaviour: 'asks', detail: 'it asks' },
  },
  largeClientHello: { result: 'accepted', length: 1514 },
  tls13Suites: { TLS_AES_256_GCM_SHA384: yes, TLS_AES_128_GCM_SHA256: no },
  legacySuites: {},
  signatureSchemes: { accepted: ['mldsa65'], ended: no },
  chains: [{ certificates: [certificate], trusted: true, signatureSchemes: ['mldsa65'] }],
  alpn: 'h2',
  ocspStapled: true,
  resumption: 'resumes',
};

export const accepts = yes;
export const refuses = no;

export function withLeaf(changes: Partial<Certificate>): Partial<EndpointReport> {
  return { chains: [{ certificates: [{ ...certificate, ...changes }], trusted: true, signatureSchemes: [] }] };
}
