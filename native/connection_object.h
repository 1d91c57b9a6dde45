// The JavaScript object of a connection, and what it has in common with a socket that holds one.
#ifndef PQTLS_NATIVE_CONNECTION_OBJECT_H_
#define PQTLS_NATIVE_CONNECTION_OBJECT_H_

#include <napi.h>

#include <memory>
#include <type_traits>
#include <vector>

#include "connection.h"

namespace pqtls {

// Calls a method of a connection, or throws where a holder has none.
template <auto method>
Napi::Value CallConnection(Connection* connection, const Napi::CallbackInfo& info) {
  if (connection == nullptr) {
    Napi::Error::New(info.Env(), "There is no connection").ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  if constexpr (std::is_void_v<decltype((connection->*method)(info))>) {
    (connection->*method)(info);
    return info.Env().Undefined();
  } else {
    return (connection->*method)(info);
  }
}

template <typename Holder>
std::vector<Napi::ClassPropertyDescriptor<Holder>> Connection::Methods() {
  return {
      Holder::template ConnectionMethod<&Connection::Receive>("receive"),
      Holder::template ConnectionMethod<&Connection::Send>("send"),
      Holder::template ConnectionMethod<&Connection::Flush>("flush"),
      Holder::template ConnectionMethod<&Connection::Shutdown>("shutdown"),
      Holder::template ConnectionMethod<&Connection::AnswerClientHello>("answerClientHello"),
      Holder::template ConnectionMethod<&Connection::AnswerVerification>("answerVerification"),
      Holder::template ConnectionMethod<&Connection::AnswerSession>("answerSession"),
      Holder::template ConnectionMethod<&Connection::AwaitedSignature>("awaitedSignature"),
      Holder::template ConnectionMethod<&Connection::AnswerSignature>("answerSignature"),
      Holder::template ConnectionMethod<&Connection::WantedSession>("wantedSession"),
      Holder::template ConnectionMethod<&Connection::EnableSessionEvents>("enableSessionEvents"),
      Holder::template ConnectionMethod<&Connection::OfferSession>("offerSession"),
      Holder::template ConnectionMethod<&Connection::RequirePostQuantumSessions>("requirePostQuantumSessions"),
      Holder::template ConnectionMethod<&Connection::Session>("session"),
      Holder::template ConnectionMethod<&Connection::SessionTicket>("sessionTicket"),
      Holder::template ConnectionMethod<&Connection::TakeEvents>("takeEvents"),
      Holder::template ConnectionMethod<&Connection::UseContext>("useContext"),
      Holder::template ConnectionMethod<&Connection::EnableKeylog>("enableKeylog"),
      Holder::template ConnectionMethod<&Connection::EnableTrace>("enableTrace"),
      Holder::template ConnectionMethod<&Connection::SetServerName>("setServerName"),
      Holder::template ConnectionMethod<&Connection::SetMaxSendFragment>("setMaxSendFragment"),
      Holder::template ConnectionMethod<&Connection::RequestOcsp>("requestOcsp"),
      Holder::template ConnectionMethod<&Connection::SetPskIdentityHint>("setPskIdentityHint"),
      Holder::template ConnectionMethod<&Connection::SetPskCallback>("setPskCallback"),
      Holder::template ConnectionMethod<&Connection::PeerChain>("peerChain"),
      Holder::template ConnectionMethod<&Connection::OwnCertificate>("ownCertificate"),
      Holder::template ConnectionMethod<&Connection::OwnIssuer>("ownIssuer"),
      Holder::template ConnectionMethod<&Connection::OcspResponse>("ocspResponse"),
      Holder::template ConnectionMethod<&Connection::Finished>("finished"),
      Holder::template ConnectionMethod<&Connection::SharedSchemes>("sharedSchemes"),
      Holder::template ConnectionMethod<&Connection::Restrict>("restrict"),
      Holder::template ConnectionMethod<&Connection::Abort>("abort"),
      Holder::template ConnectionMethod<&Connection::ClientHello>("clientHello"),
      Holder::template ConnectionMethod<&Connection::VerifyResult>("verifyResult"),
      Holder::template ConnectionMethod<&Connection::VerifyMessage>("verifyMessage"),
      Holder::template ConnectionMethod<&Connection::MatchesName>("matchesName"),
      Holder::template ConnectionMethod<&Connection::PeerCertificates>("peerCertificates"),
      Holder::template ConnectionMethod<&Connection::Negotiated>("negotiated"),
      Holder::template ConnectionMethod<&Connection::CipherNames>("cipherNames"),
      Holder::template ConnectionMethod<&Connection::Alpn>("alpn"),
      Holder::template ConnectionMethod<&Connection::ServerName>("serverName"),
      Holder::template ConnectionMethod<&Connection::Failure>("failure"),
      Holder::template ConnectionMethod<&Connection::BytesRead>("bytesRead"),
      Holder::template ConnectionMethod<&Connection::BytesWritten>("bytesWritten"),
      Holder::template ConnectionMethod<&Connection::ExportKeyingMaterial>("exportKeyingMaterial"),
      Holder::template ConnectionMethod<&Connection::Destroy>("destroy"),
  };
}

class ConnectionObject : public Napi::ObjectWrap<ConnectionObject> {
 public:
  static Napi::Function Define(Napi::Env env);
  // new Connection(context, isServer, verifyPeer, requirePeer, suspendOnClientHello, serverName, alpn)
  explicit ConnectionObject(const Napi::CallbackInfo& info);
  ~ConnectionObject() override;

  // Null, with a TypeError pending, where `value` is something else.
  static ConnectionObject* From(const Napi::Value& value);

  const std::shared_ptr<Connection>& connection() const { return connection_; }

  template <auto method>
  static auto ConnectionMethod(const char* name) {
    return InstanceMethod<&ConnectionObject::OnConnection<method>>(name);
  }

 private:
  template <auto method>
  Napi::Value OnConnection(const Napi::CallbackInfo& info) {
    return CallConnection<method>(connection_.get(), info);
  }

  std::shared_ptr<Connection> connection_;
};

}  // namespace pqtls

#endif  // PQTLS_NATIVE_CONNECTION_OBJECT_H_
