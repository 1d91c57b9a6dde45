// The record layer at its limits, on both sides: lengths, sequence numbers, padding, size limits, chunks of any size.

import t from 'tap';
import { nodePrimitives } from '#src/crypto/tls/node-primitives.js';
import { noblePrimitives } from '#src/crypto/tls/noble-primitives.js';
import { suiteOf, type SuiteParameters } from '#src/protocol/cipher-suites.js';
import { CipherSuite, ContentType } from '#src/protocol/constants.js';
import { maxPlaintext, RecordReader } from '#src/protocol/record-reader.js';
import { RecordWriter } from '#src/protocol/record-writer.js';
import { TrafficKeys } from '#src/protocol/traffic-keys.js';
import { faultOf } from '../../support/endpoints.js';
import { hex } from '../../support/hex.js';

const suites = Object.values(CipherSuite).map((id) => {
  const suite = suiteOf(id);
  if (suite === undefined) throw new Error(`Suite ${id} is gone`);
  return suite;
});
const [anySuite] = suites;
if (anySuite === undefined) throw new Error('There is no suite');

const keysOf = (suite: SuiteParameters, primitives = nodePrimitives): TrafficKeys =>
  new TrafficKeys(primitives, suite, new Uint8Array(48).fill(5));

function write(writer: RecordWriter, type: number, content: Uint8Array): Uint8Array {
  const output = new Uint8Array(writer.sizeOf(content.length));
  return output.subarray(0, writer.write(type, content, 0, content.length, output, 0));
}

function read(reader: RecordReader, bytes: Uint8Array): { type: number; content: Uint8Array } | undefined {
  reader.receive(bytes);
  if (!reader.next()) return undefined;
  reader.read();
  return { type: reader.type, content: reader.takeContent() };
}

function protectedPair(suite: SuiteParameters = anySuite as SuiteParameters) {
  const [writer, reader] = [new RecordWriter(), new RecordReader()];
  writer.keys = keysOf(suite);
  reader.keys = keysOf(suite);
  return { writer, reader };
}

t.test('every suite, on both implementations, record after record', async (t) => {
  for (const suite of suites) {
    const writer = new RecordWriter();
    writer.keys = keysOf(suite, noblePrimitives);
    const reader = new RecordReader();
    reader.keys = keysOf(suite);
    for (const length of [0, 1, 300, maxPlaintext]) {
      const content = new Uint8Array(length).fill(length);
      const got = read(reader, write(writer, ContentType.application_data, content));
      t.equal(got?.type, ContentType.application_data);
      t.ok(Buffer.compare(got?.content ?? new Uint8Array(1), content) === 0, `${suite.name}, ${length} bytes`);
    }
    t.equal(writer.keys.records, 4);
  }
});

t.test('a record again, or out of order, is not authentic', async (t) => {
  const { writer, reader } = protectedPair();
  const first = write(writer, ContentType.application_data, Uint8Array.of(1));
  const second = write(writer, ContentType.application_data, Uint8Array.of(2));
  const refused = { reason: 'DECRYPTION_FAILED_OR_BAD_RECORD_MAC', alert: 'bad_record_mac' };
  t.match(
    faultOf(() => read(reader, second)),
    refused,
  );
  t.strictSame([...(read(reader, first)?.content ?? [])], [1], 'it did not count');
  t.match(
    faultOf(() => read(reader, first)),
    refused,
  );
});

t.test('chunks of any size are the same records', async (t) => {
  const { writer } = protectedPair();
  const stream = Buffer.concat([1, 200, 0, 17].map((size) => write(writer, 23, new Uint8Array(size).fill(size))));
  for (let size = 1; size <= stream.length; size++) {
    const { reader } = protectedPair();
    let lengths = '';
    for (let at = 0; at < stream.length; at += size) {
      reader.receive(stream.subarray(at, at + size));
      while (reader.next()) {
        reader.read();
        lengths += ` ${reader.takeContent().length}`;
      }
    }
    if (lengths !== ' 1 200 0 17' || reader.bytesRead !== stream.length) t.fail(`chunks of ${size}`);
  }
});

t.test('lengths', async (t) => {
  const { reader } = protectedPair();
  t.match(
    faultOf(() => read(reader, Uint8Array.of(23, 3, 3, 0x41, 0x01))),
    { reason: 'ENCRYPTED_LENGTH_TOO_LONG', alert: 'record_overflow' },
  );
  const short = protectedPair().reader;
  t.match(
    faultOf(() => read(short, Uint8Array.of(23, 3, 3, 0, 16, ...new Uint8Array(16)))),
    { reason: 'DECRYPTION_FAILED_OR_BAD_RECORD_MAC' },
    'shorter than type and tag',
  );
  const limited = protectedPair();
  limited.reader.sizeLimit = 65;
  t.equal(read(limited.reader, write(limited.writer, 23, new Uint8Array(64)))?.content.length, 64);
  t.match(
    faultOf(() => read(limited.reader, write(limited.writer, 23, new Uint8Array(65)))),
    { reason: 'DATA_LENGTH_TOO_LONG', alert: 'record_overflow' },
  );
});

t.test('the writer keeps to the peer, and pads as far as that allows', async (t) => {
  const { writer, reader } = protectedPair();
  writer.limitForPeer(101);
  t.equal(writer.fragment, 100);
  writer.padTo(64);
  for (const [length, padded] of [
    [0, 63],
    [63, 63],
    [64, 100],
    [100, 100],
  ] as const) {
    const record = write(writer, 23, new Uint8Array(length).fill(9));
    t.equal(record.length, 5 + padded + 1 + 16, `${length} bytes`);
    t.equal(record.length, writer.sizeOf(length));
    t.equal(read(reader, record)?.content.length, length);
  }
  writer.limitFragment(50);
  t.equal(writer.fragment, 50);
});

t.test('zeros are no record', async (t) => {
  const { writer, reader } = protectedPair();
  t.match(
    faultOf(() => read(reader, write(writer, 0, new Uint8Array(10)))),
    { reason: 'UNEXPECTED_RECORD', alert: 'unexpected_message' },
  );
});

t.test('a 33rd record in a row that brings nothing is one too many', async (t) => {
  const { writer, reader } = protectedPair();
  for (let count = 0; count < 32; count++) read(reader, write(writer, 23, new Uint8Array(0)));
  t.equal(read(reader, write(writer, 23, Uint8Array.of(1)))?.content.length, 1);
  for (let count = 0; count < 32; count++) read(reader, write(writer, 23, new Uint8Array(0)));
  t.match(
    faultOf(() => read(reader, write(writer, 23, new Uint8Array(0)))),
    { reason: 'TOO_MANY_EMPTY_FRAGMENTS' },
  );
});

t.test('no nonce comes twice', async (t) => {
  // Keys of the same secret that have sealed other numbers of records give other ciphertexts; the header is the same.
  const seen = new Set<string>();
  const { writer } = protectedPair();
  for (let count = 0; count < 300; count++) seen.add(hex(write(writer, 23, Uint8Array.of(1))));
  t.equal(seen.size, 300);
});
