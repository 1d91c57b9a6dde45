// What an SSL_CTX carries of ours: it lives as long as the last connection that was made from it.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include "context_state.h"

namespace pqtls {

namespace {

void FreeState(void*, void* state, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<ContextState*>(state); }

// A number of AWS-LC's, the same for every thread of the process.
int StateIndex() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, FreeState);
  return index;
}

}  // namespace

bool InstallContextState(SSL_CTX* ctx) {
  auto* state = new ContextState();
  if (SSL_CTX_set_ex_data(ctx, StateIndex(), state)) return true;
  delete state;
  return false;
}

ContextState* StateOf(const SSL_CTX* ctx) { return static_cast<ContextState*>(SSL_CTX_get_ex_data(ctx, StateIndex())); }

unsigned MinimumRsaBits(int security_level) {
  constexpr unsigned kBits[] = {0, 1024, 2048, 3072, 7680, 15360};
  return kBits[security_level < 0 ? 0 : security_level > 5 ? 5 : security_level];
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
