// What the handshake messages of one connection say: offered groups, key shares, schemes. RFC 9846, Section 4.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include <openssl/ssl.h>

#include "hello_observer.h"

namespace pqtls {

namespace {

constexpr uint16_t kExtensionServerName = TLSEXT_TYPE_server_name;
constexpr uint16_t kExtensionSupportedGroups = TLSEXT_TYPE_supported_groups;
constexpr uint16_t kExtensionStatusRequest = TLSEXT_TYPE_status_request;
constexpr uint16_t kExtensionSignatureAlgorithms = TLSEXT_TYPE_signature_algorithms;
constexpr uint16_t kExtensionAlpn = TLSEXT_TYPE_application_layer_protocol_negotiation;
constexpr uint16_t kExtensionKeyShare = TLSEXT_TYPE_key_share;
constexpr uint16_t kExtensionSupportedVersions = TLSEXT_TYPE_supported_versions;

std::vector<uint16_t> ReadU16List(CBS extension) {
  std::vector<uint16_t> values;
  CBS list;
  uint16_t value;
  if (!CBS_get_u16_length_prefixed(&extension, &list)) return values;
  values.reserve(CBS_len(&list) / 2);
  while (CBS_get_u16(&list, &value)) values.push_back(value);
  return values;
}

}  // namespace

void HelloObserver::Observe(bool is_write, int version, const uint8_t* message, size_t length) {
  CBS cbs, body;
  uint8_t type;
  CBS_init(&cbs, message, length);
  if (!CBS_get_u8(&cbs, &type) || !CBS_get_u24_length_prefixed(&cbs, &body)) return;
  switch (type) {
    case SSL3_MT_CLIENT_HELLO:
      ParseClientHello(body, client_hello_length == 0);
      if (client_hello_length == 0) client_hello_length = static_cast<uint32_t>(length);
      break;
    case SSL3_MT_SERVER_HELLO:
      ParseServerHello(body);
      break;
    case SSL3_MT_CERTIFICATE_REQUEST:
      if (!is_write) ParseCertificateRequest(body, version);
      break;
    case SSL3_MT_SERVER_KEY_EXCHANGE:
      if (is_write && version == TLS1_2_VERSION) ParseServerKeyExchange(body);
      break;
    case SSL3_MT_CERTIFICATE_VERIFY:
      if (is_write) CBS_get_u16(&body, &own_scheme);
      break;
    default:
      break;
  }
}

// A server of TLS 1.2 signs its key share. RFC 8422, Section 5.4. With a pre-shared key it signs nothing, and the
// message begins with a hint and ends with the share.
void HelloObserver::ParseServerKeyExchange(CBS body) {
  constexpr uint8_t kNamedCurve = 3;
  uint8_t curve_type;
  uint16_t group;
  uint16_t scheme;
  CBS share, signature;
  if (CBS_get_u8(&body, &curve_type) && curve_type == kNamedCurve && CBS_get_u16(&body, &group) &&
      CBS_get_u8_length_prefixed(&body, &share) && CBS_get_u16(&body, &scheme) &&
      CBS_get_u16_length_prefixed(&body, &signature) && CBS_len(&body) == 0) {
    own_scheme = scheme;
  }
}

void HelloObserver::ParseClientHello(CBS body, bool is_first) {
  CBS session_id, cipher_suites, compression, extensions;
  uint16_t legacy_version;
  if (!CBS_get_u16(&body, &legacy_version) || !CBS_skip(&body, SSL3_RANDOM_SIZE) ||
      !CBS_get_u8_length_prefixed(&body, &session_id) || !CBS_get_u16_length_prefixed(&body, &cipher_suites) ||
      !CBS_get_u8_length_prefixed(&body, &compression)) {
    return;
  }
  offered_versions = {legacy_version};
  offered_groups.clear();
  client_shares.clear();
  offered_schemes.clear();
  offered_protocols.clear();
  ocsp_requested = false;
  // A client of TLS 1.2 may send none at all.
  if (!CBS_get_u16_length_prefixed(&body, &extensions)) return;
  uint16_t type;
  CBS extension;
  while (CBS_get_u16(&extensions, &type) && CBS_get_u16_length_prefixed(&extensions, &extension)) {
    if (type == kExtensionSupportedGroups) {
      offered_groups = ReadU16List(extension);
    } else if (type == kExtensionSignatureAlgorithms) {
      offered_schemes = ReadU16List(extension);
    } else if (type == kExtensionStatusRequest) {
      uint8_t status_type;
      ocsp_requested = CBS_get_u8(&extension, &status_type) && status_type == TLSEXT_STATUSTYPE_ocsp;
    } else if (type == kExtensionSupportedVersions) {
      // It takes the place of legacy_version. RFC 9846, Section 4.2.1.
      CBS versions;
      uint16_t version;
      offered_versions.clear();
      if (!CBS_get_u8_length_prefixed(&extension, &versions)) continue;
      while (CBS_get_u16(&versions, &version)) offered_versions.push_back(version);
    } else if (type == kExtensionKeyShare) {
      CBS shares, share;
      uint16_t group;
      if (!CBS_get_u16_length_prefixed(&extension, &shares)) continue;
      while (CBS_get_u16(&shares, &group) && CBS_get_u16_length_prefixed(&shares, &share)) {
        client_shares.push_back({group, static_cast<uint16_t>(CBS_len(&share))});
      }
    } else if (type == kExtensionAlpn) {
      CBS protocols, protocol;
      if (!CBS_get_u16_length_prefixed(&extension, &protocols)) continue;
      while (CBS_get_u8_length_prefixed(&protocols, &protocol)) {
        offered_protocols.emplace_back(reinterpret_cast<const char*>(CBS_data(&protocol)), CBS_len(&protocol));
      }
    } else if (type == kExtensionServerName && is_first) {
      CBS names, name;
      uint8_t name_type;
      if (CBS_get_u16_length_prefixed(&extension, &names) && CBS_get_u8(&names, &name_type) &&
          name_type == TLSEXT_NAMETYPE_host_name && CBS_get_u16_length_prefixed(&names, &name)) {
        server_name.assign(reinterpret_cast<const char*>(CBS_data(&name)), CBS_len(&name));
      }
    }
  }
}

void HelloObserver::ParseServerHello(CBS body) {
  CBS session_id, extensions, extension;
  uint16_t type;
  if (!CBS_get_u16(&body, &chosen_version) || !CBS_skip(&body, SSL3_RANDOM_SIZE) ||
      !CBS_get_u8_length_prefixed(&body, &session_id) || !CBS_skip(&body, 2 + 1) ||
      !CBS_get_u16_length_prefixed(&body, &extensions)) {
    return;
  }
  while (CBS_get_u16(&extensions, &type) && CBS_get_u16_length_prefixed(&extensions, &extension)) {
    CBS share;
    uint16_t group;
    // A HelloRetryRequest's key_share holds the group alone. RFC 9846, Section 4.2.8.
    if (type == kExtensionSupportedVersions) CBS_get_u16(&extension, &chosen_version);
    if (type != kExtensionKeyShare || !CBS_get_u16(&extension, &group)) continue;
    chosen_group = group;
    if (CBS_get_u16_length_prefixed(&extension, &share)) {
      server_share = {group, static_cast<uint16_t>(CBS_len(&share))};
    }
  }
}

// RFC 9846, Section 4.3.2; RFC 5246, Section 7.4.4.
void HelloObserver::ParseCertificateRequest(CBS body, int version) {
  CBS types_or_context, extensions, extension;
  if (!CBS_get_u8_length_prefixed(&body, &types_or_context)) return;
  if (version < TLS1_3_VERSION) {
    requested_schemes = ReadU16List(body);
    return;
  }
  uint16_t type;
  if (!CBS_get_u16_length_prefixed(&body, &extensions)) return;
  while (CBS_get_u16(&extensions, &type) && CBS_get_u16_length_prefixed(&extensions, &extension)) {
    if (type == kExtensionSignatureAlgorithms) requested_schemes = ReadU16List(extension);
  }
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
