// Key exchange groups for JavaScript; the functions are described in src/binding/crypto-contract.ts.
#ifndef PQTLS_NATIVE_HYBRID_H_
#define PQTLS_NATIVE_HYBRID_H_

#include <napi.h>

namespace pqtls {

class Addon;

void RegisterHybrid(Addon* addon, Napi::Env env, Napi::Object exports);

}  // namespace pqtls

#endif  // PQTLS_NATIVE_HYBRID_H_
