// A connected TCP or Unix socket on Node's own event loop, for one TLS connection.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS && !defined(_WIN32)

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "addon.h"
#include "bytes.h"
#include "tcp_handle.h"

namespace pqtls {

// What libuv holds on to: it outlives the object of JavaScript's until its close callback.
struct TcpStream {
  union {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  };
  TcpHandle* owner = nullptr;
  TcpLoop* loop = nullptr;
  TcpStream* previous = nullptr;
  TcpStream* next = nullptr;
  bool is_pipe = false;
  size_t waiting_writes = 0;

  // JavaScript still runs, and has an object to be told.
  bool is_heard() const { return owner != nullptr && !loop->ending_; }

  static TcpStream* From(void* uv_handle) {
    return static_cast<TcpStream*>(uv_handle_get_data(static_cast<uv_handle_t*>(uv_handle)));
  }
  static void OnClosed(uv_handle_t* handle) {
    std::unique_ptr<TcpStream> self(From(handle));
    if (self->owner != nullptr) self->owner->OnClosed(self->is_heard());
    self->loop->Remove(self.get());
  }
};

namespace {

struct WaitingWrite {
  uv_write_t request;
  std::vector<uint8_t> bytes;
  bool is_told;
};

}  // namespace

TcpLoop* TcpLoop::Start(Napi::Env env) {
  auto self = std::unique_ptr<TcpLoop>(new TcpLoop(env));
  if (napi_get_uv_event_loop(env, &self->loop_) != napi_ok) return nullptr;
  auto buffer = Napi::ArrayBuffer::New(env, kTcpSlabLength);
  self->slab_ = static_cast<uint8_t*>(buffer.Data());
  self->slab_reference_ = Napi::Persistent(Napi::Uint8Array::New(env, kTcpSlabLength, buffer, 0).As<Napi::Object>());
  // What is left of it goes with the environment.
  self->slab_reference_.SuppressDestruct();
  if (napi_add_async_cleanup_hook(env, OnEnvironmentEnds, self.get(), &self->hook_) != napi_ok) return nullptr;
  return self.release();
}

void TcpLoop::OnEnvironmentEnds(napi_async_cleanup_hook_handle, void* data) {
  auto* self = static_cast<TcpLoop*>(data);
  self->ending_ = true;
  if (self->first_ == nullptr) {
    self->Finish();
    return;
  }
  for (TcpStream* stream = self->first_; stream != nullptr; stream = stream->next) {
    if (!uv_is_closing(&stream->handle)) uv_close(&stream->handle, TcpStream::OnClosed);
  }
}

void TcpLoop::Finish() {
  napi_remove_async_cleanup_hook(hook_);
  delete this;
}

void TcpLoop::Add(TcpStream* stream) {
  stream->loop = this;
  stream->next = first_;
  if (first_ != nullptr) first_->previous = stream;
  first_ = stream;
}

void TcpLoop::Remove(TcpStream* stream) {
  if (stream->previous != nullptr) stream->previous->next = stream->next;
  if (stream->next != nullptr) stream->next->previous = stream->previous;
  if (first_ == stream) first_ = stream->next;
  if (ending_ && first_ == nullptr) Finish();
}

Napi::Function TcpHandle::Define(Napi::Env env, TcpLoop* loop) {
  return DefineClass(env, "TcpHandle",
                     {
                         InstanceMethod<&TcpHandle::ReadStart>("readStart"),
                         InstanceMethod<&TcpHandle::ReadStop>("readStop"),
                         InstanceMethod<&TcpHandle::Write>("write"),
                         InstanceMethod<&TcpHandle::Handshake>("handshake"),
                         InstanceMethod<&TcpHandle::Shutdown>("shutdown"),
                         InstanceMethod<&TcpHandle::Close>("close"),
                         InstanceMethod<&TcpHandle::SetNoDelay>("setNoDelay"),
                         InstanceMethod<&TcpHandle::SetKeepAlive>("setKeepAlive"),
                         InstanceMethod<&TcpHandle::SetTypeOfService>("setTypeOfService"),
                         InstanceMethod<&TcpHandle::GetTypeOfService>("getTypeOfService"),
                         InstanceMethod<&TcpHandle::SetRef>("setRef"),
                         InstanceMethod<&TcpHandle::Name>("name"),
                     },
                     loop);
}

TcpHandle::TcpHandle(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  Napi::Env env = info.Env();
  auto* loop = static_cast<TcpLoop*>(info.Data());
  int given = info[0].As<Napi::Number>().Int32Value();
  bool is_pipe = info[1].As<Napi::Boolean>();
  int fd = loop->ending_ ? -1 : fcntl(given, F_DUPFD_CLOEXEC, 0);
  int error = fd < 0 ? uv_translate_sys_error(errno) : 0;
  auto stream = std::make_unique<TcpStream>();
  if (error == 0) {
    error = is_pipe ? uv_pipe_init(loop->loop_, &stream->pipe, 0) : uv_tcp_init(loop->loop_, &stream->tcp);
    if (error != 0) close(fd);
  }
  if (error == 0) {
    stream->is_pipe = is_pipe;
    uv_handle_set_data(&stream->handle, stream.get());
    loop->Add(stream.get());
    error = is_pipe ? uv_pipe_open(&stream->pipe, fd) : uv_tcp_open(&stream->tcp, fd);
    if (error != 0) {
      close(fd);
      uv_close(&stream.release()->handle, TcpStream::OnClosed);
    }
  }
  if (error == 0) {
    stream->owner = this;
    stream_ = stream.release();
    on_event_ = Napi::Persistent(info[2].As<Napi::Function>());
    // Until it is closed.
    Ref();
  } else {
    Napi::Error thrown = Napi::Error::New(env, "The descriptor could not be taken over");
    thrown.Set("errno", Napi::Number::New(env, error));
    thrown.ThrowAsJavaScriptException();
  }
}

TcpHandle::~TcpHandle() {
  StopFeeding();
  // An environment that ends finalizes its objects before libuv is done with the streams.
  if (stream_ != nullptr) stream_->owner = nullptr;
}

void TcpHandle::Emit(TcpEvent event, int64_t value) {
  Napi::Env env = Env();
  Napi::HandleScope scope(env);
  napi_value arguments[] = {Napi::Number::New(env, event), Napi::Number::New(env, static_cast<double>(value))};
  napi_status status = napi_make_callback(env, nullptr, Value(), on_event_.Value(), 2, arguments, nullptr);
  if (status != napi_pending_exception) return;
  napi_value error = nullptr;
  if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
}

void TcpHandle::OnClosed(bool is_heard) {
  stream_ = nullptr;
  // The environment finalizes this object itself.
  if (!is_heard) return;
  Emit(kTcpClosed, 0);
  // The listener holds what holds this object.
  on_event_.Reset();
  Unref();
}

Napi::Value TcpHandle::ReadStart(const Napi::CallbackInfo& info) {
  if (stream_ == nullptr || uv_is_closing(&stream_->handle)) return Napi::Number::New(info.Env(), UV_EBADF);
  auto allocate = [](uv_handle_t* handle, size_t, uv_buf_t* buffer) {
    *buffer = uv_buf_init(reinterpret_cast<char*>(TcpStream::From(handle)->loop->slab_), kTcpSlabLength);
  };
  return Napi::Number::New(info.Env(), uv_read_start(&stream_->stream, allocate, OnRead));
}

Napi::Value TcpHandle::ReadStop(const Napi::CallbackInfo& info) {
  if (stream_ == nullptr) return Napi::Number::New(info.Env(), 0);
  return Napi::Number::New(info.Env(), uv_read_stop(&stream_->stream));
}

void TcpHandle::OnRead(uv_stream_t* stream, ssize_t length, const uv_buf_t*) {
  TcpStream* self = TcpStream::From(stream);
  if (length == 0 || !self->is_heard()) return;
  if (length < 0) uv_read_stop(stream);
  if (length > 0 && self->owner->connection_ != nullptr) {
    self->owner->Feed(static_cast<size_t>(length));
    return;
  }
  self->owner->StopFeeding();
  if (length > 0) {
    self->owner->Emit(kTcpRead, length);
  } else if (length == UV_EOF) {
    self->owner->Emit(kTcpEnd, 0);
  } else {
    self->owner->Emit(kTcpFailed, length);
  }
}

Napi::Value TcpHandle::Write(const Napi::CallbackInfo& info) {
  if (stream_ == nullptr || uv_is_closing(&stream_->handle)) return Napi::Number::New(info.Env(), UV_EBADF);
  return Napi::Number::New(info.Env(), Send(BytesOf(info[0]), true));
}

int TcpHandle::Send(std::span<const uint8_t> bytes, bool is_told) {
  if (stream_->waiting_writes == 0) {
    // libuv takes no const, and changes nothing.
    auto* start = const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));
    uv_buf_t buffer = uv_buf_init(start, static_cast<unsigned>(bytes.size()));
    int sent = uv_try_write(&stream_->stream, &buffer, 1);
    if (sent < 0 && sent != UV_EAGAIN) return sent;
    if (sent > 0) bytes = bytes.subspan(static_cast<size_t>(sent));
    if (bytes.empty()) return 0;
  }
  // The rest is copied: JavaScript may reuse or transfer its buffer as soon as this returns.
  auto write = std::make_unique<WaitingWrite>();
  write->bytes.assign(bytes.begin(), bytes.end());
  write->is_told = is_told;
  uv_buf_t buffer =
      uv_buf_init(reinterpret_cast<char*>(write->bytes.data()), static_cast<unsigned>(write->bytes.size()));
  write->request.data = write.get();
  int error = uv_write(&write->request, &stream_->stream, &buffer, 1, OnWritten);
  if (error != 0) return error;
  write.release();
  stream_->waiting_writes++;
  return 1;
}

