// The object of JavaScript's for a socket of the addon, and for the TLS connection on it.
#ifndef PQTLS_NATIVE_TCP_HANDLE_H_
#define PQTLS_NATIVE_TCP_HANDLE_H_

#ifndef _WIN32

#include <napi.h>

#include <optional>

#include "connection_object.h"
#include "tcp_stream.h"

namespace pqtls {

// It has the methods of Connection as well, for the connection of a socket that the addon accepted.
class TcpHandle : public Napi::ObjectWrap<TcpHandle> {
 public:
  static Napi::Function Define(Napi::Env env, TcpLoop* loop);
  // new TcpHandle(fd, isPipe): a duplicate of the descriptor; the caller closes its own. With undefined for it, a
  // socket that connect() is for. Or, by the addon itself, for a TcpStream that it accepted.
  explicit TcpHandle(const Napi::CallbackInfo& info);
  ~TcpHandle() override;

  void Emit(TcpEvent event, int64_t value);
  void OnClosed(bool is_heard);

  template <auto method>
  static auto ConnectionMethod(const char* name) {
    return InstanceMethod<&TcpHandle::OnConnection<method>>(name);
  }

 private:
  template <auto method>
  Napi::Value OnConnection(const Napi::CallbackInfo& info) {
    return CallConnection<method>(connection_.get(), info);
  }

  // bind(family, address, port, flags): 4 or 6, flags of uv_tcp_bind()
  Napi::Value Bind(const Napi::CallbackInfo& info);
  // connect(family, address, port): a kTcpConnected follows 0
  Napi::Value Connect(const Napi::CallbackInfo& info);
  Napi::Value ReadStart(const Napi::CallbackInfo& info);
  Napi::Value ReadStop(const Napi::CallbackInfo& info);
  // write(bytes): 0 done, 1 a kTcpWritten follows, or a negative errno
  Napi::Value Write(const Napi::CallbackInfo& info);
  // attach(connection): what decrypt() and encrypt() are about
  void Attach(const Napi::CallbackInfo& info);
  // handshake(on): feeds the connection with what comes in, and sends what it answers, until there is something for
  // JavaScript: a kTcpHandshake, or any event of TCP.
  void Handshake(const Napi::CallbackInfo& info);
  // decrypt(offset, end, plaintext): of the slab; sends what the connection answers. Flags of ProgressFlag.
  Napi::Value Decrypt(const Napi::CallbackInfo& info);
  // encrypt(plaintext, offset): until all is sent or the kernel takes no more. Flags of ProgressFlag.
  Napi::Value Encrypt(const Napi::CallbackInfo& info);
  // Sends the connection's close_notify. Flags of ProgressFlag.
  Napi::Value CloseNotify(const Napi::CallbackInfo& info);
  // The FIN goes out after what was written; kTcpShutdown follows.
  Napi::Value End(const Napi::CallbackInfo& info);
  // kTcpClosed follows.
  void Close(const Napi::CallbackInfo& info);
  Napi::Value SetNoDelay(const Napi::CallbackInfo& info);
  // setKeepAlive(on, seconds, interval, count): seconds as well; 0 of the last two leaves libuv's
  Napi::Value SetKeepAlive(const Napi::CallbackInfo& info);
  // Of IPv4, and the traffic class of IPv6. RFC 2474. The getter answers 0 to 255, or a negative errno.
  Napi::Value SetTypeOfService(const Napi::CallbackInfo& info);
  Napi::Value GetTypeOfService(const Napi::CallbackInfo& info);
  void SetRef(const Napi::CallbackInfo& info);
  // name(ofPeer): { address, family, port }, or undefined
  Napi::Value Name(const Napi::CallbackInfo& info);

  bool is_open() const { return stream_ != nullptr && stream_->is_open(); }
  // Nothing is sent yet; false where there is nothing to send it on.
  bool BeginSending(int32_t* registers) const;
  // Opens a stream, for a duplicate of the descriptor where one is given; 0 or a negative errno.
  int Open(TcpLoop* loop, std::optional<int> given, bool is_pipe);

  TcpStream* stream_ = nullptr;
  // Outlives the stream: JavaScript may ask what was agreed on after the end.
  std::shared_ptr<Connection> connection_;
};

}  // namespace pqtls

#endif  // _WIN32

#endif  // PQTLS_NATIVE_TCP_HANDLE_H_
