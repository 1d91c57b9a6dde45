// Arguments and results of native functions, over the raw C API: hot entry points may not allocate for them.
//
// The TypeScript above checks what users pass. These checks only keep a wrong call from crashing the process: each
// helper throws a JavaScript exception and returns false or nullptr.
#ifndef PQTLS_NATIVE_ARGUMENTS_H_
#define PQTLS_NATIVE_ARGUMENTS_H_

#include <node_api.h>

#include <cstddef>
#include <cstdint>

namespace pqtls {

class Addon;

// What an operation ends with. The numbers are known to src/binding/crypto-contract.ts.
enum class Status : int32_t {
  kOk = 0,
  kFailed = 1,            // AWS-LC failed for a reason that is not the caller's.
  kKeyDestroyed = 2,      // The key was destroyed or the exchange completed before.
  kModulusCheck = 3,      // FIPS 203, Section 7.2.
  kHashCheck = 4,         // FIPS 203, Section 7.3.
  kInconsistentKey = 5,   // The parts of a signing key do not belong together.
  kInvalidPoint = 6,      // Not an uncompressed point on the curve.
  kZeroSharedSecret = 7,  // X25519 gave all zeros. RFC 7748, Section 6.1.
  kNoSeed = 8,            // The key was not made from a seed.
};

struct Bytes {
  uint8_t* data = nullptr;
  size_t size = 0;
};

// The arguments of one call.
template <size_t kCount>
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) : env_(env) {
    size_t count = kCount;
    void* data = nullptr;
    napi_get_cb_info(env, info, &count, values_, nullptr, &data);
    addon_ = static_cast<Addon*>(data);
  }

  napi_env env() const { return env_; }
  Addon* addon() const { return addon_; }
  napi_value operator[](size_t index) const { return values_[index]; }

 private:
  napi_env env_;
  Addon* addon_;
  napi_value values_[kCount];
};

void ThrowInvalidArgument(napi_env env, const char* message);

// A Uint8Array or Buffer; GetBytesOf also wants exactly `size` bytes. A view whose buffer was detached or became too
// short has no bytes: it passes as empty, and the TypeScript above refuses it.
bool GetBytes(napi_env env, napi_value value, Bytes* bytes);
bool GetBytesOf(napi_env env, napi_value value, size_t size, Bytes* bytes);
// A number below `limit`.
bool GetIndex(napi_env env, napi_value value, uint32_t limit, uint32_t* index);
bool GetBoolean(napi_env env, napi_value value, bool* boolean);

napi_value ToValue(napi_env env, Status status);
napi_value ToValue(napi_env env, int32_t number);
// A fresh Uint8Array with a copy; dear, for the asynchronous forms only.
napi_value ToUint8Array(napi_env env, const uint8_t* data, size_t size);

struct NativeFunction {
  const char* name;
  napi_callback callback;
};

// Adds the functions to `exports`; each gets the Addon as its data.
void DefineFunctions(napi_env env, napi_value exports, Addon* addon, const NativeFunction* functions, size_t count);

template <size_t kCount>
void DefineFunctions(napi_env env, napi_value exports, Addon* addon, const NativeFunction (&functions)[kCount]) {
  DefineFunctions(env, exports, addon, functions, kCount);
}

}  // namespace pqtls

#endif  // PQTLS_NATIVE_ARGUMENTS_H_
