// Signers of both implementations: what one signs, both verify, for every kind and form of private key.

import { createCipheriv, generateKeyPairSync, scryptSync, type KeyObject } from 'node:crypto';
import * as asn1js from 'asn1js';
import t, { type Test } from 'tap';
import { SigningKey, type SignatureAlgorithm } from 'pqtls/crypto';
import { nobleSignerFromPem, nobleSignerFromPkcs8 } from '#src/crypto/tls/noble-signer.js';
import { noblePrimitives } from '#src/crypto/tls/noble-primitives.js';
import { nodePrimitives } from '#src/crypto/tls/node-primitives.js';
import { signerFromKeyObject, signerFromPrivateKey } from '#src/crypto/tls/node-signer.js';
import type { TlsSigner } from '#src/crypto/tls/primitives.js';

const message = new TextEncoder().encode('what a handshake signs');
const passphrase = 'a long passphrase';

function pem(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replaceAll(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

function generate(kind: string, options: object): KeyObject {
  const make = generateKeyPairSync as unknown as (kind: string, options: object) => { privateKey: KeyObject };
  return make(kind, options).privateKey;
}

/** PKCS #8 of an ML-DSA key. RFC 9881, Section 6. */
function mlDsaPkcs8(algorithm: SignatureAlgorithm, key: asn1js.AsnType): Uint8Array {
  const arc = { 'ML-DSA-44': 17, 'ML-DSA-65': 18, 'ML-DSA-87': 19 }[algorithm];
  const oid = new asn1js.ObjectIdentifier({ value: `2.16.840.1.101.3.4.3.${arc}` });
  const value = [
    new asn1js.Integer({ value: 0 }),
    new asn1js.Sequence({ value: [oid] }),
    new asn1js.OctetString({ valueHex: key.toBER() }),
  ];
  return new Uint8Array(new asn1js.Sequence({ value }).toBER());
}

const octets = (bytes: Uint8Array): asn1js.OctetString => new asn1js.OctetString({ valueHex: bytes });

function check(t: Test, signer: TlsSigner, schemes: readonly string[]): void {
  t.same(signer.schemes, schemes);
  for (const scheme of signer.schemes) {
    const signature = signer.sign(scheme, message);
    t.ok(nodePrimitives.verify(scheme, signer.spki, message, signature), `${scheme}, verified by node`);
    t.ok(noblePrimitives.verify(scheme, signer.spki, message, signature), `${scheme}, verified by noble`);
  }
  t.throws(() => signer.sign('rsa_pkcs1_sha256', message), { code: 'ERR_PQTLS_UNSUPPORTED' });
  t.throws(() => signer.sign('ed448', message), { code: 'ERR_PQTLS_UNSUPPORTED' });
  signer.destroy();
  signer.destroy();
  t.throws(() => signer.sign(schemes[0] as string, message), { code: 'ERR_PQTLS_KEY_DESTROYED' });
}

const pss = (kind: string): string[] => ['sha256', 'sha384', 'sha512'].map((hash) => `rsa_pss_${kind}_${hash}`);
const kinds: { title: string; key: KeyObject; schemes: readonly string[]; old?: 'pkcs1' | 'sec1' }[] = [
  {
    title: 'P-256',
    key: generate('ec', { namedCurve: 'P-256' }),
    schemes: ['ecdsa_secp256r1_sha256'],
    old: 'sec1',
  },
  { title: 'P-384', key: generate('ec', { namedCurve: 'P-384' }), schemes: ['ecdsa_secp384r1_sha384'], old: 'sec1' },
  { title: 'P-521', key: generate('ec', { namedCurve: 'P-521' }), schemes: ['ecdsa_secp521r1_sha512'], old: 'sec1' },
  { title: 'RSA', key: generate('rsa', { modulusLength: 2048 }), schemes: pss('rsae'), old: 'pkcs1' },
  { title: 'RSA of 2049 bits', key: generate('rsa', { modulusLength: 2049 }), schemes: pss('rsae') },
  { title: 'RSA-PSS', key: generate('rsa-pss', { modulusLength: 2048 }), schemes: pss('pss') },
  {
    title: 'RSA-PSS for SHA-384 alone',
    key: generate('rsa-pss', {
      ...{ modulusLength: 2048, hashAlgorithm: 'sha384', mgf1HashAlgorithm: 'sha384', saltLength: 48 },
    }),
    schemes: ['rsa_pss_pss_sha384'],
  },
  { title: 'Ed25519', key: generate('ed25519', {}), schemes: ['ed25519'] },
];

for (const { title, key, schemes, old } of kinds) {
  t.test(title, async (t) => {
    const der = new Uint8Array(key.export({ type: 'pkcs8', format: 'der' }));
    const text = key.export({ type: 'pkcs8', format: 'pem' }) as string;
    t.test('a KeyObject', async (t) => check(t, signerFromKeyObject(key), schemes));
    t.test('PKCS #8 in DER, node', async (t) => check(t, signerFromPrivateKey(der), schemes));
    t.test('PKCS #8 in DER, noble', async (t) => check(t, nobleSignerFromPkcs8(der), schemes));
    t.test('PEM', async (t) => {
      t.same(signerFromPrivateKey(`a certificate may stand before\n${text}`).spki, nobleSignerFromPem(text).spki);
      t.same(signerFromPrivateKey(Buffer.from(text)).schemes, schemes);
    });
    t.test('encrypted', async (t) => {
      const encrypted = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }) as string;
      t.same(signerFromPrivateKey(encrypted, passphrase).schemes, schemes);
      t.same(nobleSignerFromPem(encrypted, passphrase).spki, signerFromKeyObject(key).spki);
      for (const open of [signerFromPrivateKey, nobleSignerFromPem]) {
        t.throws(() => open(encrypted));
        t.throws(() => open(encrypted, 'another'));
      }
    });
    if (old !== undefined) {
      t.test('the older form', async (t) => {
        const older = key.export({ type: old, format: 'pem' }) as string;
        t.same(signerFromPrivateKey(older).schemes, schemes);
        t.same(nobleSignerFromPem(older).spki, signerFromKeyObject(key).spki);
        t.same(signerFromPrivateKey(key.export({ type: old as 'sec1', format: 'der' })).schemes, schemes);
        const encrypted = key.export({ type: old, format: 'pem', cipher: 'aes-128-cbc', passphrase });
        t.same(signerFromPrivateKey(encrypted, passphrase).schemes, schemes);
        t.throws(() => nobleSignerFromPem(encrypted as string, passphrase), { code: 'ERR_PQTLS_UNSUPPORTED' });
      });
    }
  });
}

