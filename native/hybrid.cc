// Key exchange groups of TLS 1.3, classical and hybrid. RFC 9846, Section 4.2.8; RFC 10024.
#include "hybrid.h"

#include <openssl/curve25519.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/ecdh.h>
#include <openssl/err.h>
#include <openssl/mem.h>

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

enum class Curve { kX25519, kP256, kP384 };

constexpr size_t ShareLength(Curve curve) { return curve == Curve::kX25519 ? 32 : curve == Curve::kP256 ? 65 : 97; }
constexpr size_t SecretLength(Curve curve) { return curve == Curve::kP384 ? 48 : 32; }
const EC_GROUP* GetEcGroup(Curve curve) { return curve == Curve::kP256 ? EC_group_p256() : EC_group_p384(); }

constexpr uint32_t kNoKem = kKemParameterSets;
constexpr uint32_t kMlKem768 = 1;
constexpr uint32_t kMlKem1024 = 2;

// Which parts a group has and in which order they stand in shares and secrets.
struct Group {
  const char* name;
  Curve curve;
  uint32_t kem;
  bool kem_first;

  bool hybrid() const { return kem != kNoKem; }
  const KemParameterSet& parameters() const { return GetKemParameterSet(kem); }
  size_t client_share_length() const {
    return ShareLength(curve) + (hybrid() ? parameters().encapsulation_key_length : 0);
  }
  size_t server_share_length() const { return ShareLength(curve) + (hybrid() ? parameters().ciphertext_length : 0); }
  size_t secret_length() const { return SecretLength(curve) + (hybrid() ? kKemSharedSecretLength : 0); }

  // Where each part stands in what is made of both.
  uint8_t* CurvePart(uint8_t* bytes, size_t kem_length) const { return kem_first ? bytes + kem_length : bytes; }
  const uint8_t* CurvePart(const uint8_t* bytes, size_t kem_length) const {
    return kem_first ? bytes + kem_length : bytes;
  }
  uint8_t* KemPart(uint8_t* bytes, size_t curve_length) const { return kem_first ? bytes : bytes + curve_length; }
  const uint8_t* KemPart(const uint8_t* bytes, size_t curve_length) const {
    return kem_first ? bytes : bytes + curve_length;
  }
};

// In the order of `groupIndexes` in src/binding/crypto-contract.ts.
constexpr Group kGroups[] = {
    {"X25519", Curve::kX25519, kNoKem, false},
    {"secp256r1", Curve::kP256, kNoKem, false},
    {"secp384r1", Curve::kP384, kNoKem, false},
    {"X25519MLKEM768", Curve::kX25519, kMlKem768, true},
    {"SecP256r1MLKEM768", Curve::kP256, kMlKem768, false},
    {"SecP384r1MLKEM1024", Curve::kP384, kMlKem1024, false},
};
constexpr uint32_t kGroupCount = sizeof(kGroups) / sizeof(kGroups[0]);
constexpr size_t kMaxShareLength = 1665;
constexpr size_t kMaxSecretLength = 80;

// An ephemeral key pair on a curve.
class CurveKey {
 public:
  explicit CurveKey(Curve curve) : curve_(curve) {}
  ~CurveKey() { OPENSSL_cleanse(x25519_private_key_, sizeof(x25519_private_key_)); }
  CurveKey(const CurveKey&) = delete;
  CurveKey& operator=(const CurveKey&) = delete;

  Status Generate(uint8_t* share) {
    if (curve_ == Curve::kX25519) {
      X25519_keypair(share, x25519_private_key_);
      return Status::kOk;
    }
    const EC_GROUP* const group = GetEcGroup(curve_);
    ec_key_.reset(EC_KEY_new());
    const bool ok = ec_key_ != nullptr && EC_KEY_set_group(ec_key_.get(), group) == 1 &&
                    EC_KEY_generate_key(ec_key_.get()) == 1 &&
                    EC_POINT_point2oct(group, EC_KEY_get0_public_key(ec_key_.get()), POINT_CONVERSION_UNCOMPRESSED,
                                       share, ShareLength(curve_), nullptr) == ShareLength(curve_);
    if (!ok) ERR_clear_error();
    return ok ? Status::kOk : Status::kFailed;
  }

  Status Agree(const uint8_t* peer_share, uint8_t* secret) const {
    if (curve_ == Curve::kX25519) {
      return X25519(secret, x25519_private_key_, peer_share) == 1 ? Status::kOk : Status::kZeroSharedSecret;
    }
    const EC_GROUP* const group = GetEcGroup(curve_);
    const bssl::UniquePtr<EC_POINT> peer(EC_POINT_new(group));
    if (peer == nullptr) return Status::kFailed;
    // RFC 9846, Section 4.2.8.2: uncompressed points only.
    if (peer_share[0] != POINT_CONVERSION_UNCOMPRESSED ||
        EC_POINT_oct2point(group, peer.get(), peer_share, ShareLength(curve_), nullptr) != 1) {
      ERR_clear_error();
      return Status::kInvalidPoint;
    }
    const int length = static_cast<int>(SecretLength(curve_));
    if (ECDH_compute_key(secret, length, peer.get(), ec_key_.get(), nullptr) != length) {
      ERR_clear_error();
      return Status::kFailed;
    }
    return Status::kOk;
  }

