// Every implementation of TlsPrimitives: known answers, each against every other, and what a peer may send.

import { constants, generateKeyPairSync, sign as signWithNode, type KeyObject } from 'node:crypto';
import t from 'tap';
import { SigningKey, type SignatureAlgorithm } from 'pqtls/crypto';
import { nodePrimitives } from '#src/crypto/tls/node-primitives.js';
import { noblePrimitives } from '#src/crypto/tls/noble-primitives.js';
import { parsePublicKey } from '#src/crypto/tls/public-key.js';
import { handshakeSchemes, type SignatureAlgorithmParameters } from '#src/crypto/tls/signature-schemes.js';
import type { AeadName, TlsPrimitives } from '#src/crypto/tls/primitives.js';

const implementations: readonly TlsPrimitives[] = [nodePrimitives, noblePrimitives];
const pairs = implementations.flatMap((one) => implementations.map((other) => [one, other] as const));

const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const none = new Uint8Array(0);

for (const primitives of implementations) {
  t.test(`hashes of ${primitives.name}`, async (t) => {
    // FIPS 180-4, "abc".
    const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    const sha384 = 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7';
    t.equal(toHex(primitives.hash('sha256', ascii('abc'))), sha256);
    t.equal(toHex(primitives.hash('sha384', ascii('abc'))), sha384);
    const hash = primitives.createHash('sha384');
    hash.update(ascii('a'));
    const early = hash.clone();
    t.same(hash.digest(), primitives.hash('sha384', ascii('a')), 'a digest of what came so far');
    hash.update(ascii('bc'));
    t.equal(toHex(hash.digest()), sha384, 'goes on after digest()');
    t.equal(toHex(hash.digest()), sha384, 'twice the same');
    early.update(ascii('x'));
    t.same(early.digest(), primitives.hash('sha384', ascii('ax')), 'a clone has a life of its own');
  });

  t.test(`HMAC of ${primitives.name}`, async (t) => {
    // RFC 4231, Sections 4.2 and 4.7 (a key longer than the block).
    const cases = [
      {
        key: fromHex('0b'.repeat(20)),
        data: ascii('Hi There'),
        sha256: 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
        sha384: 'afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6',
      },
      {
        key: fromHex('aa'.repeat(131)),
        data: ascii('Test Using Larger Than Block-Size Key - Hash Key First'),
        sha256: '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
        sha384: '4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952',
      },
    ];
    for (const { key, data, sha256, sha384 } of cases) {
      t.equal(toHex(primitives.hmac('sha256', key, data)), sha256);
      t.equal(toHex(primitives.hmac('sha384', key, data)), sha384);
    }
  });

  t.test(`random bytes and comparison of ${primitives.name}`, async (t) => {
    t.equal(primitives.randomBytes(0).length, 0);
    // More than one call of getRandomValues() gives.
    const long = primitives.randomBytes(70_000);
    t.equal(long.length, 70_000);
    t.notOk(long.subarray(69_000).every((byte) => byte === 0));
    t.notSame(primitives.randomBytes(32), primitives.randomBytes(32));
    t.equal(primitives.equal(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), true);
    t.equal(primitives.equal(Uint8Array.of(1, 2), Uint8Array.of(1, 3)), false);
    t.equal(primitives.equal(Uint8Array.of(1, 2), Uint8Array.of(1)), false);
    t.equal(primitives.equal(none, none), true);
  });
}

const aeadCases: { name: AeadName; key: string; nonce: string; aad: string; plaintext: string; sealed: string }[] = [
  {
    // The GCM specification of McGrew and Viega, test case 4.
    name: 'aes-128-gcm',
    key: 'feffe9928665731c6d6a8f9467308308',
    nonce: 'cafebabefacedbaddecaf888',
    aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    plaintext:
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    sealed:
      '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091' +
      '5bc94fbc3221a5db94fae95ae7121a47',
  },
  {
    // Test case 16 of the same.
    name: 'aes-256-gcm',
    key: 'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
    nonce: 'cafebabefacedbaddecaf888',
    aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    plaintext:
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    sealed:
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662' +
      '76fc6ece0f4e1768cddf8853bb2d551b',
  },
  {
    // RFC 8439, Section 2.8.2.
    name: 'chacha20-poly1305',
    key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
    nonce: '070000004041424344454647',
    aad: '50515253c0c1c2c3c4c5c6c7',
    plaintext: toHex(
      ascii(
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
      ),
    ),
    sealed:
      'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67' +
      'ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116' +
      '1ae10b594f09e26a7e902ecbd0600691',
  },
];

