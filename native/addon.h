// The state of the addon in one Node environment (main thread or worker): no globals.
#ifndef PQTLS_NATIVE_ADDON_H_
#define PQTLS_NATIVE_ADDON_H_

#include <napi.h>

#include <cstdint>

namespace pqtls {

class Addon : public Napi::Addon<Addon> {
 public:
  Addon(Napi::Env env, Napi::Object exports);

  // Where a Connection leaves the counts of its last call for JavaScript. Kept alive by `registers_`.
  int32_t* progress_registers() const { return progress_registers_; }

 private:
  Napi::Reference<Napi::Int32Array> registers_;
  int32_t* progress_registers_ = nullptr;
};

}  // namespace pqtls

#endif  // PQTLS_NATIVE_ADDON_H_
