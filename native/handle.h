// Native objects in JavaScript's hands: an External whose object is checked by its type before use.
#ifndef PQTLS_NATIVE_HANDLE_H_
#define PQTLS_NATIVE_HANDLE_H_

#include <node_api.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "arguments.h"

namespace pqtls {

// What an External points to. T::kHandleTag is a number that is unlike any other type's. The object is shared with the
// asynchronous jobs that use it: destroy() drops JavaScript's share, the last one wipes it.
template <typename T>
struct Handle {
  uint64_t tag = T::kHandleTag;
  std::shared_ptr<T> object;
};

// About what one native object holds, for V8 to collect sooner when there are many: the largest key is 4.9 KiB.
constexpr int64_t kHandleMemory = 4096;

// Returns nullptr with an exception pending where it fails.
template <typename T>
napi_value NewHandle(napi_env env, std::shared_ptr<T> object) {
  auto* handle = new Handle<T>{.object = std::move(object)};
  napi_value value = nullptr;
  const napi_finalize finalize = [](napi_env finalize_env, void* data, void*) {
    delete static_cast<Handle<T>*>(data);
    int64_t total;
    napi_adjust_external_memory(finalize_env, -kHandleMemory, &total);
  };
  if (napi_create_external(env, handle, finalize, nullptr, &value) != napi_ok) {
    delete handle;
    return nullptr;
  }
  int64_t total;
  napi_adjust_external_memory(env, kHandleMemory, &total);
  return value;
}

// Returns nullptr with a TypeError pending where `value` is no handle of this type.
template <typename T>
Handle<T>* GetHandle(napi_env env, napi_value value) {
  void* data = nullptr;
  if (napi_get_value_external(env, value, &data) != napi_ok || data == nullptr ||
      static_cast<Handle<T>*>(data)->tag != T::kHandleTag) {
    ThrowInvalidArgument(env, "A native key of another kind is required");
    return nullptr;
  }
  return static_cast<Handle<T>*>(data);
}

}  // namespace pqtls

#endif  // PQTLS_NATIVE_HANDLE_H_
