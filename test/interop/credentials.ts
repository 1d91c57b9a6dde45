// The certificates of the matrix, made for one run: for each signature scheme a server's and a client's leaf.

import { createHash, X509Certificate } from 'node:crypto';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { Authority, type Issued } from '#src/cli/demo-authority.js';
import { issuedByP256 } from '../support/mldsa-certificate.js';
import { signatures, type Signature } from './axes.js';

export interface Identity {
  readonly cert: string;
  readonly key: string;
  /** What the other side trusts. */
  readonly ca: string;
  /** SHA-256 of the leaf, in hex. */
  readonly fingerprint: string;
  /** SHA-256 of its SubjectPublicKeyInfo, in base64. */
  readonly keyHash: string;
}

export interface Credentials {
  readonly server: Identity;
  readonly client: Identity;
}

const kinds = {
  ecdsa_secp256r1_sha256: 'P-256',
  ecdsa_secp384r1_sha384: 'P-384',
  rsa_pss_rsae_sha256: 'RSA-2048',
  ed25519: 'Ed25519',
  mldsa44: 'ML-DSA-44',
  mldsa65: 'ML-DSA-65',
  mldsa87: 'ML-DSA-87',
} as const satisfies Record<Signature, string>;

export async function makeCredentials(): Promise<Readonly<Record<Signature, Credentials>>> {
  const authority = await Authority.create();
  const made = new Map<Signature, Credentials>();
  for (const signature of signatures) {
    made.set(signature, { server: await issue(authority, signature), client: await issue(authority, signature) });
  }
  return Object.fromEntries(made) as Record<Signature, Credentials>;
}

async function issue(authority: Authority, signature: Signature): Promise<Identity> {
  const kind = kinds[signature];
  switch (kind) {
    case 'ML-DSA-44':
    case 'ML-DSA-65':
    case 'ML-DSA-87':
      return identity(issuedByP256(kind));
    default:
      return identity({ ...(await authority.issue({ kind })), ca: authority.cert });
  }
}

function identity({ cert, key, ca }: Issued & { readonly ca: string }): Identity {
  const fingerprint = new X509Certificate(cert).fingerprint256.replaceAll(':', '').toLowerCase();
  const info = new x509.X509Certificate(cert).publicKey.rawData;
  const keyHash = createHash('sha256').update(Buffer.from(info)).digest('base64');
  return { keyHash, cert: line(cert), key: line(key), ca: line(ca), fingerprint };
}

/** Some parsers want the last line ended. */
function line(pem: string): string {
  return pem.endsWith('\n') ? pem : `${pem}\n`;
}
