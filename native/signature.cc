// ML-DSA keys and operations. FIPS 204.
#include "signature.h"

#include <openssl/mem.h>
#include <openssl/rand.h>

#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "addon.h"
#include "arguments.h"
#include "aws_lc_internal.h"
#include "crypto_job.h"
#include "handle.h"
#include "secret_bytes.h"

namespace pqtls {

namespace {

struct SignatureVerifyingKey {
  static constexpr uint64_t kHandleTag = 0x7071736967766b03;

  SignatureVerifyingKey(const SignatureParameterSet& parameter_set, const uint8_t* key) : parameters(parameter_set) {
    memcpy(bytes, key, parameters.verifying_key_length);
  }

  const SignatureParameterSet& parameters;
  uint8_t bytes[kSignatureMaxVerifyingKeyLength];
};

struct SignatureSigningKey {
  static constexpr uint64_t kHandleTag = 0x7071736967736b04;

  explicit SignatureSigningKey(const SignatureParameterSet& parameter_set)
      : parameters(parameter_set), secret(parameter_set.signing_key_length + kSignatureSeedLength) {}

  uint8_t* bytes() { return secret.data(); }
  const uint8_t* bytes() const { return secret.data(); }
  uint8_t* seed() { return secret.data() + parameters.signing_key_length; }

  // Derives everything from seed(), which is filled in.
  bool Derive() {
    has_seed = true;
    return parameters.generate_from_seed(verifying_key, bytes(), seed());
  }

  bool Generate() { return RAND_bytes(seed(), kSignatureSeedLength) == 1 && Derive(); }

  const SignatureParameterSet& parameters;
  // The expanded key || seed
  SecretBytes secret;
  bool has_seed = false;
  uint8_t verifying_key[kSignatureMaxVerifyingKeyLength];
};

const SignatureParameterSet* GetParameterSet(napi_env env, napi_value value) {
  uint32_t index;
  return GetIndex(env, value, kSignatureParameterSets, &index) ? &GetSignatureParameterSet(index) : nullptr;
}

// A context of at most 255 bytes; undefined is an empty one.
bool GetContext(napi_env env, napi_value value, Bytes* context) {
  napi_valuetype type;
  if (napi_typeof(env, value, &type) == napi_ok && type == napi_undefined) return true;
  if (!GetBytes(env, value, context)) return false;
  if (context->size > kSignatureMaxContextLength) {
    napi_throw_range_error(env, "ERR_OUT_OF_RANGE", "The context is longer than 255 bytes");
    return false;
  }
  return true;
}

Status SignTo(const SignatureSigningKey& key, uint8_t* signature, const Bytes& message, const Bytes& context,
              bool deterministic) {
  const auto sign = deterministic ? key.parameters.sign_deterministic : key.parameters.sign;
  return sign(key.bytes(), signature, message.data, message.size, context.data, context.size) ? Status::kOk
                                                                                              : Status::kFailed;
}

// signatureGenerate(parameterSet)
napi_value Generate(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  const SignatureParameterSet* parameters = GetParameterSet(env, arguments[0]);
  if (parameters == nullptr) return nullptr;
  auto key = std::make_shared<SignatureSigningKey>(*parameters);
  if (!key->Generate()) return ToValue(env, Status::kFailed);
  return NewHandle(env, std::move(key));
}

// signatureFromSeed(parameterSet, seed)
napi_value FromSeed(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  const SignatureParameterSet* parameters = GetParameterSet(env, arguments[0]);
  Bytes seed;
  if (parameters == nullptr || !GetBytesOf(env, arguments[1], kSignatureSeedLength, &seed)) return nullptr;
  auto key = std::make_shared<SignatureSigningKey>(*parameters);
  memcpy(key->seed(), seed.data, kSignatureSeedLength);
  if (!key->Derive()) return ToValue(env, Status::kFailed);
  return NewHandle(env, std::move(key));
}

// signatureSigningKeyFromBytes(parameterSet, bytes)
napi_value SigningKeyFromBytes(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  const SignatureParameterSet* parameters = GetParameterSet(env, arguments[0]);
  Bytes bytes;
  if (parameters == nullptr || !GetBytesOf(env, arguments[1], parameters->signing_key_length, &bytes)) return nullptr;
  auto key = std::make_shared<SignatureSigningKey>(*parameters);
  memcpy(key->bytes(), bytes.data, bytes.size);
  if (!parameters->verifying_key_from_signing_key(key->verifying_key, key->bytes())) {
    return ToValue(env, Status::kInconsistentKey);
  }
  return NewHandle(env, std::move(key));
}

// signatureVerifyingKeyFromBytes(parameterSet, bytes)
napi_value VerifyingKeyFromBytes(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  const SignatureParameterSet* parameters = GetParameterSet(env, arguments[0]);
  Bytes bytes;
  if (parameters == nullptr || !GetBytesOf(env, arguments[1], parameters->verifying_key_length, &bytes)) {
    return nullptr;
  }
  return NewHandle(env, std::make_shared<SignatureVerifyingKey>(*parameters, bytes.data));
}

// signatureVerifyingKey(signingKey)
napi_value VerifyingKey(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  auto* handle = GetHandle<SignatureSigningKey>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  if (handle->object == nullptr) return ToValue(env, Status::kKeyDestroyed);
  const SignatureSigningKey& key = *handle->object;
  return NewHandle(env, std::make_shared<SignatureVerifyingKey>(key.parameters, key.verifying_key));
}

// signatureSign(signingKey, message, context, deterministic): into the scratch
napi_value Sign(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info);
  auto* handle = GetHandle<SignatureSigningKey>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  if (handle->object == nullptr) return ToValue(env, Status::kKeyDestroyed);
  Bytes message, context;
  bool deterministic;
  if (!GetBytes(env, arguments[1], &message) || !GetContext(env, arguments[2], &context) ||
      !GetBoolean(env, arguments[3], &deterministic)) {
    return nullptr;
  }
  return ToValue(env, SignTo(*handle->object, arguments.addon()->scratch(), message, context, deterministic));
}

// signatureSignInto(signingKey, message, context, deterministic, signature)
napi_value SignInto(napi_env env, napi_callback_info info) {
  const Arguments<5> arguments(env, info);
  auto* handle = GetHandle<SignatureSigningKey>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  if (handle->object == nullptr) return ToValue(env, Status::kKeyDestroyed);
  const SignatureSigningKey& key = *handle->object;
  Bytes message, context, signature;
  bool deterministic;
  if (!GetBytes(env, arguments[1], &message) || !GetContext(env, arguments[2], &context) ||
      !GetBoolean(env, arguments[3], &deterministic) ||
      !GetBytesOf(env, arguments[4], key.parameters.signature_length, &signature)) {
    return nullptr;
  }
  return ToValue(env, SignTo(key, signature.data, message, context, deterministic));
}

bool Verifies(const SignatureVerifyingKey& key, const Bytes& message, const Bytes& signature, const Bytes& context) {
  return key.parameters.verify(key.bytes, signature.data, signature.size, message.data, message.size, context.data,
                               context.size);
}

// signatureVerify(verifyingKey, message, signature, context)
napi_value Verify(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info);
  auto* handle = GetHandle<SignatureVerifyingKey>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  Bytes message, signature, context;
  if (!GetBytes(env, arguments[1], &message) || !GetBytes(env, arguments[2], &signature) ||
      !GetContext(env, arguments[3], &context)) {
    return nullptr;
  }
  napi_value result = nullptr;
  napi_get_boolean(env, Verifies(*handle->object, message, signature, context), &result);
  return result;
}

