// A TCP or Unix socket on Node's own event loop, and the TLS connection on it.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS && !defined(_WIN32)

#include <algorithm>
#include <utility>
#include <vector>

#include "addon.h"
#include "handshake_step.h"
#include "tcp_handle.h"
#include "tcp_listener.h"
#include "tcp_stream.h"

namespace pqtls {

namespace {

struct WaitingWrite {
  uv_write_t request;
  std::vector<uint8_t> bytes;
  bool is_told;
};

}  // namespace

TcpStream* TcpStream::Create(TcpLoop* loop, bool is_pipe, int* error) {
  auto made = std::make_unique<TcpStream>();
  *error = is_pipe ? uv_pipe_init(loop->uv(), &made->pipe, 0) : uv_tcp_init(loop->uv(), &made->tcp);
  if (*error != 0) return nullptr;
  made->is_pipe = is_pipe;
  uv_handle_set_data(&made->handle, made.get());
  loop->Add(made.get());
  return made.release();
}

bool TcpStream::is_heard() const { return !loop->is_ending(); }

void TcpStream::Close() {
  StopFeeding();
  if (is_open()) uv_close(&handle, OnClosed);
}

void TcpStream::OnClosed(uv_handle_t* closed) {
  std::unique_ptr<TcpStream> self(From(closed));
  self->loop->RemoveDeadline(self.get());
  if (self->has_tickets) std::erase(self->loop->with_tickets_, self.get());
  if (self->owner != nullptr) self->owner->OnClosed(self->is_heard());
  if (self->listener != nullptr) self->listener->OnGone(self.get());
  self->loop->Remove(self.get());
}

int TcpStream::ReadStart() {
  auto allocate = [](uv_handle_t* reading, size_t, uv_buf_t* buffer) {
    TcpStream* self = From(reading);
    std::span<uint8_t> slab = self->loop->slab();
    // Without a buffer libuv does not read.
    if (self->feeds && !self->loop->Admits(self)) slab = {};
    *buffer = uv_buf_init(reinterpret_cast<char*>(slab.data()), static_cast<unsigned>(slab.size()));
  };
  return uv_read_start(&stream, allocate, OnRead);
}

int TcpStream::Connect(const sockaddr* address) {
  if (!std::exchange(is_new, false)) return UV_EALREADY;
  auto request = std::make_unique<uv_connect_t>();
  int error = uv_tcp_connect(request.get(), &tcp, address, OnConnected);
  if (error == 0) request.release();
  return error;
}

void TcpStream::OnConnected(uv_connect_t* request, int status) {
  std::unique_ptr<uv_connect_t> owned(request);
  TcpStream* self = From(request->handle);
  // While it is being closed as well, with UV_ECANCELED: net.Socket waits for the end of every attempt.
  if (self->is_heard() && self->owner != nullptr) self->owner->Emit(kTcpConnected, status);
}

void TcpStream::OnRead(uv_stream_t* stream, ssize_t length, const uv_buf_t*) {
  TcpStream* self = From(stream);
  const bool moves = std::exchange(self->moves_, false);
  if (length == 0 || !self->is_heard()) return;
  if (self->is_deferred_) {
    self->loop->Defer(self);
    return;
  }
  if (length < 0) uv_read_stop(stream);
  if (self->feeds && moves && length > 0 && static_cast<size_t>(length) <= HandshakeStep::kMaxInput) {
    self->FeedOnThreadpool(static_cast<size_t>(length));
  } else if (length > 0 && self->feeds) {
    self->Feed(static_cast<size_t>(length));
  } else if (length > 0) {
    self->Tell(kTcpRead, length);
  } else {
    self->StopFeeding();
    self->Tell(length == UV_EOF ? kTcpEnd : kTcpFailed, length == UV_EOF ? 0 : length);
  }
}

TcpHandle* TcpStream::Owner() {
  if (owner == nullptr && listener != nullptr && is_open()) listener->HandOver(this, 0);
  return is_open() ? owner : nullptr;
}

void TcpStream::Tell(TcpEvent event, int64_t value) {
  TcpHandle* told = Owner();
  if (told != nullptr) told->Emit(event, value);
}

int TcpStream::Send(std::span<const uint8_t> bytes, bool is_told) {
  if (waiting_writes == 0) {
    // libuv takes no const, and changes nothing.
    auto* start = const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));
    uv_buf_t buffer = uv_buf_init(start, static_cast<unsigned>(bytes.size()));
    int sent = uv_try_write(&stream, &buffer, 1);
    if (sent < 0 && sent != UV_EAGAIN) return sent;
    if (sent > 0) bytes = bytes.subspan(static_cast<size_t>(sent));
    if (bytes.empty()) return 0;
  }
  // The rest is copied: whose it is may reuse it as soon as this returns.
  auto write = std::make_unique<WaitingWrite>();
  write->bytes.assign(bytes.begin(), bytes.end());
  write->is_told = is_told;
  uv_buf_t buffer =
      uv_buf_init(reinterpret_cast<char*>(write->bytes.data()), static_cast<unsigned>(write->bytes.size()));
  write->request.data = write.get();
  int error = uv_write(&write->request, &stream, &buffer, 1, OnWritten);
  if (error != 0) return error;
  write.release();
  waiting_writes++;
  return 1;
}

