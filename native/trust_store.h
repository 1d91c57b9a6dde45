// A set of trusted certificates, parsed once and shared between contexts; and the verification of a chain against it.
#ifndef PQTLS_NATIVE_TRUST_STORE_H_
#define PQTLS_NATIVE_TRUST_STORE_H_

#include <napi.h>
#include <openssl/ssl.h>

#include <memory>

#include "verified_chains.h"

namespace pqtls {

// JavaScript: new TrustStore(), addCertificates(pem) -> how many were added, addStore(other), addCrl(pem),
// allowPartialChain().
class TrustStore : public Napi::ObjectWrap<TrustStore> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit TrustStore(const Napi::CallbackInfo& info);

  // The store behind a JavaScript value; null, with a TypeError pending, where it is something else.
  static TrustStore* From(const Napi::Value& value);

  // To look at; certificates come in through Add(), as what was found good before may not be any more.
  X509_STORE* store() const { return store_.get(); }
  // False, with the reason in AWS-LC's error queue, where it is not accepted.
  bool Add(X509* certificate);
  const std::shared_ptr<VerifiedChains>& verified_chains() const { return verified_chains_; }

 private:
  Napi::Value AddCertificates(const Napi::CallbackInfo& info);
  Napi::Value AddStore(const Napi::CallbackInfo& info);
  Napi::Value AddCrl(const Napi::CallbackInfo& info);
  Napi::Value AllowPartialChain(const Napi::CallbackInfo& info);

  bssl::UniquePtr<X509_STORE> store_;
  // Contexts that have the store share them, and may outlive this object.
  const std::shared_ptr<VerifiedChains> verified_chains_ = std::make_shared<VerifiedChains>();
};

// A result of VerifyPeerChain beyond OpenSSL's own. Mirrored in src/errors.ts.
constexpr int kCertificateKeyForbidden = 1000;

bool IsSelfIssued(X509* certificate);
// The certificate of `store` that issued `certificate`; null where there is none.
bssl::UniquePtr<X509> FindIssuer(X509_STORE* store, X509* certificate);

// Whether the certificate's key is of the kind with this OBJ NID.
bool HasKeyOfKind(X509* certificate, int nid);

// Verifies the peer's chain of `ssl` against its context's store, RFC 5280, Section 6; a chain that was found good is
// not verified again. Returns X509_V_OK or the last error met, as node:tls reports it; fails closed when the
// verification can't be set up. A `certificate_key` other than 0 is the OBJ NID of the only kind of key that the chain
// may have.
int VerifyPeerChain(SSL* ssl, int certificate_key);

}  // namespace pqtls

#endif  // PQTLS_NATIVE_TRUST_STORE_H_
