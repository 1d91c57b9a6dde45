// A listening socket whose connections make their handshake before there is an object of JavaScript's for them.
#ifndef PQTLS_NATIVE_TCP_LISTENER_H_
#define PQTLS_NATIVE_TCP_LISTENER_H_

#ifndef _WIN32

#include <napi.h>

#include "connection.h"
#include "secure_context.h"
#include "tcp_stream.h"

namespace pqtls {

// Who goes on with a connection that was accepted. Mirrored in src/binding/tcp-contract.ts.
enum class Way : uint32_t {
  kAddon = 0,       // its handshake runs here, with the settings of setTls()
  kJavaScript = 1,  // a TcpHandle from the start
  kNode = 2,        // a descriptor, which node:net makes a socket of
};

class TcpListener : public Napi::ObjectWrap<TcpListener> {
 public:
  static Napi::Function Define(Napi::Env env, TcpLoop* loop);
  // new TcpListener(fd, isPipe): a duplicate of a bound descriptor; the caller keeps its own. JavaScript gives the
  // object its methods `choose`, `onHandle`, `onDescriptor` and `onError` before listen().
  explicit TcpListener(const Napi::CallbackInfo& info);
  ~TcpListener() override;

  // Makes the object of JavaScript's for a connection, and tells of what its handshake came to: flags of ProgressFlag.
  void HandOver(TcpStream* stream, uint32_t flags);
  // A connection of ours that JavaScript never heard of.
  void OnGone(TcpStream* stream);

 private:
  Napi::Value Listen(const Napi::CallbackInfo& info);
  // setTls(context, isServer, verifyPeer, requirePeer, suspendOnClientHello, serverName, alpn, requirePostQuantum,
  // minimumVersion, groups, handshakeTimeout): a number that stands for it
  Napi::Value SetTls(const Napi::CallbackInfo& info);
  // setSocket(noDelay, keepAlive, seconds)
  void SetSocket(const Napi::CallbackInfo& info);
  void SetRef(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  // How many connections there are that JavaScript does not know of yet.
  Napi::Value Pending(const Napi::CallbackInfo& info);

  static void OnConnection(uv_stream_t* server, int status);
  void Accept();
  Way Choose();
  void GiveDescriptor(TcpStream* stream);
  void Call(const char* method, std::span<const napi_value> arguments);
  void RefWhileUsed(bool is_used);

  TcpLoop* const loop_;
  TcpStream* listening_ = nullptr;
  size_t pending_ = 0;
  bool is_referenced_ = false;
  Napi::FunctionReference choose_;
  Napi::FunctionReference on_handle_;
  Napi::ObjectReference context_;
  ConnectionSettings settings_;
  uint32_t settings_number_ = 0;
  uint32_t handshake_timeout_ = 0;
  bool no_delay_ = false;
  bool keep_alive_ = false;
  uint32_t keep_alive_seconds_ = 0;
};

}  // namespace pqtls

#endif  // _WIN32

#endif  // PQTLS_NATIVE_TCP_LISTENER_H_
