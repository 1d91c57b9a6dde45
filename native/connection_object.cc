// The JavaScript object of a connection.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include "connection_object.h"

#include "error_queue.h"
#include "secure_context.h"

namespace pqtls {

Napi::Function ConnectionObject::Define(Napi::Env env) {
  return DefineClass(env, "Connection", Connection::Methods<ConnectionObject>());
}

ConnectionObject::ConnectionObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  SecureContext* context = SecureContext::From(info[0]);
  if (context == nullptr) return;
  connection_ = Connection::Create(info.Env(), *context, ConnectionSettings::Read(info, 1));
  if (connection_ == nullptr) {
    ThrowTakenError(info.Env(), "The connection could not be configured");
    return;
  }
  connection_->set_holder(this);
}

ConnectionObject::~ConnectionObject() {
  if (connection_ != nullptr) connection_->set_holder(nullptr);
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
