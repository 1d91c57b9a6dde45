// A connected TCP or Unix socket on Node's own event loop, for one TLS connection: bytes in through a slab that
// JavaScript shares, bytes out at once where the kernel takes them. Not on Windows, where a socket has no descriptor to
// take over.
#ifndef PQTLS_NATIVE_TCP_HANDLE_H_
#define PQTLS_NATIVE_TCP_HANDLE_H_

#ifndef _WIN32

#include <napi.h>
#include <uv.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "connection.h"

namespace pqtls {

// What happens on a socket. Mirrored in src/binding/tcp-contract.ts.
enum TcpEvent : uint32_t {
  kTcpRead = 0,      // value: bytes in the slab
  kTcpEnd = 1,       // the peer's FIN
  kTcpFailed = 2,    // value: a negative errno of reading
  kTcpWritten = 3,   // value: 0 or a negative errno, for a write that had to wait
  kTcpShutdown = 4,  // value: 0 or a negative errno
  kTcpClosed = 5,
  // A handshake() has something for JavaScript. value: flags of ProgressFlag; the progress registers say how much of
  // what was read is in the slab, and how much of that was consumed.
  kTcpHandshake = 6,
};

inline constexpr size_t kTcpSlabLength = 65536;
// A flight with a chain of RSA or ECDSA; longer ones go out in parts.
inline constexpr size_t kFlightLength = 16384;

class TcpLoop;
struct TcpStream;

class TcpHandle : public Napi::ObjectWrap<TcpHandle>, private ConnectionFeeder {
 public:
  static Napi::Function Define(Napi::Env env, TcpLoop* loop);
  // new TcpHandle(fd, isPipe, onEvent): a duplicate of the descriptor; the caller closes its own.
  explicit TcpHandle(const Napi::CallbackInfo& info);
  ~TcpHandle() override;

 private:
  friend class TcpLoop;
  friend struct TcpStream;

  Napi::Value ReadStart(const Napi::CallbackInfo& info);
  Napi::Value ReadStop(const Napi::CallbackInfo& info);
  // write(bytes): 0 done, 1 a kTcpWritten follows, or a negative errno
  Napi::Value Write(const Napi::CallbackInfo& info);
  // handshake(connection | undefined): feeds the connection with what comes in, and sends what it answers, until there
  // is something for JavaScript: a kTcpHandshake, or any event of TCP. Undefined ends that.
  void Handshake(const Napi::CallbackInfo& info);
  // The FIN goes out after what was written; kTcpShutdown follows.
  Napi::Value Shutdown(const Napi::CallbackInfo& info);
  // kTcpClosed follows.
  void Close(const Napi::CallbackInfo& info);
  Napi::Value SetNoDelay(const Napi::CallbackInfo& info);
  Napi::Value SetKeepAlive(const Napi::CallbackInfo& info);
  // Of IPv4, and the traffic class of IPv6. RFC 2474. The getter answers 0 to 255, or a negative errno.
  Napi::Value SetTypeOfService(const Napi::CallbackInfo& info);
  Napi::Value GetTypeOfService(const Napi::CallbackInfo& info);
  void SetRef(const Napi::CallbackInfo& info);
  // name(ofPeer): { address, family, port }, or undefined
  Napi::Value Name(const Napi::CallbackInfo& info);

  void Emit(TcpEvent event, int64_t value);
  void OnClosed(bool is_heard);
  void OnConnectionGone() override { connection_ = nullptr; }
  // 0 done, 1 it waits for the kernel, or a negative errno. Only a write of JavaScript's is told of when it was
  // waiting.
  int Send(std::span<const uint8_t> bytes, bool is_told);
  void Feed(size_t length);
  void StopFeeding();

  static void OnRead(uv_stream_t* stream, ssize_t length, const uv_buf_t* buffer);
  static void OnWritten(uv_write_t* request, int status);

  TcpStream* stream_ = nullptr;
  Connection* connection_ = nullptr;
  Napi::FunctionReference on_event_;
};

// The sockets of one environment. Lives until the last one is closed, which the end of the environment waits for.
class TcpLoop {
 public:
  // Null where the environment has no loop.
  static TcpLoop* Start(Napi::Env env);

  Napi::Object slab_object() { return slab_reference_.Value(); }

 private:
  friend class TcpHandle;
  friend struct TcpStream;

  explicit TcpLoop(Napi::Env env) : env_(env) {}
  static void OnEnvironmentEnds(napi_async_cleanup_hook_handle hook, void* data);
  void Add(TcpStream* stream);
  void Remove(TcpStream* stream);
  void Finish();

  Napi::Env env_;
  uv_loop_t* loop_ = nullptr;
  uint8_t* slab_ = nullptr;
  std::array<uint8_t, kFlightLength> flight_;
  Napi::ObjectReference slab_reference_;
  napi_async_cleanup_hook_handle hook_ = nullptr;
  bool ending_ = false;  // JavaScript is not called any more
  TcpStream* first_ = nullptr;
};

}  // namespace pqtls

#endif  // _WIN32

#endif  // PQTLS_NATIVE_TCP_HANDLE_H_
