// What a scan finds of one endpoint: the shape of `--json` and of a resume file, checked when it is read back.

import { z } from 'zod';
import { startTlsProtocols } from '../starttls/start-tls.js';

/**
 * What came of one probe. A silence is never a refusal: `refused` needs an alert, or an answer that chooses something
 * that was not offered.
 */
export const probeResults = [
  'accepted',
  'refused',
  'reset',
  'closed',
  'timeout',
  'not-tls',
  'broken',
  'unreachable',
  /** The conversation before TLS (STARTTLS) did not come to its go-ahead. */
  'no-starttls',
  'not-tried',
] as const;

const probeSchema = z.strictObject({
  result: z.enum(probeResults),
  /** The alert, the error, or why it was not tried. */
  detail: z.string().optional(),
  /** Which TLS stack made the handshake. */
  stack: z.enum(['pqtls', 'node:tls']).optional(),
});

const probesSchema = z.record(z.string(), probeSchema);

const certificateSchema = z.strictObject({
  subject: z.string(),
  issuer: z.string(),
  serialNumber: z.string(),
  /** The first of subjectAltName, e.g. `DNS:example.org`. */
  names: z.array(z.string()),
  notBefore: z.string(),
  notAfter: z.string(),
  /** e.g. `RSA-2048`, `EC-P-256`, `ML-DSA-65`, or an OID. */
  key: z.string(),
  /** e.g. `ecdsa-with-SHA256`, or an OID. */
  signature: z.string(),
  selfIssued: z.boolean(),
  fingerprint256: z.string(),
});

const chainSchema = z.strictObject({
  /** Leaf first, as it was sent. */
  certificates: z.array(certificateSchema),
  trusted: z.boolean(),
  /** OpenSSL's name of what is wrong with the chain or the name. */
  problem: z.string().optional(),
  /** Handshake signatures that this chain was seen with. */
  signatureSchemes: z.array(z.string()),
});

const retrySchema = z.strictObject({
  /** `asks`: by HelloRetryRequest. `takes-share`: goes on with what it got. `unknown`: no clear answer. */
  behaviour: z.enum(['asks', 'takes-share', 'fails', 'unknown', 'not-tried']),
  detail: z.string(),
});

export const endpointReportSchema = z.strictObject({
  endpoint: z.strictObject({
    host: z.string(),
    port: z.int().min(1).max(65535),
    servername: z.string().optional(),
    starttls: z.enum(startTlsProtocols).optional(),
  }),
  /**
   * `scanned`: some handshake succeeded. `refused`: it speaks TLS, and no handshake of ours succeeded. The others say why
   * there was no TLS.
   */
  status: z.enum(['scanned', 'refused', 'not-tls', 'silent', 'closed', 'unreachable', 'no-starttls']),
  /** Why it was not scanned. */
  problem: z.string().optional(),
  /** Why some probes were given up. */
  incomplete: z.string().optional(),
  /** The address that all probes went to. */
  address: z.string().optional(),
  scannedAt: z.string(),
  durationMs: z.number(),
  handshakes: z.int(),
  versions: probesSchema,
  groups: probesSchema,
  preferredGroup: z
    .strictObject({
      /** Chosen where post-quantum groups stand first. */
      group: z.string(),
      helloRetryRequest: z.boolean(),
      /** Chosen where the same groups stand in reverse order. */
      reversed: z.string().optional(),
      order: z.enum(['server', 'client', 'single', 'unknown']),
    })
    .optional(),
  helloRetryRequest: z.strictObject({
    /** No share of a group that it accepts: it has to ask. */
    withoutUsableShare: retrySchema,
    /** A share of a lesser group that it accepts. */
    withLesserShare: retrySchema,
  }),
  largeClientHello: z.strictObject({
    result: z.enum(probeResults),
    detail: z.string().optional(),
    /** Bytes of the ClientHello. */
    length: z.int().optional(),
    /** What a classical ClientHello of the same size came to, where the post-quantum one failed. */
    classicalOfSameSize: z.enum(probeResults).optional(),
  }),
  tls13Suites: probesSchema,
  /** In the order in which the endpoint chose them. */
  legacySuites: z.record(
    z.string(),
    z.strictObject({
      suites: z.array(z.string()),
      order: z.enum(['server', 'client', 'single', 'unknown']),
      /** How the list ended; other than by a refusal there may be more. */
      ended: probeSchema,
    }),
  ),
  signatureSchemes: z.strictObject({ accepted: z.array(z.string()), ended: probeSchema }),
  chains: z.array(chainSchema),
  alpn: z.string().optional(),
  ocspStapled: z.boolean(),
  /** It ends handshakes of TLS 1.2 or older for want of a client certificate, once all else is agreed on. */
  clientCertificateRequired: z.literal(true).optional(),
  resumption: z.enum(['resumes', 'full-handshake', 'no-session', 'not-tried']),
});

export type ProbeResult = (typeof probeResults)[number];
export type Probe = z.infer<typeof probeSchema>;
export type Probes = Record<string, Probe>;
export type Certificate = z.infer<typeof certificateSchema>;
export type Chain = z.infer<typeof chainSchema>;
export type RetryBehaviour = z.infer<typeof retrySchema>;
export type EndpointReport = z.infer<typeof endpointReportSchema>;
export type EndpointStatus = EndpointReport['status'];
export type PreferenceOrder = 'server' | 'client' | 'single' | 'unknown';

/** The names of the probes that were accepted. */
export function accepted(probes: Probes): string[] {
  return Object.entries(probes)
    .filter(([, { result }]) => result === 'accepted')
    .map(([name]) => name);
}

/** The names of the probes that came to no clear answer. */
export function unclear(probes: Probes): string[] {
  return Object.entries(probes)
    .filter(([, { result }]) => isUnclear(result))
    .map(([name]) => name);
}

/** Failures that say nothing of what the endpoint supports: the network, a load balancer or chance may have made them. */
export function isUnclear(result: ProbeResult): boolean {
  return ['reset', 'closed', 'timeout', 'unreachable', 'no-starttls'].includes(result);
}