void TcpHandle::Handshake(const Napi::CallbackInfo& info) {
  StopFeeding();
  if (!info[0].IsObject() || stream_ == nullptr) return;
  connection_ = Connection::Unwrap(info[0].As<Napi::Object>());
  connection_->set_feeder(this);
}

void TcpHandle::StopFeeding() {
  if (connection_ != nullptr) connection_->set_feeder(nullptr);
  connection_ = nullptr;
}

void TcpHandle::Feed(size_t length) {
  TcpLoop* loop = stream_->loop;
  std::span<const uint8_t> input(loop->slab_, length);
  std::span<uint8_t> output(loop->flight_);
  Connection::Step step = connection_->Advance(input, output);
  uint32_t flags = step.flags & ~kOutputPending;
  size_t consumed = step.consumed;
  for (;;) {
    int status = step.produced > 0 ? Send(output.first(step.produced), false) : 0;
    if (status < 0) {
      StopFeeding();
      Emit(kTcpWritten, status);
      return;
    }
    if ((step.flags & kOutputPending) == 0) break;
    step = connection_->Drain(output);
  }
  if (flags == 0) return;
  StopFeeding();
  int32_t* registers = Env().GetInstanceData<Addon>()->progress_registers();
  registers[kConsumed] = static_cast<int32_t>(consumed);
  registers[kReceived] = static_cast<int32_t>(length);
  Emit(kTcpHandshake, flags);
}

