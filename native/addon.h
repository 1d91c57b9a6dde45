// The state of the addon in one Node environment (main thread or worker): no globals.
#ifndef PQTLS_NATIVE_ADDON_H_
#define PQTLS_NATIVE_ADDON_H_

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "crypto_job.h"
#include "parsed_chains.h"
#include "signature_load.h"

namespace pqtls {

// Owned by JavaScript and seen from both sides: results are written here and copied there, because creating a buffer
// from C++ is dearer than most hashes. Never given to users.
inline constexpr size_t kScratchLength = 16384;

class Addon : public Napi::Addon<Addon> {
 public:
  Addon(Napi::Env env, Napi::Object exports);

  uint8_t* scratch() const { return scratch_; }
  JobScheduler& scheduler() { return scheduler_; }
  const std::shared_ptr<SignatureLoad>& signature_load() const { return signature_load_; }
  ParsedChains& parsed_chains() { return parsed_chains_; }
  // Where a TLS connection leaves the counts of its last call for JavaScript; set by RegisterTls.
  int32_t* progress_registers() const { return progress_registers_; }
  void set_progress_registers(Napi::Int32Array registers);
  // (algorithm, input, length) => Uint8Array | undefined, of src/tls/certificate-compression.ts; empty until it is set.
  Napi::Function certificate_codec() const {
    return certificate_codec_.IsEmpty() ? Napi::Function() : certificate_codec_.Value();
  }
  void set_certificate_codec(Napi::Function codec) { certificate_codec_ = Napi::Persistent(codec); }

 private:
  uint8_t* scratch_ = nullptr;
  Napi::Reference<Napi::ArrayBuffer> scratch_reference_;
  JobScheduler scheduler_;
  const std::shared_ptr<SignatureLoad> signature_load_ = std::make_shared<SignatureLoad>();
  ParsedChains parsed_chains_;
  int32_t* progress_registers_ = nullptr;
  Napi::Reference<Napi::Int32Array> registers_reference_;
  Napi::FunctionReference certificate_codec_;
};

}  // namespace pqtls

#endif  // PQTLS_NATIVE_ADDON_H_
