// A listening socket whose connections make their handshake before there is an object of JavaScript's for them.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS && !defined(_WIN32)

#include <fcntl.h>
#include <openssl/err.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "bytes.h"
#include "tcp_handle.h"
#include "tcp_listener.h"

namespace pqtls {

namespace {

constexpr double kNanosecondsPerMillisecond = 1e6;

}  // namespace

Napi::Function TcpListener::Define(Napi::Env env, TcpLoop* loop) {
  return DefineClass(env, "TcpListener",
                     {
                         InstanceMethod<&TcpListener::Listen>("listen"),
                         InstanceMethod<&TcpListener::SetTls>("setTls"),
                         InstanceMethod<&TcpListener::SetSocket>("setSocket"),
                         InstanceMethod<&TcpListener::SetRef>("setRef"),
                         InstanceMethod<&TcpListener::Close>("close"),
                         InstanceMethod<&TcpListener::Pending>("pending"),
                     },
                     loop);
}

TcpListener::TcpListener(const Napi::CallbackInfo& info) : ObjectWrap(info), loop_(static_cast<TcpLoop*>(info.Data())) {
  // See TcpHandle.
  if (IsEmpty()) return;
  int fd = loop_->is_ending() ? -1 : fcntl(info[0].As<Napi::Number>().Int32Value(), F_DUPFD_CLOEXEC, 0);
  int error = fd < 0 ? uv_translate_sys_error(errno) : 0;
  bool is_pipe = info[1].As<Napi::Boolean>();
  if (error == 0) listening_ = TcpStream::Create(loop_, is_pipe, &error);
  if (error == 0) error = is_pipe ? uv_pipe_open(&listening_->pipe, fd) : uv_tcp_open(&listening_->tcp, fd);
  if (error == 0) {
    listening_->listener = this;
    return;
  }
  if (fd >= 0) close(fd);
  if (listening_ != nullptr) std::exchange(listening_, nullptr)->Close();
  Napi::Error thrown = Napi::Error::New(info.Env(), "The descriptor could not be taken over");
  thrown.Set("errno", Napi::Number::New(info.Env(), error));
  thrown.ThrowAsJavaScriptException();
}

TcpListener::~TcpListener() {
  // Without a stream of its own left, the loop may be gone: the environment finalizes its objects after it.
  if (listening_ == nullptr && pending_ == 0) return;
  loop_->ForgetListener(this);
  if (listening_ != nullptr) listening_->Close();
}

// listen(backlog): 0 or a negative errno
Napi::Value TcpListener::Listen(const Napi::CallbackInfo& info) {
  if (listening_ == nullptr) return Napi::Number::New(info.Env(), UV_EBADF);
  // Looking them up for each connection takes longer than calling them.
  Napi::Object object = Value();
  choose_ = Napi::Persistent(object.Get("choose").As<Napi::Function>());
  on_handle_ = Napi::Persistent(object.Get("onHandle").As<Napi::Function>());
  int error = uv_listen(&listening_->stream, info[0].As<Napi::Number>().Int32Value(), OnConnection);
  if (error == 0) RefWhileUsed(true);
  return Napi::Number::New(info.Env(), error);
}

void TcpListener::RefWhileUsed(bool is_used) {
  if (is_used == is_referenced_) return;
  is_referenced_ = is_used;
  if (is_used) {
    Ref();
  } else {
    Unref();
  }
}

Napi::Value TcpListener::SetTls(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (SecureContext::From(info[0]) == nullptr) return env.Undefined();
  context_ = Napi::Persistent(info[0].As<Napi::Object>());
  settings_ = ConnectionSettings::Read(info, 1);
  settings_.require_post_quantum_sessions = info[7].As<Napi::Boolean>();
  settings_.minimum_version = static_cast<uint16_t>(info[8].As<Napi::Number>().Uint32Value());
  if (info[9].IsTypedArray()) {
    if (!RequireUint16Array(info[9])) return env.Undefined();
    auto groups = info[9].As<Napi::Uint16Array>();
    settings_.groups.assign(groups.Data(), groups.Data() + groups.ElementLength());
  }
  handshake_timeout_ = info[10].As<Napi::Number>().Uint32Value();
  return Napi::Number::New(env, ++settings_number_);
}

void TcpListener::SetSocket(const Napi::CallbackInfo& info) {
  no_delay_ = info[0].As<Napi::Boolean>();
  keep_alive_ = info[1].As<Napi::Boolean>();
  keep_alive_seconds_ = info[2].As<Napi::Number>().Uint32Value();
}

void TcpListener::SetRef(const Napi::CallbackInfo& info) {
  if (listening_ == nullptr) return;
  if (info[0].As<Napi::Boolean>()) {
    uv_ref(&listening_->handle);
  } else {
    uv_unref(&listening_->handle);
  }
}

void TcpListener::Close(const Napi::CallbackInfo&) {
  if (TcpStream* stream = std::exchange(listening_, nullptr)) {
    stream->listener = nullptr;
    stream->Close();
  }
  if (pending_ == 0) RefWhileUsed(false);
}

Napi::Value TcpListener::Pending(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(pending_));
}

