// The bench's floor: each operation in a loop of C, with buffers made beforehand. No product code is timed here.
#include "bench_floor.h"

#include <openssl/curve25519.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/ecdh.h>
#include <openssl/nid.h>
#include <openssl/rand.h>
#include <time.h>

#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "arguments.h"
#include "aws_lc_internal.h"

namespace pqtls {

namespace {

using Buffer = std::vector<uint8_t>;

// CPU time of this thread in nanoseconds, which other processes do not lengthen; the time of day where there is none.
double Now() {
#if defined(CLOCK_THREAD_CPUTIME_ID)
  timespec now;
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0) return now.tv_sec * 1e9 + now.tv_nsec;
#endif
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Nanoseconds that `iterations` calls took, or -1 where one failed.
template <typename Operation>
double Time(uint32_t iterations, Operation operation) {
  bool ok = true;
  const double start = Now();
  for (uint32_t i = 0; i < iterations; ++i) ok &= operation();
  const double end = Now();
  return ok ? end - start : -1;
}

double KemFloor(const KemParameterSet& kem, const std::string& operation, uint32_t iterations) {
  Buffer ek(kem.encapsulation_key_length), dk(kem.decapsulation_key_length), ciphertext(kem.ciphertext_length);
  uint8_t secret[kKemSharedSecretLength];
  if (operation == "generate") {
    return Time(iterations, [&] { return kem.generate(ek.data(), dk.data()); });
  }
  if (!kem.generate(ek.data(), dk.data()) || !kem.encapsulate(ciphertext.data(), secret, ek.data())) return -1;
  if (operation == "encapsulate") {
    return Time(iterations, [&] { return kem.encapsulate(ciphertext.data(), secret, ek.data()); });
  }
  if (operation == "decapsulate") {
    return Time(iterations, [&] { return kem.decapsulate(secret, ciphertext.data(), dk.data()); });
  }
  return -1;
}

// The same key and messages as the JavaScript side: bench/primitives/operations.ts. Signing takes as many tries as a
// message makes it, so that other messages would be other work.
double SignatureFloor(const SignatureParameterSet& set, const std::string& operation, uint32_t iterations) {
  Buffer verifying_key(set.verifying_key_length), signing_key(set.signing_key_length), signature(set.signature_length);
  uint8_t seed[kSignatureSeedLength] = {};
  uint8_t message[64] = {};
  if (operation == "generate") {
    return Time(iterations, [&] { return set.generate(verifying_key.data(), signing_key.data(), seed); });
  }
  const auto sign = [&] {
    return set.sign_deterministic(signing_key.data(), signature.data(), message, sizeof(message), nullptr, 0);
  };
  if (!set.generate_from_seed(verifying_key.data(), signing_key.data(), seed) || !sign()) return -1;
  if (operation == "sign") {
    uint32_t next = 0;
    return Time(iterations, [&] {
      for (int i = 0; i < 4; ++i) message[i] = static_cast<uint8_t>(next >> (8 * i));
      ++next;
      return sign();
    });
  }
  if (operation == "verify") {
    return Time(iterations, [&] {
      return set.verify(verifying_key.data(), signature.data(), signature.size(), message, sizeof(message), nullptr, 0);
    });
  }
  return -1;
}

// A curve's operations with everything that can be made beforehand made beforehand.
class CurveFloor {
 public:
  // NID_X25519 or the NID of an EC group.
  explicit CurveFloor(int nid) : x25519_(nid == NID_X25519) {
    if (x25519_) return;
    key_.reset(EC_KEY_new_by_curve_name(nid));
    group_ = EC_KEY_get0_group(key_.get());
    peer_.reset(EC_POINT_new(group_));
  }

  size_t share_length() const { return x25519_ ? 32 : 1 + 2 * secret_length(); }
  size_t secret_length() const { return x25519_ ? 32 : (EC_GROUP_get_degree(group_) + 7) / 8; }

  bool Generate(uint8_t* share) {
    if (x25519_) {
      X25519_keypair(share, private_key_);
      return true;
    }
    return EC_KEY_generate_key(key_.get()) == 1 &&
           EC_POINT_point2oct(group_, EC_KEY_get0_public_key(key_.get()), POINT_CONVERSION_UNCOMPRESSED, share,
                              share_length(), nullptr) == share_length();
  }

  bool Agree(const uint8_t* share, uint8_t* secret) {
    if (x25519_) return X25519(secret, private_key_, share) == 1;
    return EC_POINT_oct2point(group_, peer_.get(), share, share_length(), nullptr) == 1 &&
           ECDH_compute_key(secret, secret_length(), peer_.get(), key_.get(), nullptr) ==
               static_cast<int>(secret_length());
  }

