// SSL_CTX for JavaScript: certificates, trust, versions, groups, schemes. src/tls/secure-context.ts checks the options.
#ifndef PQTLS_NATIVE_SECURE_CONTEXT_H_
#define PQTLS_NATIVE_SECURE_CONTEXT_H_

#include <napi.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <vector>

#include "connection_sessions.h"

namespace pqtls {

class SecureContext : public Napi::ObjectWrap<SecureContext> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit SecureContext(const Napi::CallbackInfo& info);

  // The context behind a JavaScript value; null, with a TypeError pending, where it is something else.
  static SecureContext* From(const Napi::Value& value);

  SSL_CTX* ctx() const { return ctx_.get(); }
  // What its connections may sign with, most wanted first; createSecureContext() always sets it.
  const std::vector<uint16_t>& signing_schemes() const { return signing_schemes_; }
  // The only kind of key that the certificates of a peer may have, as an OBJ NID; 0 for any.
  int certificate_key() const { return certificate_key_; }

 private:
  Napi::Value SetCertificateChain(const Napi::CallbackInfo& info);
  Napi::Value SetPrivateKey(const Napi::CallbackInfo& info);
  Napi::Value LoadPkcs12(const Napi::CallbackInfo& info);
  Napi::Value SetOptions(const Napi::CallbackInfo& info);
  Napi::Value SetClientOrder(const Napi::CallbackInfo& info);
  Napi::Value SetSecurityLevel(const Napi::CallbackInfo& info);
  Napi::Value SetCertificateCompression(const Napi::CallbackInfo& info);
  Napi::Value SetTrustStore(const Napi::CallbackInfo& info);
  Napi::Value SetClientCaList(const Napi::CallbackInfo& info);
  Napi::Value SetVersions(const Napi::CallbackInfo& info);
  Napi::Value SetGroups(const Napi::CallbackInfo& info);
  Napi::Value SetCiphers(const Napi::CallbackInfo& info);
  Napi::Value Ciphers(const Napi::CallbackInfo& info);
  Napi::Value SetCertificateKey(const Napi::CallbackInfo& info);
  Napi::Value OwnKeyForbidden(const Napi::CallbackInfo& info);
  Napi::Value SetSignatureAlgorithms(const Napi::CallbackInfo& info);
  Napi::Value SetTicketKeys(const Napi::CallbackInfo& info);
  Napi::Value GetTicketKeys(const Napi::CallbackInfo& info);
  Napi::Value SetSessionIdContext(const Napi::CallbackInfo& info);
  Napi::Value SetResumption(const Napi::CallbackInfo& info);
  Napi::Value SetOffload(const Napi::CallbackInfo& info);
  Napi::Value SetProgramSigner(const Napi::CallbackInfo& info);

  ContextSessions& sessions() { return *ContextSessions::Of(ctx_.get()); }

  bssl::UniquePtr<SSL_CTX> ctx_;
  std::vector<uint16_t> signing_schemes_;
  int certificate_key_ = 0;
};

}  // namespace pqtls

#endif  // PQTLS_NATIVE_SECURE_CONTEXT_H_
