// Every error that pqtls throws or emits, by whose fault it was, with stable codes; and the reason -> alert table.

import type { AlertName } from './protocol/constants.js';
import type { FaultReason } from './protocol/faults.js';

/** The part of a connection's life in which an error happened. */
export type TlsErrorPhase = 'config' | 'handshake' | 'data' | 'close';

/** What every TLS error says beside its message. */
export interface TlsErrorDetails {
  /** node:tls's own code where it has one, otherwise `ERR_PQTLS_...`. */
  code: string;
  phase: TlsErrorPhase;
  /** `aws-lc` or `typescript`; absent where no engine was chosen yet. */
  engine?: string | undefined;
  /** The alert that we sent, as its RFC 9846 name. */
  alertSent?: string | undefined;
  /** The alert that the peer sent, as its RFC 9846 name. */
  alertReceived?: string | undefined;
  /** OpenSSL's words for the fault, e.g. `wrong version number`; of a name that does not match, node:tls's. */
  reason?: string | undefined;
  /** Where the fault was found, as node:tls says it: `SSL routines`. */
  library?: string | undefined;
  /** The engine's own name of the fault, e.g. `WRONG_VERSION_NUMBER`. */
  engineReason?: string | undefined;
  cause?: unknown;
}

/** Base of every error of a TLS connection or of its configuration. */
export class TlsError extends Error {
  readonly code: string;
  readonly phase: TlsErrorPhase;
  readonly engine: string | undefined;
  readonly alertSent: string | undefined;
  readonly alertReceived: string | undefined;
  readonly reason: string | undefined;
  readonly library: string | undefined;
  readonly engineReason: string | undefined;

  constructor(message: string, details: TlsErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    // Where the code is node:tls's, the name is too: programs match `Error: ...`.
    if (details.code.startsWith('ERR_PQTLS_')) {
      Object.defineProperty(this, 'name', { value: new.target.name, configurable: true, writable: true });
    }
    this.code = details.code;
    this.phase = details.phase;
    this.engine = details.engine;
    this.alertSent = details.alertSent;
    this.alertReceived = details.alertReceived;
    this.reason = details.reason;
    this.library = details.library;
    this.engineReason = details.engineReason;
  }
}

/** The peer sent something that does not parse. */
export class InvalidMessageError extends TlsError {}
/** The peer sent something that parses and breaks the protocol. */
export class PeerMisbehavedError extends TlsError {}
/** The peer and we have no version, cipher suite, group, scheme or application protocol in common. */
export class PeerIncompatibleError extends TlsError {}
/** What is known of what a peer offered (a client) or chose (a server); at most 64 names a list. */
export interface PeerOffer {
  /** e.g. `TLSv1.2`; `0x....` for what we have no name for. */
  readonly versions: readonly string[];
  /** Key exchange groups; IANA names. */
  readonly groups: readonly string[];
  /** The groups of the key shares that came along. */
  readonly keyShares: readonly string[];
  readonly signatureSchemes: readonly string[];
}

/**
 * No post-quantum key exchange where the policy requires one. `code` is `ERR_PQTLS_NOT_POST_QUANTUM`. In phase `config`
 * our own options leave none; otherwise the peer offered or chose none, and `offered` says what it did.
 */
export class NotPostQuantumError extends PeerIncompatibleError {
  /** undefined in phase `config`. */
  readonly offered: PeerOffer | undefined;

  constructor(message: string, details: Omit<TlsErrorDetails, 'code'>, offered?: PeerOffer) {
    super(message, { ...details, code: 'ERR_PQTLS_NOT_POST_QUANTUM' });
    this.offered = offered;
  }
}
/** The peer ended the connection with an alert. */
export class AlertReceivedError extends TlsError {}
/** The peer's certificate chain or name was not accepted. */
export class CertificateError extends TlsError {}
/**
 * The program's `sign` gave no signature (`ERR_PQTLS_SIGN_FAILED`, with what it threw as `cause`), or none that fits the
 * certificate (`ERR_PQTLS_SIGN_INVALID`).
 */