int TcpStream::SendOutput(Connection::Step step, bool is_told, size_t* sent) {
  int status = 0;
  for (;;) {
    bool is_last = (step.flags & kOutputPending) == 0;
    if (step.produced > 0) {
      // Of several writes that wait, JavaScript is told of the last one.
      int sending = Send(loop->output().first(step.produced), is_told && is_last);
      if (sending < 0) return sending;
      status = std::max(status, sending);
      *sent += step.produced;
    }
    if (is_last) return status;
    step = connection->Drain(loop->output());
  }
}

void TcpStream::OnWritten(uv_write_t* request, int status) {
  std::unique_ptr<WaitingWrite> write(static_cast<WaitingWrite*>(request->data));
  TcpStream* self = From(request->handle);
  self->waiting_writes--;
  if (!self->is_heard() || (!write->is_told && status == 0)) return;
  if (self->moved_ != nullptr) {
    self->write_error_ = status;
    return;
  }
  self->StopFeeding();
  // While it is being closed as well: a write that is canceled is told of.
  if (self->owner != nullptr) {
    self->owner->Emit(kTcpWritten, status);
  } else {
    self->Tell(kTcpWritten, status);
  }
}

void TcpStream::StartFeeding(std::shared_ptr<Connection> fed, uint64_t timeout_ms) {
  connection = std::move(fed);
  feeds = true;
  if (timeout_ms > 0) loop->AddDeadline(this, timeout_ms);
}

void TcpStream::AwaitTickets() {
  if (has_tickets) return;
  has_tickets = true;
  loop->with_tickets_.push_back(this);
  uv_prepare_start(&loop->prepare_, TcpLoop::OnPrepare);
}

void TcpStream::StopFeeding() {
  feeds = false;
  loop->RemoveDeadline(this);
  if (awaiting_ == nullptr && !is_deferred_) return;
  if (awaiting_ != nullptr) *std::exchange(awaiting_, nullptr) = nullptr;
  if (moved_ != nullptr) {
    std::erase(loop->moved_, this);
    // Where nobody has begun with it, nobody needs to.
    std::exchange(moved_, nullptr)->Take();
  }
  if (std::exchange(is_deferred_, false)) std::erase(loop->deferred_, this);
  if (is_open()) ReadStart();
}

bool TcpStream::AwaitSignature() {
  awaiting_ = std::make_shared<TcpStream*>(this);
  auto done = [link = awaiting_] {
    if (*link == nullptr) return;
    const TcpLoop::JobScope scope((*link)->loop);
    (*link)->OnSigned();
  };
  if (!connection->signature().Submit(loop->env(), std::move(done))) {
    awaiting_.reset();
    return false;
  }
  // What comes in meanwhile stays with the kernel: one signature does not take long, and a queue of them is bounded.
  // Where no thread could be had it is over already.
  if (awaiting_ != nullptr) uv_read_stop(&stream);
  return true;
}

void TcpStream::OnSigned() {
  awaiting_.reset();
  // Without one the handshake fails.
  connection->signature().Answer({});
  ReadStart();
  Feed(0);
}

bool TcpStream::Moves(bool waits) const {
  // Nobody else may have the connection.
  return owner == nullptr && listener != nullptr && connection->MovesClientHello(waits);
}

