// Tickets of our own format: they carry the class of the original key exchange through every resumption. RFC 8452
// seals.
#ifndef PQTLS_NATIVE_SESSION_TICKETS_H_
#define PQTLS_NATIVE_SESSION_TICKETS_H_

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "secret_bytes.h"

namespace pqtls {

// How the secrets of a session came to be. Never better than the weakest key exchange that it descends from.
enum class KeyExchangeClass : uint8_t { kClassical = 1, kPostQuantum = 2 };

KeyExchangeClass KeyExchangeOfGroup(uint16_t group);
// Of the key exchange of this handshake alone, whether or not it resumed a session.
KeyExchangeClass KeyExchangeOfHandshake(const SSL* ssl);

// What a ticket holds.
struct OpenedTicket {
  KeyExchangeClass key_exchange = KeyExchangeClass::kClassical;
  size_t session_length = 0;
  // Sealed with the key before the current one: the client should get a fresh ticket.
  bool renew = false;
};

// The keys of one context, for every thread. Own keys rotate; given ones stay until others are given.
class TicketKeys {
 public:
  static constexpr size_t kLength = 48;
  // The most that a ticket is longer than its session.
  static constexpr size_t kOverhead = 46;

  TicketKeys();
  ~TicketKeys();
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  void Give(std::span<const uint8_t> keys);
  void CopyCurrent(std::span<uint8_t> out);
  // Seconds after which an own key is replaced, and for which the one before it still opens tickets.
  void SetLifetimes(uint32_t rotation, uint32_t session);

  // `out` may be `session` itself and has room for kOverhead bytes more. False when AWS-LC fails.
  bool Seal(KeyExchangeClass key_exchange, std::span<const uint8_t> session, std::span<uint8_t> out,
            size_t* out_length);
  // Leaves the session in `out`, which is as long as the ticket. Nothing for a ticket that is not ours.
  std::optional<OpenedTicket> Open(std::span<const uint8_t> ticket, std::span<uint8_t> out);

 private:
  // The 48 bytes, and what is derived of them at first need.
  struct Key;

  // The key to seal with; makes or replaces it where that is due. The caller has the mutex.
  Key& Current();

  std::mutex mutex_;
  std::unique_ptr<Key> current_;
  std::unique_ptr<Key> previous_;
  bool given_ = false;
  uint32_t rotation_ = 12 * 60 * 60;
  uint32_t session_lifetime_ = 300;
};

}  // namespace pqtls

#endif  // PQTLS_NATIVE_SESSION_TICKETS_H_
