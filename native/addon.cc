// The addon's entry point: what is exported to JavaScript, by concept. Contract: src/binding.ts.
#include "addon.h"

#include <openssl/base.h>
#include <openssl/crypto.h>

#include "aws_lc_internal.h"
#include "bench_floor.h"
#include "digest.h"
#include "hybrid.h"
#include "kem.h"
#include "signature.h"
#include "tls.h"

namespace pqtls {

Addon::Addon(Napi::Env env, Napi::Object exports) {
  Napi::ArrayBuffer scratch = Napi::ArrayBuffer::New(env, kScratchLength);
  scratch_ = static_cast<uint8_t*>(scratch.Data());
  scratch_reference_ = Napi::Persistent(scratch);

  Napi::Object capabilities = Napi::Object::New(env);
  capabilities.Set("mlKem", kKemSupported);
  capabilities.Set("mlDsa", kSignatureSupported);
  capabilities.Set("tls", kTlsSupported);
  exports.Set("awsLcVersion", AWSLC_VERSION_NUMBER_STRING);
  exports.Set("fips", FIPS_mode() == 1);
  exports.Set("capabilities", capabilities);
  exports.Set("scratch", Napi::Uint8Array::New(env, kScratchLength, scratch, 0));

  napi_get_uv_event_loop(env, &signature_load_->loop);
  RegisterKem(this, env, exports);
  RegisterSignature(this, env, exports);
  RegisterDigest(this, env, exports);
  RegisterHybrid(this, env, exports);
  RegisterBenchFloor(this, env, exports);
  RegisterTls(this, env, exports);
}

void Addon::set_progress_registers(Napi::Int32Array registers) {
  progress_registers_ = registers.Data();
  registers_reference_ = Napi::Persistent(registers);
}

}  // namespace pqtls

using pqtls::Addon;
NODE_API_ADDON(Addon)
