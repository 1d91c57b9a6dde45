// Codecs, by properties: whatever is written is read back as it was, and whatever is read is written back byte for byte.

import fc from 'fast-check';
import t, { type Test } from 'tap';
import { ByteReader, ByteWriter } from '#src/protocol/codec.js';
import { ExtensionType } from '#src/protocol/constants.js';
import { readProtocols, writeProtocols } from '#src/protocol/extensions/application-protocols.js';
import { readExtensions, writeExtension, writeExtensions } from '#src/protocol/extensions/extension-list.js';
import {
  readClientShares,
  readRequestedGroup,
  readServerShare,
  writeClientShares,
  writeRequestedGroup,
  writeServerShare,
} from '#src/protocol/extensions/key-share.js';
import {
  readMaxFragmentLength,
  readRecordSizeLimit,
  readShortUint16List,
  readUint16List,
  writeMaxFragmentLength,
  writeRecordSizeLimit,
  writeShortUint16List,
  writeUint16List,
} from '#src/protocol/extensions/number-lists.js';
import {
  readOfferedPsks,
  readSelectedIdentity,
  writeOfferedPsk,
  writeSelectedIdentity,
} from '#src/protocol/extensions/pre-shared-key.js';
import { readServerName, writeServerName } from '#src/protocol/extensions/server-name.js';
import { readStatus, writeStatus } from '#src/protocol/extensions/status-request.js';
import { ProtocolFault } from '#src/protocol/faults.js';
import {
  readCertificate,
  readCertificateRequest,
  readCompressedCertificate,
  writeCertificate,
  writeCertificateRequest,
  writeCompressedCertificate,
} from '#src/protocol/messages/certificate.js';
import { readCertificateVerify, writeCertificateVerify } from '#src/protocol/messages/certificate-verify.js';
import { readEncryptedExtensions, writeEncryptedExtensions } from '#src/protocol/messages/encrypted-extensions.js';
import { readKeyUpdate, writeKeyUpdate } from '#src/protocol/messages/key-update.js';
import { readNewSessionTicket, writeNewSessionTicket } from '#src/protocol/messages/new-session-ticket.js';
import { readServerHello, writeServerHello } from '#src/protocol/messages/server-hello.js';
import { decodeSession, encodeSession, type SessionState } from '#src/protocol/session-state.js';

const runs = { numRuns: 200, seed: 8448 };

const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
const uint16 = fc.integer({ min: 0, max: 0xffff });
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const numbers = fc.array(uint16, { minLength: 1, maxLength: 40 });
const latin1Text = (minLength: number, maxLength: number) =>
  fc.array(fc.integer({ min: 1, max: 255 }), { minLength, maxLength }).map((codes) => String.fromCharCode(...codes));

/** Typed arrays are compared by what they hold, whatever memory they lie in. */
function plain(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner instanceof Uint8Array) return Buffer.from(inner).toString('hex');
    if (inner instanceof Map) return [...(inner as Map<unknown, unknown>)];
    // A Buffer has become an object by its toJSON().
    if (inner !== null && typeof inner === 'object' && 'type' in inner && inner.type === 'Buffer' && 'data' in inner) {
      return Buffer.from(inner.data as number[]).toString('hex');
    }
    return inner;
  });
}

interface Codec<T> {
  readonly values: fc.Arbitrary<T>;
  write(value: T): Uint8Array;
  read(bytes: Uint8Array): unknown;
  /** What `value` should be read as; itself by default. */
  readonly expected?: (value: T) => unknown;
}

/** Behind the frame of its type and length. */
function extension<T>(
  values: fc.Arbitrary<T>,
  write: (writer: ByteWriter, value: T) => void,
  read: (list: ReadonlyMap<number, Uint8Array>) => unknown,
): Codec<T> {
  return {
    values,
    write(value) {
      const writer = new ByteWriter();
      writeExtensions(writer, () => write(writer, value));
      return writer.finish();
    },
    read(whole) {
      const reader = new ByteReader(whole);
      const list = readExtensions(reader);
      reader.end();
      return read(list);
    },
  };
}

const share = fc.record({ group: uint16, share: bytes(1, 200) });
const sessions: fc.Arbitrary<SessionState> = fc.record({
  cipherSuite: uint16,
  preSharedKey: bytes(1, 64),
  createdAt: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  lifetime: uint32,
  ageAdd: uint32,
  postQuantum: fc.boolean(),
  serverName: latin1Text(0, 255),
  peerChain: fc.array(bytes(1, 300), { maxLength: 4 }),
  context: bytes(0, 255),
  ticket: bytes(0, 400),
});
const chain = fc.array(bytes(1, 500), { maxLength: 5 });

