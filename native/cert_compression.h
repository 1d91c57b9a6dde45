// Compressed Certificate messages through JavaScript's zlib, cached for each context. RFC 8879.
#ifndef PQTLS_NATIVE_CERT_COMPRESSION_H_
#define PQTLS_NATIVE_CERT_COMPRESSION_H_

#include <napi.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <span>

namespace pqtls {

// Registers the algorithms, most wanted first. False for one that is unknown or repeated.
bool AddCertificateCompression(SSL_CTX* ctx, std::span<const uint16_t> algorithms);

}  // namespace pqtls

#endif  // PQTLS_NATIVE_CERT_COMPRESSION_H_
