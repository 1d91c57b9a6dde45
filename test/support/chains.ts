// Chains of certificates, good ones and ones that are bad in one way each, for whoever judges them. RFC 5280.

import { webcrypto } from 'node:crypto';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import * as asn1js from 'asn1js';

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

const algorithms = {
  'P-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'P-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  'P-521': { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
  'P-256 with SHA-384': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-384' },
  'P-256 with SHA-1': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-1' },
  RSA: rsa('RSASSA-PKCS1-v1_5', 2048, 'SHA-256'),
  'RSA with SHA-512': rsa('RSASSA-PKCS1-v1_5', 2048, 'SHA-512'),
  'RSA with SHA-1': rsa('RSASSA-PKCS1-v1_5', 2048, 'SHA-1'),
  'RSA-PSS': { ...rsa('RSA-PSS', 2048, 'SHA-256'), saltLength: 32 },
  'short RSA': rsa('RSASSA-PKCS1-v1_5', 1024, 'SHA-256'),
  Ed25519: { name: 'Ed25519' },
} as const;

function rsa(name: string, modulusLength: number, hash: string) {
  return { name, modulusLength, publicExponent: Uint8Array.of(1, 0, 1), hash };
}

export type ChainKey = keyof typeof algorithms;

export const day = 24 * 60 * 60 * 1000;

interface Wish {
  readonly cn?: string;
  readonly key?: ChainKey;
  /** A CA, with keyCertSign, by default for what issues. */
  readonly ca?: boolean;
  readonly pathLength?: number;
  readonly extensions?: readonly x509.Extension[];
  /** In the place of all extensions. */
  readonly bare?: readonly x509.Extension[];
  readonly from?: number;
  readonly to?: number;
  /** The key pair of another, for cross-signing and re-issuing. */
  readonly keysOf?: Node;
  /** What the certificate says of its issuer, where that is not the truth. */
  readonly issuerName?: string;
  /** A signature by another key than its issuer's. */
  readonly signedBy?: Node;
}

/** A certificate with its key. */
export class Node {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly key: ChainKey;

  constructor(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair, key: ChainKey) {
    this.certificate = certificate;
    this.keys = keys;
    this.key = key;
  }

  get der(): Uint8Array {
    return new Uint8Array(this.certificate.rawData);
  }

  get pem(): string {
    return `${this.certificate.toString('pem')}\n`;
  }

  async keyPem(): Promise<string> {
    return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', this.keys.privateKey), 'PRIVATE KEY');
  }

  async crl(revoked: readonly Node[], from = -day, to = day, extensions: readonly x509.Extension[] = []) {
    const list = await x509.X509CrlGenerator.create({
      issuer: this.certificate.subject,
      thisUpdate: new Date(Date.now() + from),
      nextUpdate: new Date(Date.now() + to),
      signingAlgorithm: algorithms[this.key],
      signingKey: this.keys.privateKey,
      extensions: [...extensions],
      entries: revoked.map(({ certificate }) => ({
        serialNumber: certificate.serialNumber,
        revocationDate: new Date(Date.now() - day),
      })),
    });
    return new Uint8Array(list.rawData);
  }
}

let serial = 0x1000;

export async function make(wish: Wish, issuer?: Node): Promise<Node> {
  const { key = 'P-256', ca = false, cn = `name ${serial}`, signedBy = issuer } = wish;
  const keys =
    wish.keysOf?.keys ??
    ((await webcrypto.subtle.generateKey(algorithms[key], true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair);
  const standard: x509.Extension[] = ca
    ? [
        new x509.BasicConstraintsExtension(true, wish.pathLength, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ]
    : [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }]),
      ];
  const replaced = new Set(wish.extensions?.map(({ type }) => type));
  const signer = signedBy ?? { keys, key: wish.keysOf?.key ?? key };
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: (serial++).toString(16),
    subject: `CN=${cn}`,
    issuer: wish.issuerName ?? issuer?.certificate.subject ?? `CN=${cn}`,
    notBefore: new Date(Date.now() + (wish.from ?? -day)),
    notAfter: new Date(Date.now() + (wish.to ?? 20 * day)),
    signingAlgorithm: algorithms[signer.key],
    signingKey: signer.keys.privateKey,
    publicKey: keys.publicKey,
    extensions: [...(wish.bare ?? [...standard.filter(({ type }) => !replaced.has(type)), ...(wish.extensions ?? [])])],
  });
  return new Node(certificate, keys, wish.keysOf?.key ?? key);
}