void TcpHandle::OnWritten(uv_write_t* request, int status) {
  std::unique_ptr<WaitingWrite> write(static_cast<WaitingWrite*>(request->data));
  TcpStream* stream = TcpStream::From(request->handle);
  stream->waiting_writes--;
  if (!stream->is_heard() || (!write->is_told && status == 0)) return;
  stream->owner->StopFeeding();
  stream->owner->Emit(kTcpWritten, status);
}

Napi::Value TcpHandle::Shutdown(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (stream_ == nullptr || uv_is_closing(&stream_->handle)) return Napi::Number::New(env, UV_EBADF);
  auto request = std::make_unique<uv_shutdown_t>();
  int error = uv_shutdown(request.get(), &stream_->stream, [](uv_shutdown_t* done, int status) {
    std::unique_ptr<uv_shutdown_t> owned(done);
    TcpStream* stream = TcpStream::From(done->handle);
    if (stream->is_heard()) stream->owner->Emit(kTcpShutdown, status);
  });
  if (error == 0) request.release();
  return Napi::Number::New(env, error);
}

void TcpHandle::Close(const Napi::CallbackInfo&) {
  if (stream_ != nullptr && !uv_is_closing(&stream_->handle)) uv_close(&stream_->handle, TcpStream::OnClosed);
}

