// The addon's entry point: what is exported to JavaScript, by concept. Contract: src/binding.ts.
#include "addon.h"

#include <openssl/crypto.h>
#include <pqtls/aws_lc_features.h>

#include "connection.h"
#include "secure_context.h"
#include "trust_store.h"

namespace pqtls {

Addon::Addon(Napi::Env env, Napi::Object exports) {
  exports.Set("awsLcVersion", Napi::String::New(env, AWSLC_VERSION_NUMBER_STRING));
  exports.Set("fips", Napi::Boolean::New(env, FIPS_mode() != 0));
  Napi::Object capabilities = Napi::Object::New(env);
  capabilities.Set("mlKem", Napi::Boolean::New(env, PQTLS_HAVE_ML_KEM_INTERNAL));
  capabilities.Set("mlDsa", Napi::Boolean::New(env, PQTLS_HAVE_ML_DSA_INTERNAL));
  capabilities.Set("tls", Napi::Boolean::New(env, true));
  exports.Set("capabilities", capabilities);

  Napi::Int32Array registers = Napi::Int32Array::New(env, kProgressRegisters);
  progress_registers_ = registers.Data();
  registers_ = Napi::Persistent(registers);
  exports.Set("progress", registers);
  exports.Set("TrustStore", TrustStore::Define(env));
  exports.Set("SecureContext", SecureContext::Define(env));
  exports.Set("Connection", Connection::Define(env));
}

}  // namespace pqtls

using pqtls::Addon;
NODE_API_ADDON(Addon)
