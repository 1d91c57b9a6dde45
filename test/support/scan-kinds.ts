// Endpoints of known configuration for tests of `pqtls scan`, and what a scan has to find of each.

import { constants } from 'node:crypto';
import type { TlsOptions } from 'node:tls';
import type { EndpointReport } from '#src/cli/scan/report.js';

/** Which certificate an endpoint shows. */
export type CredentialName = 'leaf' | 'rsa' | 'rsa1024' | 'mldsa' | 'expired' | 'selfSigned' | 'otherName' | 'both';

/** What answers: TLS with these options, or something else. */
export type Answer =
  | {
      readonly stack: 'pqtls' | 'node:tls';
      readonly credential?: CredentialName;
      readonly options?: TlsOptions & { groups?: string; postQuantum?: string };
      readonly ocsp?: boolean;
      /** What stands before it on the path. */
      readonly path?: Path;
    }
  | { readonly stack: 'tcp'; readonly behaviour: TcpBehaviour };

export type Path =
  'resets-large-hello' | 'closes-large-hello' | 'drops-large-hello' | 'resets-hybrids' | 'swallows-alerts' | 'slow';

export type TcpBehaviour =
  'http' | 'silent' | 'closes' | 'resets' | 'alert' | 'garbage' | 'drips' | 'half-hello' | 'warnings' | 'greets';

/** What is known of it, in the words of the report. */
export interface Known {
  readonly status: EndpointReport['status'];
  readonly grade: string | undefined;
  /** Rules, the worst first. */
  readonly findings?: readonly string[];
  readonly versions?: readonly string[];
  readonly groups?: readonly string[];
  /** Group, whose order decides, and whether it takes a HelloRetryRequest. */
  readonly preferred?: readonly [group: string, order: string, retry?: boolean];
  /** Without a usable share, and with a lesser one. */
  readonly retry?: readonly [string, string];
  readonly large?: EndpointReport['largeClientHello']['result'];
  readonly tls13Suites?: readonly string[];
  readonly tls12Suites?: readonly string[];
  readonly schemes?: readonly string[];
  readonly keys?: readonly string[];
  readonly trust?: string;
  readonly alpn?: string;
  readonly ocsp?: boolean;
  readonly resumption?: EndpointReport['resumption'];
  readonly clientCertificate?: boolean | undefined;
  /** Results of single probes that were neither accepted nor refused. */
  readonly unclear?: Readonly<Record<string, string>>;
  /** A part of what is said of an endpoint without a handshake. */
  readonly problem?: string;
}

export interface Kind {
  readonly name: string;
  /** The Node that serves it; the running one by default. */
  readonly node?: '24' | '26';
  readonly answer: Answer;
  readonly known: Known;
}

const hybrids = ['X25519MLKEM768', 'SecP256r1MLKEM768', 'SecP384r1MLKEM1024'];
const defaults = [...hybrids, 'X25519', 'secp256r1', 'secp384r1'];
const gcmAndChaCha = ['TLS_AES_256_GCM_SHA384', 'TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256'];
const rsaSchemes = ['rsa_pss_rsae_sha256', 'rsa_pss_rsae_sha384', 'rsa_pss_rsae_sha512'];
const trusted = { trust: 'trusted' } as const;
const scanned = { status: 'scanned', ...trusted, large: 'accepted' } as const;

/** pqtls's default, whatever is in the way of the rest. */
const ours = {
  ...scanned,
  grade: 'A',
  findings: ['classical-accepted', 'classical-certificate'],
  versions: ['TLSv1.3', 'TLSv1.2'],
  groups: defaults,
  preferred: ['X25519MLKEM768', 'server'],
  retry: ['asks', 'asks'],
  tls13Suites: gcmAndChaCha,
  schemes: ['ecdsa_secp256r1_sha256'],
  keys: ['EC-P-256'],
  resumption: 'resumes',
} as const satisfies Known;

