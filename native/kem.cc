// ML-KEM keys and operations. FIPS 203.
#include "kem.h"

#include <openssl/mem.h>
#include <openssl/rand.h>

#include <cstring>
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

struct KemEncapsulationKey {
  static constexpr uint64_t kHandleTag = 0x70716b656d656b01;

  KemEncapsulationKey(const KemParameterSet& parameter_set, const uint8_t* ek) : parameters(parameter_set) {
    memcpy(bytes, ek, parameters.encapsulation_key_length);
  }

  const KemParameterSet& parameters;
  uint8_t bytes[kKemMaxEncapsulationKeyLength];
};

struct KemDecapsulationKey {
  static constexpr uint64_t kHandleTag = 0x70716b656d646b02;

  explicit KemDecapsulationKey(const KemParameterSet& parameter_set)
      : parameters(parameter_set), secret(parameter_set.decapsulation_key_length + kKemSeedLength) {}

  uint8_t* bytes() { return secret.data(); }
  const uint8_t* encapsulation_key() const { return secret.data() + parameters.encapsulation_key_offset(); }
  uint8_t* seed() { return secret.data() + parameters.decapsulation_key_length; }

  // Derives everything from seed(), which is filled in. The public half is part of the expanded key.
  bool Derive() {
    uint8_t ek[kKemMaxEncapsulationKeyLength];
    has_seed = true;
    return parameters.generate_from_seed(ek, bytes(), seed());
  }

  bool Generate() { return RAND_bytes(seed(), kKemSeedLength) == 1 && Derive(); }

  const KemParameterSet& parameters;
  // dk || seed
  SecretBytes secret;
  bool has_seed = false;
};

const KemParameterSet* GetParameterSet(napi_env env, napi_value value) {
  uint32_t index;
  return GetIndex(env, value, kKemParameterSets, &index) ? &GetKemParameterSet(index) : nullptr;
}

// kemGenerate(parameterSet)
napi_value Generate(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  const KemParameterSet* parameters = GetParameterSet(env, arguments[0]);
  if (parameters == nullptr) return nullptr;
  auto key = std::make_shared<KemDecapsulationKey>(*parameters);
  if (!key->Generate()) return ToValue(env, Status::kFailed);
  return NewHandle(env, std::move(key));
}

// kemFromSeed(parameterSet, seed)
napi_value FromSeed(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  const KemParameterSet* parameters = GetParameterSet(env, arguments[0]);
  Bytes seed;
  if (parameters == nullptr || !GetBytesOf(env, arguments[1], kKemSeedLength, &seed)) return nullptr;
  auto key = std::make_shared<KemDecapsulationKey>(*parameters);
  memcpy(key->seed(), seed.data, kKemSeedLength);
  if (!key->Derive()) return ToValue(env, Status::kFailed);
  return NewHandle(env, std::move(key));
}

// kemDecapsulationKeyFromBytes(parameterSet, bytes)
napi_value DecapsulationKeyFromBytes(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  const KemParameterSet* parameters = GetParameterSet(env, arguments[0]);
  Bytes bytes;
  if (parameters == nullptr || !GetBytesOf(env, arguments[1], parameters->decapsulation_key_length, &bytes)) {
    return nullptr;
  }
  auto key = std::make_shared<KemDecapsulationKey>(*parameters);
  memcpy(key->bytes(), bytes.data, bytes.size);
  if (!parameters->check_decapsulation_key(key->bytes())) return ToValue(env, Status::kHashCheck);
  // FIPS 203 does not ask for it; a key that fails it is broken all the same.
  if (!parameters->check_encapsulation_key(key->encapsulation_key())) return ToValue(env, Status::kModulusCheck);
  return NewHandle(env, std::move(key));
}

// kemEncapsulationKeyFromBytes(parameterSet, bytes)
napi_value EncapsulationKeyFromBytes(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  const KemParameterSet* parameters = GetParameterSet(env, arguments[0]);
  Bytes bytes;
  if (parameters == nullptr || !GetBytesOf(env, arguments[1], parameters->encapsulation_key_length, &bytes)) {
    return nullptr;
  }
  if (!parameters->check_encapsulation_key(bytes.data)) return ToValue(env, Status::kModulusCheck);
  return NewHandle(env, std::make_shared<KemEncapsulationKey>(*parameters, bytes.data));
}

// kemEncapsulationKey(decapsulationKey)
napi_value EncapsulationKey(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  auto* handle = GetHandle<KemDecapsulationKey>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  if (handle->object == nullptr) return ToValue(env, Status::kKeyDestroyed);
  const KemDecapsulationKey& key = *handle->object;
  return NewHandle(env, std::make_shared<KemEncapsulationKey>(key.parameters, key.encapsulation_key()));
}

Status EncapsulateTo(const KemEncapsulationKey& key, uint8_t* ciphertext, uint8_t* shared_secret) {
  return key.parameters.encapsulate(ciphertext, shared_secret, key.bytes) ? Status::kOk : Status::kFailed;
}