export class SignError extends TlsError {}
/** A record or a ticket did not decrypt; deliberately without detail. */
export class DecryptError extends TlsError {}
/** The handshake did not finish in time. */
export class HandshakeTimeoutError extends TlsError {}
/** The transport ended where the protocol does not allow it. */
export class UnexpectedEofError extends TlsError {}
/** A fault of ours or of the engine; please report it. */
export class InternalError extends TlsError {}

/** Why `pqtls/crypto` refused a key, a ciphertext or a share. */
export type KeyRejectedReason =
  'wrong_length' | 'invalid_encoding' | 'wrong_algorithm' | 'modulus_check' | 'hash_check';

/** A key, ciphertext or key share was refused before use. `code` is `ERR_PQTLS_KEY_REJECTED`. */
export class KeyRejectedError extends Error {
  readonly code = 'ERR_PQTLS_KEY_REJECTED';
  readonly reason: KeyRejectedReason;

  constructor(message: string, reason: KeyRejectedReason) {
    super(message);
    this.name = 'KeyRejectedError';
    this.reason = reason;
  }
}

/** What was asked for is not offered by this provider, engine, AWS-LC source or Node. `code` is `ERR_PQTLS_UNSUPPORTED`. */
export class UnsupportedError extends Error {
  readonly code = 'ERR_PQTLS_UNSUPPORTED';
  /** What is missing, e.g. `ML-DSA-65` or `tls`. */
  readonly feature: string;

  constructor(message: string, feature: string) {
    super(message);
    this.name = 'UnsupportedError';
    this.feature = feature;
  }
}

/** A cryptographic operation failed for a reason that is not the caller's. `code` is `ERR_PQTLS_CRYPTO_OPERATION_FAILED`. */
export class CryptoOperationError extends Error {
  readonly code = 'ERR_PQTLS_CRYPTO_OPERATION_FAILED';

  constructor(message: string) {
    super(message);
    this.name = 'CryptoOperationError';
  }
}

/** A key was used after `destroy()`. `code` is `ERR_PQTLS_KEY_DESTROYED`. */
export class KeyDestroyedError extends Error {
  readonly code = 'ERR_PQTLS_KEY_DESTROYED';

  constructor() {
    super('This key was destroyed and its secret bytes were wiped');
    this.name = 'KeyDestroyedError';
  }
}

/** A TypeError with Node's `ERR_INVALID_ARG_TYPE`, for an argument of the wrong type. */
export function invalidArgType(name: string, expected: string, actual: unknown): TypeError {
  return wrongType(name, expected, receivedType(actual));
}

/** invalidArgType() for a secret: the message does not show the value. */
export function invalidSecretType(name: string, expected: string, actual: unknown): TypeError {
  return wrongType(
    name,
    expected,
    actual === null || typeof actual === 'object' ? receivedType(actual) : `type ${typeof actual}`,
  );
}

function wrongType(name: string, expected: string, received: string): TypeError {
  const kind = name.includes('.') ? 'property' : 'argument';
  return Object.assign(new TypeError(`The "${name}" ${kind} must be ${expected}. Received ${received}`), {
    code: 'ERR_INVALID_ARG_TYPE',
  });
}

// Not imported: what the TypeScript engine is made of must run where there is no Node.
const node = globalThis.process as NodeJS.Process | undefined;

function inspect(value: unknown, options?: { depth?: number; colors?: boolean }): string {
  return node?.getBuiltinModule('node:util').inspect(value, options) ?? String(value);
}

/** What was received, in Node's words. */
function receivedType(actual: unknown): string {
  if (actual === null || actual === undefined) return String(actual);
  if (typeof actual === 'function') return `function ${actual.name}`;
  if (typeof actual === 'object') {
    const name = (actual as { constructor?: { name?: string } }).constructor?.name;
    return name ? `an instance of ${name}` : inspect(actual, { depth: -1 });
  }
  const shown = inspect(actual, { colors: false });
  return `type ${typeof actual} (${shown.length > 28 ? `${shown.slice(0, 25)}...` : shown})`;
}

