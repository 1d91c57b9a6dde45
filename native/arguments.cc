// Arguments and results of native functions, over the raw C API.
#include "arguments.h"

#include <cstring>

namespace pqtls {

void ThrowInvalidArgument(napi_env env, const char* message) {
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
}

bool GetBytes(napi_env env, napi_value value, Bytes* bytes) {
  napi_typedarray_type type;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &bytes->size, &data, nullptr, nullptr) != napi_ok ||
      type != napi_uint8_array) {
    ThrowInvalidArgument(env, "A Uint8Array is required");
    return false;
  }
  // Of a view that is out of the bounds of its buffer, the address is as well.
  bytes->data = bytes->size == 0 ? nullptr : static_cast<uint8_t*>(data);
  return true;
}

bool GetBytesOf(napi_env env, napi_value value, size_t size, Bytes* bytes) {
  if (!GetBytes(env, value, bytes)) return false;
  if (bytes->size != size) {
    napi_throw_range_error(env, "ERR_OUT_OF_RANGE", "A Uint8Array has a wrong length");
    return false;
  }
  return true;
}

bool GetIndex(napi_env env, napi_value value, uint32_t limit, uint32_t* index) {
  if (napi_get_value_uint32(env, value, index) != napi_ok || *index >= limit) {
    ThrowInvalidArgument(env, "A number within range is required");
    return false;
  }
  return true;
}

bool GetBoolean(napi_env env, napi_value value, bool* boolean) {
  if (napi_get_value_bool(env, value, boolean) != napi_ok) {
    ThrowInvalidArgument(env, "A boolean is required");
    return false;
  }
  return true;
}

napi_value ToValue(napi_env env, int32_t number) {
  napi_value value = nullptr;
  napi_create_int32(env, number, &value);
  return value;
}

napi_value ToValue(napi_env env, Status status) { return ToValue(env, static_cast<int32_t>(status)); }

napi_value ToUint8Array(napi_env env, const uint8_t* data, size_t size) {
  void* copy = nullptr;
  napi_value buffer = nullptr;
  napi_value array = nullptr;
  if (napi_create_arraybuffer(env, size, &copy, &buffer) != napi_ok) return nullptr;
  if (size != 0) memcpy(copy, data, size);
  if (napi_create_typedarray(env, napi_uint8_array, size, buffer, 0, &array) != napi_ok) return nullptr;
  return array;
}

void DefineFunctions(napi_env env, napi_value exports, Addon* addon, const NativeFunction* functions, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    napi_value function = nullptr;
    if (napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].callback, addon, &function) !=
            napi_ok ||
        napi_set_named_property(env, exports, functions[i].name, function) != napi_ok) {
      return;
    }
  }
}

}  // namespace pqtls
