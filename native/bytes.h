// Views of JavaScript's bytes, valid until control returns to JavaScript.
#ifndef PQTLS_NATIVE_BYTES_H_
#define PQTLS_NATIVE_BYTES_H_

#include <napi.h>

#include <cstdint>
#include <span>

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

// A PEM passphrase callback that never prompts on a terminal.
inline int NoPassphrase(char*, int, int, void*) { return 0; }

}  // namespace pqtls

#endif  // PQTLS_NATIVE_BYTES_H_
