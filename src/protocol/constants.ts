// Numbers of the protocol, from the IANA TLS registries and RFC 9846. The only place where they stand in hex.

/** RFC 9846, Section 4.2.1. */
export const ProtocolVersion = {
  TLSv1: 0x0301,
  'TLSv1.1': 0x0302,
  'TLSv1.2': 0x0303,
  'TLSv1.3': 0x0304,
} as const;

/** Versions that are never spoken and that a peer may still offer. */
export const RetiredProtocolVersion = { SSLv3: 0x0300, TLSv1: 0x0301, 'TLSv1.1': 0x0302 } as const;

export type ProtocolVersionName = keyof typeof ProtocolVersion;

/** TLS Supported Groups. RFC 9846, Section 4.2.7; RFC 10024. */
export const NamedGroup = {
  secp256r1: 0x0017,
  secp384r1: 0x0018,
  secp521r1: 0x0019,
  X25519: 0x001d,
  MLKEM768: 0x0201,
  MLKEM1024: 0x0202,
  SecP256r1MLKEM768: 0x11eb,
  X25519MLKEM768: 0x11ec,
  SecP384r1MLKEM1024: 0x11ed,
} as const;

export type NamedGroupName = keyof typeof NamedGroup;

/** TLS SignatureScheme. RFC 9846, Section 4.2.3; draft-ietf-tls-mldsa. */
export const SignatureScheme = {
  rsa_pkcs1_sha1: 0x0201,
  ecdsa_sha1: 0x0203,
  rsa_pkcs1_sha256: 0x0401,
  ecdsa_secp256r1_sha256: 0x0403,
  rsa_pkcs1_sha384: 0x0501,
  ecdsa_secp384r1_sha384: 0x0503,
  rsa_pkcs1_sha512: 0x0601,
  ecdsa_secp521r1_sha512: 0x0603,
  rsa_pss_rsae_sha256: 0x0804,
  rsa_pss_rsae_sha384: 0x0805,
  rsa_pss_rsae_sha512: 0x0806,
  ed25519: 0x0807,
  ed448: 0x0808,
  rsa_pss_pss_sha256: 0x0809,
  rsa_pss_pss_sha384: 0x080a,
  rsa_pss_pss_sha512: 0x080b,
  mldsa44: 0x0904,
  mldsa65: 0x0905,
  mldsa87: 0x0906,
} as const;

export type SignatureSchemeName = keyof typeof SignatureScheme;

/** TLS Certificate Compression Algorithm IDs. RFC 8879, Section 7.3. */
export const CertificateCompression = {
  zlib: 1,
  brotli: 2,
  zstd: 3,
} as const;

export type CertificateCompressionName = keyof typeof CertificateCompression;

/** TLS Alerts. RFC 9846, Section 6. */
export const Alert = {
  close_notify: 0x00,
  unexpected_message: 0x0a,
  bad_record_mac: 0x14,
  record_overflow: 0x16,
  handshake_failure: 0x28,
  bad_certificate: 0x2a,
  unsupported_certificate: 0x2b,
  certificate_revoked: 0x2c,
  certificate_expired: 0x2d,
  certificate_unknown: 0x2e,
  illegal_parameter: 0x2f,
  unknown_ca: 0x30,
  access_denied: 0x31,
  decode_error: 0x32,
  decrypt_error: 0x33,
  protocol_version: 0x46,
  insufficient_security: 0x47,
  internal_error: 0x50,
  inappropriate_fallback: 0x56,
  user_canceled: 0x5a,
  missing_extension: 0x6d,
  unsupported_extension: 0x6e,
  unrecognized_name: 0x70,
  bad_certificate_status_response: 0x71,
  unknown_psk_identity: 0x73,
  certificate_required: 0x74,
  general_error: 0x75,
  no_application_protocol: 0x78,
} as const;

export type AlertName = keyof typeof Alert;

/** Has no meaning in TLS 1.3, and is sent as it was. RFC 9846, Section 6. */
export const AlertLevel = { warning: 0x01, fatal: 0x02 } as const;

/** Content types of records. RFC 9846, Section 5.1. */
export const ContentType = {
  change_cipher_spec: 0x14,
  alert: 0x15,
  handshake: 0x16,
  application_data: 0x17,
} as const;

/** RFC 9846, Section 4; RFC 5246, Section 7.4. */
export const HandshakeType = {
  HelloRequest: 0x00,
  ClientHello: 0x01,
  ServerHello: 0x02,
  NewSessionTicket: 0x04,
  EndOfEarlyData: 0x05,
  EncryptedExtensions: 0x08,
  Certificate: 0x0b,
  ServerKeyExchange: 0x0c,
  CertificateRequest: 0x0d,
  ServerHelloDone: 0x0e,
  CertificateVerify: 0x0f,
  ClientKeyExchange: 0x10,
  Finished: 0x14,
  CertificateStatus: 0x16,
  KeyUpdate: 0x18,
  CompressedCertificate: 0x19,
  message_hash: 0xfe,
} as const;

