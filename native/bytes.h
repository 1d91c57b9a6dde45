// Views of JavaScript's bytes, valid until control returns to JavaScript.
#ifndef PQTLS_NATIVE_BYTES_H_
#define PQTLS_NATIVE_BYTES_H_

#include <napi.h>

#include <cstdint>
#include <span>
#include <string>

namespace pqtls {

// The bytes of a Uint8Array; empty for anything else, a detached one included.
inline std::span<uint8_t> BytesOf(napi_env env, napi_value value) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok) return {};
  if (type != napi_uint8_array || data == nullptr) return {};
  return {static_cast<uint8_t*>(data), length};
}

inline std::span<uint8_t> BytesOf(const Napi::Value& value) { return BytesOf(value.Env(), value); }

// Whether `value` is a Uint16Array; throws a TypeError where not. To be asked before As<Uint16Array>(), which believes
// it.
inline bool RequireUint16Array(const Napi::Value& value) {
  if (value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint16_array) return true;
  Napi::TypeError::New(value.Env(), "A Uint16Array is required").ThrowAsJavaScriptException();
  return false;
}

// Whether `value` is a string without a NUL, which a C string would end at; throws a TypeError where not.
inline bool RequireText(const Napi::Value& value, std::string* text) {
  if (value.IsString()) *text = value.As<Napi::String>().Utf8Value();
  if (value.IsString() && text->find('\0') == std::string::npos) return true;
  Napi::TypeError::New(value.Env(), "A string without a NUL is required").ThrowAsJavaScriptException();
  return false;
}

// Whether `value` is a number; throws a TypeError where not.
inline bool RequireNumber(const Napi::Value& value) {
  if (value.IsNumber()) return true;
  Napi::TypeError::New(value.Env(), "A number is required").ThrowAsJavaScriptException();
  return false;
}

// A PEM passphrase callback that never prompts on a terminal.
inline int NoPassphrase(char*, int, int, void*) { return 0; }

}  // namespace pqtls

#endif  // PQTLS_NATIVE_BYTES_H_
