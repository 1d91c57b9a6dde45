// What ends a connection of the TypeScript engine, and the alert that the peer gets for it. RFC 9846, Section 6.2.

import type { AlertName } from './constants.js';

export type FaultAlert = AlertName | 'none';

/**
 * Every fault by the name that AWS-LC has for it, so that both engines report the same, with its alert. errors.ts says
 * whose fault each one is.
 */
export const faultAlerts = {
  // Section 6.2, decode_error: a field or a length is out of range. It "should never be observed" between proper peers.
  DECODE_ERROR: 'decode_error',
  ERROR_PARSING_EXTENSION: 'decode_error',
  BAD_ALERT: 'decode_error',
  EXCESS_HANDSHAKE_DATA: 'unexpected_message',
  EXCESSIVE_MESSAGE_SIZE: 'illegal_parameter',
  CANNOT_PARSE_LEAF_CERT: 'decode_error',
  // Section 5.1.
  WRONG_VERSION_NUMBER: 'protocol_version',
  // Who does not speak TLS gets no answer, as from OpenSSL.
  HTTP_REQUEST: 'none',
  HTTP_RESPONSE: 'none',
  HTTPS_PROXY_REQUEST: 'none',
  INVALID_OUTER_RECORD_TYPE: 'unexpected_message',
  UNEXPECTED_RECORD: 'unexpected_message',
  ENCRYPTED_LENGTH_TOO_LONG: 'record_overflow',
  DATA_LENGTH_TOO_LONG: 'record_overflow',
  TOO_MANY_EMPTY_FRAGMENTS: 'unexpected_message',
  TOO_MANY_WARNING_ALERTS: 'unexpected_message',
  TOO_MUCH_SKIPPED_EARLY_DATA: 'unexpected_message',
  DECRYPTION_FAILED_OR_BAD_RECORD_MAC: 'bad_record_mac',
  // Section 4.
  UNEXPECTED_MESSAGE: 'unexpected_message',
  APPLICATION_DATA_INSTEAD_OF_HANDSHAKE: 'unexpected_message',
  TOO_MANY_KEY_UPDATES: 'unexpected_message',
  TOO_MANY_SESSION_TICKETS: 'unexpected_message',
  // Section 4.2.
  UNEXPECTED_EXTENSION: 'unsupported_extension',
  // Known, and specified for other messages.
  MISPLACED_EXTENSION: 'illegal_parameter',
  // The RFC names no alert for it.
  DUPLICATE_EXTENSION: 'illegal_parameter',
  MISSING_EXTENSION: 'missing_extension',
  // Section 4.1.
  UNSUPPORTED_PROTOCOL: 'protocol_version',
  // The program's own refusal of a ClientHello.
  CONNECTION_REJECTED: 'handshake_failure',
  NO_SHARED_CIPHER: 'handshake_failure',
  NO_SHARED_GROUP: 'handshake_failure',
  NO_COMMON_SIGNATURE_ALGORITHMS: 'handshake_failure',
  NO_SHARED_SIGNATURE_ALGORITHMS: 'handshake_failure',
  NO_CERTIFICATE_ASSIGNED: 'handshake_failure',
  NO_APPLICATION_PROTOCOL: 'no_application_protocol',
  INVALID_COMPRESSION_LIST: 'illegal_parameter',
  UNSUPPORTED_COMPRESSION_ALGORITHM: 'illegal_parameter',
  SERVER_ECHOED_INVALID_SESSION_ID: 'illegal_parameter',
  WRONG_CIPHER_RETURNED: 'illegal_parameter',
  WRONG_PROTOCOL_VERSION: 'illegal_parameter',
  TLS13_DOWNGRADE: 'illegal_parameter',
  EMPTY_HELLO_RETRY_REQUEST: 'illegal_parameter',
  INCONSISTENT_CLIENT_HELLO: 'illegal_parameter',
  WRONG_CURVE: 'illegal_parameter',
  DUPLICATE_KEY_SHARE: 'illegal_parameter',
  MISSING_KEY_SHARE: 'missing_extension',
  BAD_ECPOINT: 'illegal_parameter',
  BAD_HYBRID_KEYSHARE: 'illegal_parameter',
  BAD_ENCAPSULATION_KEY: 'illegal_parameter',
  INVALID_ALPN_PROTOCOL: 'illegal_parameter',
  INVALID_MAX_FRAGMENT_LENGTH: 'illegal_parameter',
  INVALID_RECORD_SIZE_LIMIT: 'illegal_parameter',
  INVALID_KEY_UPDATE: 'illegal_parameter',
  // Section 4.2.11.
  PRE_SHARED_KEY_MUST_BE_LAST: 'illegal_parameter',
  PSK_IDENTITY_BINDER_COUNT_MISMATCH: 'illegal_parameter',
  PSK_IDENTITY_NOT_FOUND: 'illegal_parameter',
  OLD_SESSION_PRF_HASH_MISMATCH: 'illegal_parameter',
  INVALID_TICKET_LIFETIME: 'illegal_parameter',
  // Section 4.5.
  WRONG_SIGNATURE_TYPE: 'illegal_parameter',
  BAD_SIGNATURE: 'decrypt_error',
  DIGEST_CHECK_FAILED: 'decrypt_error',
  // The RFC names no alert for it; AWS-LC's.
  KEY_USAGE_BIT_INCORRECT: 'illegal_parameter',
  PEER_DID_NOT_RETURN_A_CERTIFICATE: 'certificate_required',
  SERVER_CERTIFICATE_EMPTY: 'decode_error',
  CERTIFICATE_VERIFY_FAILED: 'certificate_unknown',
  // RFC 8879, Section 4.
  UNKNOWN_CERT_COMPRESSION_ALG: 'illegal_parameter',
  UNCOMPRESSED_CERT_TOO_LARGE: 'bad_certificate',
  CERT_DECOMPRESSION_FAILED: 'bad_certificate',
  // Ours.
  PRIVATE_KEY_OPERATION_FAILED: 'internal_error',
  ENGINE_FAILED: 'internal_error',
} as const satisfies Record<string, FaultAlert>;

export type FaultReason = keyof typeof faultAlerts;

/** Thrown wherever the connection cannot go on, and caught in one place, which sends the alert. */
export class ProtocolFault extends Error {
  readonly reason: FaultReason;
  readonly alert: FaultAlert;

  /** @param alert instead of the table's, where the program or a verifier chose it */
  constructor(reason: FaultReason, alert: FaultAlert = faultAlerts[reason]) {
    super(reason);
    this.reason = reason;
    this.alert = alert;
  }
}
