// What a connection tells of itself and of its peer: hellos, certificates, what was agreed on, why it failed.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include <openssl/err.h>
#include <openssl/nid.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "addon.h"
#include "bytes.h"
#include "connection.h"
#include "error_queue.h"
#include "host_name.h"
#include "trust_store.h"

namespace pqtls {

namespace {

Napi::Value NumberList(Napi::Env env, const std::vector<uint16_t>& values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  for (uint32_t i = 0; i < values.size(); i++) array.Set(i, Napi::Number::New(env, values[i]));
  return array;
}

Napi::Value DerOf(Napi::Env env, X509* certificate) {
  uint8_t* der = nullptr;
  int length = certificate != nullptr ? i2d_X509(certificate, &der) : -1;
  if (length < 0) {
    ERR_clear_error();
    return env.Undefined();
  }
  Napi::Value buffer = Napi::Buffer<uint8_t>::Copy(env, der, static_cast<size_t>(length));
  OPENSSL_free(der);
  return buffer;
}

// The names that Node 24 and later give these keys; null for every other key.
const char* MlDsaName(X509* certificate) {
  ASN1_OBJECT* algorithm = nullptr;
  X509_PUBKEY_get0_param(&algorithm, nullptr, nullptr, nullptr, X509_get_X509_PUBKEY(certificate));
  switch (OBJ_obj2nid(algorithm)) {
    case NID_MLDSA44:
      return "ml-dsa-44";
    case NID_MLDSA65:
      return "ml-dsa-65";
    case NID_MLDSA87:
      return "ml-dsa-87";
    default:
      return nullptr;
  }
}

// A chain longer than this is a loop between certificates of a trust store.
constexpr size_t kMaxChain = 32;

}  // namespace

Napi::Value Connection::ClientHello(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Object hello = Napi::Object::New(env);
  hello.Set("serverName", Napi::String::New(env, hello_.server_name));
  Napi::Array protocols = Napi::Array::New(env, hello_.offered_protocols.size());
  for (uint32_t i = 0; i < hello_.offered_protocols.size(); i++) {
    // Any bytes may stand in a name (RFC 8701 does it on purpose): one character a byte.
    napi_value name = nullptr;
    const std::string& bytes = hello_.offered_protocols[i];
    napi_create_string_latin1(env, bytes.data(), bytes.size(), &name);
    protocols.Set(i, Napi::Value(env, name));
  }
  hello.Set("protocols", protocols);
  hello.Set("groups", NumberList(env, hello_.offered_groups));
  hello.Set("signatureSchemes", NumberList(env, hello_.offered_schemes));
  Napi::Array shares = Napi::Array::New(env, hello_.client_shares.size());
  for (uint32_t i = 0; i < hello_.client_shares.size(); i++) {
    Napi::Object share = Napi::Object::New(env);
    share.Set("group", Napi::Number::New(env, hello_.client_shares[i].group));
    share.Set("length", Napi::Number::New(env, hello_.client_shares[i].length));
    shares.Set(i, share);
  }
  hello.Set("keyShares", shares);
  hello.Set("versions", NumberList(env, hello_.offered_versions));
  hello.Set("chosenVersion", Napi::Number::New(env, hello_.chosen_version));
  hello.Set("chosenGroup", Napi::Number::New(env, hello_.chosen_group));
  hello.Set("ocspRequested", Napi::Boolean::New(env, hello_.ocsp_requested));
  hello.Set("length", Napi::Number::New(env, hello_.client_hello_length));
  return hello;
}

Napi::Value Connection::VerifyResult(const Napi::CallbackInfo& info) {
  int resumed = ssl_ && SSL_session_reused(ssl_.get()) ? 1 : 0;
  return Napi::Number::New(info.Env(), verify_result_ * 2 + resumed);
}

Napi::Value Connection::VerifyMessage(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), X509_verify_cert_error_string(verify_result_));
}

// matchesName(name): whether the peer's certificate has a DNS name that is `name`, or `name` with `*` in the place of
// its first label. False says nothing: it is also for every other kind of name. RFC 9525, Section 6.3.
Napi::Value Connection::MatchesName(const Napi::CallbackInfo& info) {
  STACK_OF(X509)* sent = ssl_ ? SSL_get_peer_full_cert_chain(ssl_.get()) : nullptr;
  if (sent == nullptr || sk_X509_num(sent) == 0 || !info[0].IsString()) return Napi::Boolean::New(info.Env(), false);
  bool matches = HasDnsName(sk_X509_value(sent, 0), info[0].As<Napi::String>().Utf8Value());
  ERR_clear_error();
  return Napi::Boolean::New(info.Env(), matches);
}

