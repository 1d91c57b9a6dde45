// Chains of peers that were found good: the same verdict as long as nothing changes that it depends on.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include <openssl/asn1.h>
#include <openssl/pool.h>

#include <algorithm>
#include <limits>

#include "verified_chains.h"

namespace pqtls {

VerifiedChains::Digest VerifiedChains::DigestOf(const STACK_OF(CRYPTO_BUFFER) * shown, std::span<const int32_t> terms) {
  SHA256_CTX hash;
  SHA256_Init(&hash);
  SHA256_Update(&hash, terms.data(), terms.size_bytes());
  for (size_t i = 0; i < sk_CRYPTO_BUFFER_num(shown); i++) {
    const CRYPTO_BUFFER* certificate = sk_CRYPTO_BUFFER_value(shown, i);
    const uint64_t length = CRYPTO_BUFFER_len(certificate);
    SHA256_Update(&hash, &length, sizeof(length));
    SHA256_Update(&hash, CRYPTO_BUFFER_data(certificate), length);
  }
  Digest digest;
  SHA256_Final(digest.data(), &hash);
  return digest;
}

bool VerifiedChains::Contains(const Digest& digest, time_t now) {
  const std::scoped_lock lock(mutex_);
  auto found = std::ranges::find(verdicts_, digest, &Verdict::digest);
  // At its last second AWS-LC takes a certificate for expired.
  if (found == verdicts_.end() || now < found->not_before || now >= found->not_after) return false;
  std::rotate(found, found + 1, verdicts_.end());
  return true;
}

uint64_t VerifiedChains::changes() {
  const std::scoped_lock lock(mutex_);
  return changes_;
}

void VerifiedChains::Add(const Digest& digest, STACK_OF(X509) * path, uint64_t changes) {
  Verdict verdict = {digest, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
  for (size_t i = 0; i < sk_X509_num(path); i++) {
    const X509* certificate = sk_X509_value(path, i);
    int64_t not_before = 0;
    int64_t not_after = 0;
    if (!ASN1_TIME_to_posix(X509_get0_notBefore(certificate), &not_before) ||
        !ASN1_TIME_to_posix(X509_get0_notAfter(certificate), &not_after)) {
      return;
    }
    verdict.not_before = std::max(verdict.not_before, not_before);
    verdict.not_after = std::min(verdict.not_after, not_after);
  }
  const std::scoped_lock lock(mutex_);
  if (changes != changes_) return;
  std::erase_if(verdicts_, [&](const Verdict& old) { return old.digest == digest; });
  if (verdicts_.size() >= kCapacity) verdicts_.pop_front();
  verdicts_.push_back(verdict);
}

void VerifiedChains::Clear() {
  const std::scoped_lock lock(mutex_);
  verdicts_.clear();
  changes_++;
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
