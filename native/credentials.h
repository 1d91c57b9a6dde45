// Certificate chains and private keys of an SSL_CTX, from PEM and PKCS#12, as many side by side as there are key types.
#ifndef PQTLS_NATIVE_CREDENTIALS_H_
#define PQTLS_NATIVE_CREDENTIALS_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <span>
#include <string>

#include "parsed_chains.h"

namespace pqtls {

class TrustStore;

// Each returns false with the reason in AWS-LC's error queue.

// Leaf first. Replaces the chain of the same key type, and with it a key that does not belong to the new one.
bool UseCertificateChain(SSL_CTX* ctx, const ParsedChain& chain);
// After the chains; a key whose type has no chain yet waits for one.
bool UsePrivateKey(SSL_CTX* ctx, std::span<const uint8_t> pem, const std::string* passphrase);

enum class Pkcs12Result { kOk, kUnreadable, kWrongPassphrase, kNoPrivateKey, kNoCertificate, kRefused };
// Key and chain of a PKCS#12 file; its other certificates become trusted and are named to clients, as node:tls does.
Pkcs12Result UsePkcs12(SSL_CTX* ctx, TrustStore* trust, std::span<const uint8_t> der, const std::string& passphrase);

}  // namespace pqtls

#endif  // PQTLS_NATIVE_CREDENTIALS_H_
