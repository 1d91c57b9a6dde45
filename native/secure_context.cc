// SSL_CTX for JavaScript: certificates, trust, versions, groups, schemes. src/tls/secure-context.ts checks the options.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
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
#include "own_chains.h"
#include "private_key_method.h"
#include "secure_context.h"
#include "tagged_object.h"
#include "trust_store.h"

namespace pqtls {

namespace {

constexpr napi_type_tag kSecureContextTag = {0x7071746c73736563, 0x7572653a63747874};

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
                         InstanceMethod<&SecureContext::SetTrustStore>("setTrustStore"),
                         InstanceMethod<&SecureContext::SetClientCaList>("setClientCaList"),
                         InstanceMethod<&SecureContext::SetVersions>("setVersions"),
                         InstanceMethod<&SecureContext::SetGroups>("setGroups"),
                         InstanceMethod<&SecureContext::SetCiphers>("setCiphers"),
                         InstanceMethod<&SecureContext::Ciphers>("ciphers"),
                         InstanceMethod<&SecureContext::SetCertificateKey>("setCertificateKey"),
                         InstanceMethod<&SecureContext::OwnKeyForbidden>("ownKeyForbidden"),
                         InstanceMethod<&SecureContext::SetSignatureAlgorithms>("setSignatureAlgorithms"),
                         InstanceMethod<&SecureContext::SetTicketKeys>("setTicketKeys"),
                         InstanceMethod<&SecureContext::GetTicketKeys>("getTicketKeys"),
                         InstanceMethod<&SecureContext::SetSessionIdContext>("setSessionIdContext"),
                         InstanceMethod<&SecureContext::SetResumption>("setResumption"),
                         InstanceMethod<&SecureContext::SetOffload>("setOffload"),
                         InstanceMethod<&SecureContext::SetProgramSigner>("setProgramSigner"),
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
  // 0-RTT is neither offered nor accepted: it can be replayed. RFC 9846, Section 8.
  SSL_CTX_set_early_data_enabled(ctx, 0);
  Connection::InstallCallbacks(ctx);
}

SecureContext* SecureContext::From(const Napi::Value& value) {
  return UnwrapTagged<SecureContext>(value, kSecureContextTag);
}

Napi::Value SecureContext::SetCertificateChain(const Napi::CallbackInfo& info) {
  auto* addon = info.Env().GetInstanceData<Addon>();
  std::shared_ptr<const ParsedChain> chain = addon->parsed_chains().Parse(BytesOf(info[0]));
  if (chain == nullptr || !UseCertificateChain(ctx_.get(), *chain)) {
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
  if (!info[1].IsString()) {
    Napi::TypeError::New(info.Env(), "A string is required").ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  std::string passphrase = info[1].As<Napi::String>().Utf8Value();
  Pkcs12Result result = UsePkcs12(ctx_.get(), trust, BytesOf(info[0]), passphrase);
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
  StateOf(ctx_.get())->verified_chains = trust->verified_chains();
  if (!CompleteChains(ctx_.get())) ThrowTakenError(info.Env(), "The certificate chains could not be completed");
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
  if (!RequireNumber(info[0]) || !RequireNumber(info[1])) return info.Env().Undefined();
  auto minimum = static_cast<uint16_t>(info[0].As<Napi::Number>().Uint32Value());
  auto maximum = static_cast<uint16_t>(info[1].As<Napi::Number>().Uint32Value());
  if (!SSL_CTX_set_min_proto_version(ctx_.get(), minimum) || !SSL_CTX_set_max_proto_version(ctx_.get(), maximum)) {
    ThrowTakenError(info.Env(), "The protocol versions were not accepted");
  }
  return info.Env().Undefined();
}

Napi::Value SecureContext::SetGroups(const Napi::CallbackInfo& info) {
  if (!RequireUint16Array(info[0])) return info.Env().Undefined();
  auto ids = info[0].As<Napi::Uint16Array>();
  if (!SSL_CTX_set1_group_ids(ctx_.get(), ids.Data(), ids.ElementLength())) {
    ThrowTakenError(info.Env(), "The groups were not accepted");
    return info.Env().Undefined();
  }
  StateOf(ctx_.get())->groups.assign(ids.Data(), ids.Data() + ids.ElementLength());
  return info.Env().Undefined();
}

Napi::Value SecureContext::SetCiphers(const Napi::CallbackInfo& info) {
  std::string tls12;
  std::string tls13;
  if (!RequireText(info[0], &tls12) || !RequireText(info[1], &tls13)) return info.Env().Undefined();
  if (!SSL_CTX_set_cipher_list(ctx_.get(), tls12.c_str()) ||
      (!tls13.empty() && !SSL_CTX_set_ciphersuites(ctx_.get(), tls13.c_str()))) {
    ThrowTakenError(info.Env(), "The cipher suites were not accepted");
  }
  return info.Env().Undefined();
}

// SSL_OP_* of OpenSSL, which have the same bits here where they have a meaning.
Napi::Value SecureContext::SetOptions(const Napi::CallbackInfo& info) {
  if (!RequireNumber(info[0])) return info.Env().Undefined();
  // SSL_OP_NO_TICKET is a matter of each connection, see setResumption(); the server's order is what we start from.
  constexpr uint32_t kKnown = SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_TLSv1_2 | SSL_OP_NO_TLSv1_3;
  SSL_CTX_set_options(ctx_.get(), info[0].As<Napi::Number>().Uint32Value() & kKnown);
  return info.Env().Undefined();
}

Napi::Value SecureContext::SetClientOrder(const Napi::CallbackInfo& info) {
  StateOf(ctx_.get())->client_order = true;
  return info.Env().Undefined();
}

Napi::Value SecureContext::SetSecurityLevel(const Napi::CallbackInfo& info) {
  if (!RequireNumber(info[0])) return info.Env().Undefined();
  StateOf(ctx_.get())->security_level = info[0].As<Napi::Number>().Int32Value();
  return info.Env().Undefined();
}

// setCertificateCompression(algorithms), most wanted first. RFC 8879, Section 3.
Napi::Value SecureContext::SetCertificateCompression(const Napi::CallbackInfo& info) {
  if (!RequireUint16Array(info[0])) return info.Env().Undefined();
  auto algorithms = info[0].As<Napi::Uint16Array>();
  if (!AddCertificateCompression(ctx_.get(), {algorithms.Data(), algorithms.ElementLength()})) {
    ThrowTakenError(info.Env(), "The certificate compression was not accepted");
  }
  return info.Env().Undefined();
}

// The suites that the context has for TLS 1.2, in order, by OpenSSL's name.
Napi::Value SecureContext::Ciphers(const Napi::CallbackInfo& info) {
  Napi::Array names = Napi::Array::New(info.Env());
  const STACK_OF(SSL_CIPHER)* ciphers = SSL_CTX_get_ciphers(ctx_.get());
  for (size_t i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
    const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(ciphers, i);
    if (SSL_CIPHER_get_min_version(cipher) >= TLS1_3_VERSION) continue;
    names.Set(names.Length(), Napi::String::New(info.Env(), SSL_CIPHER_get_name(cipher)));
  }
  return names;
}

// By its object identifier. Everyone's keys alike, so every signature of the chain is of that kind too.
Napi::Value SecureContext::SetCertificateKey(const Napi::CallbackInfo& info) {
  std::string oid;
  if (!RequireText(info[0], &oid)) return info.Env().Undefined();
  int nid = OBJ_txt2nid(oid.c_str());
  ERR_clear_error();
  if (nid == NID_undef) {
    Napi::Error::New(info.Env(), "The kind of key is not known").ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  certificate_key_ = nid;
  return info.Env().Undefined();
}

// Whether our own certificate has another kind of key than setCertificateKey() allows.
Napi::Value SecureContext::OwnKeyForbidden(const Napi::CallbackInfo& info) {
  bool forbidden = false;
  for (const auto& leaf : StateOf(ctx_.get())->leaves) {
    if (certificate_key_ != 0 && !HasKeyOfKind(leaf.get(), certificate_key_)) forbidden = true;
  }
  return Napi::Boolean::New(info.Env(), forbidden);
}

Napi::Value SecureContext::SetSignatureAlgorithms(const Napi::CallbackInfo& info) {
  if (!RequireUint16Array(info[0])) return info.Env().Undefined();
  auto ids = info[0].As<Napi::Uint16Array>();
  if (!SSL_CTX_set_signing_algorithm_prefs(ctx_.get(), ids.Data(), ids.ElementLength()) ||
      !SSL_CTX_set_verify_algorithm_prefs(ctx_.get(), ids.Data(), ids.ElementLength())) {
    ThrowTakenError(info.Env(), "The signature schemes were not accepted");
    return info.Env().Undefined();
  }
  signing_schemes_.assign(ids.Data(), ids.Data() + ids.ElementLength());
  return info.Env().Undefined();
}

// setTicketKeys(keys): 48 bytes, which from now on seal and open the tickets of every connection of this context.
Napi::Value SecureContext::SetTicketKeys(const Napi::CallbackInfo& info) {
  std::span<const uint8_t> keys = BytesOf(info[0]);
  if (keys.size() != TicketKeys::kLength) {
    Napi::RangeError::New(info.Env(), "Session ticket keys have 48 bytes").ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  sessions().keys.Give(keys);
  return info.Env().Undefined();
}

Napi::Value SecureContext::GetTicketKeys(const Napi::CallbackInfo& info) {
  auto keys = Napi::Buffer<uint8_t>::New(info.Env(), TicketKeys::kLength);
  sessions().keys.CopyCurrent({keys.Data(), keys.Length()});
  return keys;
}

// setSessionIdContext(bytes)
Napi::Value SecureContext::SetSessionIdContext(const Napi::CallbackInfo& info) {
  std::span<const uint8_t> bytes = BytesOf(info[0]);
  sessions().id_context.assign(bytes.begin(), bytes.end());
  return info.Env().Undefined();
}

// setOffload(offload): an Offload of context_state.h; after the certificates and keys
Napi::Value SecureContext::SetOffload(const Napi::CallbackInfo& info) {
  if (!RequireNumber(info[0])) return info.Env().Undefined();
  const uint32_t offload = std::min<uint32_t>(info[0].As<Napi::Number>().Uint32Value(), 2);
  if (!InstallOffload(ctx_.get(), static_cast<Offload>(offload))) {
    ThrowTakenError(info.Env(), "The keys were not accepted");
  }
  return info.Env().Undefined();
}

// After the certificates and suites.
Napi::Value SecureContext::SetProgramSigner(const Napi::CallbackInfo& info) {
  if (!InstallProgramSigner(ctx_.get())) ThrowTakenError(info.Env(), "The certificates cannot be signed for");
  return info.Env().Undefined();
}

// setResumption({requirePostQuantum?, noTickets?, timeout?, ticketKeyLifetime?}), what is absent stays. Seconds.
Napi::Value SecureContext::SetResumption(const Napi::CallbackInfo& info) {
  if (!info[0].IsObject()) {
    Napi::TypeError::New(info.Env(), "An object is required").ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  auto options = info[0].As<Napi::Object>();
  Napi::Value values[4];
  const char* const names[] = {"requirePostQuantum", "noTickets", "timeout", "ticketKeyLifetime"};
  for (size_t i = 0; i < std::size(names); i++) {
    values[i] = options.Get(names[i]);
    // A getter of the program threw.
    if (info.Env().IsExceptionPending()) return info.Env().Undefined();
  }
  const auto& [require_post_quantum, no_tickets, timeout, key_lifetime] = values;
  if (require_post_quantum.IsBoolean()) sessions().require_post_quantum = require_post_quantum.As<Napi::Boolean>();
  if (no_tickets.IsBoolean()) sessions().no_tickets = no_tickets.As<Napi::Boolean>();
  if (timeout.IsNumber() && key_lifetime.IsNumber()) {
    uint32_t seconds = timeout.As<Napi::Number>().Uint32Value();
    // RFC 5246 sessions and those of RFC 9846 have a timeout of their own in libssl.
    SSL_CTX_set_timeout(ctx_.get(), seconds);
    SSL_CTX_set_session_psk_dhe_timeout(ctx_.get(), seconds);
    sessions().keys.SetLifetimes(key_lifetime.As<Napi::Number>().Uint32Value(), seconds);
  }
  return info.Env().Undefined();
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
