// Cryptography on libuv's threadpool: at most half of its threads, everything else waits in a queue of ours.
//
// A stream of thousands of operations put into libuv's own queue would hold up every fs and dns call of the process.
#ifndef PQTLS_NATIVE_CRYPTO_JOB_H_
#define PQTLS_NATIVE_CRYPTO_JOB_H_

#include <node_api.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "arguments.h"

namespace pqtls {

// One operation. It owns or shares all that it needs; nothing of it belongs to JavaScript.
class CryptoJob {
 public:
  virtual ~CryptoJob() = default;
  // Called on a thread of the pool.
  virtual Status Run() = 0;
  // Called on the JavaScript thread after Run() gave kOk: what the promise, where there is one, resolves with.
  virtual napi_value Result(napi_env env) = 0;
};

// The queue of one Node environment; used on its JavaScript thread only.
class JobScheduler {
 public:
  JobScheduler();
  JobScheduler(const JobScheduler&) = delete;
  JobScheduler& operator=(const JobScheduler&) = delete;

  // Returns a promise of the result, or of a Status other than kOk as a number.
  napi_value Submit(napi_env env, std::unique_ptr<CryptoJob> job);
  // Without JavaScript: `done` runs on its thread, whatever came of the job, unless the environment ends before. False
  // where nothing can run any more.
  bool Submit(napi_env env, std::unique_ptr<CryptoJob> job, std::function<void()> done);

  // The environment ends: what is queued is dropped, and nothing can be submitted any more.
  void Close();
  // Jobs that wait for a thread.
  size_t queued() const { return queue_.size(); }

 private:
  struct Pending {
    std::unique_ptr<CryptoJob> job;
    napi_deferred deferred;  // null where `done` is told
    std::function<void()> done;
    Status status;
  };
  // What one visit to the pool does.
  struct Batch {
    JobScheduler* scheduler;
    napi_async_work work;
    std::vector<Pending> jobs;
  };

  void StartBatches(napi_env env);
  bool StartBatch(napi_env env);
  // Returns false where JavaScript can no longer run.
  static bool Settle(napi_env env, Pending* pending);
  static void Execute(napi_env env, void* data);
  static void Complete(napi_env env, napi_status status, void* data);

  const size_t max_in_flight_;
  size_t in_flight_ = 0;
  // The environment is being torn down: what is queued is dropped.
  bool closing_ = false;
  std::deque<Pending> queue_;
};

}  // namespace pqtls

#endif  // PQTLS_NATIVE_CRYPTO_JOB_H_
