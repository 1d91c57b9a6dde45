// Sessions of one connection: what is offered, sealed, opened, stored and told. No call into JavaScript from here.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/stack.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "connection.h"
#include "connection_sessions.h"
#include "context_state.h"

namespace pqtls {

namespace {

constexpr size_t kStoredIdLength = SSL_MAX_SSL_SESSION_ID_LENGTH;
// A peer may send tickets without end; the program is told of the newest ones of one call.
constexpr size_t kMaxEvents = 8;
// What fits into a ticket. RFC 9846, Section 4.6.1.
constexpr size_t kMaxSession = 0xffff - TicketKeys::kOverhead;
// Seven days, in seconds. RFC 9846, Section 4.6.1.
constexpr uint32_t kLongestLifetime = 604800;

void Wipe(std::vector<uint8_t>& bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

std::vector<uint8_t> Serialise(KeyExchangeClass key_exchange, const SSL_SESSION* session) {
  uint8_t* bytes = nullptr;
  size_t length = 0;
  if (!SSL_SESSION_to_bytes(session, &bytes, &length)) {
    ERR_clear_error();
    return {};
  }
  std::vector<uint8_t> out;
  out.reserve(1 + length);
  out.push_back(static_cast<uint8_t>(key_exchange));
  out.insert(out.end(), bytes, bytes + length);
  OPENSSL_free(bytes);  // Wipes it.
  return out;
}

struct ParsedSession {
  KeyExchangeClass key_exchange = KeyExchangeClass::kClassical;
  bssl::UniquePtr<SSL_SESSION> session;
};

ParsedSession Parse(std::span<const uint8_t> bytes, const SSL_CTX* ctx) {
  ParsedSession parsed;
  if (bytes.size() < 2) return parsed;
  parsed.key_exchange = static_cast<KeyExchangeClass>(bytes[0]);
  if (parsed.key_exchange != KeyExchangeClass::kClassical && parsed.key_exchange != KeyExchangeClass::kPostQuantum) {
    return parsed;
  }
  parsed.session.reset(SSL_SESSION_from_bytes(bytes.data() + 1, bytes.size() - 1, ctx));
  ERR_clear_error();
  return parsed;
}

bool HasPeerCertificate(const SSL_SESSION* session) {
  const STACK_OF(CRYPTO_BUFFER)* certificates = SSL_SESSION_get0_peer_certificates(session);
  return certificates != nullptr && sk_CRYPTO_BUFFER_num(certificates) > 0;
}

// The server takes the highest version that both have. RFC 9846, Section 4.2.1.
bool WillNegotiateTls13(const SSL_CLIENT_HELLO* hello) {
  if (SSL_get_max_proto_version(hello->ssl) < TLS1_3_VERSION) return false;
  const uint8_t* data = nullptr;
  size_t length = 0;
  if (!SSL_early_callback_ctx_extension_get(hello, TLSEXT_TYPE_supported_versions, &data, &length)) return false;
  CBS extension;
  CBS versions;
  CBS_init(&extension, data, length);
  if (!CBS_get_u8_length_prefixed(&extension, &versions)) return false;
  uint16_t version = 0;
  while (CBS_get_u16(&versions, &version)) {
    if (version == TLS1_3_VERSION) return true;
  }
  return false;
}

}  // namespace

ContextSessions* ContextSessions::Of(const SSL_CTX* ctx) { return &StateOf(ctx)->sessions; }

void ConnectionSessions::InstallCallbacks(SSL_CTX* ctx) {
  static const SSL_TICKET_AEAD_METHOD kMethod = {MaxOverhead, Seal, Open};
  SSL_CTX_set_ticket_aead_method(ctx, &kMethod);
  // Sessions live with their owner in JavaScript or in tickets, never in a cache inside the context.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_BOTH | SSL_SESS_CACHE_NO_INTERNAL | SSL_SESS_CACHE_NO_AUTO_CLEAR);
  SSL_CTX_sess_set_new_cb(ctx, NewSession);
  SSL_CTX_sess_set_get_cb(ctx, GetSession);
  // A client verifies the chain of a session that it resumes again, against the trust of today.
  SSL_CTX_set_reverify_on_resume(ctx, 1);
}

void ConnectionSessions::Clear() {
  for (SessionEvent& event : events_) Wipe(event.session);
  events_.clear();
  if (answer_) Wipe(*answer_);
  offered_.reset();
  latest_.reset();
}

void ConnectionSessions::Start(SSL* ssl, bool is_server, bool require_peer) {
  ssl_ = ssl;
  context_ = ContextSessions::Of(SSL_get_SSL_CTX(ssl));
  is_server_ = is_server;
  require_peer_ = require_peer;
  // A client's: it asks for no tickets of TLS 1.2. A server decides by the version, see OnClientHello().
  if (!is_server && context_->no_tickets) SSL_set_options(ssl, SSL_OP_NO_TICKET);
}

bool ConnectionSessions::RequiresPostQuantum() const {
  return require_post_quantum_ || context_->require_post_quantum ||
         ContextSessions::Of(SSL_get_SSL_CTX(ssl_))->require_post_quantum;
}

KeyExchangeClass ConnectionSessions::EstablishedClass() const {
  KeyExchangeClass handshake = KeyExchangeOfHandshake(ssl_);
  return SSL_session_reused(ssl_) ? std::min(handshake, resumed_class_) : handshake;
}

bool ConnectionSessions::Offer(std::span<const uint8_t> bytes) {
  if (is_server_) return false;
  ParsedSession parsed = Parse(bytes, SSL_get_SSL_CTX(ssl_));
  // Without a chain there is nothing to verify again.
  if (!parsed.session || !HasPeerCertificate(parsed.session.get())) return false;
  if (RequiresPostQuantum() && parsed.key_exchange != KeyExchangeClass::kPostQuantum) return false;
  // Binds a server's sessions. A client of another context is not a reason to end the handshake, as it would be.
  size_t length = 0;
  const uint8_t* id_context = SSL_get0_session_id_context(ssl_, &length);
  if (!SSL_SESSION_set1_id_context(parsed.session.get(), id_context, length)) return false;
  if (!SSL_set_session(ssl_, parsed.session.get())) return false;
  offered_ = std::move(parsed.session);
  resumed_class_ = parsed.key_exchange;
  return true;
}

void ConnectionSessions::OnClientHello(const SSL_CLIENT_HELLO* hello, bool asks_for_certificate) {
  const ContextSessions* chosen = ContextSessions::Of(SSL_get_SSL_CTX(ssl_));
  // What a session may be resumed with: the same application, policy and name, and the same demand for a certificate.
  SHA256_CTX hash;
  SHA256_Init(&hash);
  auto add = [&hash](const void* data, size_t length) {
    auto prefix = static_cast<uint32_t>(length);
    SHA256_Update(&hash, &prefix, sizeof(prefix));
    SHA256_Update(&hash, data, length);
  };
  add(context_->id_context.data(), context_->id_context.size());
  add(chosen->id_context.data(), chosen->id_context.size());
  const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
  add(name, name != nullptr ? std::strlen(name) : 0);
  uint8_t demand = asks_for_certificate ? 1 : 0;
  add(&demand, sizeof(demand));
  uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256_Final(digest, &hash);
  SSL_set_session_id_context(ssl_, digest, sizeof(digest));

  if (!context_->no_tickets) return;
  // TLS 1.2 has ids of its own; in TLS 1.3 a ticket is the only way to name a session.
  stored_ = WillNegotiateTls13(hello);
  if (!stored_) SSL_set_options(ssl_, SSL_OP_NO_TICKET);
}

// A resumed handshake leaves the client the tickets that it has, as OpenSSL does, unless their key is going.
void ConnectionSessions::OnMessage(bool is_write, std::span<const uint8_t> message) {
  if (!is_server_ && !is_write) RememberLifetime(message);
  if (!is_server_ || !is_write || message.empty() || message[0] != SSL3_MT_SERVER_HELLO) return;
  if (SSL_session_reused(ssl_) && !renew_ticket_) SSL_set_options(ssl_, SSL_OP_NO_TICKET);
}

// The server says how long a client may keep its ticket; libssl would forget it after our own sessionTimeout.
void ConnectionSessions::RememberLifetime(std::span<const uint8_t> message) {
  CBS body;
  CBS_init(&body, message.data(), message.size());
  uint8_t type = 0;
  uint32_t length = 0;
  uint32_t lifetime = 0;
  if (!CBS_get_u8(&body, &type) || type != SSL3_MT_NEW_SESSION_TICKET || !CBS_get_u24(&body, &length) ||
      !CBS_get_u32(&body, &lifetime)) {
    return;
  }
  ticket_lifetime_ = std::min(lifetime, kLongestLifetime);
}

void ConnectionSessions::Tell(SessionEvent event) {
  if (events_.size() >= kMaxEvents) {
    Wipe(events_.front().session);
    events_.erase(events_.begin());
  }
  events_.push_back(std::move(event));
}

std::vector<SessionEvent> ConnectionSessions::TakeEvents() { return std::exchange(events_, {}); }

int ConnectionSessions::NewSession(SSL* ssl, SSL_SESSION* session) {
  ConnectionSessions& self = *Connection::SessionsOf(ssl);
  if (!self.is_server_ && SSL_version(ssl) >= TLS1_3_VERSION) SSL_SESSION_set_timeout(session, self.ticket_lifetime_);
  if (self.events_enabled_) {
    SessionEvent event;
    if (self.is_server_) {
      unsigned length = 0;
      const uint8_t* id = SSL_SESSION_get_id(session, &length);
      event.id.assign(id, id + length);
      event.blocking = true;
    }
    event.session = Serialise(self.EstablishedClass(), session);
    if (!event.session.empty()) self.Tell(std::move(event));
  }
  if (self.is_server_) return 0;
  self.latest_.reset(session);
  return 1;
}

bool ConnectionSessions::Wants(std::span<const uint8_t> id) {
  if (answer_) return false;
  wanted_id_.assign(id.begin(), id.end());
  return true;
}

void ConnectionSessions::Answer(std::span<const uint8_t> session) {
  if (answer_) return;
  answer_.emplace(session.begin(), session.end());
}

bool ConnectionSessions::Accept(KeyExchangeClass key_exchange, const SSL_SESSION* session) {
  if (RequiresPostQuantum() && key_exchange != KeyExchangeClass::kPostQuantum) return false;
  // Whoever showed no certificate then has to show one now.
  if (require_peer_ && !HasPeerCertificate(session)) return false;
  resumed_class_ = key_exchange;
  return true;
}

// TLS 1.2, RFC 5246, Section 7.4.1.2: the id stands in the ClientHello.
SSL_SESSION* ConnectionSessions::GetSession(SSL* ssl, const uint8_t* id, int id_len, int* out_copy) {
  ConnectionSessions& self = *Connection::SessionsOf(ssl);
  *out_copy = 0;
  std::span<const uint8_t> wanted(id, static_cast<size_t>(id_len));
  if (!self.events_enabled_) return nullptr;
  if (self.Wants(wanted)) return SSL_magic_pending_session_ptr();
  ParsedSession parsed = Parse(*self.answer_, SSL_get_SSL_CTX(ssl));
  if (!parsed.session || !self.Accept(parsed.key_exchange, parsed.session.get())) return nullptr;
  unsigned length = 0;
  const uint8_t* found = SSL_SESSION_get_id(parsed.session.get(), &length);
  if (!std::ranges::equal(wanted, std::span(found, length))) return nullptr;
  return parsed.session.release();
}

size_t ConnectionSessions::MaxOverhead(SSL*) { return std::max(TicketKeys::kOverhead, kStoredIdLength); }

int ConnectionSessions::Seal(SSL* ssl, uint8_t* out, size_t* out_len, size_t max_out_len, const uint8_t* in,
                             size_t in_len) {
  ConnectionSessions& self = *Connection::SessionsOf(ssl);
  std::span<const uint8_t> session(in, in_len);
  std::span<uint8_t> ticket(out, max_out_len);
  if (in_len > kMaxSession) {
    // A client with a huge chain: it gets a ticket that opens nothing, rather than an error.
    *out_len = TicketKeys::kOverhead;
    return RAND_bytes(out, *out_len);
  }
  if (self.stored_) return self.SealStored(ticket, out_len, session);
  bool sealed = self.context_->keys.Seal(self.EstablishedClass(), session, ticket, out_len);
  if (sealed && self.events_enabled_ && SSL_version(ssl) >= TLS1_3_VERSION) {
    // As node:tls does: a server that asked to be told is, though the client has all that it needs.
    SessionEvent event;
    event.id.resize(kStoredIdLength);
    SHA256(out, *out_len, event.id.data());
    event.session.reserve(1 + in_len);
    event.session.push_back(static_cast<uint8_t>(self.EstablishedClass()));
    event.session.insert(event.session.end(), in, in + in_len);
    self.Tell(std::move(event));
  }
  return sealed ? 1 : 0;
}

// AWS-LC has no sessions of TLS 1.3 that the server keeps: the ticket is the session's id, and the session goes to the
// program. libssl gives open() no more room than the ticket is long, so the rest is padding.
int ConnectionSessions::SealStored(std::span<uint8_t> out, size_t* out_length, std::span<const uint8_t> session) {
  size_t length = std::max(session.size(), kStoredIdLength);
  if (out.size() < length) return 0;
  SessionEvent event;
  event.session.reserve(1 + session.size());
  event.session.push_back(static_cast<uint8_t>(EstablishedClass()));
  event.session.insert(event.session.end(), session.begin(), session.end());
  event.id.resize(kStoredIdLength);
  RAND_bytes(event.id.data(), event.id.size());
  std::ranges::fill(out.first(length), 0);
  std::ranges::copy(event.id, out.begin());
  *out_length = length;
  if (events_enabled_) {
    Tell(std::move(event));
  } else {
    Wipe(event.session);
  }
  return 1;
}

ssl_ticket_aead_result_t ConnectionSessions::Open(SSL* ssl, uint8_t* out, size_t* out_len, size_t max_out_len,
                                                  const uint8_t* in, size_t in_len) {
  ConnectionSessions& self = *Connection::SessionsOf(ssl);
  std::span<uint8_t> session(out, max_out_len);
  std::span<const uint8_t> ticket(in, in_len);
  if (self.stored_) return self.OpenStored(session, out_len, ticket);
  std::optional<OpenedTicket> opened = self.context_->keys.Open(ticket, session);
  if (!opened) return ssl_ticket_aead_ignore_ticket;
  // libssl parses it as well; here only where something of it is asked for.
  bssl::UniquePtr<SSL_SESSION> parsed;
  if (self.require_peer_) parsed.reset(SSL_SESSION_from_bytes(out, opened->session_length, SSL_get_SSL_CTX(ssl)));
  ERR_clear_error();
  if ((self.require_peer_ && !parsed) || !self.Accept(opened->key_exchange, parsed.get())) {
    OPENSSL_cleanse(out, max_out_len);
    return ssl_ticket_aead_ignore_ticket;
  }
  self.renew_ticket_ = opened->renew;
  *out_len = opened->session_length;
  return ssl_ticket_aead_success;
}

ssl_ticket_aead_result_t ConnectionSessions::OpenStored(std::span<uint8_t> out, size_t* out_length,
                                                        std::span<const uint8_t> ticket) {
  if (!events_enabled_ || ticket.size() < kStoredIdLength) return ssl_ticket_aead_ignore_ticket;
  if (Wants(ticket.first(kStoredIdLength))) return ssl_ticket_aead_retry;
  ParsedSession parsed = Parse(*answer_, SSL_get_SSL_CTX(ssl_));
  std::span<const uint8_t> session = std::span(*answer_).subspan(std::min<size_t>(answer_->size(), 1));
  if (session.size() > out.size() || !parsed.session || !Accept(parsed.key_exchange, parsed.session.get())) {
    return ssl_ticket_aead_ignore_ticket;
  }
  std::ranges::copy(session, out.begin());
  *out_length = session.size();
  return ssl_ticket_aead_success;
}

// A resumed client that got no new ticket keeps the one that it has.
const SSL_SESSION* ConnectionSessions::Newest(bool handshake_done) const {
  if (latest_) return latest_.get();
  if (!handshake_done || (offered_ && SSL_session_reused(ssl_))) return offered_.get();
  return SSL_get_session(ssl_);
}

std::vector<uint8_t> ConnectionSessions::Export(bool handshake_done) const {
  const SSL_SESSION* session = Newest(handshake_done);
  if (session == nullptr) return {};
  return Serialise(session == offered_.get() ? resumed_class_ : EstablishedClass(), session);
}

std::span<const uint8_t> ConnectionSessions::Ticket(bool handshake_done) const {
  const SSL_SESSION* session = Newest(handshake_done);
  if (is_server_ || session == nullptr) return {};
  const uint8_t* ticket = nullptr;
  size_t length = 0;
  SSL_SESSION_get0_ticket(session, &ticket, &length);
  return {ticket, length};
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
