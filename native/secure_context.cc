// SSL_CTX for JavaScript: certificates, trust, versions, groups, schemes. src/tls/secure-context.ts checks the options.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstring>
#include <string>
#include <vector>

#include "addon.h"
#include "bytes.h"
#include "cert_compression.h"
#include "connection.h"
#include "context_state.h"
#include "credentials.h"
#include "error_queue.h"
#include "secure_context.h"
#include "tagged_object.h"
#include "trust_store.h"

namespace pqtls {

namespace {

constexpr napi_type_tag kSecureContextTag = {0x7071746c73736563, 0x7572653a63747874};

// Binds a resumed session to the application. Policies that forbid some resumptions extend it.
constexpr uint8_t kSessionIdContext[] = {'p', 'q', 't', 'l', 's'};

}  // namespace

Napi::Function SecureContext::Define(Napi::Env env) {
  return DefineClass(env, "SecureContext",
                     {
                         InstanceMethod<&SecureContext::SetCertificateChain>("setCertificateChain"),
                         InstanceMethod<&SecureContext::SetPrivateKey>("setPrivateKey"),
                         InstanceMethod<&SecureContext::LoadPkcs12>("loadPkcs12"),
                         InstanceMethod<&SecureContext::SetOptions>("setOptions"),
                         InstanceMethod<&SecureContext::SetClientOrder>("setClientOrder"),
                         InstanceMethod<&SecureContext::SetSecurityLevel>("setSecurityLevel"),
                         InstanceMethod<&SecureContext::SetCertificateCompression>("setCertificateCompression"),
                         InstanceMethod<&SecureContext::CipherNames>("cipherNames"),
                         InstanceMethod<&SecureContext::SetTrustStore>("setTrustStore"),
                         InstanceMethod<&SecureContext::SetClientCaList>("setClientCaList"),
                         InstanceMethod<&SecureContext::SetVersions>("setVersions"),
                         InstanceMethod<&SecureContext::SetGroups>("setGroups"),
                         InstanceMethod<&SecureContext::SetCiphers>("setCiphers"),
                         InstanceMethod<&SecureContext::SetSignatureAlgorithms>("setSignatureAlgorithms"),
                     });
}

SecureContext::SecureContext(const Napi::CallbackInfo& info) : ObjectWrap(info), ctx_(SSL_CTX_new(TLS_method())) {
  if (!ctx_ || !InstallContextState(ctx_.get())) {
    ThrowTakenError(info.Env(), "SSL_CTX_new failed");
    return;
  }
  info.This().As<Napi::Object>().TypeTag(&kSecureContextTag);
  SSL_CTX* ctx = ctx_.get();
  // A shared post-quantum group is chosen by the server's order, whatever the client lists first.
  SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_id_context(ctx, kSessionIdContext, sizeof(kSessionIdContext));
  // Sessions live with their owner in JavaScript or in tickets, never in a cache inside the context.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  // 0-RTT is neither offered nor accepted: it can be replayed. RFC 9846, Section 8.
  SSL_CTX_set_early_data_enabled(ctx, 0);
  Connection::InstallCallbacks(ctx);
}

SecureContext* SecureContext::From(const Napi::Value& value) {
  return UnwrapTagged<SecureContext>(value, kSecureContextTag);
}

Napi::Value SecureContext::SetCertificateChain(const Napi::CallbackInfo& info) {
  if (!UseCertificateChain(ctx_.get(), BytesOf(info[0]))) {
    ThrowTakenError(info.Env(), "The certificate was not accepted");
  }
  return info.Env().Undefined();
}

// setPrivateKey(pem, passphrase | undefined)
Napi::Value SecureContext::SetPrivateKey(const Napi::CallbackInfo& info) {
  bool given = info[1].IsString();
  std::string passphrase = given ? info[1].As<Napi::String>().Utf8Value() : "";
  bool used = UsePrivateKey(ctx_.get(), BytesOf(info[0]), given ? &passphrase : nullptr);
  OPENSSL_cleanse(passphrase.data(), passphrase.size());
  if (!used) ThrowTakenError(info.Env(), "The private key was not accepted");
  return info.Env().Undefined();
}

// loadPkcs12(der, passphrase, trustStore): a Pkcs12Result
Napi::Value SecureContext::LoadPkcs12(const Napi::CallbackInfo& info) {
  TrustStore* trust = TrustStore::From(info[2]);
  if (trust == nullptr) return info.Env().Undefined();
  std::string passphrase = info[1].As<Napi::String>().Utf8Value();
  Pkcs12Result result = UsePkcs12(ctx_.get(), trust->store(), BytesOf(info[0]), passphrase);
  OPENSSL_cleanse(passphrase.data(), passphrase.size());
  if (result == Pkcs12Result::kRefused) {
    ThrowTakenError(info.Env(), "The PKCS#12 file was not accepted");
    return info.Env().Undefined();
  }
  ERR_clear_error();
  return Napi::Number::New(info.Env(), static_cast<int>(result));
}

Napi::Value SecureContext::SetTrustStore(const Napi::CallbackInfo& info) {
  TrustStore* trust = TrustStore::From(info[0]);
  if (trust == nullptr) return info.Env().Undefined();
  X509_STORE_up_ref(trust->store());
  SSL_CTX_set_cert_store(ctx_.get(), trust->store());
  return info.Env().Undefined();
}

// The names in a server's CertificateRequest. RFC 9846, Section 4.2.4.
Napi::Value SecureContext::SetClientCaList(const Napi::CallbackInfo& info) {
  std::span<const uint8_t> pem = BytesOf(info[0]);
  bssl::UniquePtr<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<ossl_ssize_t>(pem.size())));
  while (bio) {
    bssl::UniquePtr<X509> certificate(PEM_read_bio_X509_AUX(bio.get(), nullptr, NoPassphrase, nullptr));
    if (!certificate) break;
    SSL_CTX_add_client_CA(ctx_.get(), certificate.get());
  }
  ERR_clear_error();
  return info.Env().Undefined();
}

