// A set of trusted certificates, parsed once and shared between contexts; and the verification of a chain against it.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdint>
#include <ctime>

#include "addon.h"
#include "bytes.h"
#include "context_state.h"
#include "error_queue.h"
#include "tagged_object.h"
#include "trust_store.h"

namespace pqtls {

namespace {

class StoreLock {
 public:
  explicit StoreLock(X509_STORE* store) : store_(store) { X509_STORE_lock(store_); }
  ~StoreLock() { X509_STORE_unlock(store_); }
  StoreLock(const StoreLock&) = delete;
  StoreLock& operator=(const StoreLock&) = delete;

 private:
  X509_STORE* const store_;
};

constexpr napi_type_tag kTrustStoreTag = {0x7071746c73747275, 0x73743a73746f7265};

}  // namespace

Napi::Function TrustStore::Define(Napi::Env env) {
  return DefineClass(env, "TrustStore",
                     {
                         InstanceMethod<&TrustStore::AddCertificates>("addCertificates"),
                         InstanceMethod<&TrustStore::AddStore>("addStore"),
                         InstanceMethod<&TrustStore::AddCrl>("addCrl"),
                         InstanceMethod<&TrustStore::AllowPartialChain>("allowPartialChain"),
                     });
}

TrustStore::TrustStore(const Napi::CallbackInfo& info) : ObjectWrap(info), store_(X509_STORE_new()) {
  if (!store_) Napi::Error::New(info.Env(), "out of memory").ThrowAsJavaScriptException();
  info.This().As<Napi::Object>().TypeTag(&kTrustStoreTag);
}

bool TrustStore::Add(X509* certificate) {
  const bool is_added = X509_STORE_add_cert(store_.get(), certificate) == 1;
  verified_chains_->Clear();
  return is_added;
}

TrustStore* TrustStore::From(const Napi::Value& value) { return UnwrapTagged<TrustStore>(value, kTrustStoreTag); }

Napi::Value TrustStore::AddCertificates(const Napi::CallbackInfo& info) {
  std::span<const uint8_t> pem = BytesOf(info[0]);
  bssl::UniquePtr<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<ossl_ssize_t>(pem.size())));
  int added = 0;
  while (bio) {
    bssl::UniquePtr<X509> certificate(PEM_read_bio_X509_AUX(bio.get(), nullptr, NoPassphrase, nullptr));
    if (!certificate) break;
    if (!Add(certificate.get())) {
      ThrowTakenError(info.Env(), "A CA certificate was not accepted");
      return info.Env().Undefined();
    }
    added++;
  }
  // What follows a block that does not parse is passed over, as node:tls does: less is trusted, never more.
  ERR_clear_error();
  return Napi::Number::New(info.Env(), added);
}

// addStore(other): trusts what `other` trusts by now; the certificates themselves are shared.
Napi::Value TrustStore::AddStore(const Napi::CallbackInfo& info) {
  TrustStore* other = From(info[0]);
  if (other == nullptr || other == this) return info.Env().Undefined();
  // A handshake on the threadpool sorts it at its first look.
  const StoreLock lock(other->store());
  STACK_OF(X509_OBJECT)* objects = X509_STORE_get0_objects(other->store());
  for (size_t i = 0; i < sk_X509_OBJECT_num(objects); i++) {
    X509* certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
    if (certificate != nullptr && !Add(certificate)) {
      ThrowTakenError(info.Env(), "A CA certificate was not accepted");
      return info.Env().Undefined();
    }
  }
  return info.Env().Undefined();
}

