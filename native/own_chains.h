// The certificate chains that we show: completed from the trust store, and chosen by what a server accepts.
#ifndef PQTLS_NATIVE_OWN_CHAINS_H_
#define PQTLS_NATIVE_OWN_CHAINS_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <span>

namespace pqtls {

// Gives each leaf that came alone the issuers that the context's store has, the root included, as OpenSSL does when it
// sends them. After the chains, the keys and the store. False when AWS-LC fails, with the reason in its error queue.
bool CompleteChains(SSL_CTX* ctx);

// On a client that was asked for a certificate: makes the chain that fits the server's signature schemes the one to be
// shown. `requested` in the server's order; `own` are those that we may sign with. RFC 9846, Section 4.4.2.3.
void ChooseClientChain(SSL* ssl, std::span<const uint16_t> requested, std::span<const uint16_t> own);

}  // namespace pqtls

#endif  // PQTLS_NATIVE_OWN_CHAINS_H_