for (const algorithm of ['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'] as const) {
  t.test(algorithm, async (t) => {
    const key = SigningKey.generate(algorithm);
    const schemes = [algorithm.toLowerCase().replaceAll('-', '')];
    const seed = key.seed() as Uint8Array;
    const seedTag = new asn1js.Primitive({ idBlock: { tagClass: 3, tagNumber: 0 }, valueHex: seed });
    const both = new asn1js.Sequence({ value: [octets(seed), octets(key.toBytes())] });
    const forms = { seed: seedTag, expanded: octets(key.toBytes()), both };
    for (const [form, value] of Object.entries(forms)) {
      const der = mlDsaPkcs8(algorithm, value);
      t.test(`${form}, node`, async (t) => check(t, signerFromPrivateKey(pem('PRIVATE KEY', der)), schemes));
      t.test(`${form}, noble`, async (t) => check(t, nobleSignerFromPem(pem('PRIVATE KEY', der)), schemes));
      t.same(signerFromPrivateKey(der).spki, nobleSignerFromPkcs8(der).spki);
    }
    const other = SigningKey.generate(algorithm);
    const mixed = new asn1js.Sequence({ value: [octets(seed), octets(other.toBytes())] });
    const short = new asn1js.Primitive({ idBlock: { tagClass: 3, tagNumber: 0 }, valueHex: seed.subarray(1) });
    for (const bad of [mixed, short, octets(key.toBytes().subarray(1))]) {
      t.throws(() => signerFromPrivateKey(mlDsaPkcs8(algorithm, bad)));
      t.throws(() => nobleSignerFromPkcs8(mlDsaPkcs8(algorithm, bad)));
    }
  });
}

t.test('an ML-DSA key, encrypted with scrypt', async (t) => {
  const key = SigningKey.generate('ML-DSA-65');
  const der = mlDsaPkcs8('ML-DSA-65', octets(key.toBytes()));
  const salt = new Uint8Array(16).fill(7);
  const iv = new Uint8Array(16).fill(9);
  const derived = scryptSync(passphrase, salt, 32, { N: 1024, r: 8, p: 1 });
  const cipher = createCipheriv('aes-256-cbc', derived, iv);
  const oid = (value: string): asn1js.ObjectIdentifier => new asn1js.ObjectIdentifier({ value });
  const sequence = (...value: asn1js.AsnType[]): asn1js.Sequence => new asn1js.Sequence({ value });
  const numbers = [1024, 8, 1].map((value) => new asn1js.Integer({ value }));
  const derivation = sequence(oid('1.3.6.1.4.1.11591.4.11'), sequence(octets(salt), ...numbers));
  const encryption = sequence(oid('2.16.840.1.101.3.4.1.42'), octets(iv));
  const encrypted = sequence(
    sequence(oid('1.2.840.113549.1.5.13'), sequence(derivation, encryption)),
    octets(Buffer.concat([cipher.update(der), cipher.final()])),
  );
  const text = pem('ENCRYPTED PRIVATE KEY', new Uint8Array(encrypted.toBER()));
  for (const open of [signerFromPrivateKey, nobleSignerFromPem]) {
    const signer = open(text, passphrase);
    t.ok(nodePrimitives.verify('mldsa65', signer.spki, message, signer.sign('mldsa65', message)));
    t.throws(() => open(text, 'another'));
    t.throws(() => open(text));
  }
});

t.test('what is no key for TLS', async (t) => {
  const unsupported = { code: 'ERR_PQTLS_UNSUPPORTED' };
  t.throws(() => signerFromKeyObject(generate('rsa', { modulusLength: 1024 })), unsupported);
  t.throws(() => signerFromKeyObject(generate('ed448', {})), unsupported);
  t.throws(() => signerFromKeyObject(generate('ec', { namedCurve: 'secp256k1' })), unsupported);
  const x25519 = generate('x25519', {}).export({ type: 'pkcs8', format: 'der' });
  t.throws(() => signerFromPrivateKey(x25519), unsupported);
  t.throws(() => nobleSignerFromPkcs8(x25519), { name: 'DerError' });
  t.throws(() => nobleSignerFromPem('no key at all'), unsupported);
  t.throws(() => signerFromPrivateKey('no key at all'));
  const der = new Uint8Array(generate('ec', { namedCurve: 'P-256' }).export({ type: 'pkcs8', format: 'der' }));
  for (let length = 0; length < der.length; length += 7) {
    t.throws(() => nobleSignerFromPkcs8(der.subarray(0, length)));
    t.throws(() => signerFromPrivateKey(der.subarray(0, length)));
  }
});