for (const { name, ...texts } of aeadCases) {
  const key = fromHex(texts.key);
  const nonce = fromHex(texts.nonce);
  const aad = fromHex(texts.aad);
  const plaintext = fromHex(texts.plaintext);
  for (const [one, other] of pairs) {
    t.test(`${name}: ${one.name} seals, ${other.name} opens`, async (t) => {
      const sealer = one.aead(name, key);
      const opener = other.aead(name, key);
      const cuts = [0, 1, 16, 17, plaintext.length];
      // The same with the first records and with those after many.
      for (const cut of [...cuts, ...cuts, ...cuts]) {
        const output = new Uint8Array(plaintext.length + 16 + 7);
        const parts = [plaintext.subarray(0, cut), none, plaintext.subarray(cut)];
        const length = sealer.seal(nonce, aad, parts, output, 5);
        t.equal(length, plaintext.length + 16);
        const sealed = output.subarray(5, 5 + length);
        t.equal(toHex(sealed), texts.sealed);
        t.same([...output.subarray(0, 5), ...output.subarray(5 + length)], Array(7).fill(0), 'nothing else written');
        const { head = none, tail = none } = opener.open(nonce, aad, sealed, cut) ?? {};
        t.equal(toHex(head), toHex(plaintext.subarray(0, cut)));
        t.equal(toHex(tail), toHex(plaintext.subarray(cut)));
        t.same(
          [head, tail].map(({ buffer }) => buffer.byteLength),
          [head.length, tail.length],
          'in memory that holds nothing else',
        );
        t.equal(toHex(sealed), texts.sealed, 'the ciphertext is not changed');
      }
      const empty = new Uint8Array(16);
      t.equal(sealer.seal(nonce, none, [], empty, 0), 16);
      t.equal(opener.open(nonce, none, empty, 0)?.head.length, 0, 'an empty plaintext');
      t.equal(toHex(key), texts.key, 'the key given is not changed');
    });
  }
  for (const primitives of implementations) {
    t.test(`${name} of ${primitives.name} opens nothing else`, async (t) => {
      const aead = primitives.aead(name, key);
      const sealed = fromHex(texts.sealed);
      const output = new Uint8Array(sealed.length);
      for (let at = 0; at < sealed.length; at++) {
        const changed = sealed.slice();
        changed[at] = (changed[at] ?? 0) ^ 1;
        t.equal(aead.open(nonce, aad, changed, 1), undefined);
      }
      t.equal(aead.open(nonce, aad.subarray(1), sealed, 1), undefined);
      const otherNonce = nonce.map((byte) => byte ^ 1);
      t.equal(aead.open(otherNonce, aad, sealed, 1), undefined);
      for (const length of [0, 1, 15, 16, sealed.length - 1]) {
        t.equal(aead.open(nonce, aad, sealed.subarray(0, length), 0), undefined);
      }
      const unused = primitives.aead(name, key);
      unused.destroy();
      t.throws(() => unused.open(nonce, aad, sealed, 0), { code: 'ERR_PQTLS_KEY_DESTROYED' });
      aead.destroy();
      aead.destroy();
      t.throws(() => aead.open(nonce, aad, sealed, 0), { code: 'ERR_PQTLS_KEY_DESTROYED' });
      t.throws(() => aead.seal(nonce, aad, [plaintext], output, 0), { code: 'ERR_PQTLS_KEY_DESTROYED' });
      t.throws(() => primitives.aead(name, key.subarray(1)), RangeError);
    });
  }
}

const message = ascii('what a handshake signs');

interface Signed {
  readonly title: string;
  readonly spki: Uint8Array;
  /** What node:crypto (or the CryptoProvider) made of the message. */
  readonly signature: Uint8Array;
  /** The only scheme that the signature is of; undefined where TLS 1.3 has none. */
  readonly scheme: string | undefined;
  readonly algorithm: SignatureAlgorithmParameters;
}

function pairOf(
  kind: 'ec' | 'rsa' | 'rsa-pss' | 'ed25519',
  options: object = {},
): { spki: Uint8Array; key: KeyObject } {
  const generate = generateKeyPairSync as unknown as (
    type: string,
    options: object,
  ) => { publicKey: KeyObject; privateKey: KeyObject };
  const { publicKey, privateKey } = generate(kind, options);
  return { spki: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })), key: privateKey };
}

