// Objects of ours that JavaScript hands back: unwrapped only where they carry the tag of their class.
#ifndef PQTLS_NATIVE_TAGGED_OBJECT_H_
#define PQTLS_NATIVE_TAGGED_OBJECT_H_

#include <napi.h>

namespace pqtls {

// Null where `value` is something else (a TypeError is pending then) or its environment is being torn down.
template <typename T>
T* UnwrapTagged(const Napi::Value& value, const napi_type_tag& tag) {
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&tag)) {
    Napi::TypeError::New(value.Env(), "An object of another class is required").ThrowAsJavaScriptException();
    return nullptr;
  }
  return T::Unwrap(value.As<Napi::Object>());
}

}  // namespace pqtls

#endif  // PQTLS_NATIVE_TAGGED_OBJECT_H_
