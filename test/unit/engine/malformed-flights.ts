// What hostile peers send, by what it is: every kind of fault of faults.ts that a peer can provoke, in both roles.

import { randomBytes, X509Certificate } from 'node:crypto';
import { publicKeyOf } from '#src/engine/pure-environment.js';
import {
  Alert,
  CertificateCompression,
  CipherSuite,
  ContentType,
  downgradeSentinel,
  ExtensionType,
  HandshakeType,
  helloRetryRequestRandom,
  NamedGroup,
  ProtocolVersion,
  RetiredProtocolVersion,
  SignatureScheme,
} from '#src/protocol/constants.js';
import type { FaultAlert, FaultReason } from '#src/protocol/faults.js';
import { Issuer } from '../../support/certificates.js';
import type { Change, Flight, HostilePeer } from '../../support/hostile-peer.js';
import { MessageDraft, messageOf, uint16, uint24, vector16 } from '../../support/message-draft.js';

/** OpenSSL's for an alert that came; empty for one that has no name. */
export type AlertReason = `${'SSLV3' | 'TLSV1'}_ALERT_${string}` | '';

export interface MalformedFlight extends Flight {
  /** What the TypeScript engine calls it, a fault or an alert; undefined where it goes on. */
  readonly reason: FaultReason | AlertReason | undefined;
  /** Where it is not the reason's own. */
  readonly alert?: FaultAlert;
}

const { ClientHello, ServerHello, EncryptedExtensions, Certificate, CertificateVerify, Finished } = HandshakeType;
const nothing = Buffer.alloc(0);
/** Its key usage allows certificates and revocation lists alone. */
const authority = new X509Certificate((await Issuer.selfSigned({ subject: 'CN=ca', ca: true })).cert).raw;

const record = (type: number, content: Uint8Array): Buffer => Buffer.concat([Buffer.of(type, 3, 3), vector16(content)]);
const plain = (type: number, ...content: number[]): Buffer => record(type, Uint8Array.from(content));

/** Replaces the nth message of a type; the others stay. */
function on(type: number, replace: (message: Buffer, hostile: HostilePeer) => Uint8Array[], which = 1): Change {
  return (message, nth, hostile) =>
    message[0] === type && nth === which ? replace(Buffer.from(message), hostile) : [message];
}

const edited = (type: number, edit: (draft: MessageDraft) => void, which = 1): Change =>
  on(
    type,
    (message) => {
      const draft = new MessageDraft(message);
      edit(draft);
      return [draft.build()];
    },
    which,
  );

const hello = (edit: (draft: MessageDraft) => void): Change => edited(ClientHello, edit);
const secondHello = (edit: (draft: MessageDraft) => void): Change => edited(ClientHello, edit, 2);
const serverHello = (edit: (draft: MessageDraft) => void): Change => edited(ServerHello, edit);
const encrypted = (edit: (draft: MessageDraft) => void): Change => edited(EncryptedExtensions, edit);

/** The message with a byte of its body changed. */
const flipped =
  (at: number) =>
  (message: Buffer): Uint8Array[] => {
    const index = at < 0 ? message.length + at : at;
    message.writeUInt8(message.readUInt8(index) ^ 1, index);
    return [message];
  };

const withTrailingByte = (message: Buffer): Uint8Array[] => [
  messageOf(message.readUInt8(0), Buffer.concat([message.subarray(4), Buffer.of(0)])),
];

/** legacy_version and random. */
const beforeSessionId = 2 + 32;

function setSuites(draft: MessageDraft, suites: Uint8Array): void {
  const start = beforeSessionId + 1 + draft.head.readUInt8(beforeSessionId);
  const end = start + 2 + draft.head.readUInt16BE(start);
  draft.head = Buffer.concat([draft.head.subarray(0, start), vector16(suites), draft.head.subarray(end)]);
}

function setSessionId(draft: MessageDraft, id: Uint8Array): void {
  const end = beforeSessionId + 1 + draft.head.readUInt8(beforeSessionId);
  draft.head = Buffer.concat([
    draft.head.subarray(0, beforeSessionId),
    Buffer.of(id.length),
    id,
    draft.head.subarray(end),
  ]);
}

/** A ServerHello's suite and compression method are the last of its head. */
function setChosenSuite(draft: MessageDraft, suite: number): void {
  draft.head.writeUInt16BE(suite, draft.head.length - 3);
}

const share = (group: number, bytes: Uint8Array): Buffer => Buffer.concat([uint16(group), vector16(bytes)]);
const shares = (...entries: Buffer[]): Buffer => vector16(Buffer.concat(entries));

/** The client's only share, changed. */
function changedShare(group: number, change: (bytes: Buffer) => Uint8Array): Change {
  return hello((draft) => {
    const bytes = draft.get(ExtensionType.key_share).subarray(6);
    draft.set(ExtensionType.key_share, shares(share(group, change(bytes))));
  });
}

/** The server's share, changed. */
function changedServerShare(group: number, change: (bytes: Buffer) => Uint8Array): Change {
  return serverHello((draft) => {
    const bytes = draft.get(ExtensionType.key_share).subarray(4);
    draft.set(ExtensionType.key_share, share(group, change(bytes)));
  });
}

const longer = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.of(0)]);
const shorter = (bytes: Buffer): Buffer => bytes.subarray(1);
const zeros = (bytes: Buffer): Buffer => Buffer.alloc(bytes.length);
/** The first coefficient of an encapsulation key becomes 4095, which is not below 3329. FIPS 203, Section 7.2. */
const notReduced = (bytes: Buffer): Buffer => {
  bytes.fill(0xff, 0, 2);
  return bytes;
};
/** Not on the curve: another y. */
const offCurve = (bytes: Buffer): Buffer => {
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  return bytes;
};

const only = (group: keyof typeof NamedGroup): Pick<Flight, 'options' | 'context'> => ({
  options: { groups: [group] },
  context: { groups: [group] },
});

/** The hostile client sends a share of X25519, and is asked for one of P-384. */
const retried: Pick<Flight, 'options' | 'context'> = {
  options: { groups: ['secp384r1'] },
  context: { groups: ['X25519', 'secp384r1'] },
};
/** The same with the engine as client. */
const retriedClient: Pick<Flight, 'options' | 'context'> = {
  options: { groups: ['X25519', 'secp384r1'] },
  context: { groups: ['secp384r1'] },
};

const alpn = Buffer.from('\x02h2\x08http/1.1', 'latin1');
const asksClient: Pick<Flight, 'settings'> = { settings: { verifyPeer: true, requirePeer: true } };

const certificateOf = (...entries: Buffer[]): Buffer => {
  const list = Buffer.concat(entries);
  return messageOf(Certificate, Buffer.concat([Buffer.of(0), uint24(list.length), list]));
};
const certificateEntry = (der: Uint8Array, extensions: Uint8Array = nothing): Buffer =>
  Buffer.concat([uint24(der.length), der, vector16(extensions)]);
/** The first certificate of a message. */
const leafOf = (message: Buffer): Buffer => message.subarray(11, 11 + message.readUIntBE(8, 3));

/** Its SubjectPublicKeyInfo behind five empty fields, which is where it stands in a certificate. */
function onlyKeyOf(der: Uint8Array): Buffer {
  const sequence = (...parts: Uint8Array[]): Buffer => {
    const content = Buffer.concat(parts);
    return Buffer.concat([Buffer.of(0x30, 0x82), uint16(content.length), content]);
  };
  return sequence(sequence(...Array<Buffer>(5).fill(Buffer.of(0x02, 1, 0)), publicKeyOf(der) ?? nothing));
}

const compressed = (algorithm: number, length: number, bytes: Uint8Array): Buffer =>
  messageOf(
    HandshakeType.CompressedCertificate,
    Buffer.concat([uint16(algorithm), uint24(length), uint24(bytes.length), bytes]),
  );

