// ML-DSA for JavaScript; the functions are described in src/binding/crypto-contract.ts.
#ifndef PQTLS_NATIVE_SIGNATURE_H_
#define PQTLS_NATIVE_SIGNATURE_H_

#include <napi.h>

namespace pqtls {

class Addon;

void RegisterSignature(Addon* addon, Napi::Env env, Napi::Object exports);

}  // namespace pqtls

#endif  // PQTLS_NATIVE_SIGNATURE_H_