/** Made once: 2048 bits of RSA take their time. */
const rsaKey = pairOf('rsa', { modulusLength: 2048 });
const oddRsaKey = pairOf('rsa', { modulusLength: 2049, publicExponent: 3 });
const plainPssKey = pairOf('rsa-pss', { modulusLength: 2048 });
const boundPssKey = pairOf('rsa-pss', {
  ...{ modulusLength: 2048, hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha256', saltLength: 32 },
});
const ecKeys = {
  secp256r1: pairOf('ec', { namedCurve: 'P-256' }),
  secp384r1: pairOf('ec', { namedCurve: 'P-384' }),
  secp521r1: pairOf('ec', { namedCurve: 'P-521' }),
};

function pssSignature(key: KeyObject, hash: string, saltLength: number): Uint8Array {
  return signWithNode(hash, message, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
}

const hashes = [
  ['sha256', 32],
  ['sha384', 48],
  ['sha512', 64],
] as const;

const mlDsaPrefixes = {
  'ML-DSA-44': ['mldsa44', 0x11],
  'ML-DSA-65': ['mldsa65', 0x12],
  'ML-DSA-87': ['mldsa87', 0x13],
};

function mlDsaSpki(algorithm: SignatureAlgorithm, key: Uint8Array): Uint8Array {
  const [, arc] = mlDsaPrefixes[algorithm] as [string, number];
  const length = (value: number): number[] => [0x82, value >> 8, value & 255];
  return Uint8Array.of(
    ...[0x30, ...length(key.length + 18), ...fromHex('300b06096086480165030403'), arc],
    ...[0x03, ...length(key.length + 1), 0, ...key],
  );
}

const signed: readonly Signed[] = [
  ...Object.entries(ecKeys).flatMap(([curve, { spki, key }]) =>
    hashes.map(([hash]): Signed => {
      const fitting = { secp256r1: 'sha256', secp384r1: 'sha384', secp521r1: 'sha512' }[curve];
      return {
        title: `ECDSA, ${curve}, ${hash}`,
        spki,
        signature: signWithNode(hash, message, key),
        scheme: fitting === hash ? `ecdsa_${curve}_${hash}` : undefined,
        algorithm: { type: 'ecdsa', hash },
      };
    }),
  ),
  ...[
    { title: 'rsaEncryption', pair: rsaKey, family: 'rsae' },
    { title: 'rsaEncryption of 2049 bits', pair: oddRsaKey, family: 'rsae' },
    { title: 'id-RSASSA-PSS', pair: plainPssKey, family: 'pss' },
  ].flatMap(({ title, pair, family }) =>
    hashes.flatMap(([hash, length]): Signed[] => [
      {
        title: `RSA-PSS, ${title}, ${hash}`,
        spki: pair.spki,
        signature: pssSignature(pair.key, hash, length),
        scheme: `rsa_pss_${family}_${hash}`,
        algorithm: { type: 'rsa-pss', hash, saltLength: length },
      },
      {
        title: `RSA-PSS, ${title}, ${hash}, another salt`,
        spki: pair.spki,
        signature: pssSignature(pair.key, hash, 20),
        scheme: undefined,
        algorithm: { type: 'rsa-pss', hash, saltLength: 20 },
      },
    ]),
  ),
  ...[rsaKey, oddRsaKey].flatMap(({ spki, key }, index) =>
    hashes.map(([hash]): Signed => ({
      title: `RSA PKCS #1 v1.5, ${hash}, key ${index}`,
      spki,
      signature: signWithNode(hash, message, key),
      scheme: undefined,
      algorithm: { type: 'rsa-pkcs1', hash },
    })),
  ),
  {
    title: 'RSA-PSS with a key that is bound to SHA-256',
    spki: boundPssKey.spki,
    signature: pssSignature(boundPssKey.key, 'sha256', 32),
    scheme: 'rsa_pss_pss_sha256',
    algorithm: { type: 'rsa-pss', hash: 'sha256', saltLength: 32 },
  },
  ((): Signed => {
    const { spki, key } = pairOf('ed25519');
    const signature = signWithNode(null, message, key);
    return { title: 'Ed25519', spki, signature, scheme: 'ed25519', algorithm: { type: 'ed25519' } };
  })(),
  ...(Object.keys(mlDsaPrefixes) as SignatureAlgorithm[]).map((algorithm): Signed => {
    const key = SigningKey.generate(algorithm);
    return {
      title: algorithm,
      spki: mlDsaSpki(algorithm, key.verifyingKey.toBytes()),
      signature: key.sign(message),
      scheme: mlDsaPrefixes[algorithm][0] as string,
      algorithm: { type: 'ml-dsa', algorithm },
    };
  }),
];

for (const primitives of implementations) {
  for (const { title, spki, signature, scheme, algorithm } of signed) {
    t.test(`${title}, verified by ${primitives.name}`, async (t) => {
      t.equal(primitives.verifySignature(algorithm, spki, message, signature), true);
      for (const name of [...handshakeSchemes, 'rsa_pkcs1_sha256', 'ecdsa_sha1', 'ed448', '__proto__', '']) {
        t.equal(primitives.verify(name, spki, message, signature), name === scheme, name);
      }
      const verify = (changedSpki: Uint8Array, changedMessage: Uint8Array, changed: Uint8Array): boolean =>
        primitives.verifySignature(algorithm, changedSpki, changedMessage, changed);
      t.equal(verify(spki, message.subarray(1), signature), false);
      t.equal(verify(spki, none, signature), false);
      for (const wrong of [
        ...[none, signature.subarray(1), signature.subarray(0, -1), Buffer.concat([signature, Buffer.of(0)])],
        ...[Buffer.concat([Buffer.of(0), signature]), new Uint8Array(signature.length), signature.map(() => 255)],
      ]) {
        t.equal(verify(spki, message, wrong), false, `${wrong.length} bytes in the place of ${signature.length}`);
      }
      for (const at of spread(signature.length, 3)) t.equal(verify(spki, message, flipped(signature, at)), false);
      for (const at of spread(spki.length, 5)) t.equal(verify(flipped(spki, at), message, signature), false);
      for (const wrong of [none, spki.subarray(1), spki.subarray(0, -1), Buffer.concat([spki, Buffer.of(0)])]) {
        t.equal(verify(wrong, message, signature), false);
      }
      // One other of each kind of key: every pair would take a minute.
      for (const other of new Map(signed.map((row) => [parsePublicKey(row.spki)?.type, row])).values()) {
        if (other.spki === spki) continue;
        t.equal(primitives.verifySignature(algorithm, other.spki, message, signature), false);
        t.equal(primitives.verifySignature(other.algorithm, spki, message, other.signature), false);
      }
    });
  }

  t.test(`keys that ${primitives.name} refuses`, async (t) => {
    const short = pairOf('rsa', { modulusLength: 1024 });
    t.equal(
      primitives.verify('rsa_pss_rsae_sha256', short.spki, message, pssSignature(short.key, 'sha256', 32)),
      false,
    );
    const pinned = primitives.verify('rsa_pss_pss_sha384', boundPssKey.spki, message, new Uint8Array(256));
    t.equal(pinned, false, 'a scheme that the parameters of the key exclude');
    const { spki } = ecKeys.secp256r1;
    const offCurve = spki.slice();
    offCurve[offCurve.length - 1] = (offCurve.at(-1) ?? 0) ^ 1;
    const signature = fromHex('3006020101020101');
    t.equal(primitives.verify('ecdsa_secp256r1_sha256', offCurve, message, signature), false);
  });
}

t.test('ECDSA signatures in other encodings than DER', async (t) => {
  const { spki, key } = ecKeys.secp256r1;
  const raw = signWithNode('sha256', message, { key, dsaEncoding: 'ieee-p1363' });
  const integer = (bytes: Uint8Array, padding: number): Buffer => {
    const trimmed = Buffer.from(bytes.subarray(bytes.findIndex((byte) => byte !== 0)));
    const positive = Buffer.concat([Buffer.alloc(padding + ((trimmed[0] ?? 0) >> 7)), trimmed]);
    return Buffer.concat([Buffer.of(2, positive.length), positive]);
  };
  const sequence = (...parts: Buffer[]): Buffer => {
    const content = Buffer.concat(parts);
    return Buffer.concat([Buffer.of(0x30, content.length), content]);
  };
  const [r, s] = [raw.subarray(0, 32), raw.subarray(32)];
  const good = sequence(integer(r, 0), integer(s, 0));
  const content = good.subarray(2);
  const bad: Record<string, Uint8Array> = {
    'the plain numbers': raw,
    'a padded integer': sequence(integer(r, 1), integer(s, 0)),
    'bytes behind': Buffer.concat([good, Buffer.of(0)]),
    'bytes within': sequence(integer(r, 0), integer(s, 0), Buffer.of(5, 0)),
    'a long length': Buffer.concat([Buffer.of(0x30, 0x81, content.length), content]),
    'an indefinite length': Buffer.concat([Buffer.of(0x30, 0x80), content, Buffer.of(0, 0)]),
    zeros: sequence(Buffer.of(2, 1, 0), Buffer.of(2, 1, 0)),
    'a negative integer': sequence(integer(r, 0), Buffer.of(2, 1, 0xff)),
  };
  for (const primitives of implementations) {
    t.equal(primitives.verify('ecdsa_secp256r1_sha256', spki, message, good), true);
    for (const [title, signature] of Object.entries(bad)) {
      t.equal(primitives.verify('ecdsa_secp256r1_sha256', spki, message, signature), false, title);
    }
  }
});

t.test('public keys', async (t) => {
  for (const { title, spki } of signed) t.ok(parsePublicKey(spki), title);
  t.equal(parsePublicKey(pairOf('rsa', { modulusLength: 2047 }).spki), undefined, 'a bit too short');
  const compressed = ecKeys.secp256r1.spki.slice();
  compressed[26] = 2;
  t.equal(parsePublicKey(compressed), undefined, 'not an uncompressed point');
  t.equal(parsePublicKey(new Uint8Array(100_000)), undefined);
});

/** At most `count` places, both ends among them. */
function spread(length: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => Math.floor((index * (length - 1)) / (count - 1)));
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x10;
  return copy;
}
