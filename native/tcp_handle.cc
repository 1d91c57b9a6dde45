// The object of JavaScript's for a socket of the addon, and for the TLS connection on it.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS && !defined(_WIN32)

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "addon.h"
#include "bytes.h"
#include "tcp_handle.h"
#include "tcp_listener.h"

namespace pqtls {

Napi::Function TcpHandle::Define(Napi::Env env, TcpLoop* loop) {
  auto methods = Connection::Methods<TcpHandle>();
  methods.insert(methods.end(), {
                                    InstanceMethod<&TcpHandle::Bind>("bind"),
                                    InstanceMethod<&TcpHandle::Connect>("connect"),
                                    InstanceMethod<&TcpHandle::ReadStart>("readStart"),
                                    InstanceMethod<&TcpHandle::ReadStop>("readStop"),
                                    InstanceMethod<&TcpHandle::Write>("write"),
                                    InstanceMethod<&TcpHandle::Attach>("attach"),
                                    InstanceMethod<&TcpHandle::Handshake>("handshake"),
                                    InstanceMethod<&TcpHandle::Decrypt>("decrypt"),
                                    InstanceMethod<&TcpHandle::Encrypt>("encrypt"),
                                    InstanceMethod<&TcpHandle::CloseNotify>("closeNotify"),
                                    InstanceMethod<&TcpHandle::End>("end"),
                                    InstanceMethod<&TcpHandle::Close>("close"),
                                    InstanceMethod<&TcpHandle::SetNoDelay>("setNoDelay"),
                                    InstanceMethod<&TcpHandle::SetKeepAlive>("setKeepAlive"),
                                    InstanceMethod<&TcpHandle::SetTypeOfService>("setTypeOfService"),
                                    InstanceMethod<&TcpHandle::GetTypeOfService>("getTypeOfService"),
                                    InstanceMethod<&TcpHandle::SetRef>("setRef"),
                                    InstanceMethod<&TcpHandle::Name>("name"),
                                });
  Napi::Function constructor = DefineClass(env, "TcpHandle", methods, loop);
  loop->set_handle_constructor(constructor);
  return constructor;
}

TcpHandle::TcpHandle(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  // A worker that is being terminated wraps nothing any more, and holding on to nothing ends the process.
  if (IsEmpty()) return;
  Napi::Env env = info.Env();
  auto* loop = static_cast<TcpLoop*>(info.Data());
  if (TcpStream* accepted = loop->TakeAccepted()) {
    stream_ = accepted;
    connection_ = stream_->connection;
  } else {
    std::optional<int> given;
    if (!info[0].IsUndefined()) given = info[0].As<Napi::Number>().Int32Value();
    int error = Open(loop, given, info[1].As<Napi::Boolean>());
    if (error != 0) {
      Napi::Error thrown = Napi::Error::New(env, "The descriptor could not be taken over");
      thrown.Set("errno", Napi::Number::New(env, error));
      thrown.ThrowAsJavaScriptException();
      return;
    }
  }
  stream_->owner = this;
  // Until it is closed.
  Ref();
}

int TcpHandle::Open(TcpLoop* loop, std::optional<int> given, bool is_pipe) {
  if (loop->is_ending()) return UV_ECANCELED;
  int error = 0;
  if (!given.has_value()) {
    stream_ = TcpStream::Create(loop, is_pipe, &error);
    if (stream_ != nullptr) stream_->is_new = true;
    return error;
  }
  int fd = fcntl(*given, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return uv_translate_sys_error(errno);
  TcpStream* stream = TcpStream::Create(loop, is_pipe, &error);
  if (stream != nullptr) {
    error = is_pipe ? uv_pipe_open(&stream->pipe, fd) : uv_tcp_open(&stream->tcp, fd);
    if (error == 0) {
      stream_ = stream;
      return 0;
    }
    stream->Close();
  }
  close(fd);
  return error;
}

TcpHandle::~TcpHandle() {
  // An environment that ends finalizes its objects before libuv is done with the streams.
  if (stream_ == nullptr) return;
  stream_->StopFeeding();
  stream_->owner = nullptr;
}

void TcpHandle::Emit(TcpEvent event, int64_t value) {
  Napi::HandleScope scope(Env());
  stream_->loop->Dispatch(Value(), event, value);
}

void TcpHandle::OnClosed(bool is_heard) {
  TcpLoop* loop = std::exchange(stream_, nullptr)->loop;
  // The environment finalizes this object itself.
  if (!is_heard) return;
  Napi::HandleScope scope(Env());
  loop->Dispatch(Value(), kTcpClosed, 0);
  Unref();
}

namespace {

// What uv_tcp_keepalive_ex() does, which Node 20 and 22 have not.
int KeepAlive(int fd, int seconds, int interval, int count) {
  const auto set = [fd](int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
  };
#ifdef TCP_KEEPIDLE
  constexpr int kIdle = TCP_KEEPIDLE;
#else
  constexpr int kIdle = TCP_KEEPALIVE;  // macOS
#endif
  const bool done = set(SOL_SOCKET, SO_KEEPALIVE, 1) && set(IPPROTO_TCP, kIdle, seconds) &&
                    set(IPPROTO_TCP, TCP_KEEPINTVL, interval) && set(IPPROTO_TCP, TCP_KEEPCNT, count);
  return done ? 0 : uv_translate_sys_error(errno);
}

// Of (family, address, port), an address in text with its zone; 0 or a negative errno.
int ParseAddress(const Napi::CallbackInfo& info, sockaddr_storage* address) {
  const bool is_v6 = info[0].As<Napi::Number>().Int32Value() == 6;
  const std::string text = info[1].As<Napi::String>();
  const int port = info[2].As<Napi::Number>().Int32Value();
  return is_v6 ? uv_ip6_addr(text.c_str(), port, reinterpret_cast<sockaddr_in6*>(address))
               : uv_ip4_addr(text.c_str(), port, reinterpret_cast<sockaddr_in*>(address));
}

}  // namespace

Napi::Value TcpHandle::Bind(const Napi::CallbackInfo& info) {
  if (!is_open() || stream_->is_pipe || !stream_->is_new) return Napi::Number::New(info.Env(), UV_EBADF);
  sockaddr_storage address = {};
  int error = ParseAddress(info, &address);
  const unsigned flags = info[3].As<Napi::Number>().Uint32Value();
  if (error == 0) error = uv_tcp_bind(&stream_->tcp, reinterpret_cast<sockaddr*>(&address), flags);
  return Napi::Number::New(info.Env(), error);
}

Napi::Value TcpHandle::Connect(const Napi::CallbackInfo& info) {
  if (!is_open() || stream_->is_pipe) return Napi::Number::New(info.Env(), UV_EBADF);
  sockaddr_storage address = {};
  int error = ParseAddress(info, &address);
  if (error == 0) error = stream_->Connect(reinterpret_cast<sockaddr*>(&address));
  return Napi::Number::New(info.Env(), error);
}

Napi::Value TcpHandle::ReadStart(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), is_open() ? stream_->ReadStart() : UV_EBADF);
}