Napi::Value SecureContext::SetVersions(const Napi::CallbackInfo& info) {
  auto minimum = static_cast<uint16_t>(info[0].As<Napi::Number>().Uint32Value());
  auto maximum = static_cast<uint16_t>(info[1].As<Napi::Number>().Uint32Value());
  if (!SSL_CTX_set_min_proto_version(ctx_.get(), minimum) || !SSL_CTX_set_max_proto_version(ctx_.get(), maximum)) {
    ThrowTakenError(info.Env(), "The protocol versions were not accepted");
  }
  return info.Env().Undefined();
}

Napi::Value SecureContext::SetGroups(const Napi::CallbackInfo& info) {
  auto ids = info[0].As<Napi::Uint16Array>();
  if (!SSL_CTX_set1_group_ids(ctx_.get(), ids.Data(), ids.ElementLength())) {
    ThrowTakenError(info.Env(), "The groups were not accepted");
    return info.Env().Undefined();
  }
  StateOf(ctx_.get())->groups.assign(ids.Data(), ids.Data() + ids.ElementLength());
  return info.Env().Undefined();
}

Napi::Value SecureContext::SetCiphers(const Napi::CallbackInfo& info) {
  std::string tls12 = info[0].As<Napi::String>().Utf8Value();
  std::string tls13 = info[1].As<Napi::String>().Utf8Value();
  if (!SSL_CTX_set_cipher_list(ctx_.get(), tls12.c_str()) ||
      (!tls13.empty() && !SSL_CTX_set_ciphersuites(ctx_.get(), tls13.c_str()))) {
    ThrowTakenError(info.Env(), "The cipher suites were not accepted");
  }
  return info.Env().Undefined();
}

// SSL_OP_* of OpenSSL, which have the same bits here where they have a meaning.
Napi::Value SecureContext::SetOptions(const Napi::CallbackInfo& info) {
  constexpr uint32_t kKnown = SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 |
                              SSL_OP_NO_TLSv1_2 | SSL_OP_NO_TLSv1_3;
  SSL_CTX_set_options(ctx_.get(), info[0].As<Napi::Number>().Uint32Value() & kKnown);
  return info.Env().Undefined();
}

Napi::Value SecureContext::SetClientOrder(const Napi::CallbackInfo& info) {
  StateOf(ctx_.get())->client_order = true;
  return info.Env().Undefined();
}

Napi::Value SecureContext::SetSecurityLevel(const Napi::CallbackInfo& info) {
  StateOf(ctx_.get())->security_level = info[0].As<Napi::Number>().Int32Value();
  return info.Env().Undefined();
}

// setCertificateCompression(algorithms), most wanted first. RFC 8879, Section 3.
Napi::Value SecureContext::SetCertificateCompression(const Napi::CallbackInfo& info) {
  auto algorithms = info[0].As<Napi::Uint16Array>();
  if (!AddCertificateCompression(ctx_.get(), {algorithms.Data(), algorithms.ElementLength()})) {
    ThrowTakenError(info.Env(), "The certificate compression was not accepted");
  }
  return info.Env().Undefined();
}

// OpenSSL's names, most wanted first.
Napi::Value SecureContext::CipherNames(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Array names = Napi::Array::New(env);
  const STACK_OF(SSL_CIPHER)* ciphers = SSL_CTX_get_ciphers(ctx_.get());
  for (size_t i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
    names.Set(static_cast<uint32_t>(i), Napi::String::New(env, SSL_CIPHER_get_name(sk_SSL_CIPHER_value(ciphers, i))));
  }
  return names;
}

Napi::Value SecureContext::SetSignatureAlgorithms(const Napi::CallbackInfo& info) {
  auto ids = info[0].As<Napi::Uint16Array>();
  if (!SSL_CTX_set_signing_algorithm_prefs(ctx_.get(), ids.Data(), ids.ElementLength()) ||
      !SSL_CTX_set_verify_algorithm_prefs(ctx_.get(), ids.Data(), ids.ElementLength())) {
    ThrowTakenError(info.Env(), "The signature schemes were not accepted");
  }
  return info.Env().Undefined();
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
