// Cryptography on libuv's threadpool.
#include "crypto_job.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace pqtls {

namespace {

// Operations in one visit to the pool: enough to make the visit cheap, few enough (a millisecond or two) that other
// work is not kept waiting.
constexpr size_t kMaxBatch = 8;

// libuv's own default and limits.
size_t ThreadpoolSize() {
  const char* text = getenv("UV_THREADPOOL_SIZE");
  if (text == nullptr) return 4;
  const int size = atoi(text);
  return static_cast<size_t>(std::clamp(size, 1, 1024));
}

}  // namespace

JobScheduler::JobScheduler() : max_in_flight_(std::max<size_t>(1, ThreadpoolSize() / 2)) {}

napi_value JobScheduler::Submit(napi_env env, std::unique_ptr<CryptoJob> job) {
  napi_deferred deferred = nullptr;
  napi_value promise = nullptr;
  if (closing_ || napi_create_promise(env, &deferred, &promise) != napi_ok) return nullptr;
  queue_.push_back({.job = std::move(job), .deferred = deferred, .done = {}, .status = Status::kFailed});
  StartBatches(env);
  return promise;
}

bool JobScheduler::Submit(napi_env env, std::unique_ptr<CryptoJob> job, std::function<void()> done) {
  if (closing_) return false;
  queue_.push_back({.job = std::move(job), .deferred = nullptr, .done = std::move(done), .status = Status::kFailed});
  StartBatches(env);
  return true;
}

void JobScheduler::Close() {
  closing_ = true;
  queue_.clear();
}

void JobScheduler::StartBatches(napi_env env) {
  // A call from libuv has none.
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  while (!queue_.empty() && in_flight_ < max_in_flight_ && StartBatch(env)) {
  }
  napi_close_handle_scope(env, scope);
}

bool JobScheduler::StartBatch(napi_env env) {
  auto batch = std::make_unique<Batch>();
  batch->scheduler = this;
  const size_t free_slots = max_in_flight_ - in_flight_;
  const size_t share = (queue_.size() + free_slots - 1) / free_slots;
  for (size_t left = std::min(share, kMaxBatch); left != 0; --left) {
    batch->jobs.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  napi_value name = nullptr;
  if (napi_create_string_utf8(env, "pqtls.crypto", NAPI_AUTO_LENGTH, &name) == napi_ok &&
      napi_create_async_work(env, nullptr, name, Execute, Complete, batch.get(), &batch->work) == napi_ok) {
    if (napi_queue_async_work(env, batch->work) == napi_ok) {
      batch.release();
      ++in_flight_;
      return true;
    }
    napi_delete_async_work(env, batch->work);
  }
  for (Pending& pending : batch->jobs) Settle(env, &pending);
  return false;
}

bool JobScheduler::Settle(napi_env env, Pending* pending) {
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return false;
  napi_value result = nullptr;
  if (pending->status == Status::kOk) result = pending->job->Result(env);
  if (result == nullptr) {
    // What Result() may have thrown would make the promise unsettled, and look like the end of the environment.
    napi_value exception = nullptr;
    napi_get_and_clear_last_exception(env, &exception);
    result = ToValue(env, pending->status == Status::kOk ? Status::kFailed : pending->status);
  }
  const bool settled = pending->deferred == nullptr || napi_resolve_deferred(env, pending->deferred, result) == napi_ok;
  napi_close_handle_scope(env, scope);
  if (pending->done) pending->done();
  return settled;
}

void JobScheduler::Execute(napi_env, void* data) {
  for (Pending& pending : static_cast<Batch*>(data)->jobs) pending.status = pending.job->Run();
}

void JobScheduler::Complete(napi_env env, napi_status, void* data) {
  const std::unique_ptr<Batch> batch(static_cast<Batch*>(data));
  JobScheduler* const scheduler = batch->scheduler;
  --scheduler->in_flight_;
  napi_delete_async_work(env, batch->work);
  for (Pending& pending : batch->jobs) {
    if (!Settle(env, &pending)) scheduler->closing_ = true;
  }
  if (scheduler->closing_) {
    scheduler->queue_.clear();
  } else {
    scheduler->StartBatches(env);
  }
}

}  // namespace pqtls