/** Node's default list ends with RSA key transport, and so does ours. */
const oursWithRsa = {
  ...ours,
  grade: 'B',
  findings: ['no-forward-secrecy', 'classical-accepted', 'classical-certificate'],
} as const satisfies Known;

const broken = {
  ...ours,
  grade: 'F',
  findings: ['large-client-hello-breaks', 'post-quantum-unknown', 'classical-certificate'],
  groups: ['X25519', 'secp256r1', 'secp384r1'],
  preferred: ['X25519', 'server'],
} as const satisfies Known;

const noTls = (status: Known['status'], problem?: string): Known => ({
  status,
  grade: undefined,
  findings: [],
  ...(problem === undefined ? {} : { problem }),
});

export const kinds: readonly Kind[] = [
  { name: 'pqtls as it is', answer: { stack: 'pqtls' }, known: ours },
  {
    name: 'post-quantum required',
    answer: { stack: 'pqtls', options: { postQuantum: 'require' } },
    known: {
      ...ours,
      grade: 'A+',
      findings: ['classical-certificate'],
      versions: ['TLSv1.3'],
      groups: hybrids,
      unclear: { TLS_AES_128_CCM_SHA256: 'not-tried', x448: 'not-tried' },
    },
  },
  {
    name: 'MLKEM1024 alone',
    answer: { stack: 'pqtls', options: { groups: 'MLKEM1024' } },
    known: {
      ...scanned,
      grade: 'B',
      findings: ['post-quantum-by-retry', 'classical-certificate'],
      // TLS 1.2 without a curve has RSA key transport only, and this key is none of RSA.
      versions: ['TLSv1.3'],
      groups: ['MLKEM1024'],
      preferred: ['MLKEM1024', 'single', true],
      retry: ['asks', 'not-tried'],
    },
  },
  {
    name: 'SecP384r1MLKEM1024 before classical groups',
    answer: { stack: 'pqtls', options: { groups: 'SecP384r1MLKEM1024:P-384:P-256' } },
    known: {
      ...scanned,
      grade: 'B',
      findings: ['post-quantum-by-retry', 'classical-accepted', 'classical-certificate'],
      groups: ['SecP384r1MLKEM1024', 'secp256r1', 'secp384r1'],
      preferred: ['SecP384r1MLKEM1024', 'server', true],
      retry: ['asks', 'asks'],
    },
  },
  {
    name: 'SecP256r1MLKEM768 and MLKEM768',
    answer: { stack: 'pqtls', options: { groups: 'SecP256r1MLKEM768:MLKEM768', minVersion: 'TLSv1.3' } },
    known: {
      ...scanned,
      grade: 'B',
      findings: ['post-quantum-by-retry', 'classical-certificate'],
      versions: ['TLSv1.3'],
      groups: ['SecP256r1MLKEM768', 'MLKEM768'],
      preferred: ['SecP256r1MLKEM768', 'server', true],
      retry: ['asks', 'asks'],
    },
  },
  {
    name: 'classical groups alone',
    answer: { stack: 'pqtls', options: { groups: 'P-256:X25519' } },
    known: {
      ...scanned,
      grade: 'C',
      findings: ['no-post-quantum', 'classical-certificate'],
      groups: ['X25519', 'secp256r1'],
      preferred: ['secp256r1', 'server', true],
      retry: ['asks', 'asks'],
    },
  },
  {
    name: 'P-521 alone',
    answer: { stack: 'pqtls', options: { groups: 'P-521' } },
    known: {
      ...scanned,
      grade: 'C',
      groups: ['secp521r1'],
      preferred: ['secp521r1', 'single', true],
      retry: ['asks', 'not-tried'],
    },
  },
  {
    name: 'post-quantum groups alone, with client certificates, and TLS 1.2',
    answer: {
      stack: 'pqtls',
      options: {
        groups: 'X25519MLKEM768:P-256',
        requestCert: true,
        ciphers: 'TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-AES128-GCM-SHA256',
      },
    },
    known: {
      ...scanned,
      grade: 'A',
      findings: ['classical-accepted', 'classical-certificate'],
      versions: ['TLSv1.3', 'TLSv1.2'],
      groups: ['X25519MLKEM768', 'secp256r1'],
      tls13Suites: ['TLS_AES_256_GCM_SHA384'],
      tls12Suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
      clientCertificate: true,
    },
  },
  {
    name: 'TLS 1.2 alone, with client certificates',
    answer: {
      stack: 'pqtls',
      options: { maxVersion: 'TLSv1.2', requestCert: true, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' },
    },
    known: {
      ...scanned,
      grade: 'D',
      findings: ['no-tls13'],
      versions: ['TLSv1.2'],
      groups: [],
      tls13Suites: [],
      tls12Suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
      keys: [],
      // Its ClientHello is answered, but not with an alert that would say so.
      large: 'refused',
      clientCertificate: true,
    },
  },
  {
    name: 'TLS 1.2 alone',
    answer: {
      stack: 'pqtls',
      options: { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305' },
    },
    known: {
      ...scanned,
      grade: 'D',
      findings: ['no-tls13', 'classical-certificate'],
      versions: ['TLSv1.2'],
      groups: [],
      tls13Suites: [],
      tls12Suites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'],
      resumption: 'resumes',
    },
  },
  {
    name: 'an RSA key',
    answer: { stack: 'pqtls', credential: 'rsa' },
    known: { ...oursWithRsa, schemes: rsaSchemes, keys: ['RSA-2048'] },
  },
  {
    name: 'an RSA and an ECDSA key',
    answer: { stack: 'pqtls', credential: 'both' },
    known: { ...oursWithRsa, schemes: ['ecdsa_secp256r1_sha256', ...rsaSchemes], keys: ['EC-P-256', 'RSA-2048'] },
  },
  {
    name: 'an ML-DSA key',
    answer: { stack: 'pqtls', credential: 'mldsa' },
    known: {
      ...ours,
      findings: ['classical-accepted'],
      versions: ['TLSv1.3'],
      schemes: ['mldsa65'],
      keys: ['ML-DSA-65'],
      unclear: { TLS_AES_128_CCM_SHA256: 'not-tried' },
    },
  },
  {
    name: 'an expired certificate',
    answer: { stack: 'pqtls', credential: 'expired' },
    known: { ...ours, grade: 'F', findings: ['certificate-not-valid', 'not-trusted'], trust: 'CERT_HAS_EXPIRED' },
  },
  {
    name: 'a self-signed certificate',
    answer: { stack: 'pqtls', credential: 'selfSigned' },
    known: { ...ours, grade: 'C', findings: ['not-trusted'], trust: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
  },
  {
    name: 'a certificate of another name',
    answer: { stack: 'pqtls', credential: 'otherName' },
    known: { ...ours, grade: 'C', findings: ['not-trusted'], trust: 'ERR_TLS_CERT_ALTNAME_INVALID' },
  },
  {
    name: 'sessions that nobody keeps',
    answer: { stack: 'pqtls', options: { secureOptions: constants.SSL_OP_NO_TICKET, minVersion: 'TLSv1.3' } },
    known: { ...ours, versions: ['TLSv1.3'], resumption: 'full-handshake' },
  },
  { name: 'a stapled response', answer: { stack: 'pqtls', ocsp: true }, known: { ...ours, ocsp: true } },
  {
    name: 'another protocol by ALPN',
    answer: { stack: 'pqtls', options: { ALPNProtocols: ['x-own'] } },
    known: ours,
  },
  {
    name: 'h2 by ALPN',
    answer: { stack: 'pqtls', options: { ALPNProtocols: ['h2'] } },
    known: { ...ours, alpn: 'h2' },
  },
  {
    name: 'TLS 1.0 to 1.2',
    answer: {
      stack: 'node:tls',
      credential: 'rsa',
      options: {
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.2',
        ciphers: 'ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-SHA:AES128-SHA:@SECLEVEL=0',
      },
    },
    known: {
      ...scanned,
      grade: 'D',
      findings: ['no-tls13', 'obsolete-version-accepted', 'no-forward-secrecy', 'classical-certificate'],
      versions: ['TLSv1.2', 'TLSv1.1', 'TLSv1'],
      tls12Suites: [
        'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
        'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA',
        'TLS_RSA_WITH_AES_128_CBC_SHA',
      ],
    },
  },
  {
    name: 'TLS 1.0 alone',
    answer: {
      stack: 'node:tls',
      options: { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' },
    },
    known: {
      status: 'scanned',
      grade: 'F',
      findings: ['obsolete-version-only', 'classical-certificate'],
      versions: ['TLSv1'],
      large: 'refused',
    },
  },
  {
    name: 'DHE alone',
    answer: {
      stack: 'node:tls',
      credential: 'rsa',
      options: {
        maxVersion: 'TLSv1.2',
        dhparam: 'auto',
        ciphers: 'DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256',
      },
    },
    known: {
      status: 'scanned',
      ...trusted,
      grade: 'D',
      findings: ['no-tls13', 'classical-certificate'],
      versions: ['TLSv1.2'],
      tls12Suites: ['TLS_DHE_RSA_WITH_AES_256_GCM_SHA384', 'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256'],
      large: 'refused',
    },
  },
  {
    name: 'RSA key transport beside TLS 1.3',
    answer: {
      stack: 'pqtls',
      credential: 'rsa',
      options: { ciphers: 'TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256:AES128-GCM-SHA256' },
    },
    known: {
      ...scanned,
      grade: 'B',
      findings: ['no-forward-secrecy', 'classical-accepted', 'classical-certificate'],
      groups: defaults,
      tls13Suites: ['TLS_AES_128_GCM_SHA256'],
      tls12Suites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_RSA_WITH_AES_128_GCM_SHA256'],
    },
  },
  {
    name: 'a short RSA key',
    answer: { stack: 'node:tls', credential: 'rsa1024', options: { ciphers: 'ALL:@SECLEVEL=0' } },
    known: { status: 'scanned', grade: 'F', findings: ['weak-certificate'], keys: ['RSA-1024'] },
  },
  {
    name: 'CCM in node:tls',
    answer: {
      stack: 'node:tls',
      options: {
        ecdhCurve: 'X25519:P-256',
        minVersion: 'TLSv1.3',
        ciphers: 'TLS_AES_128_CCM_SHA256:TLS_AES_128_GCM_SHA256',
      },
    },
    known: {
      ...scanned,
      grade: 'C',
      groups: ['X25519', 'secp256r1'],
      tls13Suites: ['TLS_AES_128_GCM_SHA256', 'TLS_AES_128_CCM_SHA256'],
    },
  },
  {
    name: 'x448 in node:tls',
    answer: { stack: 'node:tls', options: { ecdhCurve: 'P-384:X448', minVersion: 'TLSv1.3' } },
    known: { ...scanned, grade: 'C', groups: ['secp384r1', 'x448'], preferred: ['secp384r1', 'single', true] },
  },
  {
    name: 'Node 24 as it is',
    node: '24',
    answer: { stack: 'node:tls' },
    known: {
      ...scanned,
      grade: 'A',
      versions: ['TLSv1.3', 'TLSv1.2'],
      groups: ['X25519MLKEM768', 'X25519', 'secp256r1', 'secp384r1', 'secp521r1', 'x448', 'ffdhe2048', 'ffdhe3072'],
      resumption: 'resumes',
    },
  },
  {
    name: 'Node 26 with SecP384r1MLKEM1024 and P-384',
    node: '26',
    answer: { stack: 'node:tls', options: { ecdhCurve: 'SecP384r1MLKEM1024:P-384', minVersion: 'TLSv1.3' } },
    known: { ...scanned, versions: ['TLSv1.3'], grade: 'B', groups: ['SecP384r1MLKEM1024', 'secp384r1'] },
  },
  {
    name: 'Node 26 with all groups of OpenSSL 3.5',
    node: '26',
    answer: {
      stack: 'node:tls',
      options: {
        ecdhCurve: 'X25519MLKEM768:SecP256r1MLKEM768:SecP384r1MLKEM1024:MLKEM768:MLKEM1024',
        minVersion: 'TLSv1.3',
      },
    },
    known: {
      ...scanned,
      grade: 'A+',
      versions: ['TLSv1.3'],
      groups: [...hybrids, 'MLKEM768', 'MLKEM1024'],
      preferred: ['X25519MLKEM768', 'client'],
    },
  },
  {
    name: 'Node 26 with an ML-DSA key',
    node: '26',
    answer: { stack: 'node:tls', credential: 'mldsa', options: { ecdhCurve: 'X25519MLKEM768:X25519' } },
    known: {
      ...scanned,
      grade: 'A',
      versions: ['TLSv1.3'],
      groups: ['X25519MLKEM768', 'X25519'],
      schemes: ['mldsa65'],
      keys: ['ML-DSA-65'],
    },
  },
  {
    name: 'a path that resets a large ClientHello',
    answer: { stack: 'pqtls', path: 'resets-large-hello' },
    known: { ...broken, large: 'reset', unclear: { X25519MLKEM768: 'not-tried' } },
  },
  {
    name: 'a path that closes at a large ClientHello',
    answer: { stack: 'pqtls', path: 'closes-large-hello' },
    known: { ...broken, large: 'closed', unclear: { X25519MLKEM768: 'not-tried' } },
  },
  {
    name: 'a path that drops a large ClientHello',
    answer: { stack: 'pqtls', path: 'drops-large-hello' },
    known: { ...broken, large: 'timeout', unclear: { X25519MLKEM768: 'not-tried' } },
  },
  {
    name: 'a path that resets hybrids of any size',
    answer: { stack: 'pqtls', path: 'resets-hybrids' },
    known: { ...broken, large: 'reset', unclear: { X25519MLKEM768: 'reset', SecP384r1MLKEM1024: 'reset' } },
  },
  {
    name: 'a path that closes instead of an alert',
    answer: { stack: 'pqtls', options: { groups: 'X25519:P-256', minVersion: 'TLSv1.3' }, path: 'swallows-alerts' },
    known: {
      ...scanned,
      grade: 'C',
      findings: ['post-quantum-unknown', 'classical-certificate'],
      versions: ['TLSv1.3'],
      groups: ['X25519', 'secp256r1'],
      unclear: { X25519MLKEM768: 'closed', MLKEM1024: 'closed', secp521r1: 'closed' },
    },
  },
  { name: 'a slow path', answer: { stack: 'pqtls', path: 'slow' }, known: ours },
  { name: 'plain HTTP', answer: { stack: 'tcp', behaviour: 'http' }, known: noTls('not-tls') },
  { name: 'garbage without end', answer: { stack: 'tcp', behaviour: 'garbage' }, known: noTls('not-tls') },
  { name: 'a greeting in text', answer: { stack: 'tcp', behaviour: 'greets' }, known: noTls('not-tls') },
  { name: 'silence', answer: { stack: 'tcp', behaviour: 'silent' }, known: noTls('silent', 'not a byte came') },
  { name: 'a byte now and then', answer: { stack: 'tcp', behaviour: 'drips' }, known: noTls('silent', ' bytes came') },
  {
    name: 'half a ServerHello',
    answer: { stack: 'tcp', behaviour: 'half-hello' },
    known: noTls('silent', ', 10 bytes came'),
  },
  { name: 'an end at once', answer: { stack: 'tcp', behaviour: 'closes' }, known: noTls('closed') },
  { name: 'a reset at once', answer: { stack: 'tcp', behaviour: 'resets' }, known: noTls('closed') },
  {
    name: 'alerts alone',
    answer: { stack: 'tcp', behaviour: 'alert' },
    known: { status: 'refused', grade: 'F', findings: ['no-handshake'] },
  },
  {
    name: 'warnings without end',
    answer: { stack: 'tcp', behaviour: 'warnings' },
    known: { status: 'refused', grade: 'F', findings: ['no-handshake'] },
  },
];
