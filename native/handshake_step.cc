// A step of a server's handshake on the threadpool: what a ClientHello is answered with.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include <utility>

#include "handshake_step.h"

namespace pqtls {

class HandshakeStep::Job : public CryptoJob {
 public:
  explicit Job(std::shared_ptr<HandshakeStep> step) : step_(std::move(step)) {}

  Status Run() override {
    if (step_->Take()) step_->result_ = step_->connection_->AdvanceOnThreadpool(step_->input_, step_->output_);
    return Status::kOk;
  }

  napi_value Result(napi_env env) override {
    napi_value undefined = nullptr;
    napi_get_undefined(env, &undefined);
    return undefined;
  }

 private:
  const std::shared_ptr<HandshakeStep> step_;
};

HandshakeStep::HandshakeStep(std::shared_ptr<Connection> connection, std::span<const uint8_t> input)
    : connection_(std::move(connection)), input_(input.begin(), input.end()) {}

bool HandshakeStep::Start(Napi::Env env, JobScheduler* scheduler, const std::shared_ptr<HandshakeStep>& step,
                          std::function<void()> done) {
  return scheduler->Submit(env, std::make_unique<Job>(step), std::move(done));
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