/** Node's own `ERR_INVALID_ARG_VALUE`, with the value that was received. Not for secrets. */
export function nodeInvalidArgValue(name: string, value: unknown, reason = 'is invalid'): TypeError {
  const shown = inspect(value);
  const kind = name.includes('.') ? 'property' : 'argument';
  const received = shown.length > 128 ? `${shown.slice(0, 128)}...` : shown;
  return Object.assign(new TypeError(`The ${kind} '${name}' ${reason}. Received ${received}`), {
    code: 'ERR_INVALID_ARG_VALUE',
  });
}

/** A RangeError or TypeError with Node's `ERR_INVALID_ARG_VALUE`, for a value outside of the allowed set. */
export function invalidArgValue(name: string, message: string): TypeError {
  return Object.assign(new TypeError(`The value of "${name}" is invalid: ${message}`), {
    code: 'ERR_INVALID_ARG_VALUE',
  });
}

/** A RangeError with Node's `ERR_OUT_OF_RANGE`. */
export function outOfRange(name: string, range: string, received: unknown): RangeError {
  return Object.assign(
    new RangeError(`The value of "${name}" is out of range. It must be ${range}. Received ${String(received)}`),
    { code: 'ERR_OUT_OF_RANGE' },
  );
}

/** An Error with Node's `ERR_CRYPTO_HASH_FINALIZED`, for input or output of a hash that is over. */
export function hashFinalized(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_CRYPTO_HASH_FINALIZED' });
}

/** The class that a fault of a connection becomes. */
type Fault = 'invalid-message' | 'misbehaved' | 'incompatible' | 'certificate' | 'decrypt' | 'eof' | 'internal';

const faultClasses = {
  'invalid-message': InvalidMessageError,
  misbehaved: PeerMisbehavedError,
  incompatible: PeerIncompatibleError,
  certificate: CertificateError,
  decrypt: DecryptError,
  eof: UnexpectedEofError,
  internal: InternalError,
} as const satisfies Record<Fault, typeof TlsError>;

interface ReasonRow {
  readonly fault: Fault;
  /** OpenSSL's name of the same fault, where AWS-LC's differs; it becomes `ERR_SSL_<name>` as in node:tls. */
  readonly openssl?: string;
  /** OpenSSL's name since 3.2, where that is another one. */
  readonly openssl32?: string;
  readonly text: string;
}

/**
 * What a peer can provoke, by AWS-LC's reasons, in words that say what happened; faults.ts has the alerts that the
 * TypeScript engine sends for them.
 */
