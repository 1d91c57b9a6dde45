// What the addon exports for TLS; nothing where the AWS-LC source has no libssl.
#ifndef PQTLS_NATIVE_TLS_H_
#define PQTLS_NATIVE_TLS_H_

#include <napi.h>
#include <pqtls/aws_lc_features.h>

namespace pqtls {

class Addon;

constexpr bool kTlsSupported = PQTLS_HAVE_TLS;

void RegisterTls(Addon* addon, Napi::Env env, Napi::Object exports);

}  // namespace pqtls

#endif  // PQTLS_NATIVE_TLS_H_
