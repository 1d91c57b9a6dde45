// Certificates of every kind that a behaviour needs, made at run time: chains, clients, expired, wrong names, CRLs.

import { createPrivateKey, webcrypto } from 'node:crypto';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

const algorithms = {
  'P-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'P-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  'P-521': { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
  Ed25519: { name: 'Ed25519' },
  'RSA-2048': {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
    hash: 'SHA-256',
  },
} as const;

export type KeyKind = keyof typeof algorithms;

const day = 24 * 60 * 60 * 1000;

/** PEM of a certificate and its key; `chain` has the issuers up to the root, without it. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

export interface SubjectOptions {
  /** The whole distinguished name. */
  readonly subject: string;
  /** subjectAltName entries: DNS names and IP addresses; none leaves the extension out. */
  readonly names?: readonly string[];
  readonly kind?: KeyKind;
  readonly ca?: boolean;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly usage?: 'server' | 'client' | 'both';
  /** A key usage that excludes everything else; by default a leaf has none. */
  readonly digitalSignatureOnly?: boolean;
  /** Hexadecimal. */
  readonly serial?: string;
  /** An OCSP responder's address, which nothing here ever calls. */
  readonly ocsp?: string;
}

let nextSerial = 4096;

/** A certificate with its key that can issue others. */
export class Issuer {
  readonly cert: string;
  readonly key: string;
  readonly #certificate: x509.X509Certificate;
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #kind: KeyKind;

  private constructor(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair, kind: KeyKind, key: string) {
    this.#certificate = certificate;
    this.#keys = keys;
    this.#kind = kind;
    this.cert = `${certificate.toString('pem')}\n`;
    this.key = key;
  }

  get serialNumber(): string {
    return this.#certificate.serialNumber;
  }

  /** Signed by its own key. */
  static async selfSigned(options: SubjectOptions): Promise<Issuer> {
    return Issuer.#create(options, undefined);
  }

  async issue(options: SubjectOptions): Promise<Issuer> {
    return Issuer.#create(options, this);
  }

  /** A CRL of this issuer in PEM that names the given certificates. */
  async revoke(...revoked: readonly Issuer[]): Promise<string> {
    const crl = await x509.X509CrlGenerator.create({
      issuer: this.#certificate.subject,
      thisUpdate: new Date(Date.now() - day),
      nextUpdate: new Date(Date.now() + day),
      signingAlgorithm: algorithms[this.#kind],
      signingKey: this.#keys.privateKey,
      entries: revoked.map(({ serialNumber }) => ({ serialNumber, revocationDate: new Date(Date.now() - day / 2) })),
    });
    return `${x509.PemConverter.encode(crl.rawData, 'X509 CRL')}\n`;
  }

  /** The key in PEM, encrypted with AES-256-CBC. */
  encryptedKey(passphrase: string): string {
    const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase } as const;
    return createPrivateKey(this.key).export(options).toString();
  }

  static async #create(options: SubjectOptions, issuer: Issuer | undefined): Promise<Issuer> {
    const { subject, names = [], kind = 'P-256', ca = false, usage = 'both' } = options;
    const keys = await (webcrypto.subtle.generateKey(algorithms[kind], true, [
      'sign',
      'verify',
    ]) as Promise<webcrypto.CryptoKeyPair>);
    const extensions: x509.Extension[] = [new x509.BasicConstraintsExtension(ca, undefined, true)];
    if (ca) {
      extensions.push(
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      );
    } else {
      const usages = { server: ['serverAuth'], client: ['clientAuth'], both: ['serverAuth', 'clientAuth'] } as const;
      extensions.push(new x509.ExtendedKeyUsageExtension(usages[usage].map((name) => x509.ExtendedKeyUsage[name])));
    }
    if (options.digitalSignatureOnly === true) {
      extensions.push(new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true));
    }
    if (names.length > 0) {
      extensions.push(
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? ('ip' as const) : ('dns' as const), value })),
        ),
      );
    }
    if (options.ocsp !== undefined) {
      extensions.push(new x509.AuthorityInfoAccessExtension({ ocsp: [options.ocsp] }));
    }
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: options.serial ?? (nextSerial++).toString(16),
      subject,
      issuer: issuer === undefined ? subject : issuer.#certificate.subject,
      notBefore: options.notBefore ?? new Date(Date.now() - day),
      notAfter: options.notAfter ?? new Date(Date.now() + 20 * day),
      signingAlgorithm: algorithms[issuer === undefined ? kind : issuer.#kind],
      signingKey: (issuer === undefined ? keys : issuer.#keys).privateKey,
      publicKey: keys.publicKey,
      extensions,
    });
    const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
    return new Issuer(certificate, keys, kind, x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'));
  }
}

/** What the behaviours of a file share; made when first asked for. */
export interface Certificates {
  readonly ca: Issuer;
  readonly otherCa: Issuer;
  /** For localhost, 127.0.0.1 and ::1, P-256. */
  readonly leaf: Issuer;
  /** The same names with an RSA key. */
  readonly rsa: Issuer;
  /** For a.example and *.wild.example. */
  readonly named: Issuer;
  /** Of another CA, for localhost. */
  readonly foreign: Issuer;
  readonly expired: Issuer;
  readonly future: Issuer;
  readonly client: Issuer;
  readonly foreignClient: Issuer;
  readonly selfSigned: Issuer;
  readonly intermediate: Issuer;
  /** Issued by `intermediate`. */
  readonly deep: Issuer;
}

let shared: Promise<Certificates> | undefined;

export function certificates(): Promise<Certificates> {
  shared ??= create();
  return shared;
}

async function create(): Promise<Certificates> {
  const localhost = ['localhost', '127.0.0.1', '::1'];
  const ca = await Issuer.selfSigned({ subject: 'C=NL, O=pqtls, CN=first test CA', ca: true });
  const otherCa = await Issuer.selfSigned({ subject: 'C=NL, O=pqtls, CN=second test CA', ca: true });
  const intermediate = await ca.issue({ subject: 'C=NL, O=pqtls, CN=intermediate test CA', ca: true });
  const past = { notBefore: new Date(Date.now() - 20 * day), notAfter: new Date(Date.now() - 10 * day) };
  const later = { notBefore: new Date(Date.now() + 10 * day), notAfter: new Date(Date.now() + 20 * day) };
  return {
    ca,
    otherCa,
    intermediate,
    leaf: await ca.issue({
      subject: 'C=NL, ST=Utrecht, L=Utrecht, O=pqtls, OU=tests, CN=localhost',
      names: localhost,
      serial: '5ec0de',
      ocsp: 'http://ocsp.example/',
    }),
    rsa: await ca.issue({ subject: 'CN=localhost', names: localhost, kind: 'RSA-2048', serial: '05a' }),
    named: await ca.issue({ subject: 'CN=a.example', names: ['a.example', '*.wild.example'] }),
    foreign: await otherCa.issue({ subject: 'CN=localhost', names: localhost }),
    expired: await ca.issue({ subject: 'CN=localhost', names: localhost, ...past }),
    future: await ca.issue({ subject: 'CN=localhost', names: localhost, ...later }),
    client: await ca.issue({ subject: 'O=pqtls, CN=client one', usage: 'client', serial: 'c11e' }),
    foreignClient: await otherCa.issue({ subject: 'CN=client two', usage: 'client' }),
    selfSigned: await Issuer.selfSigned({ subject: 'CN=localhost', names: localhost }),
    deep: await intermediate.issue({ subject: 'CN=localhost', names: localhost }),
  };
}
