// A certificate authority that lives for one run, for `npm start` and the tests. Not part of the package.

import { webcrypto } from 'node:crypto';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

type KeyKind = 'P-256' | 'P-384' | 'RSA-1024' | 'RSA-2048' | 'Ed25519';

export interface Issued {
  readonly cert: string;
  readonly key: string;
}

export interface LeafOptions {
  /** dNSName and iPAddress entries. */
  readonly names?: readonly string[];
  readonly kind?: KeyKind;
  /** What the CA signs with. Default SHA-256. */
  readonly signatureHash?: 'SHA-1' | 'SHA-256';
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

const algorithms = {
  'P-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'P-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  'RSA-1024': {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 1024,
    publicExponent: Uint8Array.of(1, 0, 1),
    hash: 'SHA-256',
  },
  'RSA-2048': {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
    hash: 'SHA-256',
  },
  Ed25519: { name: 'Ed25519' },
} as const;

const day = 24 * 60 * 60 * 1000;

async function generate(kind: KeyKind): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(algorithms[kind], true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  return x509.PemConverter.encode(der, 'PRIVATE KEY');
}

/** A CA with a P-256 key, and leaves that it signs. */
export class Authority {
  readonly cert: string;
  readonly #certificate: x509.X509Certificate;
  readonly #keys: webcrypto.CryptoKeyPair;

  private constructor(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.cert = certificate.toString('pem');
    this.#certificate = certificate;
    this.#keys = keys;
  }

  static async create(name = 'pqtls test CA'): Promise<Authority> {
    const keys = await generate('P-256');
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name: `CN=${name}`,
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + 30 * day),
      signingAlgorithm: algorithms['P-256'],
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 2, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new Authority(certificate, keys);
  }

  async issue(options: LeafOptions = {}): Promise<Issued> {
    const { names = ['localhost', '127.0.0.1', '::1'], kind = 'P-256' } = options;
    const keys = await generate(kind);
    const serial = Buffer.from(webcrypto.getRandomValues(new Uint8Array(8)));
    serial[0] = (serial[0] ?? 0) & 0x7f;
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serial.toString('hex'),
      subject: `CN=${names[0] ?? 'leaf'}`,
      issuer: this.#certificate.subject,
      notBefore: options.notBefore ?? new Date(Date.now() - day),
      notAfter: options.notAfter ?? new Date(Date.now() + 20 * day),
      signingAlgorithm: { ...algorithms['P-256'], hash: options.signatureHash ?? 'SHA-256' },
      signingKey: this.#keys.privateKey,
      publicKey: keys.publicKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.SubjectAlternativeNameExtension(
          names.map((name) => ({ type: /^[\d.]+$|:/.test(name) ? ('ip' as const) : ('dns' as const), value: name })),
        ),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      ],
    });
    return { cert: certificate.toString('pem'), key: await privateKeyPem(keys.privateKey) };
  }

  /** A revocation list in PEM with these serial numbers (hex). */
  async crl(serials: readonly string[]): Promise<string> {
    const list = await x509.X509CrlGenerator.create({
      issuer: this.#certificate.subject,
      thisUpdate: new Date(Date.now() - day),
      nextUpdate: new Date(Date.now() + 20 * day),
      signingAlgorithm: algorithms['P-256'],
      signingKey: this.#keys.privateKey,
      entries: serials.map((serialNumber) => ({ serialNumber, revocationDate: new Date(Date.now() - day) })),
    });
    // OpenSSL reads this label only.
    return x509.PemConverter.encode(list.rawData, 'X509 CRL');
  }
}