// setNoDelay(on)
Napi::Value TcpHandle::SetNoDelay(const Napi::CallbackInfo& info) {
  bool usable = stream_ != nullptr && !stream_->is_pipe;
  return Napi::Number::New(info.Env(), usable ? uv_tcp_nodelay(&stream_->tcp, info[0].As<Napi::Boolean>()) : 0);
}

// setKeepAlive(on, seconds)
Napi::Value TcpHandle::SetKeepAlive(const Napi::CallbackInfo& info) {
  bool usable = stream_ != nullptr && !stream_->is_pipe;
  unsigned seconds = info[1].As<Napi::Number>().Uint32Value();
  int error = usable ? uv_tcp_keepalive(&stream_->tcp, info[0].As<Napi::Boolean>(), seconds) : 0;
  return Napi::Number::New(info.Env(), error);
}

Napi::Value TcpHandle::SetTypeOfService(const Napi::CallbackInfo& info) {
  int fd = -1;
  int value = info[0].As<Napi::Number>().Int32Value();
  if (stream_ == nullptr || uv_fileno(&stream_->handle, &fd) != 0) return Napi::Number::New(info.Env(), UV_EBADF);
  bool set = setsockopt(fd, IPPROTO_IP, IP_TOS, &value, sizeof(value)) == 0 ||
             setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &value, sizeof(value)) == 0;
  return Napi::Number::New(info.Env(), set ? 0 : uv_translate_sys_error(errno));
}

Napi::Value TcpHandle::GetTypeOfService(const Napi::CallbackInfo& info) {
  int fd = -1;
  int value = 0;
  socklen_t length = sizeof(value);
  if (stream_ == nullptr || uv_fileno(&stream_->handle, &fd) != 0) return Napi::Number::New(info.Env(), UV_EBADF);
  bool got = getsockopt(fd, IPPROTO_IP, IP_TOS, &value, &length) == 0 ||
             getsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &value, &length) == 0;
  return Napi::Number::New(info.Env(), got ? value : uv_translate_sys_error(errno));
}

// setRef(on)
void TcpHandle::SetRef(const Napi::CallbackInfo& info) {
  if (stream_ == nullptr) return;
  if (info[0].As<Napi::Boolean>()) {
    uv_ref(&stream_->handle);
  } else {
    uv_unref(&stream_->handle);
  }
}

Napi::Value TcpHandle::Name(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (stream_ == nullptr || stream_->is_pipe) return env.Undefined();
  sockaddr_storage storage = {};
  int length = sizeof(storage);
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  bool of_peer = info[0].As<Napi::Boolean>();
  int error = of_peer ? uv_tcp_getpeername(&stream_->tcp, address, &length)
                      : uv_tcp_getsockname(&stream_->tcp, address, &length);
  char text[INET6_ADDRSTRLEN + UV_IF_NAMESIZE] = {};
  bool is_v6 = storage.ss_family == AF_INET6;
  if (error != 0 || (!is_v6 && storage.ss_family != AF_INET) || uv_ip_name(address, text, sizeof(text)) != 0) {
    return env.Undefined();
  }
  // Port and address stand at different places.
  uint16_t port =
      is_v6 ? reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port : reinterpret_cast<sockaddr_in*>(&storage)->sin_port;
  Napi::Object name = Napi::Object::New(env);
  name.Set("address", text);
  name.Set("family", is_v6 ? "IPv6" : "IPv4");
  name.Set("port", Napi::Number::New(env, ntohs(port)));
  return name;
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS && !_WIN32