const engineReasons = {
  WRONG_VERSION_NUMBER: { fault: 'invalid-message', text: 'the peer does not speak TLS on this connection' },
  HTTP_REQUEST: { fault: 'invalid-message', text: 'the peer sent a plain HTTP request to a TLS port' },
  HTTP_RESPONSE: {
    fault: 'invalid-message',
    openssl: 'WRONG_VERSION_NUMBER',
    text: 'the peer answered in plain HTTP: it does not speak TLS on this port',
  },
  HTTPS_PROXY_REQUEST: { fault: 'invalid-message', text: 'the peer sent an HTTP CONNECT request to a TLS port' },
  DECODE_ERROR: { fault: 'invalid-message', openssl: 'LENGTH_MISMATCH', text: 'a handshake message does not parse' },
  CLIENTHELLO_PARSE_FAILED: {
    fault: 'invalid-message',
    openssl: 'LENGTH_MISMATCH',
    text: 'the ClientHello does not parse',
  },
  ERROR_PARSING_EXTENSION: {
    fault: 'invalid-message',
    openssl: 'BAD_EXTENSION',
    text: 'a TLS extension does not parse',
  },
  // Of a list, mostly.
  PARSE_TLSEXT: { fault: 'invalid-message', openssl: 'BAD_EXTENSION', text: 'a TLS extension does not parse' },
  CERT_LENGTH_MISMATCH: {
    fault: 'invalid-message',
    openssl: 'LENGTH_MISMATCH',
    text: 'a list of certificates does not parse',
  },
  BAD_ALERT: { fault: 'invalid-message', text: 'an alert does not parse' },
  BAD_HANDSHAKE_RECORD: { fault: 'invalid-message', text: 'a handshake record does not parse' },
  INVALID_OUTER_RECORD_TYPE: {
    fault: 'invalid-message',
    text: 'a record has an unknown content type',
  },
  EXCESSIVE_MESSAGE_SIZE: { fault: 'invalid-message', text: 'a handshake message is larger than allowed' },
  ENCRYPTED_LENGTH_TOO_LONG: {
    fault: 'invalid-message',
    openssl: 'PACKET_LENGTH_TOO_LONG',
    openssl32: 'DATA_LENGTH_TOO_LONG',
    text: 'a record is larger than allowed',
  },
  DATA_LENGTH_TOO_LONG: { fault: 'invalid-message', text: 'a record is larger than allowed' },
  CANNOT_PARSE_LEAF_CERT: { fault: 'invalid-message', text: "the peer's certificate does not parse" },
  UNEXPECTED_MESSAGE: { fault: 'misbehaved', text: 'a handshake message came at the wrong time' },
  UNEXPECTED_RECORD: { fault: 'misbehaved', openssl: 'UNEXPECTED_MESSAGE', text: 'a record came at the wrong time' },
  APPLICATION_DATA_INSTEAD_OF_HANDSHAKE: {
    fault: 'misbehaved',
    openssl: 'UNEXPECTED_MESSAGE',
    text: 'application data came before the handshake',
  },
  UNEXPECTED_EXTENSION: { fault: 'misbehaved', text: 'an extension was sent that was not offered' },
  WRONG_CURVE: { fault: 'misbehaved', text: 'the peer chose a group that was not offered' },
  BAD_ECPOINT: { fault: 'misbehaved', text: 'a key share is not a point on its curve' },
  BAD_HYBRID_KEYSHARE: { fault: 'misbehaved', text: 'a hybrid key share has the wrong length' },
  BAD_KEM_CIPHERTEXT: { fault: 'misbehaved', text: 'an ML-KEM ciphertext was rejected' },
  // AWS-LC's only word for an ML-KEM encapsulation key that fails the modulus check. docs/typescript-engine.md, Alerts.
  INTERNAL_ERROR: { fault: 'misbehaved', text: 'a key share was rejected, or the engine failed inside' },
  BAD_SIGNATURE: { fault: 'misbehaved', text: "the peer's handshake signature does not verify" },
  DIGEST_CHECK_FAILED: { fault: 'misbehaved', text: "the peer's Finished message does not verify" },
  DUPLICATE_KEY_SHARE: { fault: 'misbehaved', text: 'a ClientHello holds two key shares of one group' },
  DUPLICATE_EXTENSION: { fault: 'misbehaved', text: 'an extension was sent twice' },
  MISSING_EXTENSION: { fault: 'misbehaved', text: 'an extension that is required is missing' },
  MISSING_KEY_SHARE: { fault: 'misbehaved', text: 'a key share is missing' },
  TLS13_DOWNGRADE: { fault: 'misbehaved', openssl: 'INAPPROPRIATE_FALLBACK', text: 'the handshake was downgraded' },
  INAPPROPRIATE_FALLBACK: { fault: 'misbehaved', text: 'the handshake was downgraded' },
  TOO_MANY_KEY_UPDATES: { fault: 'misbehaved', text: 'the peer sent too many KeyUpdate messages' },
  TOO_MANY_EMPTY_FRAGMENTS: { fault: 'misbehaved', text: 'the peer sent too many empty records' },
  TOO_MANY_WARNING_ALERTS: { fault: 'misbehaved', text: 'the peer sent too many warnings' },
  NO_RENEGOTIATION: { fault: 'misbehaved', text: 'the peer asked for a renegotiation' },
  NO_SHARED_GROUP: { fault: 'incompatible', openssl: 'NO_SUITABLE_KEY_SHARE', text: 'no key exchange group in common' },
  CONNECTION_REJECTED: { fault: 'misbehaved', text: 'the connection was refused when the ClientHello had come' },
  NO_SHARED_CIPHER: { fault: 'incompatible', text: 'no cipher suite in common' },
  NO_COMMON_SIGNATURE_ALGORITHMS: {
    fault: 'incompatible',
    openssl: 'NO_SUITABLE_SIGNATURE_ALGORITHM',
    text: 'no certificate of ours fits the signature schemes in common',
  },
  NO_SHARED_SIGNATURE_ALGORITHMS: { fault: 'incompatible', text: 'no signature scheme in common' },
  NO_SUPPORTED_VERSIONS_ENABLED: {
    fault: 'incompatible',
    openssl: 'NO_PROTOCOLS_AVAILABLE',
    text: 'the options leave no protocol version',
  },
  CERT_DECOMPRESSION_FAILED: { fault: 'invalid-message', text: 'a compressed certificate does not decompress' },
  UNCOMPRESSED_CERT_TOO_LARGE: { fault: 'misbehaved', text: 'a compressed certificate is larger than allowed' },
  UNKNOWN_CERT_COMPRESSION_ALG: {
    fault: 'misbehaved',
    text: 'a certificate is compressed with an algorithm that was not offered',
  },
  UNSUPPORTED_PROTOCOL: { fault: 'incompatible', text: 'no protocol version in common' },
  NO_APPLICATION_PROTOCOL: { fault: 'incompatible', text: 'no application protocol (ALPN) in common' },
  PSK_IDENTITY_NOT_FOUND: { fault: 'incompatible', text: 'no pre-shared key for this peer' },
  NO_CERTIFICATE_SET: { fault: 'incompatible', openssl: 'NO_SHARED_CIPHER', text: 'this server has no certificate' },
  // The same in TLS 1.3.
  NO_CERTIFICATE_ASSIGNED: {
    fault: 'incompatible',
    openssl: 'NO_SUITABLE_SIGNATURE_ALGORITHM',
    text: 'this server has no certificate',
  },
  WRONG_CIPHER_RETURNED: { fault: 'misbehaved', text: 'the peer chose a cipher suite that was not offered' },
  WRONG_SIGNATURE_TYPE: { fault: 'misbehaved', text: 'the peer signed with a scheme that was not offered' },
  KEY_USAGE_BIT_INCORRECT: {
    fault: 'misbehaved',
    text: "the key usage of the peer's certificate does not allow signatures",
  },
  PEER_DID_NOT_RETURN_A_CERTIFICATE: { fault: 'certificate', text: 'the peer sent no certificate' },
  CERTIFICATE_VERIFY_FAILED: { fault: 'certificate', text: "the peer's certificate was rejected" },
  DECRYPTION_FAILED_OR_BAD_RECORD_MAC: { fault: 'decrypt', text: 'a record did not decrypt' },
  // A record that is too short to be protected; AWS-LC takes every one to be once there are keys.
  BAD_PACKET_LENGTH: {
    fault: 'decrypt',
    openssl: 'DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
    text: 'a record did not decrypt',
  },
  UNEXPECTED_EOF_WHILE_READING: { fault: 'eof', text: 'the transport ended in the middle of a record' },
  EXCESS_HANDSHAKE_DATA: {
    fault: 'misbehaved',
    openssl: 'NOT_ON_RECORD_BOUNDARY',
    text: 'a handshake message reaches over a change of keys',
  },
  TOO_MUCH_SKIPPED_EARLY_DATA: { fault: 'misbehaved', text: 'the client sent too much early data' },
  TOO_MANY_SESSION_TICKETS: { fault: 'misbehaved', text: 'the server sent too many tickets' },
  MISPLACED_EXTENSION: {
    fault: 'misbehaved',
    openssl: 'BAD_EXTENSION',
    text: 'an extension came in a message that it is not for',
  },
  INVALID_COMPRESSION_LIST: {
    fault: 'misbehaved',
    openssl: 'INVALID_COMPRESSION_ALGORITHM',
    text: 'the client offers compression',
  },
  UNSUPPORTED_COMPRESSION_ALGORITHM: {
    fault: 'misbehaved',
    openssl: 'INVALID_COMPRESSION_ALGORITHM',
    text: 'the server chose compression',
  },
  SERVER_ECHOED_INVALID_SESSION_ID: {
    fault: 'misbehaved',
    openssl: 'INVALID_SESSION_ID',
    text: 'the server did not echo the session id',
  },
  WRONG_PROTOCOL_VERSION: {
    fault: 'misbehaved',
    openssl: 'BAD_PROTOCOL_VERSION_NUMBER',
    text: 'the server chose a version that was not offered',
  },
  EMPTY_HELLO_RETRY_REQUEST: {
    fault: 'misbehaved',
    openssl: 'NO_CHANGE_FOLLOWING_HRR',
    text: 'a HelloRetryRequest asks for no change',
  },
  INCONSISTENT_CLIENT_HELLO: {
    fault: 'misbehaved',
    text: 'the second ClientHello changes what it may not change',
  },
  BAD_ENCAPSULATION_KEY: {
    fault: 'misbehaved',
    openssl: 'BAD_KEY_SHARE',
    text: 'an ML-KEM encapsulation key was rejected',
  },
  INVALID_ALPN_PROTOCOL: {
    fault: 'misbehaved',
    openssl: 'BAD_EXTENSION',
    text: 'the server chose an application protocol that was not offered',
  },
  INVALID_MAX_FRAGMENT_LENGTH: {
    fault: 'misbehaved',
    openssl: 'SSL3_EXT_INVALID_MAX_FRAGMENT_LENGTH',
    text: 'a maximum fragment length is none of those that there are',
  },
  INVALID_RECORD_SIZE_LIMIT: {
    fault: 'misbehaved',
    openssl: 'BAD_EXTENSION',
    text: 'a record size limit is too small',
  },
  INVALID_KEY_UPDATE: { fault: 'misbehaved', openssl: 'BAD_KEY_UPDATE', text: 'a KeyUpdate has an unknown request' },
  PRE_SHARED_KEY_MUST_BE_LAST: {
    fault: 'misbehaved',
    openssl: 'BAD_EXTENSION',
    text: 'pre_shared_key is not the last extension',
  },
  PSK_IDENTITY_BINDER_COUNT_MISMATCH: {
    fault: 'misbehaved',
    openssl: 'BAD_PSK',
    text: 'pre-shared keys and binders differ in number',
  },
  OLD_SESSION_PRF_HASH_MISMATCH: {
    fault: 'misbehaved',
    openssl: 'BAD_PSK',
    text: 'the hash of the suite is not the one of the resumed session',
  },
  INVALID_TICKET_LIFETIME: { fault: 'misbehaved', text: 'a ticket is valid for longer than seven days' },
  SERVER_CERTIFICATE_EMPTY: {
    fault: 'certificate',
    openssl: 'LENGTH_MISMATCH',
    text: 'the server sent no certificate',
  },
  PRIVATE_KEY_OPERATION_FAILED: { fault: 'internal', text: 'the handshake could not be signed' },
  ENGINE_FAILED: { fault: 'internal', openssl: 'INTERNAL_ERROR', text: 'the engine failed inside' },
} as const satisfies Record<FaultReason, ReasonRow> & Record<string, ReasonRow>;

