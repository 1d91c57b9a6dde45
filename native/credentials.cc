// Certificate chains and private keys of an SSL_CTX, from PEM and PKCS#12, as many side by side as there are key types.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/pem.h>
#include <openssl/pkcs8.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>

#include "bytes.h"
#include "context_state.h"
#include "credentials.h"
#include "trust_store.h"

namespace pqtls {

namespace {

int GivePassphrase(char* out, int size, int, void* passphrase) {
  auto* text = static_cast<const std::string*>(passphrase);
  if (text == nullptr || text->size() > static_cast<size_t>(size)) return 0;
  std::memcpy(out, text->data(), text->size());
  return static_cast<int>(text->size());
}

bool IsStrongEnough(SSL_CTX* ctx, X509* leaf) {
  EVP_PKEY* key = X509_get0_pubkey(leaf);
  if (key == nullptr || EVP_PKEY_id(key) != EVP_PKEY_RSA) return true;
  return static_cast<unsigned>(EVP_PKEY_bits(key)) >= MinimumRsaBits(StateOf(ctx)->security_level);
}

int KeyType(X509* certificate) {
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  return key != nullptr ? EVP_PKEY_id(key) : EVP_PKEY_NONE;
}

// AWS-LC has no reason of its own for OpenSSL's "ee key too small".
bool UseLeaf(SSL_CTX* ctx, X509* leaf) {
  if (!IsStrongEnough(ctx, leaf)) {
    OPENSSL_PUT_ERROR(RSA, RSA_R_KEY_SIZE_TOO_SMALL);
    return false;
  }
  if (!SSL_CTX_use_certificate(ctx, leaf)) return false;
  SSL_CTX_clear_chain_certs(ctx);
  std::vector<bssl::UniquePtr<X509>>& leaves = StateOf(ctx)->leaves;
  std::erase_if(leaves, [&](const auto& other) { return KeyType(other.get()) == KeyType(leaf); });
  leaves.push_back(bssl::UpRef(leaf));
  return true;
}

// libssl compares a key with the chain that was touched last, so that one is made the chain of the key's type.
bool UseKey(SSL_CTX* ctx, EVP_PKEY* key) {
  for (const auto& leaf : StateOf(ctx)->leaves) {
    if (KeyType(leaf.get()) == EVP_PKEY_id(key) && !SSL_CTX_use_certificate(ctx, leaf.get())) return false;
  }
  return SSL_CTX_use_PrivateKey(ctx, key);
}

}  // namespace

bool UseCertificateChain(SSL_CTX* ctx, const ParsedChain& chain) {
  if (chain.empty() || !UseLeaf(ctx, chain.front().get())) return false;
  return std::all_of(chain.begin() + 1, chain.end(),
                     [&](const auto& issuer) { return SSL_CTX_add1_chain_cert(ctx, issuer.get()) == 1; });
}

bool UsePrivateKey(SSL_CTX* ctx, std::span<const uint8_t> pem, const std::string* passphrase) {
  bssl::UniquePtr<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<ossl_ssize_t>(pem.size())));
  bssl::UniquePtr<EVP_PKEY> key(
      bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, GivePassphrase, const_cast<std::string*>(passphrase))
          : nullptr);
  return key && UseKey(ctx, key.get());
}

Pkcs12Result UsePkcs12(SSL_CTX* ctx, TrustStore* trust, std::span<const uint8_t> der, const std::string& passphrase) {
  CBS cbs;
  CBS_init(&cbs, der.data(), der.size());
  EVP_PKEY* parsed_key = nullptr;
  bssl::UniquePtr<STACK_OF(X509)> certificates(sk_X509_new_null());
  if (!certificates) return Pkcs12Result::kRefused;
  if (!PKCS12_get_key_and_certs(&parsed_key, certificates.get(), &cbs, passphrase.c_str())) {
    bool wrong_passphrase = false;
    while (uint32_t error = ERR_get_error()) {
      if (ERR_GET_LIB(error) != ERR_LIB_PKCS8 && ERR_GET_LIB(error) != ERR_LIB_PKCS12) continue;
      if (ERR_GET_REASON(error) == PKCS12_R_MAC_VERIFY_FAILURE) wrong_passphrase = true;
    }
    return wrong_passphrase ? Pkcs12Result::kWrongPassphrase : Pkcs12Result::kUnreadable;
  }
  bssl::UniquePtr<EVP_PKEY> key(parsed_key);
  if (!key) return Pkcs12Result::kNoPrivateKey;
  size_t count = sk_X509_num(certificates.get());
  size_t own = count;
  for (size_t i = 0; i < count && own == count; i++) {
    if (X509_check_private_key(sk_X509_value(certificates.get(), i), key.get())) own = i;
  }
  ERR_clear_error();
  if (own == count) return Pkcs12Result::kNoCertificate;
  if (!UseLeaf(ctx, sk_X509_value(certificates.get(), own)) || !UseKey(ctx, key.get())) {
    return Pkcs12Result::kRefused;
  }
  for (size_t i = 0; i < count; i++) {
    if (i == own) continue;
    X509* authority = sk_X509_value(certificates.get(), i);
    if (!trust->Add(authority) || !SSL_CTX_add_client_CA(ctx, authority)) return Pkcs12Result::kRefused;
  }
  ERR_clear_error();
  return Pkcs12Result::kOk;
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
