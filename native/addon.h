// The state of the addon in one Node environment.
#ifndef PQTLS_NATIVE_ADDON_H_
#define PQTLS_NATIVE_ADDON_H_

#include <napi.h>
#include <openssl/base.h>

namespace pqtls {

class Addon : public Napi::Addon<Addon> {
 public:
  Addon(Napi::Env env, Napi::Object exports);
};

}  // namespace pqtls

#endif  // PQTLS_NATIVE_ADDON_H_