// addCrl(pem): from now on every certificate of a chain needs a list of its issuer. RFC 5280, Section 6.3.
Napi::Value TrustStore::AddCrl(const Napi::CallbackInfo& info) {
  std::span<const uint8_t> pem = BytesOf(info[0]);
  bssl::UniquePtr<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<ossl_ssize_t>(pem.size())));
  bssl::UniquePtr<X509_CRL> crl(bio ? PEM_read_bio_X509_CRL(bio.get(), nullptr, NoPassphrase, nullptr) : nullptr);
  const bool is_added = crl && X509_STORE_add_crl(store_.get(), crl.get()) &&
                        X509_STORE_set_flags(store_.get(), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  verified_chains_->Clear();
  if (!is_added) {
    ThrowTakenError(info.Env(), "The CRL was not accepted");
  }
  return info.Env().Undefined();
}

// allowPartialChain(): any certificate of the store is an anchor, not only a self-signed one.
Napi::Value TrustStore::AllowPartialChain(const Napi::CallbackInfo& info) {
  X509_STORE_set_flags(store_.get(), X509_V_FLAG_PARTIAL_CHAIN);
  verified_chains_->Clear();
  return info.Env().Undefined();
}

namespace {

// Goes on after an error so that the last one is reported, as node:tls does; VerifyPeerChain never forgets one.
int RecordError(int ok, X509_STORE_CTX* store_ctx) {
  if (!ok) {
    auto* last_error = static_cast<int*>(X509_STORE_CTX_get_app_data(store_ctx));
    *last_error = X509_STORE_CTX_get_error(store_ctx);
  }
  return 1;
}

// What OpenSSL refuses at a security level: broken digests and short RSA keys. A root is trusted for itself, not for
// its signature.
int CheckStrength(STACK_OF(X509) * chain, int level) {
  if (level <= 0) return X509_V_OK;
  size_t count = sk_X509_num(chain);
  for (size_t i = 0; i < count; i++) {
    X509* certificate = sk_X509_value(chain, i);
    EVP_PKEY* key = X509_get0_pubkey(certificate);
    if (key != nullptr && EVP_PKEY_id(key) == EVP_PKEY_RSA &&
        static_cast<unsigned>(EVP_PKEY_bits(key)) < MinimumRsaBits(level)) {
      return i == 0 ? X509_V_ERR_EE_KEY_TOO_SMALL : X509_V_ERR_CA_KEY_TOO_SMALL;
    }
    int digest = NID_undef;
    bool is_anchor = i > 0 && i + 1 == count;
    if (!is_anchor && OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest, nullptr) == 1 &&
        (digest == NID_md5 || digest == NID_sha1 || digest == NID_md5_sha1)) {
      return X509_V_ERR_CA_MD_TOO_WEAK;
    }
  }
  return X509_V_OK;
}

// A policy may allow one kind of key alone, from the leaf to the root.
int CheckKeys(STACK_OF(X509) * chain, int certificate_key) {
  if (certificate_key == NID_undef) return X509_V_OK;
  for (size_t i = 0; i < sk_X509_num(chain); i++) {
    if (!HasKeyOfKind(sk_X509_value(chain, i), certificate_key)) return kCertificateKeyForbidden;
  }
  return X509_V_OK;
}

// A list of revoked certificates is good for a time of its own.
bool KeepsVerdicts(X509_STORE* store) {
  return (X509_VERIFY_PARAM_get_flags(X509_STORE_get0_param(store)) & X509_V_FLAG_CRL_CHECK) == 0;
}

// A self-signed certificate that is trusted itself is an anchor even if its key usage is not that of a CA, as in
// OpenSSL.
bool IsTrustedItself(X509_STORE_CTX* store_ctx, X509* leaf) {
  if (X509_NAME_cmp(X509_get_subject_name(leaf), X509_get_issuer_name(leaf)) != 0) return false;
  bssl::UniquePtr<STACK_OF(X509)> trusted(X509_STORE_CTX_get1_certs(store_ctx, X509_get_subject_name(leaf)));
  for (size_t i = 0; trusted && i < sk_X509_num(trusted.get()); i++) {
    if (X509_cmp(sk_X509_value(trusted.get(), i), leaf) == 0) return true;
  }
  return false;
}

}  // namespace