// The chain as the peer sent it, leaf first, DER.
Napi::Value Connection::PeerCertificates(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Array chain = Napi::Array::New(env);
  const STACK_OF(CRYPTO_BUFFER)* certificates = ssl_ ? SSL_get0_peer_certificates(ssl_.get()) : nullptr;
  size_t count = certificates != nullptr ? sk_CRYPTO_BUFFER_num(certificates) : 0;
  for (size_t i = 0; i < count; i++) {
    const CRYPTO_BUFFER* der = sk_CRYPTO_BUFFER_value(certificates, i);
    chain.Set(static_cast<uint32_t>(i),
              Napi::Buffer<uint8_t>::Copy(env, CRYPTO_BUFFER_data(der), CRYPTO_BUFFER_len(der)));
  }
  return chain;
}

Napi::Value Connection::Negotiated(const Napi::CallbackInfo& info) {
  auto facts = info[0].As<Napi::Int32Array>();
  if (!handshake_done_ || facts.ElementLength() < kFacts) return Napi::Boolean::New(info.Env(), false);
  std::ranges::copy(facts_, facts.Data());
  return Napi::Boolean::New(info.Env(), true);
}

void Connection::RecordFacts() {
  SSL* ssl = ssl_.get();
  const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl);
  const uint8_t* alpn = nullptr;
  unsigned alpn_length = 0;
  SSL_get0_alpn_selected(ssl, &alpn, &alpn_length);
  selected_alpn_.assign(reinterpret_cast<const char*>(alpn), alpn_length);
  uint16_t group = SSL_get_group_id(ssl);
  uint16_t client_share = 0;
  for (const KeyShareEntry& share : hello_.client_shares) {
    if (share.group == group) client_share = share.length;
  }
  auto& out = facts_;
  out[kVersionFact] = SSL_version(ssl);
  out[kCipherFact] = cipher != nullptr ? SSL_CIPHER_get_protocol_id(cipher) : 0;
  out[kGroupFact] = group;
  out[kClientShareFact] = client_share;
  out[kServerShareFact] = hello_.server_share.group == group ? hello_.server_share.length : 0;
  out[kClientHelloLengthFact] = static_cast<int32_t>(hello_.client_hello_length);
  out[kSignatureSchemeFact] = hello_.own_scheme;
  out[kSignatureRanOnFact] = static_cast<int32_t>(signature_.ran_on());
  // libssl keeps it with the session; a resumed handshake has no signature.
  out[kPeerSignatureSchemeFact] = SSL_session_reused(ssl) ? 0 : SSL_get_peer_signature_algorithm(ssl);
  out[kHelloRetryRequestFact] = SSL_used_hello_retry_request(ssl);
  out[kResumedFact] = SSL_session_reused(ssl);
  out[kSessionPostQuantumFact] = sessions_.IsPostQuantum();
  out[kAlpnLengthFact] = static_cast<int32_t>(alpn_length);
  out[kServerNameLengthFact] = static_cast<int32_t>(hello_.server_name.size());
}

// [IANA's name, OpenSSL's name] of the cipher suite
Napi::Value Connection::CipherNames(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const SSL_CIPHER* cipher = SSL_get_cipher_by_value(static_cast<uint16_t>(facts_[kCipherFact]));
  Napi::Array out = Napi::Array::New(env, 2);
  out.Set(uint32_t{0}, Napi::String::New(env, cipher != nullptr ? SSL_CIPHER_standard_name(cipher) : ""));
  out.Set(uint32_t{1}, Napi::String::New(env, cipher != nullptr ? SSL_CIPHER_get_name(cipher) : ""));
  return out;
}

// One character a byte, as in the ClientHello.
Napi::Value Connection::Alpn(const Napi::CallbackInfo& info) {
  napi_value protocol = nullptr;
  napi_create_string_latin1(info.Env(), selected_alpn_.data(), selected_alpn_.size(), &protocol);
  return Napi::Value(info.Env(), protocol);
}

Napi::Value Connection::ServerName(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), hello_.server_name);
}

Napi::Value Connection::Failure(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Object out = Napi::Object::New(env);
  out.Set("library", Napi::String::New(env, failure_.library));
  out.Set("reason", Napi::String::New(env, failure_.reason));
  out.Set("alertSent", Napi::Number::New(env, alert_sent_));
  out.Set("alertReceived", Napi::Number::New(env, alert_received_));
  return out;
}