void TcpStream::FeedOnThreadpool(size_t length) {
  moved_ = std::make_shared<HandshakeStep>(connection, loop->slab().first(length));
  awaiting_ = std::make_shared<TcpStream*>(this);
  loop->AwaitPool(this);
  // What comes in meanwhile stays with the kernel.
  uv_read_stop(&stream);
  auto done = [link = awaiting_] {
    if (*link == nullptr) return;
    const TcpLoop::JobScope scope((*link)->loop);
    (*link)->OnMoved();
  };
  JobScheduler* scheduler = connection->signature().scheduler();
  if (!HandshakeStep::Start(loop->env(), scheduler, moved_, std::move(done))) OnMoved();
}

void TcpStream::OnMoved() {
  if (std::optional<size_t> length = TakeBack()) {
    Feed(*length);
    return;
  }
  awaiting_.reset();
  std::erase(loop->moved_, this);
  const std::shared_ptr<HandshakeStep> moved = std::exchange(moved_, nullptr);
  ReadStart();
  std::ranges::copy(moved->input(), loop->slab().begin());
  std::ranges::copy(moved->output().first(moved->result()->produced), loop->output().begin());
  OnStep(*moved->result(), moved->input().size());
}

std::optional<size_t> TcpStream::TakeBack() {
  if (moved_ == nullptr || !moved_->Take()) return std::nullopt;
  *std::exchange(awaiting_, nullptr) = nullptr;
  std::erase(loop->moved_, this);
  const std::shared_ptr<HandshakeStep> moved = std::exchange(moved_, nullptr);
  ReadStart();
  std::ranges::copy(moved->input(), loop->slab().begin());
  return moved->input().size();
}

void TcpStream::Feed(size_t length) { OnStep(connection->Advance(loop->slab().first(length), loop->output()), length); }

void TcpStream::OnStep(Connection::Step step, size_t length) {
  uint32_t flags = step.flags & ~kOutputPending;
  size_t consumed = step.consumed;
  size_t sent = 0;
  int status = SendOutput(step, false, &sent);
  if (write_error_ != 0) status = write_error_;
  if (status < 0) {
    StopFeeding();
    Tell(kTcpWritten, status);
    return;
  }
  if (is_overdue_) {
    OnOverdue();
    return;
  }
  if (flags == 0 || (flags == kAwaitsSignature && consumed == length && AwaitSignature())) return;
  StopFeeding();
  int32_t* registers = loop->registers();
  if ((flags & kHandshakeDone) != 0) AwaitTickets();
  registers[kConsumed] = static_cast<int32_t>(consumed);
  registers[kReceived] = static_cast<int32_t>(length);
  registers[kHandshakeBytesRead] = static_cast<int32_t>(connection->bytes_read());
  registers[kHandshakeBytesWritten] = static_cast<int32_t>(connection->bytes_written());
  if (owner != nullptr) {
    owner->Emit(kTcpHandshake, flags);
  } else if (listener != nullptr) {
    listener->HandOver(this, flags);
  }
}

// The handshake has taken too long: JavaScript ends it.
void TcpStream::OnOverdue() {
  loop->RemoveDeadline(this);
  is_overdue_ = moved_ != nullptr && !TakeBack().has_value();
  if (is_overdue_) return;
  StopFeeding();
  if (owner != nullptr) {
    owner->Emit(kTcpHandshake, 0);
  } else {
    Owner();
  }
}

TcpLoop* TcpLoop::Start(Napi::Env env, int32_t* registers, JobScheduler* scheduler) {
  auto self = std::unique_ptr<TcpLoop>(new TcpLoop(env));
  if (napi_get_uv_event_loop(env, &self->loop_) != napi_ok) return nullptr;
  if (uv_timer_init(self->loop_, &self->timer_) != 0) return nullptr;
  TcpLoop* loop = self.release();
  uv_prepare_init(loop->loop_, &loop->prepare_);
  uv_idle_init(loop->loop_, &loop->idle_);
  uv_timer_init(loop->loop_, &loop->patience_);
  loop->timer_.data = loop->prepare_.data = loop->idle_.data = loop->patience_.data = loop;
  loop->open_helpers_ = 4;
  // The sockets keep the loop alive, and not what is done for them.
  uv_unref(reinterpret_cast<uv_handle_t*>(&loop->timer_));
  uv_unref(reinterpret_cast<uv_handle_t*>(&loop->patience_));
  uv_unref(reinterpret_cast<uv_handle_t*>(&loop->prepare_));
  uv_unref(reinterpret_cast<uv_handle_t*>(&loop->idle_));
  auto buffer = Napi::ArrayBuffer::New(env, kTcpSlabLength);
  loop->slab_ = static_cast<uint8_t*>(buffer.Data());
  loop->slab_reference_ = Napi::Persistent(Napi::Uint8Array::New(env, kTcpSlabLength, buffer, 0).As<Napi::Object>());
  // What is left of it goes with the environment.
  loop->slab_reference_.SuppressDestruct();
  loop->registers_ = registers;
  loop->scheduler_ = scheduler;
  // Only without memory: then the end of the environment would not wait, and there are no sockets.
  if (napi_add_async_cleanup_hook(env, OnEnvironmentEnds, loop, &loop->hook_) != napi_ok) return nullptr;
  return loop;
}