Napi::Value TcpHandle::ReadStop(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), is_open() ? uv_read_stop(&stream_->stream) : 0);
}

Napi::Value TcpHandle::Write(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), is_open() ? stream_->Send(BytesOf(info[0]), true) : UV_EBADF);
}

void TcpHandle::Attach(const Napi::CallbackInfo& info) {
  ConnectionObject* object = ConnectionObject::From(info[0]);
  if (stream_ == nullptr || object == nullptr) return;
  stream_->StopFeeding();
  stream_->connection = connection_ = object->connection();
}

void TcpHandle::Handshake(const Napi::CallbackInfo& info) {
  if (stream_ == nullptr) return;
  stream_->StopFeeding();
  if (info[0].As<Napi::Boolean>() && stream_->connection != nullptr) stream_->StartFeeding(stream_->connection, 0);
}

Napi::Value TcpHandle::Decrypt(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!is_open() || stream_->connection == nullptr) return Napi::Number::New(env, uint32_t{kFailed});
  size_t end = std::min<size_t>(info[1].As<Napi::Number>().Uint32Value(), kTcpSlabLength);
  size_t offset = std::min<size_t>(info[0].As<Napi::Number>().Uint32Value(), end);
  std::span<const uint8_t> input = stream_->loop->slab().subspan(offset, end - offset);
  std::span<uint8_t> output = stream_->loop->output();
  Connection::Step step = stream_->connection->Decrypt(input, BytesOf(info[2]), output);
  int32_t* registers = stream_->loop->registers();
  size_t sent = 0;
  registers[kSocketStatus] = stream_->SendOutput(step, false, &sent);
  registers[kConsumed] = static_cast<int32_t>(step.consumed);
  registers[kPlaintext] = static_cast<int32_t>(step.plaintext);
  registers[kCiphertext] = static_cast<int32_t>(sent);
  return Napi::Number::New(env, step.flags & ~kOutputPending);
}

bool TcpHandle::BeginSending(int32_t* registers) const {
  registers[kConsumed] = registers[kCiphertext] = 0;
  registers[kSocketStatus] = UV_EBADF;
  return is_open() && stream_->connection != nullptr;
}