Napi::Value Connection::BytesRead(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(transport_.bytes_read()));
}

Napi::Value Connection::BytesWritten(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(transport_.bytes_written()));
}

// exportKeyingMaterial(out, label, context | undefined). RFC 9846, Section 7.5.
Napi::Value Connection::ExportKeyingMaterial(const Napi::CallbackInfo& info) {
  if (!ssl_) return FinishDestroyed(info.Env());
  if (!info[1].IsString()) {
    Napi::TypeError::New(info.Env(), "The label must be a string").ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  std::span<uint8_t> out = BytesOf(info[0]);
  std::string label = info[1].As<Napi::String>().Utf8Value();
  bool use_context = !info[2].IsUndefined();
  if (use_context && !info[2].IsTypedArray()) {
    Napi::TypeError::New(info.Env(), "The context must be a Uint8Array").ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  std::span<const uint8_t> context = use_context ? BytesOf(info[2]) : std::span<uint8_t>();
  if (!SSL_export_keying_material(ssl_.get(), out.data(), out.size(), label.data(), label.size(), context.data(),
                                  context.size(), use_context ? 1 : 0)) {
    ThrowTakenError(info.Env(), "The keying material could not be exported");
  }
  return info.Env().Undefined();
}

// The peer's certificate and its issuers, each the issuer of the one before: those that the peer sent, then those of
// the trust store. [{ der, mlDsa | undefined, publicKey | undefined, selfIssued }]
Napi::Value Connection::PeerChain(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Napi::Array out = Napi::Array::New(env);
  STACK_OF(X509)* sent = ssl_ ? SSL_get_peer_full_cert_chain(ssl_.get()) : nullptr;
  if (sent == nullptr || sk_X509_num(sent) == 0) return out;
  std::vector<bssl::UniquePtr<X509>> chain;
  chain.push_back(bssl::UpRef(sk_X509_value(sent, 0)));
  std::vector<X509*> left;
  for (size_t i = 1; i < sk_X509_num(sent); i++) left.push_back(sk_X509_value(sent, i));
  while (chain.size() < kMaxChain && !IsSelfIssued(chain.back().get())) {
    X509* subject = chain.back().get();
    auto issuer =
        std::find_if(left.begin(), left.end(), [&](X509* ca) { return X509_check_issued(ca, subject) == X509_V_OK; });
    if (issuer != left.end()) {
      chain.push_back(bssl::UpRef(*issuer));
      left.erase(issuer);
      continue;
    }
    bssl::UniquePtr<X509> trusted = FindIssuer(SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl_.get())), subject);
    if (!trusted) break;
    chain.push_back(std::move(trusted));
  }
  for (uint32_t i = 0; i < chain.size(); i++) {
    X509* certificate = chain[i].get();
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("der", DerOf(env, certificate));
    entry.Set("selfIssued", Napi::Boolean::New(env, IsSelfIssued(certificate)));
    const char* ml_dsa = MlDsaName(certificate);
    const ASN1_BIT_STRING* key = X509_get0_pubkey_bitstr(certificate);
    if (ml_dsa != nullptr && key != nullptr) {
      entry.Set("mlDsa", Napi::String::New(env, ml_dsa));
      entry.Set("publicKey", Napi::Buffer<uint8_t>::Copy(env, ASN1_STRING_get0_data(key),
                                                         static_cast<size_t>(ASN1_STRING_length(key))));
    }
    out.Set(i, entry);
  }
  ERR_clear_error();
  return out;
}

// The certificate that we show, DER; undefined where there is none.
Napi::Value Connection::OwnCertificate(const Napi::CallbackInfo& info) {
  return DerOf(info.Env(), ssl_ ? SSL_get_certificate(ssl_.get()) : nullptr);
}

// Who issued it: out of our own chain, else out of the trust store. DER; undefined where it is not known.
Napi::Value Connection::OwnIssuer(const Napi::CallbackInfo& info) {
  X509* certificate = ssl_ ? SSL_get_certificate(ssl_.get()) : nullptr;
  if (certificate == nullptr) return info.Env().Undefined();
  STACK_OF(X509)* chain = nullptr;
  SSL_get0_chain_certs(ssl_.get(), &chain);
  for (size_t i = 0; chain != nullptr && i < sk_X509_num(chain); i++) {
    X509* candidate = sk_X509_value(chain, i);
    if (X509_check_issued(candidate, certificate) == X509_V_OK) return DerOf(info.Env(), candidate);
  }
  return DerOf(info.Env(), FindIssuer(SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl_.get())), certificate).get());
}

