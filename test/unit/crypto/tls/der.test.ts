// DER alone is read: what BER allows besides is refused, at every depth.

import { generateKeyPairSync } from 'node:crypto';
import t from 'tap';
import { parseDer, tryParseDer } from '#src/crypto/tls/der.js';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

const good = [
  '020100',
  '0201ff',
  '02020080',
  '0101ff',
  '0500',
  '3000',
  '06032a8648',
  '03020780',
  '0403020105',
  'a003020101',
];
const bad: Record<string, string> = {
  nothing: '',
  'a tag alone': '02',
  'bytes behind': '02010105',
  'a long form of a short length': '02810101',
  'a padded length': '0282000101',
  'an indefinite length': '30800201010000',
  'a padded INTEGER': '02020001',
  'a padded negative INTEGER': '0202ffff',
  'an empty INTEGER': '0200',
  'a constructed OCTET STRING': '2403040101',
  'a padded OID': '06032a8001',
  'an OID that ends early': '06022a80',
  'a child that is cut': '3005020101',
  'a NULL with content': '050100',
  'end of contents': '0000',
};

t.test('elements', async (t) => {
  for (const text of good) {
    t.ok(parseDer(hex(text)), text);
    t.same(parseDer(hex(`30${(text.length / 2).toString(16).padStart(2, '0')}${text}`)).sequence()[0]?.raw, hex(text));
  }
  for (const [title, text] of Object.entries(bad)) {
    t.throws(() => parseDer(hex(text)), title);
    const length = (text.length / 2).toString(16).padStart(2, '0');
    if (text !== '') t.throws(() => parseDer(hex(`30${length}${text}`)), `${title}, within a SEQUENCE`);
  }
});

t.test('as many elements as a certificate may have', async (t) => {
  const list = (count: number): Buffer =>
    Buffer.concat([Buffer.of(0x30, 0x82, (2 * count) >> 8, (2 * count) & 255), Buffer.alloc(2 * count, '0500', 'hex')]);
  // The SEQUENCE is one itself.
  t.equal(parseDer(list(3999)).sequence().length, 3999);
  t.throws(() => parseDer(list(4000)), { name: 'DerError' });
  t.equal(parseDer(list(4000), 5000).sequence().length, 4000, 'what the program gives may have more');
});

t.test('lengths of every size', async (t) => {
  for (const length of [0, 1, 127, 128, 255, 256, 257, 511, 512, 1024, 65535, 65536, 65537]) {
    const header =
      length < 128 ? [length] : length < 256 ? [0x81, length] : length < 65536 ? [0x82, length >> 8, length & 255] : [];
    const long = length < 65536 ? header : [0x83, length >> 16, (length >> 8) & 255, length & 255];
    const element = Uint8Array.of(4, ...long, ...new Uint8Array(length));
    t.equal(parseDer(element).octetString().length, length);
  }
});

t.test('types', async (t) => {
  t.equal(parseDer(hex('0101ff')).boolean(), true);
  t.throws(() => parseDer(hex('010101')).boolean());
  t.throws(() => parseDer(hex('03020781')).bits(), 'an unused bit that is set');
  t.throws(() => parseDer(hex('03020881')).bits());
  t.throws(() => parseDer(hex('0300')).bits());
  t.throws(() => parseDer(hex('020100')).octetString());
  t.throws(() => parseDer(hex('0a0100')).integer(), 'ENUMERATED is no INTEGER');
  t.throws(() => parseDer(hex('0201ff')).smallInteger());
  t.throws(() => parseDer(hex('0201ff')).positiveInteger());
  t.throws(() => parseDer(hex('020100')).positiveInteger());
  t.throws(() => parseDer(hex('3100')).sequence());
  t.throws(() => parseDer(hex('8003020101')).tagged(), 'a primitive tag');
  t.equal(parseDer(hex('06032a8648')).objectIdentifier(), '1.2.840');
});

t.test('deep, wide and broken input', async (t) => {
  let deep = hex('0500');
  for (let level = 0; level < 40; level++) deep = Uint8Array.of(0x30, deep.length, ...deep);
  t.throws(() => parseDer(deep));
  const wide = Uint8Array.of(0x30, 0x83, 1, 0x11, 0x70, ...new Uint8Array(70_000).map((_, i) => (i % 2 === 0 ? 5 : 0)));
  t.throws(() => parseDer(wide));
  t.equal(parseDer(wide, 50_000).sequence().length, 35_000);
  const key = new Uint8Array(
    generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'der' }),
  );
  t.ok(tryParseDer(key, (element) => element.sequence()));
  for (let at = 0; at < key.length; at++) {
    t.equal(
      tryParseDer(key.subarray(0, at), (element) => element.raw),
      undefined,
    );
    const changed = key.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x81;
    // Whatever it says: it does not throw.
    tryParseDer(changed, (element) => element.sequence());
  }
});
