// What libssl asks and tells in the middle of a call. None of it calls JavaScript: what JavaScript decides, it answers
// with "retry", and the handshake is suspended.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include <openssl/err.h>

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "client_order.h"
#include "connection.h"
#include "context_state.h"
#include "own_chains.h"
#include "trust_store.h"

namespace pqtls {

void Connection::InstallCallbacks(SSL_CTX* ctx) {
  SSL_CTX_set_select_certificate_cb(ctx, SelectCertificate);
  SSL_CTX_set_alpn_select_cb(ctx, SelectAlpn, nullptr);
  SSL_CTX_set_cert_cb(ctx, ChooseChain, nullptr);
  SSL_CTX_set_msg_callback(ctx, ObserveMessage);
  SSL_CTX_set_info_callback(ctx, ObserveAlert);
  ConnectionSessions::InstallCallbacks(ctx);
}

Connection* Connection::FromSsl(const SSL* ssl) { return static_cast<Connection*>(SSL_get_app_data(ssl)); }

// Suspends once so that JavaScript can choose a context by what the ClientHello offers.
ssl_select_cert_result_t Connection::SelectCertificate(const SSL_CLIENT_HELLO* hello) {
  Connection* self = FromSsl(hello->ssl);
  if (self->awaits_client_hello_) {
    if (!self->client_hello_alert_.has_value()) return ssl_select_cert_retry;
    if (*self->client_hello_alert_ != 0) {
      SSL_send_fatal_alert(hello->ssl, static_cast<uint8_t>(*self->client_hello_alert_));
      return ssl_select_cert_error;
    }
  }
  self->sessions_.OnClientHello(hello, self->verify_peer_);
  bool has_certificate = SSL_get_certificate(hello->ssl) != nullptr && SSL_get_privatekey(hello->ssl) != nullptr;
  // AWS-LC has external PSKs in TLS 1.2 only; without a certificate nothing else is left.
  bool has_psk = !has_certificate && self->has_psk_ && SSL_get_min_proto_version(hello->ssl) <= TLS1_2_VERSION &&
                 SSL_set_max_proto_version(hello->ssl, TLS1_2_VERSION);
  if (!has_certificate && !has_psk) {
    // libssl would fail here without a reason and without an alert. OpenSSL has a name for each version.
    const std::vector<uint16_t>& offered = self->hello_.offered_versions;
    bool is_tls13 = SSL_get_max_proto_version(hello->ssl) >= TLS1_3_VERSION &&
                    std::find(offered.begin(), offered.end(), TLS1_3_VERSION) != offered.end();
    OPENSSL_PUT_ERROR(SSL, is_tls13 ? SSL_R_NO_CERTIFICATE_ASSIGNED : SSL_R_NO_CERTIFICATE_SET);
    SSL_send_fatal_alert(hello->ssl, SSL_AD_HANDSHAKE_FAILURE);
    return ssl_select_cert_error;
  }
  if (self->client_order_ && !ApplyClientOrder(hello, self->groups_, self->hello_.offered_groups)) {
    return ssl_select_cert_error;
  }
  return ssl_select_cert_success;
}

ssl_verify_result_t Connection::VerifyPeer(SSL* ssl, uint8_t* out_alert) {
  Connection* self = FromSsl(ssl);
  if (!self->verified_) {
    self->verify_result_ = VerifyPeerChain(ssl, self->certificate_key_);
    self->verified_ = true;
  }
  if (!self->verification_alert_.has_value()) return ssl_verify_retry;
  if (*self->verification_alert_ == 0) return ssl_verify_ok;
  *out_alert = *self->verification_alert_;
  return ssl_verify_invalid;
}

// A server that speaks ALPN refuses a client with which it shares no protocol. RFC 7301, Section 3.2.
int Connection::SelectAlpn(SSL* ssl, const uint8_t** out, uint8_t* out_len, const uint8_t* in, unsigned in_len, void*) {
  Connection* self = FromSsl(ssl);
  if (self->alpn_refused_) return SSL_TLSEXT_ERR_ALERT_FATAL;
  if (self->alpn_.empty()) return SSL_TLSEXT_ERR_NOACK;
  uint8_t* selected = nullptr;
  int outcome = SSL_select_next_proto(&selected, out_len, self->alpn_.data(), static_cast<unsigned>(self->alpn_.size()),
                                      in, in_len);
  *out = selected;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int Connection::ChooseChain(SSL* ssl, void*) {
  Connection* self = FromSsl(ssl);
  if (!self->is_server_) ChooseClientChain(ssl, self->hello_.requested_schemes, self->own_schemes_);
  return 1;
}

void Connection::ObserveMessage(int is_write, int version, int content_type, const void* data, size_t length, SSL* ssl,
                                void*) {
  Connection* self = FromSsl(ssl);
  auto* bytes = static_cast<const uint8_t*>(data);
  if (self->trace_) self->Trace(is_write != 0, version, content_type, {bytes, length});
  if (content_type != SSL3_RT_HANDSHAKE) return;
  self->hello_.Observe(is_write != 0, version, bytes, length);
  if (is_write == 0 && length > 0 && bytes[0] == SSL3_MT_KEY_UPDATE) self->key_updates_++;
  self->sessions_.OnMessage(is_write != 0, {bytes, length});
}

// From the first connection on that wants it: libssl makes every line for whoever may listen.
void Connection::LogSecretsOf(SSL_CTX* ctx) {
  if (SSL_CTX_get_keylog_callback(ctx) != nullptr) return;
  const std::lock_guard<std::shared_mutex> lock(StateOf(ctx)->mutex);
  SSL_CTX_set_keylog_callback(ctx, LogSecret);
}

// The NSS key log format. RFC 9850.
void Connection::LogSecret(const SSL* ssl, const char* line) {
  Connection* self = FromSsl(ssl);
  if (!self->keylog_) return;
  std::string_view text(line);
  Event event{kKeylogEvent, {text.begin(), text.end()}};
  event.bytes.push_back('\n');
  self->events_.push_back(std::move(event));
}

void Connection::ObserveAlert(const SSL* ssl, int type, int value) {
  if (type == SSL_CB_WRITE_ALERT) FromSsl(ssl)->alert_sent_ = value & 0xff;
  if (type == SSL_CB_READ_ALERT) FromSsl(ssl)->alert_received_ = value & 0xff;
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
