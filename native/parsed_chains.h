// Certificate chains that were parsed already: contexts of the same PEM share them.
#ifndef PQTLS_NATIVE_PARSED_CHAINS_H_
#define PQTLS_NATIVE_PARSED_CHAINS_H_

#include <openssl/sha.h>
#include <openssl/x509.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace pqtls {

// Leaf first. Certificates are immutable and counted, so that any number of contexts may hold them.
using ParsedChain = std::vector<bssl::UniquePtr<X509>>;

// Of one Node environment, and no more than kCapacity: the newest ones.
class ParsedChains {
 public:
  static constexpr size_t kCapacity = 64;

  // Null, with the reason in AWS-LC's error queue, where the PEM has no certificate or one that does not parse.
  std::shared_ptr<const ParsedChain> Parse(std::span<const uint8_t> pem);

 private:
  using Digest = std::array<uint8_t, SHA256_DIGEST_LENGTH>;

  std::deque<std::pair<Digest, std::shared_ptr<const ParsedChain>>> known_;
};

}  // namespace pqtls

#endif  // PQTLS_NATIVE_PARSED_CHAINS_H_
