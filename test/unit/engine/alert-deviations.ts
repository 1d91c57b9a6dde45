// Where AWS-LC deviates: what it makes of a malformed flight, where that is not what the TypeScript engine makes of it.
//
// docs/typescript-engine.md shows the same table; malformed-flights.test.ts holds both to what the engines do.

/** What an engine makes of a flight. */
export interface Outcome {
  readonly class: string;
  readonly code: string;
  /** Of RFC 9846, Section 6; `none` where the connection ends without one. */
  readonly alert: string;
}

/** Another alert, another class, or none at all. Rows without a side hold for both. */
export const alertDeviations: Readonly<Record<string, Outcome | 'accepted'>> = {
  'an empty record in place of the ClientHello': 'accepted',
  'an extension twice in a ClientHello': {
    class: 'InvalidMessageError',
    code: 'ERR_SSL_LENGTH_MISMATCH',
    alert: 'decode_error',
  },
  'an unknown extension twice in a ClientHello': {
    class: 'InvalidMessageError',
    code: 'ERR_SSL_LENGTH_MISMATCH',
    alert: 'decode_error',
  },
  'a ClientHello without supported_groups': {
    class: 'PeerIncompatibleError',
    code: 'ERR_SSL_NO_SUITABLE_KEY_SHARE',
    alert: 'handshake_failure',
  },
  'a ClientHello without signature_algorithms': {
    class: 'PeerIncompatibleError',
    code: 'ERR_SSL_NO_SHARED_SIGNATURE_ALGORITHMS',
    alert: 'handshake_failure',
  },
  'a ClientHello that says it is of SSL 3.0': 'accepted',
  'a status_request that is cut': 'accepted',
  'a status_request with an empty responder': 'accepted',
  'a cookie of a ClientHello that is empty': 'accepted',
  'post_handshake_auth with a body': 'accepted',
  'signature_algorithms_cert of half a scheme': 'accepted',
  'an extension of a ClientHello that belongs into a CertificateRequest': 'accepted',
  'supported_versions of half a version': 'accepted',
  'a server_name with a zero in it': {
    class: 'InvalidMessageError',
    code: 'ERR_SSL_BAD_EXTENSION',
    alert: 'unrecognized_name',
  },
  'a max_fragment_length of 5': 'accepted',
  'a record_size_limit of 63': 'accepted',
  'an X25519MLKEM768 share with a byte too many': {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_INTERNAL_ERROR',
    alert: 'decode_error',
  },
  'an X25519MLKEM768 share with a byte too few': {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_INTERNAL_ERROR',
    alert: 'internal_error',
  },
  'an X25519MLKEM768 share with an encapsulation key that is not reduced': {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_INTERNAL_ERROR',
    alert: 'internal_error',
  },
  'a SecP384r1MLKEM1024 share with a byte too many': {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_INTERNAL_ERROR',
    alert: 'decode_error',
  },
  'an MLKEM768 encapsulation key that is not reduced': {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_INTERNAL_ERROR',
    alert: 'internal_error',
  },
  'a binder of 31 bytes': { class: 'PeerMisbehavedError', code: 'ERR_SSL_DIGEST_CHECK_FAILED', alert: 'decrypt_error' },
  'a second ClientHello of another random': 'accepted',
  'a second ClientHello of another session id': 'accepted',
  'a second ClientHello of other cipher suites': 'accepted',
  'a second ClientHello of other groups': 'accepted',
  'a second ClientHello of another server name': 'accepted',
  'a second ClientHello without its server name': 'accepted',
  'a second ClientHello with early_data': 'accepted',
  'a second ClientHello without the pre_shared_key of the first': {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_INCONSISTENT_CLIENT_HELLO',
    alert: 'illegal_parameter',
  },
  'a second ClientHello with two shares': 'accepted',
  "a client's Finished with a byte too few": {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_DIGEST_CHECK_FAILED',
    alert: 'decrypt_error',
  },
  "a plain record in place of the client's Finished": {
    class: 'DecryptError',
    code: 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
    alert: 'bad_record_mac',
  },
  "a record of an unknown type in place of the client's Finished": {
    class: 'DecryptError',
    code: 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
    alert: 'bad_record_mac',
  },
  'a change_cipher_spec of two bytes in the handshake': {
    class: 'DecryptError',
    code: 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
    alert: 'bad_record_mac',
  },
  'a ServerHello that does not echo the session id': {
    class: 'InvalidMessageError',
    code: 'ERR_SSL_LENGTH_MISMATCH',
    alert: 'decode_error',
  },
  'a ServerHello that chooses compression': {
    class: 'InvalidMessageError',
    code: 'ERR_SSL_LENGTH_MISMATCH',
    alert: 'decode_error',
  },
  'a ServerHello of TLS 1.2 that says it was downgraded': {
    class: 'PeerIncompatibleError',
    code: 'ERR_SSL_UNSUPPORTED_PROTOCOL',
    alert: 'protocol_version',
  },
  'a ServerHello that selects TLS 1.2 by supported_versions': {
    class: 'PeerIncompatibleError',
    code: 'ERR_SSL_UNSUPPORTED_PROTOCOL',
    alert: 'protocol_version',
  },
  'a ServerHello of a legacy_version that is none': {
    class: 'InvalidMessageError',
    code: 'ERR_SSL_LENGTH_MISMATCH',
    alert: 'decode_error',
  },
  "an X25519 share of the server's of zeros": {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_BAD_ECPOINT',
    alert: 'internal_error',
  },
  "an X25519 share of the server's of 31 bytes": {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_BAD_ECPOINT',
    alert: 'internal_error',
  },
  "a P-256 share of the server's off the curve": {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_BAD_ECPOINT',
    alert: 'internal_error',
  },
  "an X25519MLKEM768 share of the server's with a byte too few": {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_INTERNAL_ERROR',
    alert: 'internal_error',
  },
  "an X25519MLKEM768 share of the server's with a byte too many": {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_INTERNAL_ERROR',
    alert: 'internal_error',
  },
  "an X25519MLKEM768 share of the server's with an X25519 key of zeros": {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_BAD_ECPOINT',
    alert: 'internal_error',
  },
  'an MLKEM768 ciphertext with a byte too few': {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_UNKNOWN_ERROR',
    alert: 'internal_error',
  },
  'an MLKEM1024 ciphertext with a byte too many': {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_UNKNOWN_ERROR',
    alert: 'internal_error',
  },
  'an extension of a ServerHello that belongs into EncryptedExtensions': {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_UNEXPECTED_EXTENSION',
    alert: 'unsupported_extension',
  },
  'a second identity where one was offered': {
    class: 'PeerIncompatibleError',
    code: 'ERR_SSL_PSK_IDENTITY_NOT_FOUND',
    alert: 'unknown_psk_identity',
  },
  'a HelloRetryRequest with an extension that is not for it': {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_UNEXPECTED_EXTENSION',
    alert: 'unsupported_extension',
  },
  'an extension of EncryptedExtensions that belongs into the ServerHello': {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_UNEXPECTED_EXTENSION',
    alert: 'unsupported_extension',
  },
  'an extension of EncryptedExtensions twice': {
    class: 'InvalidMessageError',
    code: 'ERR_SSL_BAD_EXTENSION',
    alert: 'decode_error',
  },
  'supported_groups of EncryptedExtensions of half a group': 'accepted',
  'an extension of a CertificateRequest that belongs into a ServerHello': 'accepted',
  'signature_algorithms_cert of a CertificateRequest of half a scheme': 'accepted',
  'a CertificateRequest without signature_algorithms': {
    class: 'InvalidMessageError',
    code: 'ERR_SSL_LENGTH_MISMATCH',
    alert: 'decode_error',
  },
  'no certificate of the server': {
    class: 'CertificateError',
    code: 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE',
    alert: 'certificate_required',
  },
  "a server's Finished with a byte too many": {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_DIGEST_CHECK_FAILED',
    alert: 'decrypt_error',
  },
  'a ticket that is valid for eight days': 'accepted',
  '65 tickets without data': 'accepted',
  'an extension of a ticket that belongs into a ServerHello': 'accepted',
  'an extension of a ticket twice': 'accepted',
  'an extension of a certificate twice': {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_UNEXPECTED_EXTENSION',
    alert: 'unsupported_extension',
  },
  'a certificate compressed with an algorithm that was not offered, from a client': {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_UNEXPECTED_MESSAGE',
    alert: 'unexpected_message',
  },
  'a compressed certificate that claims to be of 16 MB, from a client': {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_UNEXPECTED_MESSAGE',
    alert: 'unexpected_message',
  },
  'a compressed certificate that claims to be of 16 MB, from a server': {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_UNCOMPRESSED_CERT_TOO_LARGE',
    alert: 'illegal_parameter',
  },
  'a compressed certificate that does not decompress, from a client': {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_UNEXPECTED_MESSAGE',
    alert: 'unexpected_message',
  },
  'a compressed certificate that does not decompress, from a server': {
    class: 'InvalidMessageError',
    code: 'ERR_SSL_CERT_DECOMPRESSION_FAILED',
    alert: 'decode_error',
  },
  'a compressed certificate that would have no bytes, from a client': {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_UNEXPECTED_MESSAGE',
    alert: 'unexpected_message',
  },
  'a compressed certificate that would have no bytes, from a server': {
    class: 'InvalidMessageError',
    code: 'ERR_SSL_CERT_DECOMPRESSION_FAILED',
    alert: 'decode_error',
  },
  'a compressed certificate where none was offered, from a client': {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_UNEXPECTED_MESSAGE',
    alert: 'unexpected_message',
  },
  'a CertificateVerify of a scheme that does not fit the key': {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_WRONG_SIGNATURE_TYPE',
    alert: 'decrypt_error',
  },
  'a CertificateVerify of a curve that does not fit the key': {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_WRONG_SIGNATURE_TYPE',
    alert: 'decrypt_error',
  },
  'a CertificateVerify of a scheme that TLS 1.3 forbids': {
    class: 'PeerMisbehavedError',
    code: 'ERR_SSL_WRONG_SIGNATURE_TYPE',
    alert: 'decrypt_error',
  },
  'a change_cipher_spec after the handshake': {
    class: 'DecryptError',
    code: 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
    alert: 'bad_record_mac',
  },
  'a plain alert after the handshake': {
    class: 'DecryptError',
    code: 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
    alert: 'bad_record_mac',
  },
  'a protected record of zeros only': {
    class: 'DecryptError',
    code: 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
    alert: 'decrypt_error',
  },
  'an empty handshake record': 'accepted',
  'an error alert sent as a warning': {
    class: 'InvalidMessageError',
    code: 'ERR_SSL_BAD_ALERT',
    alert: 'decode_error',
  },
  'an alert of an unknown level': {
    class: 'AlertReceivedError',
    code: 'ERR_SSL_UNKNOWN_ALERT_TYPE',
    alert: 'illegal_parameter',
  },
  'a fatal user_canceled': {
    class: 'AlertReceivedError',
    code: 'ERR_SSL_TLSV1_ALERT_USER_CANCELLED',
    alert: 'none',
  },
  'a fatal close_notify': {
    class: 'AlertReceivedError',
    code: 'ERR_SSL_SSLV3_ALERT_CLOSE_NOTIFY',
    alert: 'none',
  },
  'a KeyUpdate that asks for something unknown': {
    class: 'InvalidMessageError',
    code: 'ERR_SSL_LENGTH_MISMATCH',
    alert: 'decode_error',
  },
};

