// Chains of peers that were found good: the same verdict as long as nothing changes that it depends on.
#ifndef PQTLS_NATIVE_VERIFIED_CHAINS_H_
#define PQTLS_NATIVE_VERIFIED_CHAINS_H_

#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <deque>
#include <mutex>
#include <span>

namespace pqtls {

// Of one trust store. It keeps no verdict but "good", and each for the time in which no certificate of the path that
// was built begins or ends to be valid. RFC 5280, Section 6.1.3 (a) (2). Where revocation lists count, nothing is kept.
class VerifiedChains {
 public:
  // Those that were asked for last stay; a peer can fill it with chains that are good alone.
  static constexpr size_t kCapacity = 256;

  using Digest = std::array<uint8_t, SHA256_DIGEST_LENGTH>;

  // Of every byte that the peer showed, in its order, and of what else was asked of the chain.
  static Digest DigestOf(const STACK_OF(CRYPTO_BUFFER) * shown, std::span<const int32_t> terms);

  bool Contains(const Digest& digest, time_t now);
  // How often the store has changed.
  uint64_t changes();
  // `path`: from the leaf to the anchor; found good when there had been so many changes.
  void Add(const Digest& digest, STACK_OF(X509) * path, uint64_t changes);
  // The store has changed: to be called after it.
  void Clear();

 private:
  struct Verdict {
    Digest digest;
    int64_t not_before;
    int64_t not_after;
  };

  // Handshakes on the threadpool look here, too.
  std::mutex mutex_;
  std::deque<Verdict> verdicts_;  // the one that was asked for last is at the end
  uint64_t changes_ = 0;
};

}  // namespace pqtls

#endif  // PQTLS_NATIVE_VERIFIED_CHAINS_H_
