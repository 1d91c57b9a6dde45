// Signatures that do not run where libssl asks for them: on the threadpool, or by the program. SSL_PRIVATE_KEY_METHOD.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include <openssl/bn.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "connection.h"
#include "private_key_method.h"

namespace pqtls {

namespace {

// Signatures and steps of handshakes that wait for a thread. Past it the JavaScript thread works for itself, which
// slows down whoever asks.
constexpr size_t kMaxQueued = 256;

// Kinds of keys whose signatures others notice.
bool IsDear(const EVP_PKEY* key) {
  const int id = EVP_PKEY_id(key);
  return id == EVP_PKEY_RSA || id == EVP_PKEY_PQDSA;
}

// As libssl does it for a key of its own. RFC 9846, Section 4.2.3.
bool SetPadding(EVP_PKEY_CTX* context, uint16_t scheme) {
  constexpr int kSaltIsDigestLength = -1;
  return !SSL_is_signature_algorithm_rsa_pss(scheme) ||
         (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) &&
          EVP_PKEY_CTX_set_rsa_pss_saltlen(context, kSaltIsDigestLength));
}

bool Sign(EVP_PKEY* key, uint16_t scheme, std::span<const uint8_t> data, uint8_t* out, size_t* length) {
  bssl::ScopedEVP_MD_CTX md;
  EVP_PKEY_CTX* context = nullptr;
  return EVP_DigestSignInit(md.get(), &context, SSL_get_signature_algorithm_digest(scheme), nullptr, key) &&
         SetPadding(context, scheme) && EVP_DigestSign(md.get(), out, length, data.data(), data.size());
}

bool Verify(EVP_PKEY* key, uint16_t scheme, std::span<const uint8_t> data, std::span<const uint8_t> signature) {
  bssl::ScopedEVP_MD_CTX md;
  EVP_PKEY_CTX* context = nullptr;
  const bool valid =
      EVP_DigestVerifyInit(md.get(), &context, SSL_get_signature_algorithm_digest(scheme), nullptr, key) &&
      SetPadding(context, scheme) &&
      EVP_DigestVerify(md.get(), signature.data(), signature.size(), data.data(), data.size());
  ERR_clear_error();
  return valid;
}

// Shares the key, whose reference count and RSA blinding are safe between threads, and owns the rest.
class SignatureJob : public CryptoJob {
 public:
  explicit SignatureJob(std::shared_ptr<PendingSignature> pending)
      : pending_(std::move(pending)),
        key_(bssl::UpRef(pending_->key)),
        scheme_(pending_->scheme),
        data_(pending_->data) {}

  Status Run() override {
    size_t length = EVP_PKEY_size(key_.get());
    signature_.resize(length);
    const bool signed_now = Sign(key_.get(), scheme_, data_, signature_.data(), &length);
    ERR_clear_error();
    if (!signed_now) return Status::kFailed;
    signature_.resize(length);
    return Status::kOk;
  }

  napi_value Result(napi_env env) override {
    if (pending_->state == PendingSignature::State::kWaiting) {
      pending_->signature = std::move(signature_);
      pending_->state = PendingSignature::State::kReady;
    }
    napi_value undefined = nullptr;
    napi_get_undefined(env, &undefined);
    return undefined;
  }

 private:
  // For the JavaScript thread.
  const std::shared_ptr<PendingSignature> pending_;
  const bssl::UniquePtr<EVP_PKEY> key_;
  const uint16_t scheme_;
  const std::vector<uint8_t> data_;
  std::vector<uint8_t> signature_;
};

bssl::UniquePtr<EVP_PKEY> Generate(int type, int parameter) {
  bssl::UniquePtr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_id(type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || !EVP_PKEY_keygen_init(context.get()) ||
      (type == EVP_PKEY_EC && !EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), parameter)) ||
      (type == EVP_PKEY_PQDSA && !EVP_PKEY_CTX_pqdsa_set_params(context.get(), parameter)) ||
      !EVP_PKEY_keygen(context.get(), &key)) {
    return nullptr;
  }
  return bssl::UniquePtr<EVP_PKEY>(key);
}

// The number of a public key, which nothing is ever checked with.
bssl::UniquePtr<EVP_PKEY> RsaPlaceholder() {
  bssl::UniquePtr<BIGNUM> n(BN_new());
  bssl::UniquePtr<BIGNUM> e(BN_new());
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  if (!n || !e || !key || !BN_set_bit(n.get(), 2047) || !BN_add_word(n.get(), 1) || !BN_set_word(e.get(), RSA_F4)) {
    return nullptr;
  }
  bssl::UniquePtr<RSA> rsa(RSA_new_public_key(n.get(), e.get()));
  if (!rsa || !EVP_PKEY_set1_RSA(key.get(), rsa.get())) return nullptr;
  return key;
}