const keyUpdate = (request: number): Buffer => messageOf(HandshakeType.KeyUpdate, Buffer.of(request));

const ticket = (lifetime: number, bytes: Uint8Array = Buffer.of(7), extensions: Uint8Array = nothing): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUInt32BE(lifetime);
  return messageOf(HandshakeType.NewSessionTicket, Buffer.concat([head, vector16(bytes), vector16(extensions)]));
};

const ticketWith = (...extensions: [type: number, body: Uint8Array][]): Buffer =>
  ticket(
    60,
    Buffer.of(7),
    Buffer.concat(extensions.map(([type, body]) => Buffer.concat([uint16(type), vector16(body)]))),
  );

const times = (count: number, run: () => void): void => {
  for (let done = 0; done < count; done++) run();
};

/** A HelloRetryRequest in place of the ServerHello. */
const retryWith = (extensions: [number, Uint8Array][]): Change =>
  serverHello((draft) => {
    helloRetryRequestRandom.forEach((byte, index) => draft.head.writeUInt8(byte, 2 + index));
    draft.extensions = [[ExtensionType.supported_versions, uint16(ProtocolVersion['TLSv1.3'])]];
    for (const [type, body] of extensions) draft.add(type, body);
  });

/** What can be sent to a server. */
const toServer: Record<string, Omit<MalformedFlight, 'victim'>> = {
  'a record of version 9.1': { reason: 'WRONG_VERSION_NUMBER', alert: 'none', instead: Buffer.of(22, 9, 1, 0, 1, 1) },
  'an HTTP request': { reason: 'HTTP_REQUEST', instead: Buffer.from('GET / HTTP/1.1\r\n') },
  'an HTTP CONNECT request': { reason: 'HTTPS_PROXY_REQUEST', instead: Buffer.from('CONNECT a:443 HTTP/1.1\r\n') },
  'the header of a record of 65535 bytes': {
    reason: 'ENCRYPTED_LENGTH_TOO_LONG',
    instead: Buffer.of(22, 3, 1, 0xff, 0xff),
  },
  'a plain record of 16385 bytes': {
    reason: 'DATA_LENGTH_TOO_LONG',
    instead: record(ContentType.handshake, Buffer.concat([Buffer.of(1, 0, 0xf0, 0), Buffer.alloc(16381)])),
  },
  'a record of an unknown type before the ClientHello': { reason: 'UNEXPECTED_RECORD', instead: plain(99, 1) },
  'a change_cipher_spec before the ClientHello': {
    reason: 'UNEXPECTED_RECORD',
    instead: plain(ContentType.change_cipher_spec, 1),
  },
  'an empty record in place of the ClientHello': {
    reason: 'UNEXPECTED_RECORD',
    instead: plain(ContentType.handshake),
  },
  'application data in place of the ClientHello': {
    reason: 'APPLICATION_DATA_INSTEAD_OF_HANDSHAKE',
    instead: plain(ContentType.application_data, 1),
  },
  'an alert of one byte': { reason: 'BAD_ALERT', instead: plain(ContentType.alert, 2) },
  'a close_notify before the ClientHello': {
    reason: 'UNEXPECTED_MESSAGE',
    instead: plain(ContentType.alert, 1, Alert.close_notify),
  },
  'the header of a ClientHello of 16 MB': {
    reason: 'EXCESSIVE_MESSAGE_SIZE',
    instead: plain(ContentType.handshake, ClientHello, 0xff, 0xff, 0xff),
  },
  'a Finished in place of the ClientHello': {
    reason: 'UNEXPECTED_MESSAGE',
    instead: plain(ContentType.handshake, Finished, 0, 0, 0),
  },
  'a ClientHello of one byte': {
    reason: 'DECODE_ERROR',
    instead: plain(ContentType.handshake, ClientHello, 0, 0, 1, 3),
  },
  'a ClientHello with a byte behind its end': { reason: 'DECODE_ERROR', change: on(ClientHello, withTrailingByte) },
  'a ClientHello with a session id of 33 bytes': {
    reason: 'DECODE_ERROR',
    change: hello((draft) => setSessionId(draft, Buffer.alloc(33))),
  },
  'a ClientHello without a cipher suite': {
    reason: 'DECODE_ERROR',
    change: hello((draft) => setSuites(draft, nothing)),
  },
  'a ClientHello with half a cipher suite': {
    reason: 'DECODE_ERROR',
    change: hello((draft) => setSuites(draft, Buffer.of(0x13))),
  },
  'a ClientHello that offers compression': {
    reason: 'INVALID_COMPRESSION_LIST',
    change: hello((draft) => {
      draft.head = Buffer.concat([draft.head.subarray(0, -2), Buffer.of(2, 1, 0)]);
    }),
  },
  'an extension twice in a ClientHello': {
    reason: 'DUPLICATE_EXTENSION',
    change: hello((draft) => draft.add(ExtensionType.psk_key_exchange_modes, Buffer.of(1, 1))),
  },
  'an unknown extension twice in a ClientHello': {
    reason: 'DUPLICATE_EXTENSION',
    change: hello((draft) => draft.add(0xfefe).add(0xfefe)),
  },
  'a ClientHello without supported_versions': {
    reason: 'UNSUPPORTED_PROTOCOL',
    change: hello((draft) => draft.drop(ExtensionType.supported_versions)),
  },
  'a ClientHello of older versions only': {
    reason: 'UNSUPPORTED_PROTOCOL',
    change: hello((draft) => draft.set(ExtensionType.supported_versions, Buffer.of(2, 3, 3))),
  },
  'a ClientHello without supported_groups': {
    reason: 'MISSING_EXTENSION',
    change: hello((draft) => draft.drop(ExtensionType.supported_groups)),
  },
  'a ClientHello without key_share': {
    reason: 'MISSING_KEY_SHARE',
    change: hello((draft) => draft.drop(ExtensionType.key_share)),
  },
  'a ClientHello without signature_algorithms': {
    reason: 'MISSING_EXTENSION',
    change: hello((draft) => draft.drop(ExtensionType.signature_algorithms)),
  },
  'supported_versions of half a version': {
    reason: 'ERROR_PARSING_EXTENSION',
    change: hello((draft) => draft.set(ExtensionType.supported_versions, Buffer.of(3, 3, 4, 3))),
  },
  'supported_groups with a byte behind its end': {
    reason: 'ERROR_PARSING_EXTENSION',
    change: hello((draft) =>
      draft.set(ExtensionType.supported_groups, longer(draft.get(ExtensionType.supported_groups))),
    ),
  },
  'an empty supported_groups': {
    reason: 'ERROR_PARSING_EXTENSION',
    change: hello((draft) => draft.set(ExtensionType.supported_groups, uint16(0))),
  },
  'signature_algorithms of half a scheme': {
    reason: 'ERROR_PARSING_EXTENSION',
    change: hello((draft) => draft.set(ExtensionType.signature_algorithms, vector16(Buffer.of(4)))),
  },
  'a key_share that is cut': {
    reason: 'ERROR_PARSING_EXTENSION',
    change: hello((draft) => draft.set(ExtensionType.key_share, draft.get(ExtensionType.key_share).subarray(0, -1))),
  },
  'a key share without a byte': {
    reason: 'ERROR_PARSING_EXTENSION',
    ...only('X25519'),
    change: changedShare(NamedGroup.X25519, () => nothing),
  },
  'server_name with a byte behind its end': {
    reason: 'ERROR_PARSING_EXTENSION',
    change: hello((draft) => draft.set(ExtensionType.server_name, longer(draft.get(ExtensionType.server_name)))),
  },
  'a server_name with a zero in it': {
    reason: 'ERROR_PARSING_EXTENSION',
    change: hello((draft) => draft.set(ExtensionType.server_name, Buffer.from('0006000003610062', 'hex'))),
  },
  'an empty list of application protocols': {
    reason: 'ERROR_PARSING_EXTENSION',
    settings: { alpn },
    change: hello((draft) => draft.set(ExtensionType.application_layer_protocol_negotiation, uint16(0))),
  },
  'an application protocol without a name': {
    reason: 'ERROR_PARSING_EXTENSION',
    settings: { alpn },
    change: hello((draft) =>
      draft.set(ExtensionType.application_layer_protocol_negotiation, vector16(Buffer.of(2, 104, 50, 0))),
    ),
  },
  'an empty psk_key_exchange_modes': {
    reason: 'ERROR_PARSING_EXTENSION',
    change: hello((draft) => draft.set(ExtensionType.psk_key_exchange_modes, Buffer.of(0))),
  },
  'a ClientHello that says it is of SSL 3.0': {
    reason: 'UNSUPPORTED_PROTOCOL',
    change: hello((draft) => draft.head.writeUInt16BE(RetiredProtocolVersion.SSLv3, 0)),
  },
  'a status_request that is cut': {
    reason: 'ERROR_PARSING_EXTENSION',
    change: hello((draft) => draft.set(ExtensionType.status_request, Buffer.of(1, 9, 9, 9))),
  },
  'a status_request with an empty responder': {
    reason: 'ERROR_PARSING_EXTENSION',
    change: hello((draft) => draft.set(ExtensionType.status_request, Buffer.of(1, 0, 2, 0, 0, 0, 0))),
  },
  'a cookie of a ClientHello that is empty': {
    reason: 'ERROR_PARSING_EXTENSION',
    change: hello((draft) => draft.set(ExtensionType.cookie, uint16(0))),
  },
  'early_data of a ClientHello with a body': {
    reason: 'ERROR_PARSING_EXTENSION',
    change: hello((draft) => draft.set(ExtensionType.early_data, Buffer.of(9))),
  },
  'post_handshake_auth with a body': {
    reason: 'ERROR_PARSING_EXTENSION',
    change: hello((draft) => draft.set(ExtensionType.post_handshake_auth, Buffer.of(9))),
  },
  'an extension of a ClientHello that belongs into a CertificateRequest': {
    reason: 'MISPLACED_EXTENSION',
    change: hello((draft) => draft.set(ExtensionType.oid_filters, uint16(0))),
  },
  'signature_algorithms_cert of half a scheme': {
    reason: 'ERROR_PARSING_EXTENSION',
    change: hello((draft) => draft.set(ExtensionType.signature_algorithms_cert, Buffer.of(0, 1, 4))),
  },
  'an empty status_request': {
    reason: 'ERROR_PARSING_EXTENSION',
    change: hello((draft) => draft.set(ExtensionType.status_request, nothing)),
  },
  'compress_certificate of half an algorithm': {
    reason: 'ERROR_PARSING_EXTENSION',
    change: hello((draft) => draft.set(ExtensionType.compress_certificate, Buffer.of(1, 0))),
  },
  'a max_fragment_length of 5': {
    reason: 'INVALID_MAX_FRAGMENT_LENGTH',
    change: hello((draft) => draft.set(ExtensionType.max_fragment_length, Buffer.of(5))),
  },
  'a record_size_limit of 63': {
    reason: 'INVALID_RECORD_SIZE_LIMIT',
    change: hello((draft) => draft.set(ExtensionType.record_size_limit, uint16(63))),
  },
  'cipher suites of which none is known': {
    reason: 'NO_SHARED_CIPHER',
    change: hello((draft) => setSuites(draft, Buffer.of(0x13, 0xff))),
  },
  'groups of which none is known': {
    reason: 'NO_SHARED_GROUP',
    change: hello((draft) => draft.set(ExtensionType.supported_groups, vector16(Buffer.of(0xfe, 0xfe)))),
  },
  'signature schemes of which none is known': {
    reason: 'NO_SHARED_SIGNATURE_ALGORITHMS',
    change: hello((draft) => draft.set(ExtensionType.signature_algorithms, vector16(Buffer.of(0xfe, 0xfe)))),
  },
  'signature schemes of which none fits the certificate': {
    reason: 'NO_COMMON_SIGNATURE_ALGORITHMS',
    context: { schemes: ['rsa_pss_rsae_sha256'] },
  },
  'a ClientHello to a server without a certificate': {
    reason: 'NO_CERTIFICATE_ASSIGNED',
    options: { cert: undefined, key: undefined },
  },
  'application protocols of which none is known': {
    reason: 'NO_APPLICATION_PROTOCOL',
    settings: { alpn },
    config: { protocols: Buffer.from('\x04none', 'latin1') },
  },
  'two key shares of one group': {
    reason: 'DUPLICATE_KEY_SHARE',
    ...only('X25519'),
    change: hello((draft) => {
      const entry = draft.get(ExtensionType.key_share).subarray(2);
      draft.set(ExtensionType.key_share, shares(entry, entry));
    }),
  },
  'an X25519 share of zeros': {
    reason: 'BAD_ECPOINT',
    ...only('X25519'),
    change: changedShare(NamedGroup.X25519, zeros),
  },
  'an X25519 share of 33 bytes': {
    reason: 'BAD_ECPOINT',
    ...only('X25519'),
    change: changedShare(NamedGroup.X25519, longer),
  },
  'a P-256 share off the curve': {
    reason: 'BAD_ECPOINT',
    ...only('secp256r1'),
    change: changedShare(NamedGroup.secp256r1, offCurve),
  },
  'a P-256 share that is cut': {
    reason: 'BAD_ECPOINT',
    ...only('secp256r1'),
    change: changedShare(NamedGroup.secp256r1, shorter),
  },
  'an X25519MLKEM768 share with a byte too many': {
    reason: 'BAD_HYBRID_KEYSHARE',
    ...only('X25519MLKEM768'),
    change: changedShare(NamedGroup.X25519MLKEM768, longer),
  },
  'an X25519MLKEM768 share with a byte too few': {
    reason: 'BAD_HYBRID_KEYSHARE',
    ...only('X25519MLKEM768'),
    change: changedShare(NamedGroup.X25519MLKEM768, shorter),
  },
  'an X25519MLKEM768 share with an encapsulation key that is not reduced': {
    reason: 'BAD_ENCAPSULATION_KEY',
    ...only('X25519MLKEM768'),
    change: changedShare(NamedGroup.X25519MLKEM768, notReduced),
  },
  'an X25519MLKEM768 share with an X25519 key of zeros': {
    reason: 'BAD_ECPOINT',
    ...only('X25519MLKEM768'),
    change: changedShare(NamedGroup.X25519MLKEM768, (bytes) =>
      Buffer.concat([bytes.subarray(0, -32), Buffer.alloc(32)]),
    ),
  },
  'a SecP256r1MLKEM768 share with a point off the curve': {
    reason: 'BAD_ECPOINT',
    ...only('SecP256r1MLKEM768'),
    change: changedShare(NamedGroup.SecP256r1MLKEM768, (bytes) =>
      Buffer.concat([offCurve(bytes.subarray(0, 65)), bytes.subarray(65)]),
    ),
  },
  'a SecP384r1MLKEM1024 share with a byte too many': {
    reason: 'BAD_HYBRID_KEYSHARE',
    ...only('SecP384r1MLKEM1024'),
    change: changedShare(NamedGroup.SecP384r1MLKEM1024, longer),
  },
  'an MLKEM768 encapsulation key that is not reduced': {
    reason: 'BAD_ENCAPSULATION_KEY',
    ...only('MLKEM768'),
    change: changedShare(NamedGroup.MLKEM768, notReduced),
  },
  'an MLKEM768 encapsulation key with a byte too many': {
    reason: 'BAD_HYBRID_KEYSHARE',
    ...only('MLKEM768'),
    change: changedShare(NamedGroup.MLKEM768, longer),
  },
  'an MLKEM1024 encapsulation key with a byte too few': {
    reason: 'BAD_HYBRID_KEYSHARE',
    ...only('MLKEM1024'),
    change: changedShare(NamedGroup.MLKEM1024, shorter),
  },
  'pre_shared_key that is not the last extension': {
    reason: 'PRE_SHARED_KEY_MUST_BE_LAST',
    resumes: true,
    change: hello((draft) => draft.add(0xfefe)),
  },
  'pre_shared_key without psk_key_exchange_modes': {
    reason: 'MISSING_EXTENSION',
    resumes: true,
    change: hello((draft) => draft.drop(ExtensionType.psk_key_exchange_modes)),
  },
  'two identities and one binder': {
    reason: 'PSK_IDENTITY_BINDER_COUNT_MISMATCH',
    resumes: true,
    change: hello((draft) => {
      const body = draft.get(ExtensionType.pre_shared_key);
      const end = 2 + body.readUInt16BE(0);
      const identity = body.subarray(2, end);
      draft.set(
        ExtensionType.pre_shared_key,
        Buffer.concat([vector16(Buffer.concat([identity, identity])), body.subarray(end)]),
      );
    }),
  },
  'a binder that does not verify': {
    reason: 'DIGEST_CHECK_FAILED',
    resumes: true,
    change: on(ClientHello, flipped(-1)),
  },
  'a binder of 31 bytes': {
    reason: 'ERROR_PARSING_EXTENSION',
    resumes: true,
    change: hello((draft) => {
      const body = draft.get(ExtensionType.pre_shared_key);
      const end = 2 + body.readUInt16BE(0);
      const binder = Buffer.concat([Buffer.of(31), Buffer.alloc(31)]);
      draft.set(ExtensionType.pre_shared_key, Buffer.concat([body.subarray(0, end), vector16(binder)]));
    }),
  },
  'a ClientHello and more in one record, before a HelloRetryRequest': {
    reason: 'EXCESS_HANDSHAKE_DATA',
    ...retried,
    change: on(ClientHello, (message) => [message, Buffer.of(Finished, 0, 0, 0)]),
  },
  'a ClientHello and more in one record': {
    reason: 'EXCESS_HANDSHAKE_DATA',
    change: on(ClientHello, (message) => [message, Buffer.of(Finished, 0, 0, 0)]),
  },
  'a second ClientHello of another random': {
    reason: 'INCONSISTENT_CLIENT_HELLO',
    ...retried,
    change: on(ClientHello, flipped(6), 2),
  },
  'a second ClientHello of another session id': {
    reason: 'INCONSISTENT_CLIENT_HELLO',
    ...retried,
    change: secondHello((draft) => setSessionId(draft, Buffer.alloc(32, 9))),
  },
  'a second ClientHello of other cipher suites': {
    reason: 'INCONSISTENT_CLIENT_HELLO',
    ...retried,
    change: secondHello((draft) => setSuites(draft, Buffer.of(0x13, 1, 0x13, 2, 0x13, 3, 0xfe, 0xfe))),
  },
  'a second ClientHello of other groups': {
    reason: 'INCONSISTENT_CLIENT_HELLO',
    ...retried,
    change: secondHello((draft) => draft.set(ExtensionType.supported_groups, vector16(Buffer.of(0, 0x18)))),
  },
  'a second ClientHello of another server name': {
    reason: 'INCONSISTENT_CLIENT_HELLO',
    ...retried,
    change: secondHello((draft) => draft.set(ExtensionType.server_name, Buffer.from('0006000003612e62', 'hex'))),
  },
  'a second ClientHello without its server name': {
    reason: 'INCONSISTENT_CLIENT_HELLO',
    ...retried,
    change: secondHello((draft) => draft.drop(ExtensionType.server_name)),
  },
  'a second ClientHello with early_data': {
    reason: 'INCONSISTENT_CLIENT_HELLO',
    ...retried,
    change: secondHello((draft) => draft.set(ExtensionType.early_data, nothing)),
  },
  // What does not fit the suite may go; nobody has to find out whether it did. RFC 9846, Section 4.1.2.
  'a second ClientHello without the pre_shared_key of the first': {
    reason: undefined,
    ...retried,
    resumes: true,
    change: secondHello((draft) => draft.drop(ExtensionType.pre_shared_key)),
  },
  'a second ClientHello with a share of another group': {
    reason: 'WRONG_CURVE',
    ...retried,
    change: secondHello((draft) =>
      draft.set(ExtensionType.key_share, shares(share(NamedGroup.X25519, randomBytes(32)))),
    ),
  },
  'a second ClientHello with two shares': {
    reason: 'WRONG_CURVE',
    ...retried,
    change: secondHello((draft) => {
      const entry = draft.get(ExtensionType.key_share).subarray(2);
      draft.set(ExtensionType.key_share, shares(entry, share(NamedGroup.X25519, randomBytes(32))));
    }),
  },
  'a Finished in place of the second ClientHello': {
    reason: 'UNEXPECTED_MESSAGE',
    ...retried,
    change: on(ClientHello, () => [messageOf(Finished, Buffer.alloc(48))], 2),
  },
  'early data of 20 kB': {
    reason: 'TOO_MUCH_SKIPPED_EARLY_DATA',
    change: (message, _nth, hostile) => {
      if (message[0] === ClientHello) return [new MessageDraft(message).add(ExtensionType.early_data).build()];
      if (message[0] === Finished) {
        times(20, () => hostile.sendRaw(record(ContentType.application_data, randomBytes(1024))));
      }
      return [message];
    },
  },
  "a client's Finished that does not verify": { reason: 'DIGEST_CHECK_FAILED', change: on(Finished, flipped(-1)) },
  "a client's Finished with a byte too few": {
    reason: 'DECODE_ERROR',
    change: on(Finished, (message) => [messageOf(Finished, message.subarray(5))]),
  },
  "EndOfEarlyData in place of the client's Finished": {
    reason: 'UNEXPECTED_MESSAGE',
    change: on(Finished, () => [messageOf(HandshakeType.EndOfEarlyData, nothing)]),
  },
  "application data before the client's Finished": {
    reason: 'UNEXPECTED_RECORD',
    change: on(Finished, (message, hostile) => {
      hostile.sendRecord(ContentType.application_data, Buffer.from('early'));
      return [message];
    }),
  },
  "a plain record in place of the client's Finished": {
    reason: 'UNEXPECTED_RECORD',
    change: on(Finished, (message, hostile) => {
      hostile.sendRaw(record(ContentType.handshake, message));
      return [];
    }),
  },
  "a record of an unknown type in place of the client's Finished": {
    reason: 'INVALID_OUTER_RECORD_TYPE',
    change: on(Finished, (message, hostile) => {
      hostile.sendRaw(plain(99, 1));
      return [message];
    }),
  },
  'a change_cipher_spec of two bytes in the handshake': {
    reason: 'UNEXPECTED_RECORD',
    change: on(Finished, (message, hostile) => {
      hostile.sendRaw(plain(ContentType.change_cipher_spec, 1, 1));
      return [message];
    }),
  },
  'change_cipher_spec 33 times in the handshake': {
    reason: 'TOO_MANY_EMPTY_FRAGMENTS',
    change: on(Finished, (message, hostile) => {
      times(33, () => hostile.sendRaw(plain(ContentType.change_cipher_spec, 1)));
      return [message];
    }),
  },
  'a record that does not decrypt in the handshake': {
    reason: 'DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
    change: on(Finished, (message, hostile) => {
      hostile.sendRaw(record(ContentType.application_data, Buffer.alloc(40)));
      return [message];
    }),
  },
  'no client certificate where one is required': {
    reason: 'PEER_DID_NOT_RETURN_A_CERTIFICATE',
    ...asksClient,
    context: { credentials: [] },
  },
  'a Finished in place of the client certificate': {
    reason: 'UNEXPECTED_MESSAGE',
    ...asksClient,
    change: on(Certificate, () => [messageOf(Finished, Buffer.alloc(48))]),
  },
};