// kemEncapsulate(encapsulationKey): ciphertext || secret in the scratch
napi_value Encapsulate(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  auto* handle = GetHandle<KemEncapsulationKey>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  uint8_t* const ciphertext = arguments.addon()->scratch();
  const KemEncapsulationKey& key = *handle->object;
  return ToValue(env, EncapsulateTo(key, ciphertext, ciphertext + key.parameters.ciphertext_length));
}

// kemEncapsulateInto(encapsulationKey, ciphertext, sharedSecret)
napi_value EncapsulateInto(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  auto* handle = GetHandle<KemEncapsulationKey>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  const KemEncapsulationKey& key = *handle->object;
  Bytes ciphertext, shared_secret;
  if (!GetBytesOf(env, arguments[1], key.parameters.ciphertext_length, &ciphertext) ||
      !GetBytesOf(env, arguments[2], kKemSharedSecretLength, &shared_secret)) {
    return nullptr;
  }
  return ToValue(env, EncapsulateTo(key, ciphertext.data, shared_secret.data));
}

// kemEncapsulateWithM(encapsulationKey, m): ciphertext || secret in the scratch
napi_value EncapsulateWithM(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  auto* handle = GetHandle<KemEncapsulationKey>(env, arguments[0]);
  Bytes m;
  if (handle == nullptr || !GetBytesOf(env, arguments[1], 32, &m)) return nullptr;
  const KemEncapsulationKey& key = *handle->object;
  uint8_t* const ciphertext = arguments.addon()->scratch();
  uint8_t* const shared_secret = ciphertext + key.parameters.ciphertext_length;
  return ToValue(env, key.parameters.encapsulate_with_m(ciphertext, shared_secret, key.bytes, m.data)
                          ? Status::kOk
                          : Status::kFailed);
}

// kemDecapsulate(decapsulationKey, ciphertext): secret in the scratch
napi_value Decapsulate(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  auto* handle = GetHandle<KemDecapsulationKey>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  if (handle->object == nullptr) return ToValue(env, Status::kKeyDestroyed);
  KemDecapsulationKey& key = *handle->object;
  Bytes ciphertext;
  if (!GetBytesOf(env, arguments[1], key.parameters.ciphertext_length, &ciphertext)) return nullptr;
  return ToValue(env, key.parameters.decapsulate(arguments.addon()->scratch(), ciphertext.data, key.bytes())
                          ? Status::kOk
                          : Status::kFailed);
}

// kemDecapsulateInto(decapsulationKey, ciphertext, sharedSecret)
napi_value DecapsulateInto(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  auto* handle = GetHandle<KemDecapsulationKey>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  if (handle->object == nullptr) return ToValue(env, Status::kKeyDestroyed);
  KemDecapsulationKey& key = *handle->object;
  Bytes ciphertext, shared_secret;
  if (!GetBytesOf(env, arguments[1], key.parameters.ciphertext_length, &ciphertext) ||
      !GetBytesOf(env, arguments[2], kKemSharedSecretLength, &shared_secret)) {
    return nullptr;
  }
  return ToValue(env, key.parameters.decapsulate(shared_secret.data, ciphertext.data, key.bytes()) ? Status::kOk
                                                                                                   : Status::kFailed);
}

// kemEncapsulationKeyBytes(encapsulationKey): into the scratch
napi_value EncapsulationKeyBytes(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  auto* handle = GetHandle<KemEncapsulationKey>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  const KemEncapsulationKey& key = *handle->object;
  memcpy(arguments.addon()->scratch(), key.bytes, key.parameters.encapsulation_key_length);
  return ToValue(env, Status::kOk);
}

// kemDecapsulationKeyBytes(decapsulationKey): into the scratch
napi_value DecapsulationKeyBytes(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  auto* handle = GetHandle<KemDecapsulationKey>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  if (handle->object == nullptr) return ToValue(env, Status::kKeyDestroyed);
  KemDecapsulationKey& key = *handle->object;
  memcpy(arguments.addon()->scratch(), key.bytes(), key.parameters.decapsulation_key_length);
  return ToValue(env, Status::kOk);
}

// kemSeed(decapsulationKey): into the scratch
napi_value Seed(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  auto* handle = GetHandle<KemDecapsulationKey>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  if (handle->object == nullptr) return ToValue(env, Status::kKeyDestroyed);
  if (!handle->object->has_seed) return ToValue(env, Status::kNoSeed);
  memcpy(arguments.addon()->scratch(), handle->object->seed(), kKemSeedLength);
  return ToValue(env, Status::kOk);
}

// kemDestroy(decapsulationKey)
napi_value Destroy(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  if (auto* handle = GetHandle<KemDecapsulationKey>(env, arguments[0])) handle->object.reset();
  return nullptr;
}

class GenerateJob : public CryptoJob {
 public:
  explicit GenerateJob(const KemParameterSet& parameters) : parameters_(parameters) {}

