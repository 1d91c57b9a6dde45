// Tickets of our own format: they carry the class of the original key exchange through every resumption. RFC 8452
// seals.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include <openssl/aead.h>
#include <openssl/digest.h>
#include <openssl/err.h>
#include <openssl/hkdf.h>
#include <openssl/mem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <string_view>

#include "session_tickets.h"

namespace pqtls {

namespace {

// A ticket: name of the key, nonce, sealed {format, class of the key exchange, session}, tag.
constexpr size_t kNameLength = 16;
constexpr size_t kNonceLength = 12;
constexpr size_t kTagLength = 16;
constexpr size_t kHeaderLength = 2;
constexpr uint8_t kFormat = 1;
constexpr std::string_view kPurpose = "pqtls session ticket, AES-256-GCM-SIV";

static_assert(TicketKeys::kOverhead == kNameLength + kNonceLength + kHeaderLength + kTagLength);

int64_t Now() {
  auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(since).count();
}

// What the 48 bytes stand for. The name is derived as well: a ticket shows no byte of the secret.
struct DerivedKey {
  std::array<uint8_t, kNameLength + 32> bytes = {};

  ~DerivedKey() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
  bool Derive(const SecretBytes& secret) {
    return HKDF(bytes.data(), bytes.size(), EVP_sha256(), secret.data(), secret.size(), nullptr, 0,
                reinterpret_cast<const uint8_t*>(kPurpose.data()), kPurpose.size()) == 1;
  }
  std::span<const uint8_t> name() const { return std::span(bytes).first(kNameLength); }
  std::span<const uint8_t> key() const { return std::span(bytes).subspan(kNameLength); }
};

}  // namespace

class TicketAead {
 public:
  explicit TicketAead(const DerivedKey& key) {
    EVP_AEAD_CTX_zero(&ctx_);
    ready_ = EVP_AEAD_CTX_init(&ctx_, EVP_aead_aes_256_gcm_siv(), key.key().data(), key.key().size(), kTagLength,
                               nullptr) == 1;
  }
  ~TicketAead() {
    EVP_AEAD_CTX_cleanup(&ctx_);
    // The cleanup of this AEAD leaves the key schedule.
    OPENSSL_cleanse(&ctx_, sizeof(ctx_));
  }
  TicketAead(const TicketAead&) = delete;
  TicketAead& operator=(const TicketAead&) = delete;
  bool ready() const { return ready_; }
  const EVP_AEAD_CTX* get() const { return &ctx_; }

 private:
  EVP_AEAD_CTX ctx_;
  bool ready_;
};

struct TicketKeys::Key {
  SecretBytes secret = SecretBytes(kLength);
  int64_t made_at = 0;
  int64_t retired_at = 0;
  std::array<uint8_t, kNameLength> name = {};
  std::unique_ptr<TicketAead> aead;

  // False when AWS-LC fails.
  bool Prepare() {
    if (aead != nullptr) return aead->ready();
    DerivedKey derived;
    if (!derived.Derive(secret)) return false;
    std::ranges::copy(derived.name(), name.begin());
    aead = std::make_unique<TicketAead>(derived);
    return aead->ready();
  }
};

TicketKeys::TicketKeys() = default;
TicketKeys::~TicketKeys() = default;

KeyExchangeClass KeyExchangeOfGroup(uint16_t group) {
  switch (group) {
    case SSL_GROUP_X25519_MLKEM768:
    case SSL_GROUP_SECP256R1_MLKEM768:
    case SSL_GROUP_SECP384R1_MLKEM1024:
    case SSL_GROUP_MLKEM512:
    case SSL_GROUP_MLKEM768:
    case SSL_GROUP_MLKEM1024:
      return KeyExchangeClass::kPostQuantum;
    default:
      return KeyExchangeClass::kClassical;
  }
}

KeyExchangeClass KeyExchangeOfHandshake(const SSL* ssl) { return KeyExchangeOfGroup(SSL_get_group_id(ssl)); }

void TicketKeys::Give(std::span<const uint8_t> keys) {
  auto key = std::make_unique<Key>();
  std::memcpy(key->secret.data(), keys.data(), std::min(keys.size(), kLength));
  const std::lock_guard<std::mutex> lock(mutex_);
  current_ = std::move(key);
  previous_.reset();
  given_ = true;
}

void TicketKeys::CopyCurrent(std::span<uint8_t> out) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Key& key = Current();
  std::memcpy(out.data(), key.secret.data(), std::min(out.size(), kLength));
}