void TcpListener::OnConnection(uv_stream_t* server, int status) {
  TcpStream* listening = TcpStream::From(server);
  TcpListener* self = listening->listener;
  if (self == nullptr || !listening->is_heard()) return;
  Napi::HandleScope scope(self->Env());
  if (status == 0) {
    self->Accept();
    return;
  }
  napi_value error = Napi::Number::New(self->Env(), status);
  self->Call("onError", {&error, 1});
}

void TcpListener::Accept() {
  int error = 0;
  TcpStream* stream = TcpStream::Create(loop_, listening_->is_pipe, &error);
  if (stream == nullptr) return;
  if (uv_accept(&listening_->stream, &stream->stream) != 0) {
    stream->Close();
    return;
  }
  stream->accepted_at = uv_hrtime();
  if (no_delay_ && !stream->is_pipe) uv_tcp_nodelay(&stream->tcp, 1);
  if (keep_alive_ && !stream->is_pipe) uv_tcp_keepalive(&stream->tcp, 1, keep_alive_seconds_);
  // Before it counts: the program's limit is about those that are there already.
  Way way = Choose();
  if (!stream->is_heard()) return;
  if (way == Way::kNode) {
    GiveDescriptor(stream);
    return;
  }
  stream->listener = this;
  pending_++;
  // Choosing may have closed it.
  RefWhileUsed(true);
  SecureContext* context = way == Way::kAddon && !context_.IsEmpty() ? SecureContext::From(context_.Value()) : nullptr;
  std::shared_ptr<Connection> connection =
      context != nullptr ? Connection::Create(Env(), *context, settings_) : nullptr;
  ERR_clear_error();
  if (connection == nullptr) {
    HandOver(stream, 0);
    return;
  }
  stream->begun_with = settings_number_;
  stream->StartFeeding(std::move(connection), handshake_timeout_);
  stream->ReadStart();
}

Way TcpListener::Choose() {
  Napi::Env env = Env();
  napi_value chosen = nullptr;
  uint32_t way = static_cast<uint32_t>(Way::kJavaScript);
  Napi::Object object = Value();
  napi_status status = napi_call_function(env, object, choose_.Value(), 0, nullptr, &chosen);
  if (status == napi_ok) {
    napi_get_value_uint32(env, chosen, &way);
  } else if (status == napi_pending_exception) {
    napi_value error = nullptr;
    if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
  }
  return static_cast<Way>(std::min<uint32_t>(way, static_cast<uint32_t>(Way::kNode)));
}

void TcpListener::Call(const char* method, std::span<const napi_value> arguments) {
  Napi::Object object = Value();
  loop_->Call(object, object.Get(method).As<Napi::Function>(), arguments);
}

void TcpListener::GiveDescriptor(TcpStream* stream) {
  int fd = -1;
  int copy = uv_fileno(&stream->handle, &fd) == 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
  stream->Close();
  if (copy < 0) return;
  napi_value descriptor = Napi::Number::New(Env(), copy);
  Call("onDescriptor", {&descriptor, 1});
}

void TcpListener::HandOver(TcpStream* stream, uint32_t flags) {
  Napi::Env env = Env();
  Napi::HandleScope scope(env);
  Napi::Object handle = loop_->NewHandle(stream);
  if (env.IsExceptionPending() || handle.IsEmpty() || stream->owner == nullptr) {
    // Without memory, or the environment ends.
    napi_value error = nullptr;
    napi_get_and_clear_last_exception(env, &error);
    stream->Close();
    return;
  }
  stream->listener = nullptr;
  pending_--;
  double age = static_cast<double>(uv_hrtime() - stream->accepted_at) / kNanosecondsPerMillisecond;
  napi_value arguments[4] = {handle};
  napi_create_uint32(env, flags, &arguments[1]);
  napi_create_double(env, age, &arguments[2]);
  napi_create_uint32(env, stream->connection != nullptr ? stream->begun_with : 0, &arguments[3]);
  loop_->Call(Value(), on_handle_.Value(), arguments);
  if (listening_ == nullptr && pending_ == 0) RefWhileUsed(false);
}

void TcpListener::OnGone(TcpStream* stream) {
  if (stream == listening_) {
    listening_ = nullptr;
    return;
  }
  pending_--;
  if (stream->is_heard() && listening_ == nullptr && pending_ == 0) RefWhileUsed(false);
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS && !_WIN32