/** What an engine reports of a failed connection. */
export interface EngineFailure {
  readonly engine: string;
  /** The library inside of the engine, e.g. `SSL routines`. */
  readonly library: string;
  /** e.g. `WRONG_VERSION_NUMBER`; empty where the engine gave none. */
  readonly reason: string;
  readonly alertSent: AlertName | undefined;
  readonly alertReceived: AlertName | undefined;
  readonly phase: TlsErrorPhase;
  /** Records have to be of TLS 1.3, and encrypted. */
  readonly isTls13: boolean;
}

// OpenSSL names the alerts of TLS 1.3 so; AWS-LC has one name for all of TLS.
const tls13Alerts = new Set(['TLSV1_ALERT_CERTIFICATE_REQUIRED', 'TLSV1_ALERT_MISSING_EXTENSION']);

// The texts of OpenSSL changed in 3.2; node:tls makes its codes of them.
const isOpenssl32 = /^(3\.([2-9]|\d\d)|[4-9]|\d\d)/.test(node?.versions.openssl ?? '');

/** OpenSSL's name of an alert that came. */
function alertReason(reason: string, name: string): string {
  if (reason === '') return `TLSV1_ALERT_${name.toUpperCase()}`;
  if (tls13Alerts.has(reason)) return reason.replace('TLSV1', 'TLSV13');
  return isOpenssl32 ? reason.replace(/^SSLV3_ALERT/, 'SSL/TLS_ALERT') : reason;
}

