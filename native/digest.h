// SHA-3 and SHAKE for JavaScript; the functions are described in src/binding/crypto-contract.ts.
#ifndef PQTLS_NATIVE_DIGEST_H_
#define PQTLS_NATIVE_DIGEST_H_

#include <napi.h>

namespace pqtls {

class Addon;

void RegisterDigest(Addon* addon, Napi::Env env, Napi::Object exports);

}  // namespace pqtls

#endif  // PQTLS_NATIVE_DIGEST_H_