export interface Case {
  readonly title: string;
  /** Leaf first, as the server sends it. */
  readonly chain: readonly Node[];
  readonly trusted: readonly Node[];
  readonly crls?: readonly Uint8Array[];
  readonly allowPartial?: boolean;
  /** Our verdict: a code, or undefined for a good chain. */
  readonly expected: string | undefined;
  /** What the others say where it is something else, and why. */
  readonly awsLc?: string | undefined | null;
  readonly node?: string | undefined | null;
  readonly why?: string;
}

function constraints(permitted: readonly asn1js.AsnType[], excluded: readonly asn1js.AsnType[] = []): x509.Extension {
  const subtrees = (tag: number, bases: readonly asn1js.AsnType[]): asn1js.AsnType[] =>
    bases.length === 0
      ? []
      : [
          new asn1js.Constructed({
            idBlock: { tagClass: 3, tagNumber: tag },
            value: bases.map((base) => new asn1js.Sequence({ value: [base] })),
          }),
        ];
  const value = [...subtrees(0, permitted), ...subtrees(1, excluded)];
  return new x509.Extension('2.5.29.30', true, new asn1js.Sequence({ value }).toBER());
}

function tagged(tagNumber: number, bytes: Uint8Array): asn1js.AsnType {
  return new asn1js.Primitive({ idBlock: { tagClass: 3, tagNumber }, valueHex: bytes });
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const dns = (value: string): asn1js.AsnType => tagged(2, text(value));
const email = (value: string): asn1js.AsnType => tagged(1, text(value));
const uri = (value: string): asn1js.AsnType => tagged(6, text(value));
const ip = (...bytes: number[]): asn1js.AsnType => tagged(7, Uint8Array.from(bytes));
const directory = (cn: string): asn1js.AsnType =>
  new asn1js.Constructed({
    idBlock: { tagClass: 3, tagNumber: 4 },
    value: [asn1js.fromBER(new x509.Name(`CN=${cn}`).toArrayBuffer()).result],
  });

type AltName = { type: 'dns' | 'ip' | 'email' | 'url'; value: string };
const san = (...names: AltName[]): x509.Extension => new x509.SubjectAlternativeNameExtension(names);
const usage = (...names: (keyof typeof x509.ExtendedKeyUsage)[]): x509.Extension =>
  new x509.ExtendedKeyUsageExtension(names.map((name) => x509.ExtendedKeyUsage[name] as string));
const keyUsage = (flags: number): x509.Extension => new x509.KeyUsagesExtension(flags, true);
const unknownExtension = (critical: boolean): x509.Extension =>
  new x509.Extension('1.2.3.4.5', critical, new Uint8Array([5, 0]).buffer);

/** Every case; made anew at each call, so that nothing expires. */
export async function chainCases(): Promise<Case[]> {
  const root = await make({ cn: 'root', ca: true });
  const otherRoot = await make({ cn: 'other root', ca: true });
  const middle = await make({ cn: 'middle', ca: true }, root);
  const leaf = await make({ cn: 'leaf' }, middle);
  const direct = await make({ cn: 'leaf' }, root);
  const cases: Case[] = [];
  const add = (title: string, chain: readonly Node[], expected: string | undefined, more: Partial<Case> = {}): void => {
    cases.push({ title, chain, trusted: [root], expected, ...more });
  };
  /** A leaf of a fresh intermediate. */
  const below = async (ca: Wish, end: Wish = {}): Promise<Node[]> => {
    const issuer = await make({ cn: 'constrained', ca: true, ...ca }, root);
    return [await make({ cn: 'leaf', ...end }, issuer), issuer];
  };

  add('leaf of a root', [direct], undefined);
  add('leaf, intermediate', [leaf, middle], undefined);
  add('with the root', [leaf, middle, root], undefined);
  add('what does not belong, in the wrong order', [leaf, otherRoot, root, middle], undefined);
  add('no intermediate', [leaf], 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  add('an unknown root', [leaf, middle], 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', { trusted: [otherRoot] });
  add('an unknown root, sent', [leaf, middle, root], 'SELF_SIGNED_CERT_IN_CHAIN', { trusted: [otherRoot] });
  add('nothing is trusted', [leaf, middle], 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', { trusted: [otherRoot] });

  const selfSigned = await make({ cn: 'localhost' });
  add('self-signed, unknown', [selfSigned], 'DEPTH_ZERO_SELF_SIGNED_CERT');
  add('self-signed, trusted', [selfSigned], undefined, { trusted: [selfSigned] });
  add('an intermediate that is trusted', [leaf, middle], 'UNABLE_TO_GET_ISSUER_CERT', { trusted: [middle] });
  add('the same, partial', [leaf, middle], undefined, { trusted: [middle], allowPartial: true });
  add('a leaf that is trusted, partial', [leaf], undefined, { trusted: [leaf], allowPartial: true });

  const past = { from: -20 * day, to: -10 * day };
  const future = { from: 10 * day, to: 20 * day };
  add('expired', [await make({ cn: 'leaf', ...past }, root)], 'CERT_HAS_EXPIRED');
  add('not yet valid', [await make({ cn: 'leaf', ...future }, root)], 'CERT_NOT_YET_VALID');
  add('an expired intermediate', await below(past), 'CERT_HAS_EXPIRED');
  add('an intermediate to come', await below(future), 'CERT_NOT_YET_VALID');
  const oldRoot = await make({ cn: 'old root', ca: true, ...past });
  add('an expired root', [await make({ cn: 'leaf' }, oldRoot)], 'CERT_HAS_EXPIRED', { trusted: [oldRoot] });
  const expiredUnknown = await make({ cn: 'leaf', ...past }, otherRoot);
  add('expired, and of nobody known', [expiredUnknown], 'CERT_HAS_EXPIRED', {
    awsLc: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    why: 'AWS-LC does not look at the time of a leaf whose issuer it does not know',
  });

  add('a forged signature', [await make({ cn: 'leaf', signedBy: otherRoot }, root)], 'CERT_SIGNATURE_FAILURE');
  const forgedMiddle = await make({ cn: 'middle', ca: true, keysOf: middle, signedBy: otherRoot }, root);
  add('a forged intermediate', [leaf, forgedMiddle], 'CERT_SIGNATURE_FAILURE');

  const notCa = await make({ cn: 'no CA' }, root);
  add('an issuer that is no CA', [await make({ cn: 'leaf' }, notCa), notCa], 'INVALID_PURPOSE');
  const bareCa = await make({ cn: 'bare', bare: [] }, root);
  add('an issuer without basic constraints', [await make({ cn: 'leaf' }, bareCa), bareCa], 'INVALID_PURPOSE');
  const noSign = await below({ extensions: [keyUsage(x509.KeyUsageFlags.cRLSign)] });
  add('an issuer without keyCertSign', noSign, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', {
    node: 'UNSPECIFIED',
    why: 'OpenSSL has a code of its own for it, which node:tls has no name for',
  });

  const zero = await make({ cn: 'zero', ca: true, pathLength: 0 }, root);
  const belowZero = await make({ cn: 'below zero', ca: true }, zero);
  add('a path length of 0', [await make({ cn: 'leaf' }, zero), zero], undefined);
  add('longer than that', [await make({ cn: 'leaf' }, belowZero), belowZero, zero], 'PATH_LENGTH_EXCEEDED');
  const byZero = await x509.AuthorityKeyIdentifierExtension.create(zero.keys.publicKey);
  const renewed = await make({ cn: 'zero', ca: true, extensions: [byZero] }, zero);
  add('self-issued ones do not count', [await make({ cn: 'leaf' }, renewed), renewed, zero], undefined);

  add('for clients alone', [await make({ cn: 'leaf', extensions: [usage('clientAuth')] }, root)], 'INVALID_PURPOSE');
  add('for servers', [await make({ cn: 'leaf', extensions: [usage('serverAuth')] }, root)], undefined);
  add('an issuer for clients alone', await below({ extensions: [usage('clientAuth')] }), 'INVALID_PURPOSE');
  const signing = await make({ cn: 'leaf', extensions: [keyUsage(x509.KeyUsageFlags.digitalSignature)] }, root);
  add('a key for signatures', [signing], undefined);

  add(
    'a critical extension that nobody knows',
    [await make({ extensions: [unknownExtension(true)] }, root)],
    'UNHANDLED_CRITICAL_EXTENSION',
  );
  add('the same, not critical', [await make({ extensions: [unknownExtension(false)] }, root)], undefined);
  add(
    'the same in an intermediate',
    await below({ extensions: [unknownExtension(true)] }),
    'UNHANDLED_CRITICAL_EXTENSION',
  );

  const name = (value: string): Wish => ({ extensions: [san({ type: 'dns', value })] });
  const address = (value: string): Wish => ({ extensions: [san({ type: 'ip', value })] });
  const constrained = (...lists: Parameters<typeof constraints>): Wish => ({ extensions: [constraints(...lists)] });
  const violation = 'PERMITTED_VIOLATION';
  const exclusion = 'EXCLUDED_VIOLATION';
  add('DNS, permitted', await below(constrained([dns('example.test')]), name('a.example.test')), undefined);
  add('DNS, the domain itself', await below(constrained([dns('example.test')]), name('example.test')), undefined);
  add('DNS, in capitals', await below(constrained([dns('example.test')]), name('A.EXAMPLE.TEST')), undefined);
  add('DNS, another', await below(constrained([dns('example.test')]), name('other.test')), violation);
  add(
    'DNS, only the end of a label',
    await below(constrained([dns('example.test')]), name('anexample.test')),
    violation,
  );
  add('DNS, excluded', await below(constrained([], [dns('example.test')]), name('a.example.test')), exclusion);
  add('DNS, not excluded', await below(constrained([], [dns('example.test')]), name('other.test')), undefined);
  add(
    'DNS, a wildcard over what is excluded',
    await below(constrained([], [dns('a.example.test')]), name('*.example.test')),
    exclusion,
    { node: null, why: 'what the wildcard stands for is excluded, which OpenSSL does not look at' },
  );
  add('DNS, with a dot', await below(constrained([dns('.example.test')]), name('a.example.test')), undefined);
  add('address, permitted', await below(constrained([ip(10, 0, 0, 0, 255, 0, 0, 0)]), address('10.1.2.3')), undefined);
  add('address, another', await below(constrained([ip(10, 0, 0, 0, 255, 0, 0, 0)]), address('11.1.2.3')), violation);
  add(
    'address, excluded',
    await below(constrained([], [ip(10, 0, 0, 0, 255, 0, 0, 0)]), address('10.1.2.3')),
    exclusion,
  );
  add(
    'address, IPv6 under IPv4 alone',
    await below(constrained([ip(10, 0, 0, 0, 255, 0, 0, 0)]), address('2001:db8::1')),
    violation,
  );
  const mail = (value: string): Wish => ({ extensions: [san({ type: 'email', value })] });
  add('mailbox, permitted', await below(constrained([email('example.test')]), mail('a@example.test')), undefined);
  add('mailbox, another host', await below(constrained([email('example.test')]), mail('a@other.test')), violation);
  add(
    'mailbox, below a domain',
    await below(constrained([email('.example.test')]), mail('a@b.example.test')),
    undefined,
  );
  const link = (value: string): Wish => ({ extensions: [san({ type: 'url', value })] });
  add('URI, permitted', await below(constrained([uri('example.test')]), link('https://example.test/x')), undefined);
  add('URI, another host', await below(constrained([uri('example.test')]), link('https://other.test/x')), violation);
  add('directory, permitted', await below(constrained([directory('leaf')])), undefined);
  add('directory, in other letters', await below(constrained([directory('LEAF')])), undefined);
  add('directory, another', await below(constrained([directory('other')])), violation);
  add('directory, excluded', await below(constrained([], [directory('leaf')])), exclusion);
  add('a constraint on another type', await below(constrained([email('example.test')]), name('a.test')), undefined);

  for (const key of [
    'P-384',
    'P-521',
    'RSA',
    'RSA with SHA-512',
    'RSA-PSS',
    'P-256 with SHA-384',
    'Ed25519',
  ] as const) {
    const issuer = await make({ cn: `root of ${key}`, ca: true, key });
    add(`signed by ${key}`, [await make({ cn: 'leaf' }, issuer)], undefined, { trusted: [issuer] });
  }
  const shortRoot = await make({ cn: 'short root', ca: true, key: 'short RSA' });
  add('signed by short RSA', [await make({ cn: 'leaf' }, shortRoot)], 'CA_KEY_TOO_SMALL', {
    trusted: [shortRoot],
    node: null,
    why: 'security level 1 of OpenSSL takes 1024 bits',
  });
  for (const key of ['P-256 with SHA-1', 'RSA with SHA-1'] as const) {
    const issuer = await make({ cn: `root of ${key}`, ca: true, key });
    add(`signed by ${key}`, [await make({ cn: 'leaf' }, issuer)], 'CA_MD_TOO_WEAK', {
      trusted: [issuer],
      node: 'UNSPECIFIED',
      why: 'node:tls has no name for the code',
    });
  }

  // Two certificates of one CA: the new root is known to few, so the old one signs it too.
  const crossed = await make({ cn: 'other root', ca: true, keysOf: otherRoot }, root);
  const ofOther = await make({ cn: 'leaf' }, otherRoot);
  add('cross-signed, the old root is known', [ofOther, crossed], undefined);
  add('cross-signed, the new root is known', [ofOther, crossed], undefined, { trusted: [otherRoot] });
  const expiredCross = await make({ cn: 'other root', ca: true, keysOf: otherRoot, ...past }, root);
  add('an expired and a good path', [ofOther, expiredCross, crossed], undefined);

  const lists = { root: await root.crl([]), middle: await middle.crl([]) };
  add('revocation lists', [leaf, middle], undefined, { crls: [lists.root, lists.middle] });
  add('revoked', [leaf, middle], 'CERT_REVOKED', { crls: [lists.root, await middle.crl([leaf])] });
  add('a revoked intermediate', [leaf, middle], 'CERT_REVOKED', { crls: [await root.crl([middle]), lists.middle] });
  add('a list is missing', [leaf, middle], 'UNABLE_TO_GET_CRL', { crls: [lists.root] });
  const oldList = await middle.crl([], -20 * day, -10 * day);
  add('an expired list', [leaf, middle], 'CRL_HAS_EXPIRED', { crls: [lists.root, oldList] });
  const newList = await middle.crl([], 10 * day, 20 * day);
  add('a list to come', [leaf, middle], 'CRL_NOT_YET_VALID', { crls: [lists.root, newList] });
  const impostor = await make({ cn: 'middle', ca: true }, root);
  add('a forged list', [leaf, middle], 'CRL_SIGNATURE_FAILURE', { crls: [lists.root, await impostor.crl([])] });
  return cases;
}
