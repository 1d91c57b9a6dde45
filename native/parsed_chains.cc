// Certificate chains that were parsed already: contexts of the same PEM share them.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>

#include "bytes.h"
#include "parsed_chains.h"

namespace pqtls {

namespace {

std::shared_ptr<const ParsedChain> ParseAnew(std::span<const uint8_t> pem) {
  bssl::UniquePtr<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<ossl_ssize_t>(pem.size())));
  if (!bio) return nullptr;
  auto chain = std::make_shared<ParsedChain>();
  chain->emplace_back(PEM_read_bio_X509_AUX(bio.get(), nullptr, NoPassphrase, nullptr));
  if (!chain->back()) return nullptr;
  for (;;) {
    bssl::UniquePtr<X509> issuer(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
    if (!issuer) break;
    chain->push_back(std::move(issuer));
  }
  uint32_t last = ERR_peek_last_error();
  if (ERR_GET_LIB(last) != ERR_LIB_PEM || ERR_GET_REASON(last) != PEM_R_NO_START_LINE) return nullptr;
  ERR_clear_error();
  return chain;
}

}  // namespace

std::shared_ptr<const ParsedChain> ParsedChains::Parse(std::span<const uint8_t> pem) {
  Digest digest;
  SHA256(pem.data(), pem.size(), digest.data());
  auto found = std::ranges::find(known_, digest, [](const auto& entry) { return entry.first; });
  if (found != known_.end()) return found->second;
  std::shared_ptr<const ParsedChain> chain = ParseAnew(pem);
  if (chain == nullptr) return nullptr;
  if (known_.size() >= kCapacity) known_.pop_front();
  known_.emplace_back(digest, chain);
  return chain;
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