// signatureVerifyingKeyBytes(verifyingKey): into the scratch
napi_value VerifyingKeyBytes(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  auto* handle = GetHandle<SignatureVerifyingKey>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  const SignatureVerifyingKey& key = *handle->object;
  memcpy(arguments.addon()->scratch(), key.bytes, key.parameters.verifying_key_length);
  return ToValue(env, Status::kOk);
}

// signatureSigningKeyBytes(signingKey): into the scratch
napi_value SigningKeyBytes(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  auto* handle = GetHandle<SignatureSigningKey>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  if (handle->object == nullptr) return ToValue(env, Status::kKeyDestroyed);
  const SignatureSigningKey& key = *handle->object;
  memcpy(arguments.addon()->scratch(), key.bytes(), key.parameters.signing_key_length);
  return ToValue(env, Status::kOk);
}

// signatureSeed(signingKey): into the scratch
napi_value Seed(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  auto* handle = GetHandle<SignatureSigningKey>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  if (handle->object == nullptr) return ToValue(env, Status::kKeyDestroyed);
  if (!handle->object->has_seed) return ToValue(env, Status::kNoSeed);
  memcpy(arguments.addon()->scratch(), handle->object->seed(), kSignatureSeedLength);
  return ToValue(env, Status::kOk);
}

// signatureDestroy(signingKey)
napi_value Destroy(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  if (auto* handle = GetHandle<SignatureSigningKey>(env, arguments[0])) handle->object.reset();
  return nullptr;
}

class GenerateJob : public CryptoJob {
 public:
  explicit GenerateJob(const SignatureParameterSet& parameters) : parameters_(parameters) {}