function codec<T>(definition: Codec<T>): (t: Test) => void {
  const { values, write, read, expected = (value: T): unknown => value } = definition;
  return (t) => {
    fc.assert(
      fc.property(values, (value) => plain(read(write(value))) === plain(expected(value))),
      runs,
    );
    t.pass('what is written is read back');
    // One byte changed: it is refused, or what was read is not what was written, or the byte has no meaning in it.
    fc.assert(
      fc.property(values, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, change) => {
        const written = Uint8Array.from(write(value));
        const index = at % written.length;
        written[index] = (written[index] ?? 0) ^ change;
        try {
          read(written);
        } catch (error) {
          if (!(error instanceof ProtocolFault)) throw error;
        }
      }),
      runs,
    );
    t.pass('nothing but a ProtocolFault is thrown for what was changed');
  };
}

const codecs: Record<string, (t: Test) => void> = {
  server_name: codec(extension(latin1Text(1, 255), writeServerName, readServerName)),
  supported_groups: codec(
    extension(
      numbers,
      (writer, value) => writeUint16List(writer, ExtensionType.supported_groups, value),
      (list) => readUint16List(list, ExtensionType.supported_groups),
    ),
  ),
  supported_versions: codec(
    extension(
      numbers,
      (writer, value) => writeShortUint16List(writer, ExtensionType.supported_versions, value),
      (list) => readShortUint16List(list, ExtensionType.supported_versions),
    ),
  ),
  max_fragment_length: codec(
    extension(fc.constantFrom(512, 1024, 2048, 4096), writeMaxFragmentLength, readMaxFragmentLength),
  ),
  record_size_limit: codec(extension(fc.integer({ min: 64, max: 0xffff }), writeRecordSizeLimit, readRecordSizeLimit)),
  application_layer_protocol_negotiation: codec(
    extension(
      fc.array(latin1Text(1, 255), { minLength: 1, maxLength: 10 }),
      (writer, names) =>
        writeProtocols(
          writer,
          Buffer.concat(names.map((name) => Buffer.from(String.fromCharCode(name.length) + name, 'latin1'))),
        ),
      readProtocols,
    ),
  ),
  'key_share of a client': codec(
    extension(
      fc.uniqueArray(share, { maxLength: 6, selector: ({ group }) => group }),
      writeClientShares,
      readClientShares,
    ),
  ),
  'key_share of a server': codec(extension(share, writeServerShare, readServerShare)),
  'key_share of a HelloRetryRequest': codec(extension(uint16, writeRequestedGroup, readRequestedGroup)),
  'pre_shared_key of a server': codec(extension(uint16, writeSelectedIdentity, readSelectedIdentity)),
  'pre_shared_key of a client': codec({
    ...extension(
      fc.record({ identity: bytes(1, 500), obfuscatedAge: uint32 }),
      (writer, value) => writeOfferedPsk(writer, value, 48),
      (list) => readOfferedPsks(list),
    ),
    expected: (value) => ({ identities: [value], binders: [new Uint8Array(48)], bindersLength: 51 }),
  }),
  status_request: codec(
    extension(bytes(1, 3000), writeStatus, (list) =>
      readStatus(list.get(ExtensionType.status_request) ?? new Uint8Array(0)),
    ),
  ),
  ServerHello: codec({
    values: fc.record({
      random: bytes(32, 32),
      sessionId: bytes(0, 32),
      cipherSuite: uint16,
      extensions: fc.uniqueArray(fc.tuple(uint16, bytes(0, 100)), { maxLength: 8, selector: ([type]) => type }),
    }),
    write: ({ random, sessionId, cipherSuite, extensions }) =>
      writeServerHello(random, sessionId, cipherSuite, (writer) => {
        for (const [type, body] of extensions) writeExtension(writer, type, () => writer.raw(body));
      }),
    read(written) {
      const { random, sessionId, cipherSuite, extensions } = readServerHello(written);
      return { random, sessionId, cipherSuite, extensions: [...extensions] };
    },
  }),
  EncryptedExtensions: codec({
    values: fc.record({
      acknowledgesName: fc.boolean(),
      recordSizeLimit: fc.integer({ min: 64, max: 0x4001 }),
      maxFragmentLength: fc.constantFrom(512, 1024, 2048, 4096),
    }),
    write: (value) => writeEncryptedExtensions({ ...value, protocol: undefined }),
    read(written) {
      const list = readEncryptedExtensions(written);
      return {
        acknowledgesName: list.has(ExtensionType.server_name),
        recordSizeLimit: readRecordSizeLimit(list),
        maxFragmentLength: readMaxFragmentLength(list),
      };
    },
  }),
  Certificate: codec({
    values: fc.record({ chain, ocspResponse: bytes(1, 500) }),
    write: (value) => writeCertificate(value.chain, value.ocspResponse),
    read: (written) => readCertificate(written.subarray(4), { ocsp: true }),
    expected: (value) => ({
      chain: value.chain,
      ocspResponse: value.chain.length > 0 ? value.ocspResponse : undefined,
    }),
  }),
  CompressedCertificate: codec({
    values: fc.record({
      algorithm: uint16,
      uncompressedLength: fc.integer({ min: 0, max: 0xff_ffff }),
      compressed: bytes(1, 500),
    }),
    write: writeCompressedCertificate,
    read: readCompressedCertificate,
  }),
  CertificateRequest: codec({
    values: fc.record({ signatureSchemes: numbers, compression: numbers }),
    write: (value) => writeCertificateRequest(value.signatureSchemes, value.compression, []),
    read: readCertificateRequest,
  }),
  CertificateVerify: codec({
    values: fc.record({ scheme: uint16, signature: bytes(0, 5000) }),
    write: writeCertificateVerify,
    read: readCertificateVerify,
  }),
  NewSessionTicket: codec({
    values: fc.record({ lifetime: uint32, ageAdd: uint32, nonce: bytes(0, 255), ticket: bytes(1, 2000) }),
    write: writeNewSessionTicket,
    read: readNewSessionTicket,
  }),
  KeyUpdate: codec({ values: fc.boolean(), write: writeKeyUpdate, read: readKeyUpdate }),
  'session state': codec({ values: sessions, write: encodeSession, read: decodeSession }),
};

