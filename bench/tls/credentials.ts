// Certificates for one run: a P-256 CA, and a leaf for localhost with each kind of key.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from '#src/cli/demo-authority.js';
import { issuedByP256 } from '../../test/support/mldsa-certificate.js';

export const keyKinds = ['P-256', 'RSA-2048', 'ML-DSA-65'] as const;
export type KeyKind = (typeof keyKinds)[number];

/** PEM, and the files that hold it for the load generator. */
export interface Credentials {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

export interface AllCredentials {
  readonly byKind: Readonly<Record<KeyKind, Credentials>>;
  /** Takes the files away. */
  remove(): void;
}

export async function makeCredentials(): Promise<AllCredentials> {
  const folder = mkdtempSync(join(tmpdir(), 'pqtls-bench-'));
  const authority = await Authority.create('pqtls bench CA');
  const make = async (kind: KeyKind): Promise<Credentials> => {
    const made =
      kind === 'ML-DSA-65' ? issuedByP256(kind) : { ...(await authority.issue({ kind })), ca: authority.cert };
    const file = (name: string, text: string): string => {
      const path = join(folder, `${kind}-${name}.pem`);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    };
    return {
      ...made,
      certFile: file('cert', made.cert),
      keyFile: file('key', made.key),
      caFile: file('ca', made.ca),
    };
  };
  return {
    byKind: { 'P-256': await make('P-256'), 'RSA-2048': await make('RSA-2048'), 'ML-DSA-65': await make('ML-DSA-65') },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
