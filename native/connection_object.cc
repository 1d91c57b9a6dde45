// The JavaScript object of a connection.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include "connection_object.h"
#include "error_queue.h"
#include "secure_context.h"
#include "tagged_object.h"

namespace pqtls {

namespace {

constexpr napi_type_tag kConnectionTag = {0x7071746c73636f6e, 0x6e656374696f6e3a};

}  // namespace

Napi::Function ConnectionObject::Define(Napi::Env env) {
  return DefineClass(env, "Connection", Connection::Methods<ConnectionObject>());
}

ConnectionObject* ConnectionObject::From(const Napi::Value& value) {
  return UnwrapTagged<ConnectionObject>(value, kConnectionTag);
}

ConnectionObject::ConnectionObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  info.This().As<Napi::Object>().TypeTag(&kConnectionTag);
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
