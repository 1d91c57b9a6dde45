// The settings of every connection, and what must come out of its handshake.
#ifndef PQTLS_LOADGEN_CLIENT_CONTEXT_H_
#define PQTLS_LOADGEN_CLIENT_CONTEXT_H_

#include <openssl/ssl.h>

#include <string>

#include "options.h"
#include "report.h"

namespace loadgen {

// Of libssl's own errors, the oldest.
std::string TlsError();

class ClientContext {
 public:
  explicit ClientContext(const Options& options);

  // Null where TLS is not asked for.
  SSL_CTX* get() const { return context_.get(); }

  // A connection that resumes the kept session, where there is one.
  bssl::UniquePtr<SSL> NewConnection() const;

  // The first session that a server gives from here on is kept, for all connections to come.
  void KeepSession() { keeping_ = true; }
  bool has_session() const { return session_ != nullptr; }

  // Fails unless the handshake agreed on the first group, without a HelloRetryRequest, and resumed what it should.
  void CheckHandshake(SSL* ssl);

  // What was agreed on: members group, cipher, signatureScheme.
  void AddTo(Json* json) const;

 private:
  static int OnSession(SSL* ssl, SSL_SESSION* session);

  bssl::UniquePtr<SSL_CTX> context_;
  bssl::UniquePtr<SSL_SESSION> session_;
  bool keeping_ = false;
  std::string first_group_;
  std::string cipher_;
  std::string signature_scheme_;
};

}  // namespace loadgen

#endif  // PQTLS_LOADGEN_CLIENT_CONTEXT_H_
