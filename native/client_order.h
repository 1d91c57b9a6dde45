// honorCipherOrder: false. The client's order of suites and groups decides, but for a shared post-quantum group.
#ifndef PQTLS_NATIVE_CLIENT_ORDER_H_
#define PQTLS_NATIVE_CLIENT_ORDER_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <span>

namespace pqtls {

// Puts what this connection of a server has into the client's order: its `groups`, post-quantum ones before all others,
// and its suites of TLS 1.2. Takes nothing away and adds nothing. False when AWS-LC fails.
//
// The suites of TLS 1.3 follow the client's order anyway.
bool ApplyClientOrder(const SSL_CLIENT_HELLO* hello, std::span<const uint16_t> groups,
                      std::span<const uint16_t> offered_groups);

}  // namespace pqtls

#endif  // PQTLS_NATIVE_CLIENT_ORDER_H_