/** The same class and alert, and another code. */
export const codeDeviations: Readonly<Record<string, string>> = {
  'signature_algorithms of half a scheme': 'ERR_SSL_LENGTH_MISMATCH',
  'a key_share that is cut': 'ERR_SSL_LENGTH_MISMATCH',
  'a key share without a byte': 'ERR_SSL_LENGTH_MISMATCH',
  'server_name with a byte behind its end': 'ERR_SSL_LENGTH_MISMATCH',
  'an MLKEM768 encapsulation key with a byte too many': 'ERR_SSL_INTERNAL_ERROR',
  'an MLKEM1024 encapsulation key with a byte too few': 'ERR_SSL_INTERNAL_ERROR',
  'a ServerHello with half a supported_versions': 'ERR_SSL_LENGTH_MISMATCH',
  'a key_share of the server that is cut': 'ERR_SSL_LENGTH_MISMATCH',
  'a HelloRetryRequest with an empty cookie': 'ERR_SSL_LENGTH_MISMATCH',
  'a CertificateRequest with an empty name of an authority': 'ERR_SSL_LENGTH_MISMATCH',
  'early_data of a ticket that is of one byte': 'ERR_SSL_LENGTH_MISMATCH',
  'an alert that has no name': 'ERR_SSL_UNKNOWN_ERROR',
  general_error: 'ERR_SSL_UNKNOWN_ERROR',
};
