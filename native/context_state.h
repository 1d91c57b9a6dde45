// What an SSL_CTX carries of ours: it lives as long as the last connection that was made from it.
#ifndef PQTLS_NATIVE_CONTEXT_STATE_H_
#define PQTLS_NATIVE_CONTEXT_STATE_H_

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <vector>

#include "connection_sessions.h"
#include "verified_chains.h"

namespace pqtls {

// OpenSSL's default in current releases.
inline constexpr int kDefaultSecurityLevel = 2;

// A Certificate message and what it compresses to. RFC 8879.
struct CompressedMessage {
  uint16_t algorithm;
  std::vector<uint8_t> input;
  std::vector<uint8_t> output;
};

// Where signatures with a key of ours run. Mirrored in src/tls/signing.ts.
enum class Offload : uint8_t { kNever = 0, kAuto = 1, kAlways = 2 };

struct ContextState {
  int security_level = kDefaultSecurityLevel;
  // honorCipherOrder: false. The client's order of suites and groups decides, but for a shared post-quantum group.
  bool client_order = false;
  std::vector<uint16_t> groups;  // most wanted first
  std::vector<CompressedMessage> compressed;
  ContextSessions sessions;
  Offload offload = Offload::kNever;
  bool program_signs = false;                       // the keys are elsewhere
  std::vector<bssl::UniquePtr<X509>> leaves;        // one for each key type
  std::shared_ptr<VerifiedChains> verified_chains;  // of the trust store; null where it has none of ours
  // Shared by the steps of handshakes on the threadpool; whoever changes a context that is in use has it alone.
  std::shared_mutex mutex;
};

// Gives the context its state; false without memory.
bool InstallContextState(SSL_CTX* ctx);
// Null only where InstallContextState failed.
ContextState* StateOf(const SSL_CTX* ctx);

// Bits of an RSA key that OpenSSL asks for at a security level of 0 to 5.
unsigned MinimumRsaBits(int security_level);

}  // namespace pqtls

#endif  // PQTLS_NATIVE_CONTEXT_STATE_H_
