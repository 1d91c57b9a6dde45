// A step of a server's handshake on the threadpool: what a ClientHello is answered with.
#ifndef PQTLS_NATIVE_HANDSHAKE_STEP_H_
#define PQTLS_NATIVE_HANDSHAKE_STEP_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "connection.h"
#include "crypto_job.h"

namespace pqtls {

// Whoever takes it runs it: a thread of the pool, which then has the connection alone until `done` runs, or the
// JavaScript thread, which takes it back.
class HandshakeStep {
 public:
  // A record: more than one is no ClientHello that anybody sends, and would be copied. RFC 9846, Section 5.1.
  static constexpr size_t kMaxInput = 16384 + 5;
  // Most flights of a server; what is longer waits in the connection.
  static constexpr size_t kOutputLength = 8192;

  HandshakeStep(std::shared_ptr<Connection> connection, std::span<const uint8_t> input);

  // True for the first who asks.
  bool Take() { return !is_taken_.test_and_set(); }
  // `done` runs on the JavaScript thread, unless the environment ends before. False where nothing can run any more.
  static bool Start(Napi::Env env, JobScheduler* scheduler, const std::shared_ptr<HandshakeStep>& step,
                    std::function<void()> done);

  std::span<const uint8_t> input() const { return input_; }
  // As long as the step says.
  std::span<const uint8_t> output() const { return output_; }
  // Nothing where no thread of the pool has run it.
  const std::optional<Connection::Step>& result() const { return result_; }

 private:
  class Job;

  const std::shared_ptr<Connection> connection_;
  const std::vector<uint8_t> input_;
  std::array<uint8_t, kOutputLength> output_;
  std::atomic_flag is_taken_;
  std::optional<Connection::Step> result_;
};

}  // namespace pqtls

#endif  // PQTLS_NATIVE_HANDSHAKE_STEP_H_
