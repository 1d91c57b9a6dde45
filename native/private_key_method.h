// Signatures that do not run where libssl asks for them: on the threadpool, or by the program. SSL_PRIVATE_KEY_METHOD.
#ifndef PQTLS_NATIVE_PRIVATE_KEY_METHOD_H_
#define PQTLS_NATIVE_PRIVATE_KEY_METHOD_H_

#include <node_api.h>
#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "context_state.h"
#include "crypto_job.h"
#include "signature_load.h"

namespace pqtls {

// Mirrored in src/binding/tls-contract.ts.
enum class RanOn : uint8_t { kInline = 0, kThreadpool = 1, kCallback = 2 };

// What libssl waits for. Read and written on the JavaScript thread only; a job has what it needs for itself.
struct PendingSignature {
  enum class State : uint8_t { kWaiting, kReady, kFailed };
  State state = State::kWaiting;
  RanOn where = RanOn::kThreadpool;
  bool started = false;
  uint16_t scheme = 0;
  std::vector<uint8_t> data;
  bssl::UniquePtr<EVP_PKEY> key;  // the private one for the threadpool, the public one for the program
  std::vector<uint8_t> signature;
};

// The signature of one connection.
class ConnectionSignature {
 public:
  ConnectionSignature() = default;
  ~ConnectionSignature() { Clear(); }
  ConnectionSignature(const ConnectionSignature&) = delete;
  ConnectionSignature& operator=(const ConnectionSignature&) = delete;

  // The load is that of the environment, whose connections may outlive the addon.
  void Start(std::shared_ptr<SignatureLoad> load, JobScheduler* scheduler) {
    load_ = std::move(load);
    scheduler_ = scheduler;
  }
  void OnEstablished();
  void Clear();

  RanOn ran_on() const { return ran_on_; }
  PendingSignature* pending() const { return pending_.get(); }
  // Puts the pending signature onto the threadpool: a promise of its end, or null where nothing can run any more.
  napi_value Submit(napi_env env);
  // The same without JavaScript; false where it is not the threadpool that signs, or nothing can run any more.
  bool Submit(napi_env env, std::function<void()> done);
  // Whether a ClientHello should be answered on the threadpool. One that `waits` has others before it in this turn of
  // the event loop.
  bool MovesHandshake(Offload offload, bool waits) const;
  JobScheduler* scheduler() const { return scheduler_; }

  // A step of the handshake that runs on the threadpool, and signs there.
  class OnThreadpool {
   public:
    // `scheme` is that of our signature, once there is one.
    OnThreadpool(ConnectionSignature* signature, const uint16_t* scheme)
        : signature_(signature), scheme_(scheme), before_(*scheme) {
      signature_->on_threadpool_ = true;
    }
    ~OnThreadpool() {
      signature_->on_threadpool_ = false;
      if (*scheme_ != before_) signature_->ran_on_ = RanOn::kThreadpool;
    }
    OnThreadpool(const OnThreadpool&) = delete;
    OnThreadpool& operator=(const OnThreadpool&) = delete;

   private:
    ConnectionSignature* const signature_;
    const uint16_t* const scheme_;
    const uint16_t before_;
  };

  // The program's answer, or the end of the job. False where there is none that verifies: the handshake will fail.
  bool Answer(std::span<const uint8_t> signature);

 private:
  friend struct PrivateKeyMethod;

  std::shared_ptr<PendingSignature> pending_;
  std::shared_ptr<SignatureLoad> load_;
  JobScheduler* scheduler_ = nullptr;
  bool counted_ = false;
  bool on_threadpool_ = false;
  RanOn ran_on_ = RanOn::kInline;
};

// After the chains, keys and suites of a context; nothing is installed where every signature runs inline anyway.
bool InstallOffload(SSL_CTX* ctx, Offload offload);
// The program signs for every chain: none has a key, and no suite is left that would decrypt with one.
bool InstallProgramSigner(SSL_CTX* ctx);

}  // namespace pqtls

#endif  // PQTLS_NATIVE_PRIVATE_KEY_METHOD_H_