function opensslReason({ openssl, openssl32 }: ReasonRow, { reason, isTls13 }: EngineFailure): string {
  // OpenSSL looks at the content type first since 3.2, AWS-LC at the version.
  if (reason === 'WRONG_VERSION_NUMBER' && isTls13 && isOpenssl32) return 'BAD_RECORD_TYPE';
  return (isOpenssl32 ? openssl32 : undefined) ?? openssl ?? reason;
}

const sslLibrary = 'SSL routines';

// OpenSSL's names of the libraries below libssl that a handshake uses, by AWS-LC's.
const opensslLibraries: Readonly<Record<string, string>> = {
  'RSA routines': 'rsa routines',
  'public key routines': 'digital envelope routines',
  'X.509 certificate routines': 'x509 certificate routines',
  'ASN.1 encoding routines': 'asn1 encoding routines',
};

/**
 * What node:tls says of a fault by OpenSSL's name of it; programs look for the words in the message, too. The code says
 * SSL whichever library found it.
 */
function inOpensslWords(
  name: string,
  engineLibrary = sslLibrary,
): { code: string; library: string; reason: string; text: string } {
  const reason = name.toLowerCase().replaceAll('_', ' ');
  const library = opensslLibraries[engineLibrary] ?? engineLibrary;
  return { code: `ERR_SSL_${name}`, library, reason, text: `error:${library}::${reason}` };
}

