// libssl as a client of TLS 1.3.
#include "client_context.h"

#include <openssl/err.h>

namespace loadgen {

namespace {

// Whatever key the server has.
constexpr uint16_t kSignatureSchemes[] = {
    SSL_SIGN_ECDSA_SECP256R1_SHA256,
    SSL_SIGN_RSA_PSS_RSAE_SHA256,
    SSL_SIGN_MLDSA65,
};

}  // namespace

std::string TlsError() {
  const uint32_t error = ERR_peek_error();
  if (error == 0) return "no reason given";
  char text[256];
  ERR_error_string_n(error, text, sizeof(text));
  return text;
}

ClientContext::ClientContext(const Options& options) {
  if (options.plain) return;
  context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const context = context_.get();
  first_group_ = options.groups.substr(0, options.groups.find(':'));
  if (SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) != 1 ||
      SSL_CTX_set1_groups_list(context, options.groups.c_str()) != 1 ||
      SSL_CTX_set_ciphersuites(context, options.cipher.c_str()) != 1 ||
      SSL_CTX_set_verify_algorithm_prefs(context, kSignatureSchemes, std::size(kSignatureSchemes)) != 1) {
    Fail("the TLS settings are refused: %s", TlsError().c_str());
  }
  if (!options.ca.empty() && SSL_CTX_load_verify_locations(context, options.ca.c_str(), nullptr) != 1) {
    Fail("--ca is no file of certificates: %s", options.ca.c_str());
  }
  SSL_CTX_set_verify(context, options.ca.empty() ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_set_app_data(context, this);
  SSL_CTX_sess_set_new_cb(context, OnSession);
}

int ClientContext::OnSession(SSL* ssl, SSL_SESSION* session) {
  auto* self = static_cast<ClientContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  if (!self->keeping_ || self->session_ != nullptr) return 0;
  self->session_.reset(session);
  return 1;
}

bssl::UniquePtr<SSL> ClientContext::NewConnection() const {
  bssl::UniquePtr<SSL> ssl(SSL_new(context_.get()));
  SSL_set_connect_state(ssl.get());
  if (SSL_set_tlsext_host_name(ssl.get(), "localhost") != 1 || SSL_set1_host(ssl.get(), "localhost") != 1 ||
      (session_ != nullptr && SSL_set_session(ssl.get(), session_.get()) != 1)) {
    Fail("a connection is refused: %s", TlsError().c_str());
  }
  return ssl;
}

void ClientContext::CheckHandshake(SSL* ssl) {
  const char* name = SSL_get_group_name(SSL_get_group_id(ssl));
  const std::string group = name == nullptr ? "none" : name;
  if (group != first_group_) Fail("the group is %s instead of %s", group.c_str(), first_group_.c_str());
  if (SSL_used_hello_retry_request(ssl)) Fail("the server asked for another ClientHello");
  const bool resumed = SSL_session_reused(ssl) == 1;
  if (resumed != has_session()) Fail(resumed ? "a session was resumed" : "the session was not resumed");
  cipher_ = SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl));
  if (resumed) return;
  const char* scheme = SSL_get_signature_algorithm_name(SSL_get_peer_signature_algorithm(ssl), 1);
  signature_scheme_ = scheme == nullptr ? "unknown" : scheme;
}

void ClientContext::AddTo(Json* json) const {
  if (context_ == nullptr) return;
  json->Add("group", first_group_).Add("cipher", cipher_).Add("signatureScheme", signature_scheme_);
}

}  // namespace loadgen