// A key of a kind that none of the chains has; null where they have them all.
bssl::UniquePtr<EVP_PKEY> UnusedKind(const SSL_CTX* ctx) {
  const auto& leaves = StateOf(ctx)->leaves;
  auto used = [&](int type) {
    return std::any_of(leaves.begin(), leaves.end(), [&](const bssl::UniquePtr<X509>& leaf) {
      EVP_PKEY* key = X509_get0_pubkey(leaf.get());
      return key != nullptr && EVP_PKEY_id(key) == type;
    });
  };
  if (!used(EVP_PKEY_ED25519)) return Generate(EVP_PKEY_ED25519, 0);
  if (!used(EVP_PKEY_EC)) return Generate(EVP_PKEY_EC, NID_X9_62_prime256v1);
  if (!used(EVP_PKEY_RSA)) return RsaPlaceholder();
  if (!used(EVP_PKEY_PQDSA)) return Generate(EVP_PKEY_PQDSA, NID_MLDSA44);
  return nullptr;
}

// Only suites whose server signs: RSA key transport would have the key decrypt.
bool RemoveKeyTransport(SSL_CTX* ctx) {
  const STACK_OF(SSL_CIPHER)* ciphers = SSL_CTX_get_ciphers(ctx);
  std::string kept;
  bool found = false;
  for (size_t i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
    const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(ciphers, i);
    if (SSL_CIPHER_get_min_version(cipher) >= TLS1_3_VERSION) continue;
    if (SSL_CIPHER_get_kx_nid(cipher) == NID_kx_rsa) {
      found = true;
      continue;
    }
    if (!kept.empty()) kept += ':';
    kept += SSL_CIPHER_get_name(cipher);
  }
  if (found && kept.empty() && SSL_CTX_get_max_proto_version(ctx) < TLS1_3_VERSION) {
    OPENSSL_PUT_ERROR(SSL, SSL_R_NO_CIPHER_MATCH);
    return false;
  }
  return !found || SSL_CTX_set_cipher_list(ctx, kept.c_str());
}

}  // namespace

struct PrivateKeyMethod {
  static ConnectionSignature* Of(SSL* ssl) { return &Connection::FromSsl(ssl)->signature(); }

  static ssl_private_key_result_t Sign(SSL* ssl, uint8_t* out, size_t* length, size_t max_length, uint16_t scheme,
                                       const uint8_t* in, size_t in_length) {
    ConnectionSignature* self = Of(ssl);
    const ContextState* state = StateOf(SSL_get_SSL_CTX(ssl));
    EVP_PKEY* key = SSL_get_privatekey(ssl);
    if (key == nullptr) return ssl_private_key_failure;
    // On the threadpool it is where it belongs already.
    if (!state->program_signs && (self->on_threadpool_ || !Moves(*self, state->offload, key))) {
      *length = max_length;
      self->ran_on_ = RanOn::kInline;
      return pqtls::Sign(key, scheme, {in, in_length}, out, length) ? ssl_private_key_success : ssl_private_key_failure;
    }
    auto pending = std::make_shared<PendingSignature>();
    pending->where = self->ran_on_ = state->program_signs ? RanOn::kCallback : RanOn::kThreadpool;
    pending->scheme = scheme;
    pending->data.assign(in, in + in_length);
    pending->key = bssl::UpRef(key);
    self->pending_ = std::move(pending);
    return ssl_private_key_retry;
  }

  // It pays where others are served, who would have to wait. The way to another thread and back costs about as much as
  // an ML-DSA signature, so that the first of a turn of the event loop stays; an RSA signature takes ten times as long.
  static bool Moves(const ConnectionSignature& self, Offload offload, const EVP_PKEY* key) {
    if (offload == Offload::kNever || self.scheduler_ == nullptr || self.scheduler_->queued() >= kMaxQueued) {
      return false;
    }
    if (offload == Offload::kAlways) return true;
    if (!IsDear(key) || self.load_->established == 0) return false;
    return EVP_PKEY_id(key) == EVP_PKEY_RSA || self.load_->SignsAgain();
  }

  static ssl_private_key_result_t Complete(SSL* ssl, uint8_t* out, size_t* length, size_t max_length) {
    ConnectionSignature* self = Of(ssl);
    if (!self->pending_) return ssl_private_key_failure;
    if (self->pending_->state == PendingSignature::State::kWaiting) return ssl_private_key_retry;
    const std::shared_ptr<PendingSignature> done = std::move(self->pending_);
    if (done->state == PendingSignature::State::kFailed || done->signature.size() > max_length) {
      return ssl_private_key_failure;
    }
    std::memcpy(out, done->signature.data(), done->signature.size());
    *length = done->signature.size();
    return ssl_private_key_success;
  }