/** AWS-LC refuses a few extensions without a word but its alert's. */
const silentRefusals: ReadonlyMap<string | undefined, string> = new Map([
  ['decode_error', 'DECODE_ERROR'],
  // A server_name that is none.
  ['unrecognized_name', 'ERROR_PARSING_EXTENSION'],
]);

/** Turns what an engine reports into the error of the class that says whose fault it was. */
export function engineError(failure: EngineFailure): TlsError {
  const { engine, alertSent, alertReceived, phase } = failure;
  const engineReason = failure.reason === '' ? (silentRefusals.get(alertSent) ?? '') : failure.reason;
  const details = { phase, engine, engineReason, alertSent, alertReceived };
  const row: ReasonRow | undefined = (engineReasons as Record<string, ReasonRow>)[engineReason];
  // A warning may have come before the fault.
  const isAlert = row === undefined && alertReceived !== undefined && alertReceived !== 'close_notify';
  if (isAlert || /^(SSLV3|TLSV1)_ALERT_/.test(engineReason)) {
    const name = alertReceived ?? 'unknown';
    const { text, ...said } = inOpensslWords(alertReason(engineReason, name));
    return new AlertReceivedError(`The peer ended the connection with the alert ${name} (${text})`, {
      ...details,
      ...said,
    });
  }
  const where = phase === 'handshake' ? 'The TLS handshake failed' : 'The TLS connection failed';
  if (engineReason === '') {
    const fault: Fault = failure.library === 'SSL routines' ? 'misbehaved' : 'internal';
    return new faultClasses[fault](`${where}: the engine gave no reason`, { ...details, code: 'ERR_PQTLS_INTERNAL' });
  }
  if (row === undefined) {
    const fault: Fault = failure.library === 'SSL routines' ? 'misbehaved' : 'internal';
    const { text, ...said } = inOpensslWords(engineReason, failure.library);
    return new faultClasses[fault](`${where} (${text})`, { ...details, ...said });
  }
  const { text, ...said } = inOpensslWords(opensslReason(row, { ...failure, reason: engineReason }));
  return new faultClasses[row.fault](`${where}: ${row.text} (${text})`, { ...details, ...said });
}