  Status Run() override {
    key_ = std::make_shared<SignatureSigningKey>(parameters_);
    return key_->Generate() ? Status::kOk : Status::kFailed;
  }

  napi_value Result(napi_env env) override { return NewHandle(env, std::move(key_)); }

 private:
  const SignatureParameterSet& parameters_;
  std::shared_ptr<SignatureSigningKey> key_;
};

class SignJob : public CryptoJob {
 public:
  SignJob(std::shared_ptr<SignatureSigningKey> key, const Bytes& message, const Bytes& context, bool deterministic)
      : key_(std::move(key)), message_(message), context_(context), deterministic_(deterministic) {}

  Status Run() override {
    if (!message_.allocated() || !context_.allocated()) return Status::kFailed;
    signature_.resize(key_->parameters.signature_length);
    return SignTo(*key_, signature_.data(), message_.bytes(), context_.bytes(), deterministic_);
  }

  napi_value Result(napi_env env) override { return ToUint8Array(env, signature_.data(), signature_.size()); }

 private:
  const std::shared_ptr<SignatureSigningKey> key_;
  SecretBytes message_;
  SecretBytes context_;
  const bool deterministic_;
  std::vector<uint8_t> signature_;
};

class VerifyJob : public CryptoJob {
 public:
  VerifyJob(std::shared_ptr<SignatureVerifyingKey> key, const Bytes& message, const Bytes& signature,
            const Bytes& context)
      : key_(std::move(key)), message_(message), signature_(signature), context_(context) {}

  Status Run() override {
    if (!message_.allocated() || !signature_.allocated() || !context_.allocated()) return Status::kFailed;
    verifies_ = Verifies(*key_, message_.bytes(), signature_.bytes(), context_.bytes());
    return Status::kOk;
  }

  napi_value Result(napi_env env) override {
    napi_value result = nullptr;
    napi_get_boolean(env, verifies_, &result);
    return result;
  }

 private:
  const std::shared_ptr<SignatureVerifyingKey> key_;
  SecretBytes message_;
  SecretBytes signature_;
  SecretBytes context_;
  bool verifies_ = false;
};

// signatureGenerateAsync(parameterSet)
napi_value GenerateAsync(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  const SignatureParameterSet* parameters = GetParameterSet(env, arguments[0]);
  if (parameters == nullptr) return nullptr;
  return arguments.addon()->scheduler().Submit(env, std::make_unique<GenerateJob>(*parameters));
}

// signatureSignAsync(signingKey, message, context, deterministic)
napi_value SignAsync(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info);
  auto* handle = GetHandle<SignatureSigningKey>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  if (handle->object == nullptr) return ToValue(env, Status::kKeyDestroyed);
  Bytes message, context;
  bool deterministic;
  if (!GetBytes(env, arguments[1], &message) || !GetContext(env, arguments[2], &context) ||
      !GetBoolean(env, arguments[3], &deterministic)) {
    return nullptr;
  }
  return arguments.addon()->scheduler().Submit(
      env, std::make_unique<SignJob>(handle->object, message, context, deterministic));
}

// signatureVerifyAsync(verifyingKey, message, signature, context)
napi_value VerifyAsync(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info);
  auto* handle = GetHandle<SignatureVerifyingKey>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  Bytes message, signature, context;
  if (!GetBytes(env, arguments[1], &message) || !GetBytes(env, arguments[2], &signature) ||
      !GetContext(env, arguments[3], &context)) {
    return nullptr;
  }
  return arguments.addon()->scheduler().Submit(
      env, std::make_unique<VerifyJob>(handle->object, message, signature, context));
}

}  // namespace

void RegisterSignature(Addon* addon, Napi::Env env, Napi::Object exports) {
  constexpr NativeFunction kFunctions[] = {
      {"signatureGenerate", Generate},
      {"signatureGenerateAsync", GenerateAsync},
      {"signatureFromSeed", FromSeed},
      {"signatureSigningKeyFromBytes", SigningKeyFromBytes},
      {"signatureVerifyingKeyFromBytes", VerifyingKeyFromBytes},
      {"signatureVerifyingKey", VerifyingKey},
      {"signatureSign", Sign},
      {"signatureSignInto", SignInto},
      {"signatureSignAsync", SignAsync},
      {"signatureVerify", Verify},
      {"signatureVerifyAsync", VerifyAsync},
      {"signatureVerifyingKeyBytes", VerifyingKeyBytes},
      {"signatureSigningKeyBytes", SigningKeyBytes},
      {"signatureSeed", Seed},
      {"signatureDestroy", Destroy},
  };
  DefineFunctions(env, exports, addon, kFunctions);
}

}  // namespace pqtls