// What the server stapled; undefined where it stapled nothing. RFC 6960.
Napi::Value Connection::OcspResponse(const Napi::CallbackInfo& info) {
  const uint8_t* response = nullptr;
  size_t length = 0;
  if (ssl_) SSL_get0_ocsp_response(ssl_.get(), &response, &length);
  if (length == 0) return info.Env().Undefined();
  return Napi::Buffer<uint8_t>::Copy(info.Env(), response, length);
}

// finished(ofPeer): the verify_data of a Finished message; undefined before the handshake is done.
Napi::Value Connection::Finished(const Napi::CallbackInfo& info) {
  std::array<uint8_t, EVP_MAX_MD_SIZE> data;
  bool of_peer = info[0].As<Napi::Boolean>();
  size_t length = 0;
  if (ssl_) {
    length = of_peer ? SSL_get_peer_finished(ssl_.get(), data.data(), data.size())
                     : SSL_get_finished(ssl_.get(), data.data(), data.size());
  }
  if (length == 0) return info.Env().Undefined();
  return Napi::Buffer<uint8_t>::Copy(info.Env(), data.data(), std::min(length, data.size()));
}

// Signature schemes that the peer accepts and we may sign with: a server's in its own order, as
// SSL_OP_CIPHER_SERVER_PREFERENCE has it, a client's in the order of the CertificateRequest.
Napi::Value Connection::SharedSchemes(const Napi::CallbackInfo& info) {
  const std::vector<uint16_t>& peers = is_server_ ? hello_.offered_schemes : hello_.requested_schemes;
  const std::vector<uint16_t>& preferred = is_server_ ? own_schemes_ : peers;
  const std::vector<uint16_t>& allowed = is_server_ ? peers : own_schemes_;
  std::vector<uint16_t> shared;
  for (uint16_t scheme : preferred) {
    if (std::find(allowed.begin(), allowed.end(), scheme) != allowed.end()) shared.push_back(scheme);
  }
  return NumberList(info.Env(), shared);
}

// A client has nothing to alert to before its ClientHello: for OpenSSL that is a message at the wrong time.
bool Connection::AlertCameFirst() const {
  return is_server_ && hello_.client_hello_length == 0 && alert_received_ >= 0;
}

// libssl looks for HTTP in the first record on servers only, OpenSSL on both sides; neither knows the answer of a
// server.
void Connection::RecogniseHttp() {
  uint64_t read = transport_.bytes_read() + transport_.consumed();
  if (is_server_ || failure_.reason != "WRONG_VERSION_NUMBER" || read != SSL3_RT_HEADER_LENGTH) return;
  std::span<const uint8_t> header = transport_.last_read().last(SSL3_RT_HEADER_LENGTH);
  std::string_view text(reinterpret_cast<const char*>(header.data()), header.size());
  for (std::string_view method : {"GET ", "POST ", "HEAD ", "PUT "}) {
    if (text.starts_with(method)) failure_.reason = "HTTP_REQUEST";
  }
  if (text == "CONNE") failure_.reason = "HTTPS_PROXY_REQUEST";
  if (text == "HTTP/") failure_.reason = "HTTP_RESPONSE";
}

// The peer's first bytes are no record.
bool Connection::IsNoTls() const {
  bool is_first = is_server_ ? hello_.client_hello_length == 0
                             : transport_.bytes_read() + transport_.consumed() <= SSL3_RT_HEADER_LENGTH;
  return is_first && (failure_.reason == "WRONG_VERSION_NUMBER" || failure_.reason == "HTTP_REQUEST" ||
                      failure_.reason == "HTTPS_PROXY_REQUEST" || failure_.reason == "HTTP_RESPONSE");
}

// OpenSSL's client refuses a certificate with an alert in the clear, when libssl expects encrypted records already and
// reports a bad record. The handshake fails either way; this is about saying why.
void Connection::RecognisePlaintextAlert() {
  std::span<const uint8_t> record = transport_.last_read();
  bool is_alert = record[0] == SSL3_RT_ALERT && record[1] == SSL3_VERSION_MAJOR && record[3] == 0 && record[4] == 2 &&
                  (record[5] == SSL3_AL_FATAL || record[5] == SSL3_AL_WARNING);
  if (!is_alert || alert_received_ >= 0) return;
  const char* reason = ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, SSL_AD_REASON_OFFSET + record[6]));
  if (reason == nullptr) return;
  alert_received_ = record[6];
  failure_.reason = reason;
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