 private:
  const Curve curve_;
  bssl::UniquePtr<EC_KEY> ec_key_;
  uint8_t x25519_private_key_[X25519_PRIVATE_KEY_LEN];
};

// A client's key exchange that waits for the server's share.
struct KeyExchange {
  static constexpr uint64_t kHandleTag = 0x7071686b65786306;

  explicit KeyExchange(const Group& its_group)
      : group(its_group),
        curve_key(its_group.curve),
        decapsulation_key(its_group.hybrid() ? its_group.parameters().decapsulation_key_length : 0) {}

  Status Start(uint8_t* share) {
    if (group.hybrid()) {
      uint8_t* const kem_share = group.KemPart(share, ShareLength(group.curve));
      if (!group.parameters().generate(kem_share, decapsulation_key.data())) return Status::kFailed;
      share = group.CurvePart(share, group.parameters().encapsulation_key_length);
    }
    return curve_key.Generate(share);
  }

  Status Complete(const uint8_t* server_share, uint8_t* secret) const {
    if (group.hybrid()) {
      const uint8_t* const ciphertext = group.KemPart(server_share, ShareLength(group.curve));
      uint8_t* const kem_secret = group.KemPart(secret, SecretLength(group.curve));
      if (!group.parameters().decapsulate(kem_secret, ciphertext, decapsulation_key.data())) return Status::kFailed;
      server_share = group.CurvePart(server_share, group.parameters().ciphertext_length);
      secret = group.CurvePart(secret, kKemSharedSecretLength);
    }
    return curve_key.Agree(server_share, secret);
  }

  const Group& group;
  CurveKey curve_key;
  SecretBytes decapsulation_key;
};

// A server's side.
Status Answer(const Group& group, const uint8_t* client_share, uint8_t* share, uint8_t* secret) {
  uint8_t* const whole_secret = secret;
  if (group.hybrid()) {
    const uint8_t* const ek = group.KemPart(client_share, ShareLength(group.curve));
    uint8_t* const ciphertext = group.KemPart(share, ShareLength(group.curve));
    uint8_t* const kem_secret = group.KemPart(secret, SecretLength(group.curve));
    // Its only failure that is not fatal to the process. RFC 10024 wants the check.
    if (!group.parameters().encapsulate(ciphertext, kem_secret, ek)) return Status::kModulusCheck;
    client_share = group.CurvePart(client_share, group.parameters().encapsulation_key_length);
    share = group.CurvePart(share, group.parameters().ciphertext_length);
    secret = group.CurvePart(secret, kKemSharedSecretLength);
  }
  CurveKey key(group.curve);
  Status status = key.Generate(share);
  if (status == Status::kOk) status = key.Agree(client_share, secret);
  if (status != Status::kOk) OPENSSL_cleanse(whole_secret, group.secret_length());
  return status;
}

const Group* GetGroup(napi_env env, napi_value value) {
  uint32_t index;
  return GetIndex(env, value, kGroupCount, &index) ? &kGroups[index] : nullptr;
}

// groupStart(group, share)
napi_value Start(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  const Group* group = GetGroup(env, arguments[0]);
  Bytes share;
  if (group == nullptr || !GetBytesOf(env, arguments[1], group->client_share_length(), &share)) return nullptr;
  auto exchange = std::make_shared<KeyExchange>(*group);
  const Status status = exchange->Start(share.data);
  return status == Status::kOk ? NewHandle(env, std::move(exchange)) : ToValue(env, status);
}

// groupComplete(exchange, serverShare, sharedSecret): ends the exchange
napi_value Complete(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  auto* handle = GetHandle<KeyExchange>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  if (handle->object == nullptr) return ToValue(env, Status::kKeyDestroyed);
  const Group& group = handle->object->group;
  Bytes server_share, secret;
  if (!GetBytesOf(env, arguments[1], group.server_share_length(), &server_share) ||
      !GetBytesOf(env, arguments[2], group.secret_length(), &secret)) {
    return nullptr;
  }
  const Status status = handle->object->Complete(server_share.data, secret.data);
  if (status != Status::kOk) OPENSSL_cleanse(secret.data, secret.size);
  handle->object.reset();
  return ToValue(env, status);
}

// groupStartAndComplete(group, clientShare, share, sharedSecret)
napi_value StartAndComplete(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info);
  const Group* group = GetGroup(env, arguments[0]);
  Bytes client_share, share, secret;
  if (group == nullptr || !GetBytesOf(env, arguments[1], group->client_share_length(), &client_share) ||
      !GetBytesOf(env, arguments[2], group->server_share_length(), &share) ||
      !GetBytesOf(env, arguments[3], group->secret_length(), &secret)) {
    return nullptr;
  }
  return ToValue(env, Answer(*group, client_share.data, share.data, secret.data));
}

