// The certificate chains that we show: completed from the trust store, and chosen by what a server accepts.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/x509.h>

#include <algorithm>
#include <vector>

#include "context_state.h"
#include "own_chains.h"
#include "trust_store.h"

namespace pqtls {

namespace {

// Issuers above a leaf; longer ones are loops between certificates of the store.
constexpr size_t kMaxIssuers = 32;

bool CompleteChain(SSL_CTX* ctx, X509* leaf) {
  // Turns libssl to the chain of this type of key, and leaves its key and issuers alone.
  if (!SSL_CTX_use_certificate(ctx, leaf)) return false;
  STACK_OF(X509)* given = nullptr;
  if (!SSL_CTX_get0_chain_certs(ctx, &given)) return false;
  if (given != nullptr && sk_X509_num(given) > 0) return true;
  bssl::UniquePtr<X509> last = bssl::UpRef(leaf);
  for (size_t i = 0; i < kMaxIssuers && !IsSelfIssued(last.get()); i++) {
    bssl::UniquePtr<X509> issuer = FindIssuer(SSL_CTX_get_cert_store(ctx), last.get());
    if (!issuer) return true;
    if (!SSL_CTX_add1_chain_cert(ctx, issuer.get())) return false;
    last = std::move(issuer);
  }
  return true;
}

int CurveOf(EVP_PKEY* key) {
  const EC_KEY* ec = EVP_PKEY_get0_EC_KEY(key);
  return ec != nullptr ? EC_GROUP_get_curve_name(EC_KEY_get0_group(ec)) : NID_undef;
}

// Whether a signature of this scheme can be made with the leaf's key. TLS 1.2 binds no curve to an ECDSA scheme, and
// allows PKCS #1 v1.5. RFC 9846, Section 4.2.3.
bool Fits(X509* leaf, uint16_t scheme, bool is_tls13) {
  EVP_PKEY* key = X509_get0_pubkey(leaf);
  if (key == nullptr || EVP_PKEY_id(key) != SSL_get_signature_algorithm_key_type(scheme)) return false;
  switch (scheme) {
    case SSL_SIGN_MLDSA44:
      return HasKeyOfKind(leaf, NID_MLDSA44);
    case SSL_SIGN_MLDSA65:
      return HasKeyOfKind(leaf, NID_MLDSA65);
    case SSL_SIGN_MLDSA87:
      return HasKeyOfKind(leaf, NID_MLDSA87);
    case SSL_SIGN_ECDSA_SHA1:
      return !is_tls13;
    case SSL_SIGN_ECDSA_SECP256R1_SHA256:
      return !is_tls13 || CurveOf(key) == NID_X9_62_prime256v1;
    case SSL_SIGN_ECDSA_SECP384R1_SHA384:
      return !is_tls13 || CurveOf(key) == NID_secp384r1;
    case SSL_SIGN_ECDSA_SECP521R1_SHA512:
      return !is_tls13 || CurveOf(key) == NID_secp521r1;
    default:
      return !is_tls13 || EVP_PKEY_id(key) != EVP_PKEY_RSA || SSL_is_signature_algorithm_rsa_pss(scheme);
  }
}

}  // namespace

bool CompleteChains(SSL_CTX* ctx) {
  // The one that was touched last stays so.
  bssl::UniquePtr<X509> current = bssl::UpRef(SSL_CTX_get0_certificate(ctx));
  for (const auto& leaf : StateOf(ctx)->leaves) {
    if (!CompleteChain(ctx, leaf.get())) return false;
  }
  return !current || SSL_CTX_use_certificate(ctx, current.get());
}

void ChooseClientChain(SSL* ssl, std::span<const uint16_t> requested, std::span<const uint16_t> own) {
  const std::vector<bssl::UniquePtr<X509>>& leaves = StateOf(SSL_get_SSL_CTX(ssl))->leaves;
  if (leaves.size() < 2) return;
  bool is_tls13 = SSL_version(ssl) == TLS1_3_VERSION;
  bssl::UniquePtr<X509> current = bssl::UpRef(SSL_get_certificate(ssl));
  std::vector<uint16_t> shared;
  std::copy_if(requested.begin(), requested.end(), std::back_inserter(shared),
               [&](uint16_t scheme) { return std::find(own.begin(), own.end(), scheme) != own.end(); });
  auto fits_current = [&](uint16_t scheme) { return Fits(current.get(), scheme, is_tls13); };
  // As OpenSSL: in TLS 1.2 the server's order does not matter.
  if (!is_tls13 && current && std::any_of(shared.begin(), shared.end(), fits_current)) return;
  for (uint16_t scheme : shared) {
    for (const auto& leaf : leaves) {
      if (!Fits(leaf.get(), scheme, is_tls13) || !SSL_use_certificate(ssl, leaf.get())) continue;
      if (SSL_get_privatekey(ssl) != nullptr) return;
    }
  }
  if (current) SSL_use_certificate(ssl, current.get());
  ERR_clear_error();
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