void TicketKeys::SetLifetimes(uint32_t rotation, uint32_t session) {
  const std::lock_guard<std::mutex> lock(mutex_);
  rotation_ = rotation;
  session_lifetime_ = session;
}

TicketKeys::Key& TicketKeys::Current() {
  int64_t now = Now();
  if (previous_ && now - previous_->retired_at > session_lifetime_) previous_.reset();
  if (current_ && (given_ || now - current_->made_at < rotation_)) return *current_;
  if (current_) {
    previous_ = std::move(current_);
    previous_->retired_at = now;
  }
  current_ = std::make_unique<Key>();
  RAND_bytes(current_->secret.data(), kLength);
  current_->made_at = now;
  return *current_;
}

bool TicketKeys::Seal(KeyExchangeClass key_exchange, std::span<const uint8_t> session, std::span<uint8_t> out,
                      size_t* out_length) {
  if (out.size() < session.size() + kOverhead) return false;
  const std::lock_guard<std::mutex> lock(mutex_);
  Key& key = Current();
  if (!key.Prepare()) return false;

  SecretBytes plain(kHeaderLength + session.size());
  plain.data()[0] = kFormat;
  plain.data()[1] = static_cast<uint8_t>(key_exchange);
  if (!session.empty()) std::memcpy(plain.data() + kHeaderLength, session.data(), session.size());

  std::ranges::copy(key.name, out.begin());
  uint8_t* nonce = out.data() + kNameLength;
  RAND_bytes(nonce, kNonceLength);
  std::span<uint8_t> sealed = out.subspan(kNameLength + kNonceLength);
  size_t length = 0;
  if (!EVP_AEAD_CTX_seal(key.aead->get(), sealed.data(), &length, sealed.size(), nonce, kNonceLength, plain.data(),
                         plain.size(), out.data(), kNameLength)) {
    return false;
  }
  *out_length = kNameLength + kNonceLength + length;
  return true;
}

std::optional<OpenedTicket> TicketKeys::Open(std::span<const uint8_t> ticket, std::span<uint8_t> out) {
  if (ticket.size() < kOverhead) return std::nullopt;
  const std::lock_guard<std::mutex> lock(mutex_);
  Current();  // Retires what is due.
  for (const std::unique_ptr<Key>* candidate : {&current_, &previous_}) {
    if (!*candidate || !(*candidate)->Prepare()) continue;
    const Key& key = **candidate;
    if (CRYPTO_memcmp(key.name.data(), ticket.data(), kNameLength) != 0) continue;
    std::span<const uint8_t> sealed = ticket.subspan(kNameLength + kNonceLength);
    SecretBytes plain(sealed.size());
    size_t length = 0;
    bool opened = EVP_AEAD_CTX_open(key.aead->get(), plain.data(), &length, plain.size(), ticket.data() + kNameLength,
                                    kNonceLength, sealed.data(), sealed.size(), ticket.data(), kNameLength) == 1;
    ERR_clear_error();
    if (!opened || length < kHeaderLength || plain.data()[0] != kFormat) return std::nullopt;
    auto key_exchange = static_cast<KeyExchangeClass>(plain.data()[1]);
    if (key_exchange != KeyExchangeClass::kClassical && key_exchange != KeyExchangeClass::kPostQuantum) {
      return std::nullopt;
    }
    length -= kHeaderLength;
    if (length > out.size()) return std::nullopt;
    std::memcpy(out.data(), plain.data() + kHeaderLength, length);
    return OpenedTicket{key_exchange, length, candidate == &previous_};
  }
  return std::nullopt;
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