// groupDestroy(exchange)
napi_value Destroy(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  if (auto* handle = GetHandle<KeyExchange>(env, arguments[0])) handle->object.reset();
  return nullptr;
}

// An object of two values.
napi_value ToObject(napi_env env, const char* name, napi_value value, const char* other_name, napi_value other) {
  napi_value object = nullptr;
  if (value == nullptr || other == nullptr || napi_create_object(env, &object) != napi_ok ||
      napi_set_named_property(env, object, name, value) != napi_ok ||
      napi_set_named_property(env, object, other_name, other) != napi_ok) {
    return nullptr;
  }
  return object;
}

class StartJob : public CryptoJob {
 public:
  explicit StartJob(const Group& group) : group_(group) {}

  Status Run() override {
    exchange_ = std::make_shared<KeyExchange>(group_);
    return exchange_->Start(share_);
  }

  napi_value Result(napi_env env) override {
    return ToObject(env, "exchange", NewHandle(env, std::move(exchange_)), "share",
                    ToUint8Array(env, share_, group_.client_share_length()));
  }

 private:
  const Group& group_;
  std::shared_ptr<KeyExchange> exchange_;
  uint8_t share_[kMaxShareLength];
};

class CompleteJob : public CryptoJob {
 public:
  CompleteJob(std::shared_ptr<KeyExchange> exchange, const Bytes& server_share) : exchange_(std::move(exchange)) {
    memcpy(server_share_, server_share.data, server_share.size);
  }
  ~CompleteJob() override { OPENSSL_cleanse(secret_, sizeof(secret_)); }

  Status Run() override { return exchange_->Complete(server_share_, secret_); }

  napi_value Result(napi_env env) override { return ToUint8Array(env, secret_, exchange_->group.secret_length()); }

 private:
  const std::shared_ptr<KeyExchange> exchange_;
  uint8_t server_share_[kMaxShareLength];
  uint8_t secret_[kMaxSecretLength];
};

class StartAndCompleteJob : public CryptoJob {
 public:
  StartAndCompleteJob(const Group& group, const Bytes& client_share) : group_(group) {
    memcpy(client_share_, client_share.data, client_share.size);
  }
  ~StartAndCompleteJob() override { OPENSSL_cleanse(secret_, sizeof(secret_)); }

  Status Run() override { return Answer(group_, client_share_, share_, secret_); }

  napi_value Result(napi_env env) override {
    return ToObject(env, "share", ToUint8Array(env, share_, group_.server_share_length()), "sharedSecret",
                    ToUint8Array(env, secret_, group_.secret_length()));
  }

 private:
  const Group& group_;
  uint8_t client_share_[kMaxShareLength];
  uint8_t share_[kMaxShareLength];
  uint8_t secret_[kMaxSecretLength];
};

// groupStartAsync(group)
napi_value StartAsync(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  const Group* group = GetGroup(env, arguments[0]);
  if (group == nullptr) return nullptr;
  return arguments.addon()->scheduler().Submit(env, std::make_unique<StartJob>(*group));
}

// groupCompleteAsync(exchange, serverShare): ends the exchange
napi_value CompleteAsync(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  auto* handle = GetHandle<KeyExchange>(env, arguments[0]);
  if (handle == nullptr) return nullptr;
  if (handle->object == nullptr) return ToValue(env, Status::kKeyDestroyed);
  Bytes server_share;
  if (!GetBytesOf(env, arguments[1], handle->object->group.server_share_length(), &server_share)) return nullptr;
  return arguments.addon()->scheduler().Submit(env,
                                               std::make_unique<CompleteJob>(std::move(handle->object), server_share));
}

// groupStartAndCompleteAsync(group, clientShare)
napi_value StartAndCompleteAsync(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  const Group* group = GetGroup(env, arguments[0]);
  Bytes client_share;
  if (group == nullptr || !GetBytesOf(env, arguments[1], group->client_share_length(), &client_share)) return nullptr;
  return arguments.addon()->scheduler().Submit(env, std::make_unique<StartAndCompleteJob>(*group, client_share));
}

}  // namespace

void RegisterHybrid(Addon* addon, Napi::Env env, Napi::Object exports) {
  constexpr NativeFunction kFunctions[] = {
      {"groupStart", Start},
      {"groupStartAsync", StartAsync},
      {"groupComplete", Complete},
      {"groupCompleteAsync", CompleteAsync},
      {"groupStartAndComplete", StartAndComplete},
      {"groupStartAndCompleteAsync", StartAndCompleteAsync},
      {"groupDestroy", Destroy},
  };
  DefineFunctions(env, exports, addon, kFunctions);
}

}  // namespace pqtls