/** A Certificate, CompressedCertificate or CertificateVerify, of either side. */
const fromEither: Record<string, Omit<MalformedFlight, 'victim'>> = {
  'a certificate that is none': {
    reason: 'CANNOT_PARSE_LEAF_CERT',
    change: on(Certificate, () => [certificateOf(certificateEntry(randomBytes(100)))]),
  },
  'a certificate with a byte behind its end': {
    reason: 'CANNOT_PARSE_LEAF_CERT',
    change: on(Certificate, (message) => [certificateOf(certificateEntry(longer(leafOf(message))))]),
  },
  'a certificate that has a key and nothing else': {
    reason: 'CANNOT_PARSE_LEAF_CERT',
    change: on(Certificate, (message) => [certificateOf(certificateEntry(onlyKeyOf(leafOf(message))))]),
  },
  'a certificate whose key may not sign handshakes': {
    reason: 'KEY_USAGE_BIT_INCORRECT',
    change: on(Certificate, () => [certificateOf(certificateEntry(authority))]),
  },
  'an empty certificate in the list': {
    reason: 'DECODE_ERROR',
    change: on(Certificate, () => [certificateOf(certificateEntry(nothing))]),
  },
  'a Certificate message with a byte behind its end': {
    reason: 'DECODE_ERROR',
    change: on(Certificate, withTrailingByte),
  },
  'a Certificate message with a request context': {
    reason: 'DECODE_ERROR',
    change: on(Certificate, (message) => [
      messageOf(Certificate, Buffer.concat([Buffer.of(1, 7), message.subarray(5)])),
    ]),
  },
  'a Certificate message of 110 kB': {
    reason: 'EXCESSIVE_MESSAGE_SIZE',
    change: on(Certificate, (message) => [
      certificateOf(
        certificateEntry(leafOf(message)),
        ...Array.from({ length: 11 }, () => certificateEntry(randomBytes(10_000))),
      ),
    ]),
  },
  'an unasked extension of a certificate': {
    reason: 'UNEXPECTED_EXTENSION',
    change: on(Certificate, (message) => [
      certificateOf(certificateEntry(leafOf(message), Buffer.concat([uint16(0xfefe), uint16(0)]))),
    ]),
  },
  'an unasked OCSP response': {
    reason: 'UNEXPECTED_EXTENSION',
    change: on(Certificate, (message) => [
      certificateOf(certificateEntry(leafOf(message), Buffer.from('0005000501000001ff', 'hex'))),
    ]),
  },
  'an extension of a certificate twice': {
    reason: 'DUPLICATE_EXTENSION',
    change: on(Certificate, (message) => [
      certificateOf(certificateEntry(leafOf(message), Buffer.from('fefe0000fefe0000', 'hex'))),
    ]),
  },
  'a certificate compressed with an algorithm that was not offered': {
    reason: 'UNKNOWN_CERT_COMPRESSION_ALG',
    options: { certificateCompression: ['zlib'] },
    change: on(Certificate, () => [compressed(CertificateCompression.brotli, 100, randomBytes(50))]),
  },
  'a compressed certificate that claims to be of 16 MB': {
    reason: 'UNCOMPRESSED_CERT_TOO_LARGE',
    options: { certificateCompression: ['zlib'] },
    change: on(Certificate, () => [compressed(CertificateCompression.zlib, 0xffffff, randomBytes(50))]),
  },
  'a compressed certificate that does not decompress': {
    reason: 'CERT_DECOMPRESSION_FAILED',
    options: { certificateCompression: ['zlib'] },
    change: on(Certificate, () => [compressed(CertificateCompression.zlib, 1000, randomBytes(50))]),
  },
  'a compressed certificate that would have no bytes': {
    reason: 'CERT_DECOMPRESSION_FAILED',
    options: { certificateCompression: ['zlib'] },
    change: on(Certificate, () => [compressed(CertificateCompression.zlib, 0, randomBytes(50))]),
  },
  'a compressed certificate where none was offered': {
    reason: 'UNKNOWN_CERT_COMPRESSION_ALG',
    change: on(Certificate, () => [compressed(CertificateCompression.zlib, 1000, randomBytes(50))]),
  },
  'a CertificateVerify whose signature does not verify': {
    reason: 'BAD_SIGNATURE',
    change: on(CertificateVerify, flipped(-1)),
  },
  'a CertificateVerify with a byte behind its end': {
    reason: 'DECODE_ERROR',
    change: on(CertificateVerify, withTrailingByte),
  },
  'a CertificateVerify of a scheme that is not known': {
    reason: 'WRONG_SIGNATURE_TYPE',
    change: on(CertificateVerify, (message) => {
      message.writeUInt16BE(0xfefe, 4);
      return [message];
    }),
  },
  'a CertificateVerify of a scheme that was not offered': {
    reason: 'WRONG_SIGNATURE_TYPE',
    options: { sigalgs: 'ecdsa_secp256r1_sha256' },
    change: on(CertificateVerify, (message) => {
      message.writeUInt16BE(SignatureScheme.rsa_pss_rsae_sha256, 4);
      return [message];
    }),
  },
  'a CertificateVerify of a scheme that does not fit the key': {
    reason: 'WRONG_SIGNATURE_TYPE',
    change: on(CertificateVerify, (message) => {
      message.writeUInt16BE(SignatureScheme.rsa_pss_rsae_sha256, 4);
      return [message];
    }),
  },
  'a CertificateVerify of a curve that does not fit the key': {
    reason: 'WRONG_SIGNATURE_TYPE',
    change: on(CertificateVerify, (message) => {
      message.writeUInt16BE(SignatureScheme.ecdsa_secp384r1_sha384, 4);
      return [message];
    }),
  },
  'a CertificateVerify of a scheme that TLS 1.3 forbids': {
    reason: 'WRONG_SIGNATURE_TYPE',
    change: on(CertificateVerify, (message) => {
      message.writeUInt16BE(SignatureScheme.rsa_pkcs1_sha256, 4);
      return [message];
    }),
  },
  'a Finished in place of CertificateVerify': {
    reason: 'UNEXPECTED_MESSAGE',
    change: on(CertificateVerify, () => [messageOf(Finished, Buffer.alloc(48))]),
  },
};