  // RSA key transport of TLS 1.2, where the context has the key.
  static ssl_private_key_result_t Decrypt(SSL* ssl, uint8_t* out, size_t* length, size_t max_length, const uint8_t* in,
                                          size_t in_length) {
    EVP_PKEY* key = SSL_get_privatekey(ssl);
    RSA* rsa = key != nullptr ? EVP_PKEY_get0_RSA(key) : nullptr;
    if (rsa == nullptr || StateOf(SSL_get_SSL_CTX(ssl))->program_signs) return ssl_private_key_failure;
    // libssl takes the padding off, in constant time.
    return RSA_decrypt(rsa, length, out, max_length, in, in_length, RSA_NO_PADDING) ? ssl_private_key_success
                                                                                    : ssl_private_key_failure;
  }

  // libssl takes the key of the chain that was touched last away when it gets a method; and it chooses among chains by
  // their keys. So what loses its key is a chain that does not exist.
  static bool Install(SSL_CTX* ctx) {
    static const SSL_PRIVATE_KEY_METHOD kMethod = {Sign, Decrypt, Complete};
    bssl::UniquePtr<X509> current = bssl::UpRef(SSL_CTX_get0_certificate(ctx));
    bssl::UniquePtr<EVP_PKEY> placeholder = UnusedKind(ctx);
    if (!current || !placeholder || !SSL_CTX_use_PrivateKey(ctx, placeholder.get())) return false;
    SSL_CTX_set_private_key_method(ctx, &kMethod);
    return SSL_CTX_use_certificate(ctx, current.get());
  }
};

bool ConnectionSignature::MovesHandshake(Offload offload, bool waits) const {
  if (offload == Offload::kNever || scheduler_ == nullptr || scheduler_->queued() >= kMaxQueued) return false;
  return offload == Offload::kAlways || (waits && load_->established > 0);
}

void ConnectionSignature::OnEstablished() {
  if (counted_ || !load_) return;
  counted_ = true;
  ++load_->established;
}

void ConnectionSignature::Clear() {
  if (std::exchange(counted_, false)) --load_->established;
  pending_.reset();
}

napi_value ConnectionSignature::Submit(napi_env env) {
  if (pending_->started) return nullptr;
  pending_->started = true;
  return scheduler_->Submit(env, std::make_unique<SignatureJob>(pending_));
}

bool ConnectionSignature::Submit(napi_env env, std::function<void()> done) {
  if (!pending_ || pending_->started || pending_->where != RanOn::kThreadpool) return false;
  pending_->started = scheduler_->Submit(env, std::make_unique<SignatureJob>(pending_), std::move(done));
  return pending_->started;
}

bool ConnectionSignature::Answer(std::span<const uint8_t> signature) {
  if (!pending_) return false;
  if (pending_->state == PendingSignature::State::kReady) return true;
  PendingSignature* pending = pending_.get();
  if (pending->where == RanOn::kCallback && !signature.empty() &&
      signature.size() <= static_cast<size_t>(EVP_PKEY_size(pending->key.get()))) {
    // A copy first: what is verified must be what is sent, whoever else can write to the program's memory.
    pending->signature.assign(signature.begin(), signature.end());
    if (Verify(pending->key.get(), pending->scheme, pending->data, pending->signature)) {
      pending->state = PendingSignature::State::kReady;
      return true;
    }
  }
  pending->state = PendingSignature::State::kFailed;
  return false;
}

bool InstallOffload(SSL_CTX* ctx, Offload offload) {
  ContextState* state = StateOf(ctx);
  state->offload = offload;
  if (offload == Offload::kNever) return true;
  const bool moves = std::any_of(state->leaves.begin(), state->leaves.end(), [&](const bssl::UniquePtr<X509>& leaf) {
    EVP_PKEY* key = X509_get0_pubkey(leaf.get());
    return key != nullptr && (offload == Offload::kAlways || IsDear(key));
  });
  if (!moves || SSL_CTX_get0_certificate(ctx) == nullptr) return true;
  if (PrivateKeyMethod::Install(ctx)) return true;
  // Chains of every kind of key leave no room for the method: signatures run inline.
  ERR_clear_error();
  return true;
}

bool InstallProgramSigner(SSL_CTX* ctx) {
  ContextState* state = StateOf(ctx);
  bssl::UniquePtr<X509> current = bssl::UpRef(SSL_CTX_get0_certificate(ctx));
  if (!current) return false;
  for (const auto& leaf : state->leaves) {
    EVP_PKEY* key = X509_get0_pubkey(leaf.get());
    if (key == nullptr || !SSL_CTX_use_certificate(ctx, leaf.get()) || !SSL_CTX_use_PrivateKey(ctx, key)) return false;
  }
  if (!SSL_CTX_use_certificate(ctx, current.get()) || !RemoveKeyTransport(ctx)) return false;
  state->program_signs = true;
  return PrivateKeyMethod::Install(ctx);
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