Napi::FunctionReference TcpLoop::Suppressed(Napi::Function function) {
  Napi::FunctionReference reference = Napi::Persistent(function);
  reference.SuppressDestruct();
  return reference;
}

void TcpLoop::OnEnvironmentEnds(napi_async_cleanup_hook_handle, void* data) {
  auto* self = static_cast<TcpLoop*>(data);
  self->ending_ = true;
  self->scheduler_->Close();
  for (TcpStream* stream = self->first_; stream != nullptr; stream = stream->next_) stream->Close();
  auto on_closed = [](uv_handle_t* helper) {
    auto* loop = static_cast<TcpLoop*>(helper->data);
    loop->open_helpers_--;
    loop->FinishIfEnded();
  };
  uv_close(reinterpret_cast<uv_handle_t*>(&self->timer_), on_closed);
  uv_close(reinterpret_cast<uv_handle_t*>(&self->patience_), on_closed);
  uv_close(reinterpret_cast<uv_handle_t*>(&self->prepare_), on_closed);
  uv_close(reinterpret_cast<uv_handle_t*>(&self->idle_), on_closed);
}

void TcpLoop::FinishIfEnded() {
  if (!ending_ || first_ != nullptr || open_helpers_ > 0) return;
  napi_remove_async_cleanup_hook(hook_);
  delete this;
}

void TcpLoop::Add(TcpStream* stream) {
  stream->loop = this;
  stream->next_ = first_;
  if (first_ != nullptr) first_->previous_ = stream;
  first_ = stream;
}

void TcpLoop::Remove(TcpStream* stream) {
  if (stream->previous_ != nullptr) stream->previous_->next_ = stream->next_;
  if (stream->next_ != nullptr) stream->next_->previous_ = stream->previous_;
  if (first_ == stream) first_ = stream->next_;
  FinishIfEnded();
}

void TcpLoop::ForgetListener(const TcpListener* listener) {
  for (TcpStream* stream = first_; stream != nullptr; stream = stream->next_) {
    if (stream->listener == listener) stream->listener = nullptr;
  }
}

void TcpLoop::AddDeadline(TcpStream* stream, uint64_t timeout_ms) {
  RemoveDeadline(stream);
  stream->deadline_ = deadlines_.emplace(uv_now(loop_) + timeout_ms, stream);
  stream->has_deadline_ = true;
  if (stream->deadline_ == deadlines_.begin()) ArmTimer();
}

void TcpLoop::RemoveDeadline(TcpStream* stream) {
  if (!stream->has_deadline_) return;
  stream->has_deadline_ = false;
  // The timer stays: it finds nothing due, or what came after.
  deadlines_.erase(stream->deadline_);
}

void TcpLoop::ArmTimer() {
  if (deadlines_.empty() || ending_) return;
  uint64_t now = uv_now(loop_);
  uint64_t due = deadlines_.begin()->first;
  uv_timer_start(&timer_, OnTimer, due > now ? due - now : 0, 0);
}

void TcpLoop::OnTimer(uv_timer_t* timer) {
  auto* self = static_cast<TcpLoop*>(timer->data);
  // JavaScript may close any of them meanwhile.
  while (!self->ending_ && !self->deadlines_.empty() && self->deadlines_.begin()->first <= uv_now(self->loop_)) {
    self->deadlines_.begin()->second->OnOverdue();
  }
  self->ArmTimer();
}

bool TcpLoop::Admits(TcpStream* stream) {
  const bool is_due = std::exchange(stream->is_due_, false);
  stream->moves_ = stream->Moves(!is_due && steps_left_ == 0);
  if (is_due || stream->moves_) return true;
  if (steps_left_ == 0) {
    stream->is_deferred_ = true;
    return false;
  }
  steps_left_--;
  uv_prepare_start(&prepare_, OnPrepare);
  return true;
}