/** After the handshake, from either side. */
const afterwards: Record<string, Omit<MalformedFlight, 'victim'>> = {
  'a record that does not decrypt': {
    reason: 'DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
    after: (hostile) => hostile.sendRaw(record(ContentType.application_data, Buffer.alloc(40))),
  },
  'a protected record of four bytes': {
    reason: 'DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
    after: (hostile) => hostile.sendRaw(record(ContentType.application_data, Buffer.alloc(4))),
  },
  'a change_cipher_spec after the handshake': {
    reason: 'UNEXPECTED_RECORD',
    after: (hostile) => hostile.sendRaw(plain(ContentType.change_cipher_spec, 1)),
  },
  'a plain alert after the handshake': {
    reason: 'UNEXPECTED_RECORD',
    after: (hostile) => hostile.sendRaw(plain(ContentType.alert, 2, Alert.handshake_failure)),
  },
  'a protected record of zeros only': {
    reason: 'UNEXPECTED_RECORD',
    after: (hostile) => hostile.sendRecord(0, Buffer.alloc(100)),
  },
  'a protected record of an unknown type': {
    reason: 'UNEXPECTED_RECORD',
    after: (hostile) => hostile.sendRecord(99, Buffer.of(1)),
  },
  'a protected change_cipher_spec': {
    reason: 'UNEXPECTED_RECORD',
    after: (hostile) => hostile.sendRecord(ContentType.change_cipher_spec, Buffer.of(1)),
  },
  'an empty handshake record': {
    reason: 'UNEXPECTED_RECORD',
    after: (hostile) => hostile.sendRecord(ContentType.handshake),
  },
  'a protected record of 16385 bytes': {
    reason: 'DATA_LENGTH_TOO_LONG',
    after: (hostile) => hostile.sendRecord(ContentType.application_data, Buffer.alloc(16_385)),
  },
  'the header of a record of 17000 bytes': {
    reason: 'ENCRYPTED_LENGTH_TOO_LONG',
    after: (hostile) => hostile.sendRaw(Buffer.of(ContentType.application_data, 3, 3, 0x42, 0x68)),
  },
  'a record of version 9.3': {
    reason: 'WRONG_VERSION_NUMBER',
    after: (hostile) => hostile.sendRaw(Buffer.of(ContentType.application_data, 9, 3, 0, 1, 1)),
  },
  'a ClientHello after the handshake': {
    reason: 'UNEXPECTED_MESSAGE',
    after: (hostile) => hostile.sendRecord(ContentType.handshake, messageOf(ClientHello, nothing)),
  },
  'an unknown handshake message': {
    reason: 'UNEXPECTED_MESSAGE',
    after: (hostile) => hostile.sendRecord(ContentType.handshake, messageOf(99, nothing)),
  },
  'a KeyUpdate that asks for something unknown': {
    reason: 'INVALID_KEY_UPDATE',
    after: (hostile) => hostile.sendRecord(ContentType.handshake, keyUpdate(2)),
  },
  'a KeyUpdate of two bytes': {
    reason: 'DECODE_ERROR',
    after: (hostile) => hostile.sendRecord(ContentType.handshake, messageOf(HandshakeType.KeyUpdate, Buffer.alloc(2))),
  },
  'a KeyUpdate and more in one record': {
    reason: 'EXCESS_HANDSHAKE_DATA',
    after: (hostile) => hostile.sendRecord(ContentType.handshake, Buffer.concat([keyUpdate(0), Buffer.of(24)])),
  },
  'application data in the middle of a handshake message': {
    reason: 'UNEXPECTED_RECORD',
    after: (hostile) => {
      hostile.sendRecord(ContentType.handshake, keyUpdate(0).subarray(0, 3));
      hostile.sendRecord(ContentType.application_data, Buffer.of(1));
    },
  },
  'a handshake message of 16 MB after the handshake': {
    reason: 'EXCESSIVE_MESSAGE_SIZE',
    after: (hostile) => hostile.sendRecord(ContentType.handshake, Buffer.of(HandshakeType.KeyUpdate, 255, 255, 255)),
  },
  'a protected alert of three bytes': {
    reason: 'BAD_ALERT',
    after: (hostile) => hostile.sendRecord(ContentType.alert, Buffer.of(1, 0, 0)),
  },
  'an error alert sent as a warning': {
    reason: 'SSLV3_ALERT_HANDSHAKE_FAILURE',
    alert: 'none',
    after: (hostile) => hostile.sendRecord(ContentType.alert, Buffer.of(1, Alert.handshake_failure)),
  },
  'an alert of an unknown level': {
    reason: 'SSLV3_ALERT_HANDSHAKE_FAILURE',
    alert: 'none',
    after: (hostile) => hostile.sendRecord(ContentType.alert, Buffer.of(7, Alert.handshake_failure)),
  },
  'an alert': {
    reason: 'SSLV3_ALERT_HANDSHAKE_FAILURE',
    alert: 'none',
    after: (hostile) => hostile.sendRecord(ContentType.alert, Buffer.of(2, Alert.handshake_failure)),
  },
  'an alert that has no name': {
    reason: '',
    alert: 'none',
    after: (hostile) => hostile.sendRecord(ContentType.alert, Buffer.of(2, 200)),
  },
  general_error: {
    reason: 'TLSV1_ALERT_GENERAL_ERROR',
    alert: 'none',
    after: (hostile) => hostile.sendRecord(ContentType.alert, Buffer.of(2, Alert.general_error)),
  },
  'a fatal user_canceled': {
    reason: undefined,
    after: (hostile) => hostile.sendRecord(ContentType.alert, Buffer.of(2, Alert.user_canceled)),
  },
  'a fatal close_notify': {
    reason: undefined,
    after: (hostile) => hostile.sendRecord(ContentType.alert, Buffer.of(2, Alert.close_notify)),
  },
  'user_canceled five times': {
    reason: 'TOO_MANY_WARNING_ALERTS',
    after: (hostile) => times(5, () => hostile.sendRecord(ContentType.alert, Buffer.of(1, Alert.user_canceled))),
  },
  '33 empty records': {
    reason: 'TOO_MANY_EMPTY_FRAGMENTS',
    after: (hostile) => times(33, () => hostile.sendRecord(ContentType.application_data)),
  },
  '33 KeyUpdates without data': {
    reason: 'TOO_MANY_KEY_UPDATES',
    after: ({ peer }) => times(33, () => peer.endpoint.updateKeys(false)),
  },
};