/** X.509 verification results by number: OpenSSL's name, as node:tls reports it, and the alert that we send. */
const verificationResults = {
  1: ['UNSPECIFIED', 'certificate_unknown'],
  2: ['UNABLE_TO_GET_ISSUER_CERT', 'unknown_ca'],
  3: ['UNABLE_TO_GET_CRL', 'certificate_unknown'],
  4: ['UNABLE_TO_DECRYPT_CERT_SIGNATURE', 'bad_certificate'],
  5: ['UNABLE_TO_DECRYPT_CRL_SIGNATURE', 'bad_certificate'],
  6: ['UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY', 'bad_certificate'],
  7: ['CERT_SIGNATURE_FAILURE', 'bad_certificate'],
  8: ['CRL_SIGNATURE_FAILURE', 'bad_certificate'],
  9: ['CERT_NOT_YET_VALID', 'bad_certificate'],
  10: ['CERT_HAS_EXPIRED', 'certificate_expired'],
  11: ['CRL_NOT_YET_VALID', 'bad_certificate'],
  12: ['CRL_HAS_EXPIRED', 'certificate_expired'],
  13: ['ERROR_IN_CERT_NOT_BEFORE_FIELD', 'bad_certificate'],
  14: ['ERROR_IN_CERT_NOT_AFTER_FIELD', 'bad_certificate'],
  15: ['ERROR_IN_CRL_LAST_UPDATE_FIELD', 'bad_certificate'],
  16: ['ERROR_IN_CRL_NEXT_UPDATE_FIELD', 'bad_certificate'],
  17: ['OUT_OF_MEM', 'internal_error'],
  18: ['DEPTH_ZERO_SELF_SIGNED_CERT', 'unknown_ca', 'self-signed certificate'],
  19: ['SELF_SIGNED_CERT_IN_CHAIN', 'unknown_ca', 'self-signed certificate in certificate chain'],
  20: ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unknown_ca'],
  21: ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unknown_ca'],
  22: ['CERT_CHAIN_TOO_LONG', 'unknown_ca'],
  23: ['CERT_REVOKED', 'certificate_revoked'],
  24: ['INVALID_CA', 'unknown_ca'],
  25: ['PATH_LENGTH_EXCEEDED', 'unknown_ca'],
  26: ['INVALID_PURPOSE', 'unsupported_certificate', 'unsuitable certificate purpose'],
  27: ['CERT_UNTRUSTED', 'bad_certificate'],
  28: ['CERT_REJECTED', 'bad_certificate'],
  // Our own rules, with OpenSSL's numbers: AWS-LC has no text for them. The texts above are OpenSSL's.
  68: ['EE_KEY_TOO_SMALL', 'bad_certificate', 'the RSA key of the certificate has less than 2048 bits'],
  69: ['CA_KEY_TOO_SMALL', 'bad_certificate', 'the RSA key of a CA certificate has less than 2048 bits'],
  70: ['CA_MD_TOO_WEAK', 'bad_certificate', 'a certificate is signed with MD5 or SHA-1'],
  // Ours alone. Mirrors kCertificateKeyForbidden in native/trust_store.h.
  1000: [
    'ERR_PQTLS_CERTIFICATE_KEY',
    'unsupported_certificate',
    'a certificate of the chain has a kind of key that the policy does not allow',
  ],
} as const satisfies Record<number, VerificationRow>;

// Since Node 24; under every flag and environment, with any `ca`.
const systemCaHint =
  Number(node?.versions.node.split('.')[0]) >= 24
    ? '; if the root CA is installed locally, try running Node.js with --use-system-ca'
    : '';

/** Results of which node:tls says so. */
const hinted = new Set(['UNABLE_TO_GET_ISSUER_CERT', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE']);

type VerificationRow = readonly [code: string, alert: AlertName, text?: string];

/** What is wrong by the number of an X.509 verification result; `UNSPECIFIED` for one that has no name in node:tls. */
export function verificationProblem(result: number, text: string): { code: string; message: string } {
  const row: VerificationRow | undefined = (verificationResults as Record<number, VerificationRow>)[result];
  const code = row?.[0] ?? 'UNSPECIFIED';
  return { code, message: verificationText(code, row?.[2] ?? text) };
}

/** What is told of a problem with a certificate, with node:tls's hint where it gives one. */
export function verificationText(code: string, text: string): string {
  return text + (hinted.has(code) ? systemCaHint : '');
}

const alertByVerificationCode = new Map<string, AlertName>(
  Object.values(verificationResults).map(([code, alert]) => [code, alert]),
);

/** The alert for a rejected certificate; a name that does not match is a bad_certificate. RFC 9846, Section 6.2. */
export function verificationAlert(code: string): AlertName {
  return alertByVerificationCode.get(code) ?? 'bad_certificate';
}
