// Sessions of one connection: what is offered, sealed, opened, stored and told. No call into JavaScript from here.
#ifndef PQTLS_NATIVE_CONNECTION_SESSIONS_H_
#define PQTLS_NATIVE_CONNECTION_SESSIONS_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "session_tickets.h"

namespace pqtls {

// What a context says about resumption; a part of its ContextState.
struct ContextSessions {
  TicketKeys keys;
  // Neither offers nor accepts a session whose key exchange was classical.
  bool require_post_quantum = false;
  // No tickets: sessions stay with the program, which is told of their ids.
  bool no_tickets = false;
  std::vector<uint8_t> id_context;

  static ContextSessions* Of(const SSL_CTX* ctx);
};

// A session for the program to keep: the class of its key exchange, then AWS-LC's serialisation. Secret.
struct SessionEvent {
  std::vector<uint8_t> id;  // a server's; empty on a client
  std::vector<uint8_t> session;
  // The client can use it once the handshake is done, so the handshake waits until it is stored.
  bool blocking = false;
};

class ConnectionSessions {
 public:
  static void InstallCallbacks(SSL_CTX* ctx);

  ~ConnectionSessions() { Clear(); }
  // Forgets and wipes every session.
  void Clear();
  void Start(SSL* ssl, bool is_server, bool require_peer);
  // From now on the program is told of sessions, and a server asks it for those that it keeps.
  void EnableEvents() { events_enabled_ = true; }
  // Whatever its contexts allow, this connection resumes no session of a classical key exchange.
  void RequirePostQuantum() { require_post_quantum_ = true; }

  // A client's; before the handshake. What does not parse or does not fit is ignored: a full handshake follows. Whether
  // it was taken.
  bool Offer(std::span<const uint8_t> session);
  // After the context was chosen: what sessions are bound to, and whether this client may have tickets.
  void OnClientHello(const SSL_CLIENT_HELLO* hello, bool asks_for_certificate);
  void OnMessage(bool is_write, std::span<const uint8_t> message);

  // The id that the program was asked for; answered once, with nothing where there is no such session.
  std::span<const uint8_t> wanted_id() const { return wanted_id_; }
  void Answer(std::span<const uint8_t> session);

  // The newest session, as in SessionEvent; empty where there is none.
  std::vector<uint8_t> Export(bool handshake_done) const;
  std::span<const uint8_t> Ticket(bool handshake_done) const;

  // Whether every key exchange that the session of this connection descends from was post-quantum.
  bool IsPostQuantum() const { return EstablishedClass() == KeyExchangeClass::kPostQuantum; }

  std::vector<SessionEvent> TakeEvents();
  bool has_events() const { return !events_.empty(); }

 private:
  static size_t MaxOverhead(SSL* ssl);
  static int Seal(SSL* ssl, uint8_t* out, size_t* out_len, size_t max_out_len, const uint8_t* in, size_t in_len);
  static ssl_ticket_aead_result_t Open(SSL* ssl, uint8_t* out, size_t* out_len, size_t max_out_len, const uint8_t* in,
                                       size_t in_len);
  static int NewSession(SSL* ssl, SSL_SESSION* session);
  static SSL_SESSION* GetSession(SSL* ssl, const uint8_t* id, int id_len, int* out_copy);

  int SealStored(std::span<uint8_t> out, size_t* out_length, std::span<const uint8_t> session);
  ssl_ticket_aead_result_t OpenStored(std::span<uint8_t> out, size_t* out_length, std::span<const uint8_t> ticket);
  // Whether the program has to be asked first. `id` is remembered.
  bool Wants(std::span<const uint8_t> id);
  // Whether a server may resume it here, and remembers its class. `session` is looked at where a client has to show a
  // certificate.
  bool Accept(KeyExchangeClass key_exchange, const SSL_SESSION* session);
  bool RequiresPostQuantum() const;
  // Of the session that this connection establishes: no better than what it resumed.
  KeyExchangeClass EstablishedClass() const;
  const SSL_SESSION* Newest(bool handshake_done) const;
  void RememberLifetime(std::span<const uint8_t> message);
  void Tell(SessionEvent event);

  SSL* ssl_ = nullptr;
  // Of the context that the connection was made with: its keys seal and open, whatever context SNI chooses.
  ContextSessions* context_ = nullptr;
  bool is_server_ = false;
  bool require_peer_ = false;
  bool events_enabled_ = false;
  bool require_post_quantum_ = false;
  // Tickets are ids of sessions that the program keeps.
  bool stored_ = false;
  bool renew_ticket_ = false;
  KeyExchangeClass resumed_class_ = KeyExchangeClass::kClassical;
  bssl::UniquePtr<SSL_SESSION> offered_;
  bssl::UniquePtr<SSL_SESSION> latest_;
  uint32_t ticket_lifetime_ = 0;
  std::vector<uint8_t> wanted_id_;
  std::optional<std::vector<uint8_t>> answer_;
  std::vector<SessionEvent> events_;
};

}  // namespace pqtls

#endif  // PQTLS_NATIVE_CONNECTION_SESSIONS_H_