bool IsSelfIssued(X509* certificate) { return X509_check_issued(certificate, certificate) == X509_V_OK; }

bssl::UniquePtr<X509> FindIssuer(X509_STORE* store, X509* certificate) {
  bssl::UniquePtr<X509_STORE_CTX> store_ctx(X509_STORE_CTX_new());
  X509* issuer = nullptr;
  if (!store || !store_ctx || !X509_STORE_CTX_init(store_ctx.get(), store, nullptr, nullptr) ||
      X509_STORE_CTX_get1_issuer(&issuer, store_ctx.get(), certificate) != 1) {
    issuer = nullptr;
  }
  ERR_clear_error();
  return bssl::UniquePtr<X509>(issuer);
}

bool HasKeyOfKind(X509* certificate, int nid) {
  ASN1_OBJECT* algorithm = nullptr;
  X509_PUBKEY* key = X509_get_X509_PUBKEY(certificate);
  return X509_PUBKEY_get0_param(&algorithm, nullptr, nullptr, nullptr, key) && OBJ_obj2nid(algorithm) == nid;
}

int VerifyPeerChain(SSL* ssl, int certificate_key) {
  const SSL_CTX* ctx = SSL_get_SSL_CTX(ssl);
  const ContextState* state = StateOf(ctx);
  STACK_OF(X509)* chain = SSL_get_peer_full_cert_chain(ssl);
  const STACK_OF(CRYPTO_BUFFER)* shown = SSL_get0_peer_certificates(ssl);
  X509_STORE* store = SSL_CTX_get_cert_store(ctx);
  if (chain == nullptr || sk_X509_num(chain) == 0 || store == nullptr) return X509_V_ERR_UNSPECIFIED;

  const bool by_server = SSL_is_server(ssl) == 1;
  VerifiedChains* verified = KeepsVerdicts(store) && shown != nullptr ? state->verified_chains.get() : nullptr;
  VerifiedChains::Digest digest = {};
  uint64_t changes = 0;
  if (verified != nullptr) {
    const int32_t terms[] = {by_server, state->security_level, certificate_key};
    digest = VerifiedChains::DigestOf(shown, terms);
    if (verified->Contains(digest, time(nullptr))) return X509_V_OK;
    changes = verified->changes();
  }

  bssl::UniquePtr<X509_STORE_CTX> store_ctx(X509_STORE_CTX_new());
  int last_error = X509_V_OK;
  if (!store_ctx || !X509_STORE_CTX_init(store_ctx.get(), store, sk_X509_value(chain, 0), chain) ||
      !X509_STORE_CTX_set_default(store_ctx.get(), by_server ? "ssl_client" : "ssl_server") ||
      !X509_STORE_CTX_set_app_data(store_ctx.get(), &last_error)) {
    ERR_clear_error();
    return X509_V_ERR_UNSPECIFIED;
  }
  if (IsTrustedItself(store_ctx.get(), sk_X509_value(chain, 0))) {
    X509_STORE_CTX_set_flags(store_ctx.get(), X509_V_FLAG_PARTIAL_CHAIN);
  }
  X509_STORE_CTX_set_verify_cb(store_ctx.get(), RecordError);
  bool is_good = X509_verify_cert(store_ctx.get()) == 1;
  ERR_clear_error();
  if (last_error != X509_V_OK) return last_error;
  if (!is_good) {
    int error = X509_STORE_CTX_get_error(store_ctx.get());
    return error != X509_V_OK ? error : X509_V_ERR_UNSPECIFIED;
  }
  STACK_OF(X509)* path = X509_STORE_CTX_get0_chain(store_ctx.get());
  int error = CheckStrength(path, state->security_level);
  if (error == X509_V_OK) error = CheckKeys(path, certificate_key);
  if (error == X509_V_OK && verified != nullptr) verified->Add(digest, path, changes);
  return error;
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