for (const [name, check] of Object.entries(codecs)) t.test(name, async (t) => check(t));

/** The other way: what is accepted of arbitrary bytes is what the writer makes of it. */
function rewritten(
  t: Test,
  read: (input: Uint8Array) => Uint8Array | undefined,
  input: fc.Arbitrary<Uint8Array>,
): void {
  let accepted = 0;
  fc.assert(
    fc.property(input, (given) => {
      let back: Uint8Array | undefined;
      try {
        back = read(given);
      } catch (error) {
        if (error instanceof ProtocolFault) return true;
        throw error;
      }
      if (back === undefined) return true;
      accepted += 1;
      return Buffer.compare(back, given) === 0;
    }),
    runs,
  );
  t.ok(accepted > 0, `${accepted} were accepted`);
}

/** Valid, with up to two bytes set to anything. */
function nearly(valid: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const edits = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 2 });
  return fc.tuple(valid, edits).map(([given, changes]) => {
    const changed = Uint8Array.from(given);
    for (const [at, byte] of changes) changed[at % changed.length] = byte;
    return changed;
  });
}

t.test('what was accepted is written back byte for byte', async (t) => {
  const message = (type: number) => (written: Uint8Array) =>
    written[0] === type && written.length === 4 + length24(written);
  const guarded = (type: number, back: (input: Uint8Array) => Uint8Array) => (input: Uint8Array) =>
    message(type)(input) ? back(input) : undefined;
  rewritten(
    t,
    guarded(15, (input) => writeCertificateVerify(readCertificateVerify(input))),
    nearly(fc.record({ scheme: uint16, signature: bytes(0, 40) }).map(writeCertificateVerify)),
  );
  rewritten(
    t,
    guarded(25, (input) => writeCompressedCertificate(readCompressedCertificate(input))),
    nearly(
      fc
        .record({ algorithm: uint16, uncompressedLength: uint16, compressed: bytes(1, 40) })
        .map(writeCompressedCertificate),
    ),
  );
  rewritten(
    t,
    guarded(24, (input) => writeKeyUpdate(readKeyUpdate(input))),
    nearly(fc.boolean().map(writeKeyUpdate)),
  );
  rewritten(
    t,
    guarded(11, (input) => {
      const read = readCertificate(input.subarray(4), { ocsp: false });
      return writeCertificate(read.chain, read.ocspResponse);
    }),
    nearly(chain.map((value) => writeCertificate(value))),
  );
  rewritten(
    t,
    (input) => {
      const session = decodeSession(input);
      return session === undefined ? undefined : encodeSession(session);
    },
    // Not the flag of the key exchange, of which every value but 1 is false.
    sessions.map(encodeSession),
  );
  rewritten(
    t,
    (input) => {
      const reader = new ByteReader(input);
      const list = readExtensions(reader);
      reader.end();
      const writer = new ByteWriter();
      writeExtensions(writer, () => {
        for (const [type, body] of list) writeExtension(writer, type, () => writer.raw(body));
      });
      return writer.finish();
    },
    nearly(
      fc.array(fc.tuple(uint16, bytes(0, 20)), { maxLength: 5 }).map((list) => {
        const writer = new ByteWriter();
        writeExtensions(writer, () => {
          for (const [type, body] of list) writeExtension(writer, type, () => writer.raw(body));
        });
        return writer.finish();
      }),
    ),
  );
});

function length24(message: Uint8Array): number {
  return ((message[1] ?? 0) << 16) | ((message[2] ?? 0) << 8) | (message[3] ?? 0);
}