Napi::Value TcpHandle::Encrypt(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int32_t* registers = env.GetInstanceData<Addon>()->progress_registers();
  if (!BeginSending(registers)) return Napi::Number::New(env, 0);
  size_t sent = 0;
  std::span<const uint8_t> plaintext = BytesOf(info[0]);
  size_t taken = std::min<size_t>(info[1].As<Napi::Number>().Uint32Value(), plaintext.size());
  uint32_t flags = 0;
  do {
    Connection::Step step = stream_->connection->Encrypt(plaintext.subspan(taken), stream_->loop->output());
    taken += step.consumed;
    flags |= step.flags & ~kOutputPending;
    registers[kSocketStatus] = stream_->SendOutput(step, true, &sent);
    if (step.consumed == 0 || (flags & kFailed) != 0) break;
  } while (taken < plaintext.size() && registers[kSocketStatus] == 0);
  registers[kConsumed] = static_cast<int32_t>(taken);
  registers[kCiphertext] = static_cast<int32_t>(sent);
  return Napi::Number::New(env, flags);
}

Napi::Value TcpHandle::CloseNotify(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int32_t* registers = env.GetInstanceData<Addon>()->progress_registers();
  if (!BeginSending(registers)) return Napi::Number::New(env, 0);
  size_t sent = 0;
  Connection::Step step = stream_->connection->CloseNotify(stream_->loop->output());
  registers[kSocketStatus] = stream_->SendOutput(step, true, &sent);
  registers[kCiphertext] = static_cast<int32_t>(sent);
  return Napi::Number::New(env, step.flags & ~kOutputPending);
}

Napi::Value TcpHandle::End(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!is_open()) return Napi::Number::New(env, UV_EBADF);
  auto request = std::make_unique<uv_shutdown_t>();
  int error = uv_shutdown(request.get(), &stream_->stream, [](uv_shutdown_t* done, int status) {
    std::unique_ptr<uv_shutdown_t> owned(done);
    TcpStream* stream = TcpStream::From(done->handle);
    if (stream->is_heard() && stream->owner != nullptr) stream->owner->Emit(kTcpShutdown, status);
  });
  if (error == 0) request.release();
  return Napi::Number::New(env, error);
}

void TcpHandle::Close(const Napi::CallbackInfo&) {
  if (stream_ != nullptr) stream_->Close();
}

// setNoDelay(on)
Napi::Value TcpHandle::SetNoDelay(const Napi::CallbackInfo& info) {
  bool usable = stream_ != nullptr && !stream_->is_pipe;
  return Napi::Number::New(info.Env(), usable ? uv_tcp_nodelay(&stream_->tcp, info[0].As<Napi::Boolean>()) : 0);
}

Napi::Value TcpHandle::SetKeepAlive(const Napi::CallbackInfo& info) {
  if (stream_ == nullptr || stream_->is_pipe) return Napi::Number::New(info.Env(), 0);
  const bool on = info[0].As<Napi::Boolean>();
  const int seconds = info[1].As<Napi::Number>().Int32Value();
  const int interval = info[2].As<Napi::Number>().Int32Value();
  const int count = info[3].As<Napi::Number>().Int32Value();
  int fd = -1;
  const bool is_whole = !on || (interval <= 0 && count <= 0);
  int error = is_whole || uv_fileno(&stream_->handle, &fd) != 0
                  ? uv_tcp_keepalive(&stream_->tcp, on, static_cast<unsigned>(seconds))
                  : KeepAlive(fd, seconds, interval > 0 ? interval : 1, count > 0 ? count : 10);
  return Napi::Number::New(info.Env(), error);
}

Napi::Value TcpHandle::SetTypeOfService(const Napi::CallbackInfo& info) {
  int fd = -1;
  int value = info[0].As<Napi::Number>().Int32Value();
  if (!is_open() || uv_fileno(&stream_->handle, &fd) != 0) return Napi::Number::New(info.Env(), UV_EBADF);
  bool set = setsockopt(fd, IPPROTO_IP, IP_TOS, &value, sizeof(value)) == 0 ||
             setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &value, sizeof(value)) == 0;
  return Napi::Number::New(info.Env(), set ? 0 : uv_translate_sys_error(errno));
}

Napi::Value TcpHandle::GetTypeOfService(const Napi::CallbackInfo& info) {
  int fd = -1;
  int value = 0;
  socklen_t length = sizeof(value);
  if (!is_open() || uv_fileno(&stream_->handle, &fd) != 0) return Napi::Number::New(info.Env(), UV_EBADF);
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