 private:
  const bool x25519_;
  uint8_t private_key_[X25519_PRIVATE_KEY_LEN];
  bssl::UniquePtr<EC_KEY> key_;
  const EC_GROUP* group_ = nullptr;
  bssl::UniquePtr<EC_POINT> peer_;
};

// `kem` is nullptr for a classical group. The order of the parts costs nothing, so it is not modelled.
double GroupFloor(int nid, const KemParameterSet* kem, const std::string& operation, uint32_t iterations) {
  CurveFloor client(nid), server(nid);
  Buffer client_share(client.share_length()), server_share(client.share_length());
  uint8_t curve_secret[48], kem_secret[kKemSharedSecretLength];
  Buffer ek(kKemMaxEncapsulationKeyLength), dk(3168), ciphertext(kKemMaxCiphertextLength);
  const auto start = [&] {
    return (kem == nullptr || kem->generate(ek.data(), dk.data())) && client.Generate(client_share.data());
  };
  const auto answer = [&] {
    return (kem == nullptr || kem->encapsulate(ciphertext.data(), kem_secret, ek.data())) &&
           server.Generate(server_share.data()) && server.Agree(client_share.data(), curve_secret);
  };
  const auto complete = [&] {
    return (kem == nullptr || kem->decapsulate(kem_secret, ciphertext.data(), dk.data())) &&
           client.Agree(server_share.data(), curve_secret);
  };
  if (!start() || !answer()) return -1;
  // Both in one loop, as a client has them: two loops of one each would find their code in the cache every time.
  if (operation == "client") return Time(iterations, [&] { return start() && complete(); });
  if (operation == "start") return Time(iterations, start);
  if (operation == "startAndComplete") return Time(iterations, answer);
  if (operation == "complete") return Time(iterations, complete);
  return -1;
}

struct GroupRow {
  const char* name;
  int nid;
  uint32_t kem;
};

constexpr uint32_t kNoKem = kKemParameterSets;
constexpr GroupRow kGroupRows[] = {
    {"X25519", NID_X25519, kNoKem},
    {"secp256r1", NID_X9_62_prime256v1, kNoKem},
    {"secp384r1", NID_secp384r1, kNoKem},
    {"X25519MLKEM768", NID_X25519, 1},
    {"SecP256r1MLKEM768", NID_X9_62_prime256v1, 1},
    {"SecP384r1MLKEM1024", NID_secp384r1, 2},
};
constexpr const char* kHashNames[kHashAlgorithms] = {"SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512"};
constexpr const char* kXofNames[kXofAlgorithms] = {"SHAKE128", "SHAKE256"};
constexpr size_t kMaxInputLength = size_t{1} << 24;

// `operation` is `<input length>` for a hash, `<input length>/<output length>` for an extendable-output function.
bool ParseLengths(const std::string& operation, size_t* input, size_t* output) {
  char* end = nullptr;
  *input = strtoul(operation.c_str(), &end, 10);
  *output = *end == '/' ? strtoul(end + 1, &end, 10) : 0;
  return *end == '\0' && *input <= kMaxInputLength && *output <= kMaxInputLength;
}

double DigestFloor(uint32_t algorithm, bool is_xof, const std::string& operation, uint32_t iterations) {
  size_t input_length, output_length;
  if (!ParseLengths(operation, &input_length, &output_length)) return -1;
  const Buffer input(input_length);
  if (is_xof) {
    Buffer output(output_length);
    return Time(iterations,
                [&] { return XofOnce(algorithm, input.data(), input.size(), output.data(), output.size()); });
  }
  uint8_t digest[kMaxHashLength];
  return Time(iterations, [&] { return HashOnce(algorithm, input.data(), input.size(), digest); });
}

double RunFloor(const std::string& name, const std::string& operation, uint32_t iterations) {
  if (kKemSupported) {
    for (uint32_t i = 0; i < kKemParameterSets; ++i) {
      if (name == GetKemParameterSet(i).name) return KemFloor(GetKemParameterSet(i), operation, iterations);
    }
  }
  if (kSignatureSupported) {
    for (uint32_t i = 0; i < kSignatureParameterSets; ++i) {
      if (name == GetSignatureParameterSet(i).name) {
        return SignatureFloor(GetSignatureParameterSet(i), operation, iterations);
      }
    }
  }
  for (const GroupRow& row : kGroupRows) {
    if (name != row.name) continue;
    if (row.kem == kNoKem) return GroupFloor(row.nid, nullptr, operation, iterations);
    return kKemSupported ? GroupFloor(row.nid, &GetKemParameterSet(row.kem), operation, iterations) : -1;
  }
  for (uint32_t i = 0; i < kHashAlgorithms; ++i) {
    if (name == kHashNames[i]) return DigestFloor(i, false, operation, iterations);
  }
  for (uint32_t i = 0; i < kXofAlgorithms; ++i) {
    if (name == kXofNames[i]) return DigestFloor(i, true, operation, iterations);
  }
  return -1;
}

// floor('<algorithm>/<operation>', iterations): nanoseconds for all of them, or -1 where there is no such operation
napi_value Floor(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  char text[64];
  size_t length = 0;
  uint32_t iterations = 0;
  if (napi_get_value_string_utf8(env, arguments[0], text, sizeof(text), &length) != napi_ok ||
      napi_get_value_uint32(env, arguments[1], &iterations) != napi_ok) {
    ThrowInvalidArgument(env, "An operation and a number are required");
    return nullptr;
  }
  const std::string whole(text, length);
  const size_t slash = whole.find('/');
  double nanoseconds = -1;
  if (slash != std::string::npos) {
    nanoseconds = RunFloor(whole.substr(0, slash), whole.substr(slash + 1), iterations);
  }
  napi_value result = nullptr;
  napi_create_double(env, nanoseconds, &result);
  return result;
}

}  // namespace

void RegisterBenchFloor(Addon* addon, Napi::Env env, Napi::Object exports) {
  constexpr NativeFunction kFunctions[] = {{"floor", Floor}};
  DefineFunctions(env, exports, addon, kFunctions);
}

}  // namespace pqtls