/** What can be sent to a client. */
const toClient: Record<string, Omit<MalformedFlight, 'victim'>> = {
  'an HTTP response': { reason: 'HTTP_RESPONSE', instead: Buffer.from('HTTP/1.1 400 Bad Request\r\n') },
  'a Finished in place of the ServerHello': {
    reason: 'UNEXPECTED_MESSAGE',
    change: on(ServerHello, () => [messageOf(Finished, Buffer.alloc(48))]),
  },
  'a ServerHello with a byte behind its end': { reason: 'DECODE_ERROR', change: on(ServerHello, withTrailingByte) },
  'a ServerHello that does not echo the session id': {
    reason: 'SERVER_ECHOED_INVALID_SESSION_ID',
    change: serverHello((draft) => setSessionId(draft, Buffer.alloc(32, 9))),
  },
  'a ServerHello of a cipher suite that was not offered': {
    reason: 'WRONG_CIPHER_RETURNED',
    change: serverHello((draft) => setChosenSuite(draft, 0x13ff)),
  },
  'a ServerHello of a cipher suite that the client knows and did not offer': {
    reason: 'WRONG_CIPHER_RETURNED',
    options: { ciphers: 'TLS_AES_128_GCM_SHA256' },
    change: serverHello((draft) => setChosenSuite(draft, CipherSuite.TLS_CHACHA20_POLY1305_SHA256)),
  },
  'a ServerHello that chooses compression': {
    reason: 'UNSUPPORTED_COMPRESSION_ALGORITHM',
    change: serverHello((draft) => draft.head.writeUInt8(1, draft.head.length - 1)),
  },
  'a ServerHello without supported_versions': {
    reason: 'UNSUPPORTED_PROTOCOL',
    change: serverHello((draft) => draft.drop(ExtensionType.supported_versions)),
  },
  'a ServerHello of TLS 1.2 that says it was downgraded': {
    reason: 'TLS13_DOWNGRADE',
    change: serverHello((draft) => {
      draft.drop(ExtensionType.supported_versions);
      draft.head = Buffer.concat([
        draft.head.subarray(0, 26),
        downgradeSentinel,
        Buffer.of(1),
        draft.head.subarray(34),
      ]);
    }),
  },
  'a ServerHello that selects TLS 1.2 by supported_versions': {
    reason: 'WRONG_PROTOCOL_VERSION',
    change: serverHello((draft) => draft.set(ExtensionType.supported_versions, uint16(ProtocolVersion['TLSv1.2']))),
  },
  'a ServerHello that says it is of SSL 3.0': {
    reason: 'UNSUPPORTED_PROTOCOL',
    change: serverHello((draft) => draft.head.writeUInt16BE(RetiredProtocolVersion.SSLv3, 0)),
  },
  'a ServerHello that says it is of SSL 3.0, to one who requires post-quantum': {
    reason: 'UNSUPPORTED_PROTOCOL',
    settings: { requirePostQuantum: true },
    change: serverHello((draft) => draft.head.writeUInt16BE(RetiredProtocolVersion.SSLv3, 0)),
  },
  'a ServerHello of a legacy_version that is none': {
    reason: 'WRONG_PROTOCOL_VERSION',
    change: serverHello((draft) => draft.head.writeUInt16BE(ProtocolVersion['TLSv1.3'], 0)),
  },
  'a ServerHello with half a supported_versions': {
    reason: 'ERROR_PARSING_EXTENSION',
    change: serverHello((draft) => draft.set(ExtensionType.supported_versions, Buffer.of(3))),
  },
  'a ServerHello without key_share': {
    reason: 'MISSING_KEY_SHARE',
    change: serverHello((draft) => draft.drop(ExtensionType.key_share)),
  },
  'a key_share of the server that is cut': {
    reason: 'ERROR_PARSING_EXTENSION',
    change: serverHello((draft) =>
      draft.set(ExtensionType.key_share, draft.get(ExtensionType.key_share).subarray(0, -1)),
    ),
  },
  'a share of a group that was not offered': {
    reason: 'WRONG_CURVE',
    change: changedServerShare(0xfefe, (bytes) => bytes),
  },
  'a share of a group that was offered without a share': {
    reason: 'WRONG_CURVE',
    options: { groups: ['X25519', 'secp384r1'] },
    context: { groups: ['X25519'] },
    change: changedServerShare(NamedGroup.secp384r1, (bytes) => bytes),
  },
  "an X25519 share of the server's of zeros": {
    reason: 'BAD_ECPOINT',
    ...only('X25519'),
    change: changedServerShare(NamedGroup.X25519, zeros),
  },
  "an X25519 share of the server's of 31 bytes": {
    reason: 'BAD_ECPOINT',
    ...only('X25519'),
    change: changedServerShare(NamedGroup.X25519, shorter),
  },
  "a P-256 share of the server's off the curve": {
    reason: 'BAD_ECPOINT',
    ...only('secp256r1'),
    change: changedServerShare(NamedGroup.secp256r1, offCurve),
  },
  "an X25519MLKEM768 share of the server's with a byte too few": {
    reason: 'BAD_HYBRID_KEYSHARE',
    ...only('X25519MLKEM768'),
    change: changedServerShare(NamedGroup.X25519MLKEM768, shorter),
  },
  "an X25519MLKEM768 share of the server's with a byte too many": {
    reason: 'BAD_HYBRID_KEYSHARE',
    ...only('X25519MLKEM768'),
    change: changedServerShare(NamedGroup.X25519MLKEM768, longer),
  },
  "an X25519MLKEM768 share of the server's with an X25519 key of zeros": {
    reason: 'BAD_ECPOINT',
    ...only('X25519MLKEM768'),
    change: changedServerShare(NamedGroup.X25519MLKEM768, (bytes) =>
      Buffer.concat([bytes.subarray(0, -32), Buffer.alloc(32)]),
    ),
  },
  'an MLKEM768 ciphertext with a byte too few': {
    reason: 'BAD_HYBRID_KEYSHARE',
    ...only('MLKEM768'),
    change: changedServerShare(NamedGroup.MLKEM768, shorter),
  },
  'an MLKEM1024 ciphertext with a byte too many': {
    reason: 'BAD_HYBRID_KEYSHARE',
    ...only('MLKEM1024'),
    change: changedServerShare(NamedGroup.MLKEM1024, longer),
  },
  'an extension of a ServerHello that was not offered': {
    reason: 'UNEXPECTED_EXTENSION',
    change: serverHello((draft) => draft.add(0xfefe)),
  },
  'an extension of a ServerHello that belongs into EncryptedExtensions': {
    reason: 'MISPLACED_EXTENSION',
    change: serverHello((draft) => draft.add(ExtensionType.server_name)),
  },
  'an extension of a ServerHello twice': {
    reason: 'DUPLICATE_EXTENSION',
    change: serverHello((draft) => draft.add(ExtensionType.supported_versions, uint16(0x0304))),
  },
  'pre_shared_key of a server that was offered none': {
    reason: 'UNEXPECTED_EXTENSION',
    change: serverHello((draft) => draft.add(ExtensionType.pre_shared_key, uint16(0))),
  },
  'a second identity where one was offered': {
    reason: 'PSK_IDENTITY_NOT_FOUND',
    resumes: true,
    change: serverHello((draft) => draft.set(ExtensionType.pre_shared_key, uint16(1))),
  },
  'a resumed session with a suite of another hash': {
    reason: 'OLD_SESSION_PRF_HASH_MISMATCH',
    resumes: true,
    change: serverHello((draft) => setChosenSuite(draft, CipherSuite.TLS_AES_128_GCM_SHA256)),
  },
  'a ServerHello and more in one record': {
    reason: 'EXCESS_HANDSHAKE_DATA',
    change: on(ServerHello, (message) => [message, Buffer.of(EncryptedExtensions, 0, 0, 2, 0, 0)]),
  },
  'a HelloRetryRequest that asks for nothing': { reason: 'EMPTY_HELLO_RETRY_REQUEST', change: retryWith([]) },
  'a HelloRetryRequest with an empty cookie': {
    reason: 'ERROR_PARSING_EXTENSION',
    change: retryWith([[ExtensionType.cookie, uint16(0)]]),
  },
  'a HelloRetryRequest for a group whose share was sent': {
    reason: 'WRONG_CURVE',
    change: retryWith([[ExtensionType.key_share, uint16(NamedGroup.X25519MLKEM768)]]),
  },
  'a HelloRetryRequest for a group that was not offered': {
    reason: 'WRONG_CURVE',
    change: retryWith([[ExtensionType.key_share, uint16(0xfefe)]]),
  },
  'a HelloRetryRequest with an extension that is not for it': {
    reason: 'MISPLACED_EXTENSION',
    change: retryWith([
      [ExtensionType.cookie, vector16(Buffer.of(1))],
      [ExtensionType.server_name, nothing],
    ]),
  },
  'a HelloRetryRequest with an unknown extension': {
    reason: 'UNEXPECTED_EXTENSION',
    change: retryWith([
      [ExtensionType.cookie, vector16(Buffer.of(1))],
      [0xfefe, nothing],
    ]),
  },
  'a second HelloRetryRequest': {
    reason: 'UNEXPECTED_MESSAGE',
    ...retriedClient,
    change: edited(
      ServerHello,
      (draft) => {
        helloRetryRequestRandom.forEach((byte, index) => draft.head.writeUInt8(byte, 2 + index));
        draft.set(ExtensionType.key_share, uint16(NamedGroup.X25519));
      },
      2,
    ),
  },
  'a ServerHello of another suite than the HelloRetryRequest': {
    reason: 'WRONG_CIPHER_RETURNED',
    ...retriedClient,
    change: edited(ServerHello, (draft) => setChosenSuite(draft, CipherSuite.TLS_CHACHA20_POLY1305_SHA256), 2),
  },
  'a share of another group than the HelloRetryRequest asked for': {
    reason: 'WRONG_CURVE',
    ...retriedClient,
    change: edited(
      ServerHello,
      (draft) => draft.set(ExtensionType.key_share, share(NamedGroup.X25519, randomBytes(32))),
      2,
    ),
  },
  'a Certificate in place of EncryptedExtensions': {
    reason: 'UNEXPECTED_MESSAGE',
    change: on(EncryptedExtensions, () => []),
  },
  'an extension of EncryptedExtensions that was not offered': {
    reason: 'UNEXPECTED_EXTENSION',
    change: encrypted((draft) => draft.add(0xfefe)),
  },
  'an extension of EncryptedExtensions that belongs into the ServerHello': {
    reason: 'MISPLACED_EXTENSION',
    change: encrypted((draft) => draft.add(ExtensionType.key_share)),
  },
  'an extension of EncryptedExtensions twice': {
    reason: 'DUPLICATE_EXTENSION',
    change: encrypted((draft) => draft.add(ExtensionType.supported_groups).add(ExtensionType.supported_groups)),
  },
  'supported_groups of EncryptedExtensions of half a group': {
    reason: 'ERROR_PARSING_EXTENSION',
    change: encrypted((draft) => draft.set(ExtensionType.supported_groups, Buffer.of(0, 1, 0))),
  },
  'a server_name of EncryptedExtensions that is not empty': {
    reason: 'ERROR_PARSING_EXTENSION',
    change: encrypted((draft) => draft.set(ExtensionType.server_name, Buffer.of(1))),
  },
  'an application protocol where none was offered': {
    reason: 'UNEXPECTED_EXTENSION',
    change: encrypted((draft) =>
      draft.add(ExtensionType.application_layer_protocol_negotiation, Buffer.from('0003026832', 'hex')),
    ),
  },
  'an application protocol that was not offered': {
    reason: 'INVALID_ALPN_PROTOCOL',
    settings: { alpn },
    change: encrypted((draft) =>
      draft.add(ExtensionType.application_layer_protocol_negotiation, Buffer.from('0003026833', 'hex')),
    ),
  },
  'two application protocols': {
    reason: 'ERROR_PARSING_EXTENSION',
    settings: { alpn },
    change: encrypted((draft) =>
      draft.add(ExtensionType.application_layer_protocol_negotiation, Buffer.from('0006026832026832', 'hex')),
    ),
  },
  'a CertificateRequest without signature_algorithms': {
    reason: 'MISSING_EXTENSION',
    config: { requestCertificate: true },
    change: edited(HandshakeType.CertificateRequest, (draft) => draft.drop(ExtensionType.signature_algorithms)),
  },
  'an extension of a CertificateRequest that belongs into a ServerHello': {
    reason: 'MISPLACED_EXTENSION',
    config: { requestCertificate: true },
    change: edited(HandshakeType.CertificateRequest, (draft) => draft.add(ExtensionType.key_share, uint16(0))),
  },
  'an unknown extension of a CertificateRequest': {
    reason: undefined,
    config: { requestCertificate: true },
    change: edited(HandshakeType.CertificateRequest, (draft) => draft.add(0xfefe, Buffer.of(1))),
  },
  'signature_algorithms_cert of a CertificateRequest of half a scheme': {
    reason: 'ERROR_PARSING_EXTENSION',
    config: { requestCertificate: true },
    change: edited(HandshakeType.CertificateRequest, (draft) =>
      draft.add(ExtensionType.signature_algorithms_cert, Buffer.of(0, 1, 4)),
    ),
  },
  'a CertificateRequest with a context': {
    reason: 'DECODE_ERROR',
    config: { requestCertificate: true },
    change: edited(HandshakeType.CertificateRequest, (draft) => {
      draft.head = Buffer.of(1, 7);
    }),
  },
  'a CertificateRequest with an empty name of an authority': {
    reason: 'ERROR_PARSING_EXTENSION',
    config: { requestCertificate: true },
    change: edited(HandshakeType.CertificateRequest, (draft) =>
      draft.add(ExtensionType.certificate_authorities, Buffer.of(0, 2, 0, 0)),
    ),
  },
  'a CertificateRequest twice': {
    reason: 'UNEXPECTED_MESSAGE',
    config: { requestCertificate: true },
    change: on(HandshakeType.CertificateRequest, (message) => [message, message]),
  },
  'no certificate of the server': {
    reason: 'SERVER_CERTIFICATE_EMPTY',
    change: on(Certificate, () => [certificateOf()]),
  },
  "a server's Finished that does not verify": { reason: 'DIGEST_CHECK_FAILED', change: on(Finished, flipped(-1)) },
  "a server's Finished with a byte too many": {
    reason: 'DECODE_ERROR',
    change: on(Finished, withTrailingByte),
  },
  "a server's Finished and more in one record": {
    reason: 'EXCESS_HANDSHAKE_DATA',
    change: on(Finished, (message) => [message, Buffer.of(HandshakeType.NewSessionTicket)]),
  },
  'a HelloRequest after the handshake': {
    reason: 'UNEXPECTED_MESSAGE',
    after: (hostile) => hostile.sendRecord(ContentType.handshake, messageOf(HandshakeType.HelloRequest, nothing)),
  },
  'a CertificateRequest after the handshake': {
    reason: 'UNEXPECTED_MESSAGE',
    after: (hostile) =>
      hostile.sendRecord(
        ContentType.handshake,
        messageOf(HandshakeType.CertificateRequest, Buffer.from('00000a000d000600040403080b', 'hex')),
      ),
  },
  'a ticket that is valid for eight days': {
    reason: 'INVALID_TICKET_LIFETIME',
    after: (hostile) => hostile.sendRecord(ContentType.handshake, ticket(691_200)),
  },
  'early_data of a ticket that is of one byte': {
    reason: 'ERROR_PARSING_EXTENSION',
    after: (hostile) => hostile.sendRecord(ContentType.handshake, ticketWith([ExtensionType.early_data, Buffer.of(3)])),
  },
  'an extension of a ticket that belongs into a ServerHello': {
    reason: 'MISPLACED_EXTENSION',
    after: (hostile) =>
      hostile.sendRecord(ContentType.handshake, ticketWith([ExtensionType.supported_versions, uint16(0x0304)])),
  },
  'an unknown extension of a ticket': {
    reason: undefined,
    after: (hostile) => hostile.sendRecord(ContentType.handshake, ticketWith([0xfefe, Buffer.of(3)])),
  },
  'an extension of a ticket twice': {
    reason: 'DUPLICATE_EXTENSION',
    after: (hostile) => hostile.sendRecord(ContentType.handshake, ticketWith([0xfefe, nothing], [0xfefe, nothing])),
  },
  'an empty ticket': {
    reason: 'DECODE_ERROR',
    after: (hostile) => hostile.sendRecord(ContentType.handshake, ticket(60, nothing)),
  },
  '65 tickets without data': {
    reason: 'TOO_MANY_SESSION_TICKETS',
    after: (hostile) => times(65, () => hostile.sendRecord(ContentType.handshake, ticket(60))),
  },
};

/** What can be sent to a server alone. */
const ticketToServer: Record<string, Omit<MalformedFlight, 'victim'>> = {
  'a ticket from a client': {
    reason: 'UNEXPECTED_MESSAGE',
    after: (hostile) => hostile.sendRecord(ContentType.handshake, ticket(60)),
  },
};

/** Every flight by what it is; those that go both ways once for each side. */
export const malformedFlights: ReadonlyMap<string, MalformedFlight> = new Map([
  ...of('server', { ...toServer, ...ticketToServer }),
  ...of('client', toClient),
  ...of('server', fromEither, asksClient, ', from a client'),
  ...of('client', fromEither, {}, ', from a server'),
  ...of('server', afterwards, {}, ', from a client'),
  ...of('client', afterwards, {}, ', from a server'),
]);

function of(
  victim: 'client' | 'server',
  flights: Record<string, Omit<MalformedFlight, 'victim'>>,
  common: Partial<Flight> = {},
  suffix = '',
): [string, MalformedFlight][] {
  return Object.entries(flights).map(([name, flight]) => [name + suffix, { ...common, ...flight, victim }]);
}