void TcpLoop::Defer(TcpStream* stream) {
  uv_read_stop(&stream->stream);
  deferred_.push_back(stream);
  uv_prepare_start(&prepare_, OnPrepare);
  uv_idle_start(&idle_, [](uv_idle_t*) {});
}

void TcpLoop::AdmitDeferred() {
  steps_left_ = kMostHandshakeSteps;
  for (; steps_left_ > 0 && !deferred_.empty(); steps_left_--) {
    TcpStream* stream = deferred_.front();
    deferred_.pop_front();
    stream->is_deferred_ = false;
    // Whatever else may come first.
    stream->is_due_ = true;
    stream->ReadStart();
  }
  if (deferred_.empty()) uv_idle_stop(&idle_);
  // The next turn has all its steps again.
  if (steps_left_ < kMostHandshakeSteps) uv_prepare_start(&prepare_, OnPrepare);
}

void TcpLoop::AwaitPool(TcpStream* stream) {
  stream->moved_at_ = uv_now(loop_);
  moved_.push_back(stream);
  if (moved_.size() == 1) uv_timer_start(&patience_, OnPatienceEnds, kPatience, kPatienceInterval);
}

void TcpLoop::OnPatienceEnds(uv_timer_t* timer) {
  auto* self = static_cast<TcpLoop*>(timer->data);
  size_t left = kMostHandshakeSteps;
  // JavaScript may close any of them meanwhile.
  while (left > 0 && !self->ending_ && !self->moved_.empty()) {
    TcpStream* stream = self->moved_.front();
    if (uv_now(self->loop_) - stream->moved_at_ < kPatience) break;
    if (std::optional<size_t> length = stream->TakeBack()) {
      left--;
      stream->Feed(*length);
    } else {
      // A thread has it.
      self->moved_.pop_front();
    }
  }
  if (self->moved_.empty() && !self->ending_) uv_timer_stop(timer);
}

void TcpLoop::OnPrepare(uv_prepare_t* prepare) {
  auto* self = static_cast<TcpLoop*>(prepare->data);
  uv_prepare_stop(prepare);
  self->AdmitDeferred();
  for (TcpStream* stream : std::exchange(self->with_tickets_, {})) {
    stream->has_tickets = false;
    if (!stream->is_open() || !stream->connection->can_send()) continue;
    // With nothing to encrypt, libssl writes what it has kept for the first write. Where that fails, reading tells why.
    size_t sent = 0;
    stream->SendOutput(stream->connection->Encrypt({}, self->output_), false, &sent);
    self->registers_[kSentAlone] += static_cast<int32_t>(sent);
  }
}

Napi::Object TcpLoop::NewHandle(TcpStream* stream) {
  // Not as an argument: JavaScript could give another one.
  accepted_ = stream;
  Napi::Object handle = handle_constructor_.New({});
  accepted_ = nullptr;
  return handle;
}

void TcpLoop::Dispatch(const Napi::Object& handle, TcpEvent event, int64_t value) {
  napi_value arguments[2] = {};
  napi_create_uint32(env_, event, &arguments[0]);
  napi_create_int64(env_, value, &arguments[1]);
  Call(handle, dispatcher_.Value(), arguments);
}

void TcpLoop::Call(const Napi::Object& receiver, const Napi::Function& function,
                   std::span<const napi_value> arguments) {
  if (is_calling_ || in_job_) {
    Invoke(receiver, function, arguments);
    return;
  }
  is_calling_ = true;
  registers_[kTakesTurns] = 1;
  Invoke(receiver, function, arguments);
  // Where JavaScript can't run any more, nobody sets it again.
  while (!ending_ && std::exchange(registers_[kHasPutOff], 0) != 0) {
    Napi::HandleScope scope(env_);
    Invoke(receiver, run_put_off_.Value(), {});
  }
  registers_[kTakesTurns] = 0;
  is_calling_ = false;
}

void TcpLoop::Invoke(const Napi::Object& receiver, const Napi::Function& function,
                     std::span<const napi_value> arguments) {
  napi_status status =
      napi_make_callback(env_, nullptr, receiver, function, arguments.size(), arguments.data(), nullptr);
  if (status != napi_pending_exception) return;
  napi_value error = nullptr;
  if (napi_get_and_clear_last_exception(env_, &error) == napi_ok) napi_fatal_exception(env_, error);
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS && !_WIN32