  Status Run() override {
    key_ = std::make_shared<KemDecapsulationKey>(parameters_);
    return key_->Generate() ? Status::kOk : Status::kFailed;
  }

  napi_value Result(napi_env env) override { return NewHandle(env, std::move(key_)); }

 private:
  const KemParameterSet& parameters_;
  std::shared_ptr<KemDecapsulationKey> key_;
};

class EncapsulateJob : public CryptoJob {
 public:
  explicit EncapsulateJob(std::shared_ptr<KemEncapsulationKey> key) : key_(std::move(key)) {}
  ~EncapsulateJob() override { OPENSSL_cleanse(shared_secret_, sizeof(shared_secret_)); }

  Status Run() override { return EncapsulateTo(*key_, ciphertext_, shared_secret_); }

  napi_value Result(napi_env env) override {
    const size_t ciphertext_length = key_->parameters.ciphertext_length;
    napi_value result = nullptr;
    napi_value ciphertext = ToUint8Array(env, ciphertext_, ciphertext_length);
    napi_value shared_secret = ToUint8Array(env, shared_secret_, sizeof(shared_secret_));
    if (ciphertext == nullptr || shared_secret == nullptr || napi_create_object(env, &result) != napi_ok ||
        napi_set_named_property(env, result, "ciphertext", ciphertext) != napi_ok ||
        napi_set_named_property(env, result, "sharedSecret", shared_secret) != napi_ok) {
      return nullptr;
    }
    return result;
  }

 private:
  const std::shared_ptr<KemEncapsulationKey> key_;
  uint8_t ciphertext_[kKemMaxCiphertextLength];
  uint8_t shared_secret_[kKemSharedSecretLength];
};

class DecapsulateJob : public CryptoJob {
 public:
  DecapsulateJob(std::shared_ptr<KemDecapsulationKey> key, const Bytes& ciphertext) : key_(std::move(key)) {
    memcpy(ciphertext_, ciphertext.data, ciphertext.size);
  }
  ~DecapsulateJob() override { OPENSSL_cleanse(shared_secret_, sizeof(shared_secret_)); }

  Status Run() override {
    return key_->parameters.decapsulate(shared_secret_, ciphertext_, key_->bytes()) ? Status::kOk : Status::kFailed;
  }

  napi_value Result(napi_env env) override { return ToUint8Array(env, shared_secret_, sizeof(shared_secret_)); }

 private:
  const std::shared_ptr<KemDecapsulationKey> key_;
  uint8_t ciphertext_[kKemMaxCiphertextLength];
  uint8_t shared_secret_[kKemSharedSecretLength];
};

// kemGenerateAsync(parameterSet)
napi_value GenerateAsync(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  const KemParameterSet* parameters = GetParameterSet(env, arguments[0]);
  if (parameters == nullptr) return nullptr;
  return arguments.addon()->scheduler().Submit(env, std::make_unique<GenerateJob>(*parameters));
}

// kemEncapsulateAsync(encapsulationKey)
napi_value EncapsulateAsync(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  auto* handle = GetHandle<KemEncapsulationKey>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  return arguments.addon()->scheduler().Submit(env, std::make_unique<EncapsulateJob>(handle->object));
}

// kemDecapsulateAsync(decapsulationKey, ciphertext)
napi_value DecapsulateAsync(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  auto* handle = GetHandle<KemDecapsulationKey>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  if (handle->object == nullptr) return ToValue(env, Status::kKeyDestroyed);
  Bytes ciphertext;
  if (!GetBytesOf(env, arguments[1], handle->object->parameters.ciphertext_length, &ciphertext)) return nullptr;
  return arguments.addon()->scheduler().Submit(env, std::make_unique<DecapsulateJob>(handle->object, ciphertext));
}

}  // namespace

void RegisterKem(Addon* addon, Napi::Env env, Napi::Object exports) {
  constexpr NativeFunction kFunctions[] = {
      {"kemGenerate", Generate},
      {"kemGenerateAsync", GenerateAsync},
      {"kemFromSeed", FromSeed},
      {"kemDecapsulationKeyFromBytes", DecapsulationKeyFromBytes},
      {"kemEncapsulationKeyFromBytes", EncapsulationKeyFromBytes},
      {"kemEncapsulationKey", EncapsulationKey},
      {"kemEncapsulate", Encapsulate},
      {"kemEncapsulateInto", EncapsulateInto},
      {"kemEncapsulateWithM", EncapsulateWithM},
      {"kemEncapsulateAsync", EncapsulateAsync},
      {"kemDecapsulate", Decapsulate},
      {"kemDecapsulateInto", DecapsulateInto},
      {"kemDecapsulateAsync", DecapsulateAsync},
      {"kemEncapsulationKeyBytes", EncapsulationKeyBytes},
      {"kemDecapsulationKeyBytes", DecapsulationKeyBytes},
      {"kemSeed", Seed},
      {"kemDestroy", Destroy},
  };
  DefineFunctions(env, exports, addon, kFunctions);
}

}  // namespace pqtls
