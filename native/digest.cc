// SHA-3 and SHAKE: one-shot, incremental, squeezing in pieces. FIPS 202.
#include "digest.h"

#include <openssl/digest.h>

#include <memory>
#include <utility>

#include "addon.h"
#include "arguments.h"
#include "aws_lc_internal.h"
#include "crypto_job.h"
#include "handle.h"
#include "secret_bytes.h"

namespace pqtls {

namespace {

// The incremental state of a hash or an extendable-output function.
struct DigestState {
  static constexpr uint64_t kHandleTag = 0x7071646967737405;

  bssl::ScopedEVP_MD_CTX context;
};

const EVP_MD* GetDigest(bool is_xof, uint32_t algorithm) {
  if (is_xof) return algorithm == kShake128 ? EVP_shake128() : EVP_shake256();
  switch (algorithm) {
    case kSha3_224:
      return EVP_sha3_224();
    case kSha3_256:
      return EVP_sha3_256();
    case kSha3_384:
      return EVP_sha3_384();
    default:
      return EVP_sha3_512();
  }
}

Status ToStatus(bool ok) { return ok ? Status::kOk : Status::kFailed; }

// hash(algorithm, data): into the scratch
napi_value Hash(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  uint32_t algorithm;
  Bytes data;
  if (!GetIndex(env, arguments[0], kHashAlgorithms, &algorithm) || !GetBytes(env, arguments[1], &data)) return nullptr;
  return ToValue(env, ToStatus(HashOnce(algorithm, data.data, data.size, arguments.addon()->scratch())));
}

// hashInto(algorithm, data, digest)
napi_value HashInto(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  uint32_t algorithm;
  Bytes data, digest;
  if (!GetIndex(env, arguments[0], kHashAlgorithms, &algorithm) || !GetBytes(env, arguments[1], &data) ||
      !GetBytesOf(env, arguments[2], kHashLengths[algorithm], &digest)) {
    return nullptr;
  }
  return ToValue(env, ToStatus(HashOnce(algorithm, data.data, data.size, digest.data)));
}

// xofInto(algorithm, data, output)
napi_value XofInto(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  uint32_t algorithm;
  Bytes data, output;
  if (!GetIndex(env, arguments[0], kXofAlgorithms, &algorithm) || !GetBytes(env, arguments[1], &data) ||
      !GetBytes(env, arguments[2], &output)) {
    return nullptr;
  }
  return ToValue(env, ToStatus(XofOnce(algorithm, data.data, data.size, output.data, output.size)));
}

class DigestJob : public CryptoJob {
 public:
  DigestJob(bool is_xof, uint32_t algorithm, const Bytes& data, size_t length)
      : is_xof_(is_xof), algorithm_(algorithm), data_(data), output_(SecretBytes::OfUserSize(length)) {}

  Status Run() override {
    if (!data_.allocated() || !output_.allocated()) return Status::kFailed;
    return ToStatus(is_xof_ ? XofOnce(algorithm_, data_.data(), data_.size(), output_.data(), output_.size())
                            : HashOnce(algorithm_, data_.data(), data_.size(), output_.data()));
  }

  napi_value Result(napi_env env) override { return ToUint8Array(env, output_.data(), output_.size()); }

 private:
  const bool is_xof_;
  const uint32_t algorithm_;
  SecretBytes data_;
  SecretBytes output_;
};

// hashAsync(algorithm, data)
napi_value HashAsync(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  uint32_t algorithm;
  Bytes data;
  if (!GetIndex(env, arguments[0], kHashAlgorithms, &algorithm) || !GetBytes(env, arguments[1], &data)) return nullptr;
  return arguments.addon()->scheduler().Submit(
      env, std::make_unique<DigestJob>(false, algorithm, data, kHashLengths[algorithm]));
}

// xofAsync(algorithm, data, length)
napi_value XofAsync(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  uint32_t algorithm, length;
  Bytes data;
  if (!GetIndex(env, arguments[0], kXofAlgorithms, &algorithm) || !GetBytes(env, arguments[1], &data) ||
      !GetIndex(env, arguments[2], UINT32_C(1) << 31, &length)) {
    return nullptr;
  }
  return arguments.addon()->scheduler().Submit(env, std::make_unique<DigestJob>(true, algorithm, data, length));
}

napi_value Create(napi_env env, bool is_xof, uint32_t algorithm) {
  auto state = std::make_shared<DigestState>();
  if (EVP_DigestInit_ex(state->context.get(), GetDigest(is_xof, algorithm), nullptr) != 1) {
    return ToValue(env, Status::kFailed);
  }
  return NewHandle(env, std::move(state));
}

// createHash(algorithm)
napi_value CreateHash(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  uint32_t algorithm;
  return GetIndex(env, arguments[0], kHashAlgorithms, &algorithm) ? Create(env, false, algorithm) : nullptr;
}

// createXof(algorithm)
napi_value CreateXof(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  uint32_t algorithm;
  return GetIndex(env, arguments[0], kXofAlgorithms, &algorithm) ? Create(env, true, algorithm) : nullptr;
}

// digestUpdate(state, data)
napi_value Update(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  auto* handle = GetHandle<DigestState>(env, arguments[0]);
  Bytes data;
  if (handle == nullptr || !GetBytes(env, arguments[1], &data)) return nullptr;
  return ToValue(env, ToStatus(EVP_DigestUpdate(handle->object->context.get(), data.data, data.size) == 1));
}

// digestFinal(state, digest)
napi_value Final(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  auto* handle = GetHandle<DigestState>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  EVP_MD_CTX* const context = handle->object->context.get();
  const EVP_MD* const digest = EVP_MD_CTX_md(context);
  Bytes output;
  if (digest == nullptr || (EVP_MD_flags(digest) & EVP_MD_FLAG_XOF) != 0) return ToValue(env, Status::kFailed);
  if (!GetBytesOf(env, arguments[1], EVP_MD_size(digest), &output)) return nullptr;
  return ToValue(env, ToStatus(EVP_DigestFinal_ex(context, output.data, nullptr) == 1));
}

// xofRead(state, output)
napi_value Read(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  auto* handle = GetHandle<DigestState>(env, arguments[0]);
  Bytes output;
  if (handle == nullptr || !GetBytes(env, arguments[1], &output)) return nullptr;
  if (output.size == 0) return ToValue(env, Status::kOk);
  return ToValue(env, ToStatus(EVP_DigestSqueeze(handle->object->context.get(), output.data, output.size) == 1));
}

// digestClone(state)
napi_value Clone(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  auto* handle = GetHandle<DigestState>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  auto copy = std::make_shared<DigestState>();
  if (EVP_MD_CTX_copy_ex(copy->context.get(), handle->object->context.get()) != 1) {
    return ToValue(env, Status::kFailed);
  }
  return NewHandle(env, std::move(copy));
}

}  // namespace

void RegisterDigest(Addon* addon, Napi::Env env, Napi::Object exports) {
  constexpr NativeFunction kFunctions[] = {
      {"hash", Hash},         {"hashInto", HashInto},     {"hashAsync", HashAsync}, {"xofInto", XofInto},
      {"xofAsync", XofAsync}, {"createHash", CreateHash}, {"createXof", CreateXof}, {"digestUpdate", Update},
      {"digestFinal", Final}, {"digestClone", Clone},     {"xofRead", Read},
  };
  DefineFunctions(env, exports, addon, kFunctions);
}

}  // namespace pqtls
