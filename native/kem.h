// ML-KEM for JavaScript; the functions are described in src/binding/crypto-contract.ts.
#ifndef PQTLS_NATIVE_KEM_H_
#define PQTLS_NATIVE_KEM_H_

#include <napi.h>

namespace pqtls {

class Addon;

void RegisterKem(Addon* addon, Napi::Env env, Napi::Object exports);

}  // namespace pqtls

#endif  // PQTLS_NATIVE_KEM_H_
