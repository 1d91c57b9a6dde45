// honorCipherOrder: false. The client's order of suites and groups decides, but for a shared post-quantum group.
//
// SSL_OP_CIPHER_SERVER_PREFERENCE stays set: without it, a client could choose a classical group where both have a
// post-quantum one.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include <openssl/bytestring.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "client_order.h"
#include "session_tickets.h"

namespace pqtls {

namespace {

// Beyond the end for what is not there.
size_t PositionIn(std::span<const uint16_t> values, uint16_t value) {
  return static_cast<size_t>(std::find(values.begin(), values.end(), value) - values.begin());
}

bool OrderGroups(SSL* ssl, std::span<const uint16_t> groups, std::span<const uint16_t> offered) {
  std::vector<uint16_t> ordered(groups.begin(), groups.end());
  auto rank = [&](uint16_t group) {
    return std::tuple(KeyExchangeOfGroup(group) != KeyExchangeClass::kPostQuantum, PositionIn(offered, group));
  };
  std::stable_sort(ordered.begin(), ordered.end(), [&](uint16_t a, uint16_t b) { return rank(a) < rank(b); });
  return ordered.empty() || SSL_set1_group_ids(ssl, ordered.data(), ordered.size());
}

bool OrderSuites(const SSL_CLIENT_HELLO* hello) {
  std::vector<uint16_t> offered;
  CBS suites;
  CBS_init(&suites, hello->cipher_suites, hello->cipher_suites_len);
  uint16_t suite = 0;
  while (CBS_get_u16(&suites, &suite)) offered.push_back(suite);

  std::vector<const SSL_CIPHER*> ordered;
  const STACK_OF(SSL_CIPHER)* own = SSL_get_ciphers(hello->ssl);
  for (size_t i = 0; i < sk_SSL_CIPHER_num(own); i++) {
    const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(own, i);
    if (SSL_CIPHER_get_min_version(cipher) < TLS1_3_VERSION) ordered.push_back(cipher);
  }
  std::stable_sort(ordered.begin(), ordered.end(), [&](const SSL_CIPHER* a, const SSL_CIPHER* b) {
    return PositionIn(offered, SSL_CIPHER_get_protocol_id(a)) < PositionIn(offered, SSL_CIPHER_get_protocol_id(b));
  });
  std::string list;
  for (const SSL_CIPHER* cipher : ordered) list.append(SSL_CIPHER_get_name(cipher)).append(":");
  return list.empty() || SSL_set_strict_cipher_list(hello->ssl, list.c_str());
}

}  // namespace

bool ApplyClientOrder(const SSL_CLIENT_HELLO* hello, std::span<const uint16_t> groups,
                      std::span<const uint16_t> offered_groups) {
  return OrderGroups(hello->ssl, groups, offered_groups) && OrderSuites(hello);
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