/** TLS ExtensionType. RFC 9846, Section 4.2. */
export const ExtensionType = {
  server_name: 0x0000,
  max_fragment_length: 0x0001,
  status_request: 0x0005,
  supported_groups: 0x000a,
  ec_point_formats: 0x000b,
  signature_algorithms: 0x000d,
  application_layer_protocol_negotiation: 0x0010,
  signed_certificate_timestamp: 0x0012,
  padding: 0x0015,
  encrypt_then_mac: 0x0016,
  extended_master_secret: 0x0017,
  compress_certificate: 0x001b,
  record_size_limit: 0x001c,
  session_ticket: 0x0023,
  pre_shared_key: 0x0029,
  early_data: 0x002a,
  supported_versions: 0x002b,
  cookie: 0x002c,
  psk_key_exchange_modes: 0x002d,
  certificate_authorities: 0x002f,
  oid_filters: 0x0030,
  post_handshake_auth: 0x0031,
  signature_algorithms_cert: 0x0032,
  key_share: 0x0033,
  encrypted_client_hello: 0xfe0d,
  renegotiation_info: 0xff01,
} as const;

/** RFC 9846, Section 4.2.9. */
export const PskKeyExchangeMode = { psk_ke: 0x00, psk_dhe_ke: 0x01 } as const;

/** RFC 9846, Section 4.7.3. */
export const KeyUpdateRequest = { update_not_requested: 0x00, update_requested: 0x01 } as const;

/** RFC 6066, Section 3. */
export const hostNameType = 0x00;

/** RFC 6066, Section 8. */
export const ocspStatusType = 0x01;

/** ServerHello.random of a HelloRetryRequest. RFC 9846, Section 4.1.3. */
// prettier-ignore
export const helloRetryRequestRandom = Uint8Array.of(
  0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
  0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
);

/** Ends ServerHello.random of a server that speaks TLS 1.3 and chose less, but for the last byte. RFC 9846, Section 4.1.3. */
export const downgradeSentinel = Uint8Array.of(0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44);

/** TLS 1.3 cipher suites. RFC 9846, Section B.4. */
export const CipherSuite = {
  TLS_AES_128_GCM_SHA256: 0x1301,
  TLS_AES_256_GCM_SHA384: 0x1302,
  TLS_CHACHA20_POLY1305_SHA256: 0x1303,
} as const;

/**
 * Suites of TLS 1.2 and below that are still met, by name; and what a ClientHello says with a suite that is none.
 * RFC 5246, Section A.5; RFC 5289; RFC 7905; RFC 5746, Section 3.3; RFC 7507.
 */
export const CipherSuite12 = {
  TLS_RSA_WITH_3DES_EDE_CBC_SHA: 0x000a,
  TLS_RSA_WITH_AES_128_CBC_SHA: 0x002f,
  TLS_RSA_WITH_AES_256_CBC_SHA: 0x0035,
  TLS_RSA_WITH_AES_128_CBC_SHA256: 0x003c,
  TLS_RSA_WITH_AES_256_CBC_SHA256: 0x003d,
  TLS_RSA_WITH_AES_128_GCM_SHA256: 0x009c,
  TLS_RSA_WITH_AES_256_GCM_SHA384: 0x009d,
  TLS_DHE_RSA_WITH_AES_128_GCM_SHA256: 0x009e,
  TLS_DHE_RSA_WITH_AES_256_GCM_SHA384: 0x009f,
  TLS_EMPTY_RENEGOTIATION_INFO_SCSV: 0x00ff,
  TLS_FALLBACK_SCSV: 0x5600,
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 0xc009,
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 0xc00a,
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 0xc013,
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 0xc014,
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: 0xc023,
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384: 0xc024,
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: 0xc027,
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384: 0xc028,
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 0xc02b,
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 0xc02c,
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 0xc02f,
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 0xc030,
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 0xcca8,
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 0xcca9,
} as const;

/** Values that a peer sends to keep us tolerant; they mean nothing. RFC 8701, Section 2. */
export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}

const namesById = new WeakMap<object, Map<number, string>>();

/** The registered name of a number, or the number as `0x....` where we know none. */
export function nameOf(registry: Readonly<Record<string, number>>, id: number): string {
  let names = namesById.get(registry);
  if (names === undefined) {
    // The first name wins, as it stands in the registry.
    names = new Map(
      Object.entries(registry)
        .toReversed()
        .map(([name, value]) => [value, name]),
    );
    namesById.set(registry, names);
  }
  const known = names.get(id);
  if (known !== undefined) return known;
  return `0x${id.toString(16).padStart(4, '0')}`;
}
