// AWS-LC's internal and experimental functions. The only file that includes its internal headers.
#include "aws_lc_internal.h"

#include <openssl/digest.h>
#include <openssl/mem.h>
#include <pqtls/aws_lc_features.h>

#include <cstring>

// The internal headers are C and do not all say so.
extern "C" {
#if PQTLS_HAVE_ML_KEM_INTERNAL
#include "crypto/fipsmodule/ml_kem/ml_kem.h"
#endif
#if PQTLS_HAVE_ML_DSA_INTERNAL
#include "crypto/fipsmodule/ml_dsa/ml_dsa.h"
#endif
#if PQTLS_HAVE_SHA3_ONE_SHOT
// Not through crypto/fipsmodule/sha/internal.h, which does not compile as C++ on every platform.
uint8_t* SHA3_224(const uint8_t* data, size_t len, uint8_t out[28]);
uint8_t* SHA3_256(const uint8_t* data, size_t len, uint8_t out[32]);
uint8_t* SHA3_384(const uint8_t* data, size_t len, uint8_t out[48]);
uint8_t* SHA3_512(const uint8_t* data, size_t len, uint8_t out[64]);
uint8_t* SHAKE128(const uint8_t* data, const size_t in_len, uint8_t* out, size_t out_len);
uint8_t* SHAKE256(const uint8_t* data, const size_t in_len, uint8_t* out, size_t out_len);
#endif
}

namespace pqtls {

namespace {

#if PQTLS_HAVE_ML_KEM_INTERNAL

// These functions return 0 on success, unlike the rest of AWS-LC, and take lengths in and out.
#define PQTLS_KEM_PARAMETER_SET(bits)                                                                                \
  {                                                                                                                  \
      .name = "ML-KEM-" #bits,                                                                                       \
      .encapsulation_key_length = MLKEM##bits##_PUBLIC_KEY_BYTES,                                                    \
      .decapsulation_key_length = MLKEM##bits##_SECRET_KEY_BYTES,                                                    \
      .ciphertext_length = MLKEM##bits##_CIPHERTEXT_BYTES,                                                           \
      .generate =                                                                                                    \
          [](uint8_t* ek, uint8_t* dk) {                                                                             \
            size_t ek_length = MLKEM##bits##_PUBLIC_KEY_BYTES, dk_length = MLKEM##bits##_SECRET_KEY_BYTES;           \
            return ml_kem_##bits##_keypair(ek, &ek_length, dk, &dk_length) == 0;                                     \
          },                                                                                                         \
      .generate_from_seed =                                                                                          \
          [](uint8_t* ek, uint8_t* dk, const uint8_t* seed) {                                                        \
            size_t ek_length = MLKEM##bits##_PUBLIC_KEY_BYTES, dk_length = MLKEM##bits##_SECRET_KEY_BYTES;           \
            return ml_kem_##bits##_keypair_deterministic(ek, &ek_length, dk, &dk_length, seed) == 0;                 \
          },                                                                                                         \
      .encapsulate =                                                                                                 \
          [](uint8_t* ciphertext, uint8_t* secret, const uint8_t* ek) {                                              \
            size_t ciphertext_length = MLKEM##bits##_CIPHERTEXT_BYTES, secret_length = kKemSharedSecretLength;       \
            return ml_kem_##bits##_encapsulate(ciphertext, &ciphertext_length, secret, &secret_length, ek) == 0;     \
          },                                                                                                         \
      .encapsulate_with_m =                                                                                          \
          [](uint8_t* ciphertext, uint8_t* secret, const uint8_t* ek, const uint8_t* m) {                            \
            size_t ciphertext_length = MLKEM##bits##_CIPHERTEXT_BYTES, secret_length = kKemSharedSecretLength;       \
            return ml_kem_##bits##_encapsulate_deterministic(ciphertext, &ciphertext_length, secret, &secret_length, \
                                                             ek, m) == 0;                                            \
          },                                                                                                         \
      .decapsulate =                                                                                                 \
          [](uint8_t* secret, const uint8_t* ciphertext, const uint8_t* dk) {                                        \
            size_t secret_length = kKemSharedSecretLength;                                                           \
            return ml_kem_##bits##_decapsulate(secret, &secret_length, ciphertext, dk) == 0;                         \
          },                                                                                                         \
      .check_encapsulation_key =                                                                                     \
          [](const uint8_t* ek) { return ml_kem_##bits##_check_pk(ek, MLKEM##bits##_PUBLIC_KEY_BYTES) == 0; },       \
      .check_decapsulation_key =                                                                                     \
          [](const uint8_t* dk) { return ml_kem_##bits##_check_sk(dk, MLKEM##bits##_SECRET_KEY_BYTES) == 0; },       \
  }

constexpr KemParameterSet kKems[kKemParameterSets] = {
    PQTLS_KEM_PARAMETER_SET(512),
    PQTLS_KEM_PARAMETER_SET(768),
    PQTLS_KEM_PARAMETER_SET(1024),
};

#else

// Never called: the provider sees kKemSupported first.
constexpr KemParameterSet kKems[kKemParameterSets] = {
    {.name = "ML-KEM-512"}, {.name = "ML-KEM-768"}, {.name = "ML-KEM-1024"}};

#endif

#if PQTLS_HAVE_ML_DSA_INTERNAL

// pre = 0x00 || length of the context || context. FIPS 204, Algorithm 2, line 10.
struct Prefix {
  Prefix(const uint8_t* context, size_t context_length) : length(2 + context_length) {
    bytes[0] = 0;
    bytes[1] = static_cast<uint8_t>(context_length);
    if (context_length != 0) memcpy(bytes + 2, context, context_length);
  }
  uint8_t bytes[2 + kSignatureMaxContextLength];
  size_t length;
};

constexpr uint8_t kZeroRandomness[32] = {};

#define PQTLS_SIGNATURE_PARAMETER_SET(level)                                                                          \
  {                                                                                                                   \
      .name = "ML-DSA-" #level,                                                                                       \
      .verifying_key_length = MLDSA##level##_PUBLIC_KEY_BYTES,                                                        \
      .signing_key_length = MLDSA##level##_PRIVATE_KEY_BYTES,                                                         \
      .signature_length = MLDSA##level##_SIGNATURE_BYTES,                                                             \
      .generate = [](uint8_t* verifying_key, uint8_t* signing_key,                                                    \
                     uint8_t* seed) { return ml_dsa_##level##_keypair(verifying_key, signing_key, seed) == 1; },      \
      .generate_from_seed =                                                                                           \
          [](uint8_t* verifying_key, uint8_t* signing_key, const uint8_t* seed) {                                     \
            return ml_dsa_##level##_keypair_internal(verifying_key, signing_key, seed) == 1;                          \
          },                                                                                                          \
      .verifying_key_from_signing_key =                                                                               \
          [](uint8_t* verifying_key, const uint8_t* signing_key) {                                                    \
            return ml_dsa_##level##_pack_pk_from_sk(verifying_key, signing_key) == 1;                                 \
          },                                                                                                          \
      .sign =                                                                                                         \
          [](const uint8_t* signing_key, uint8_t* signature, const uint8_t* message, size_t message_length,           \
             const uint8_t* context, size_t context_length) {                                                         \
            size_t length = MLDSA##level##_SIGNATURE_BYTES;                                                           \
            return ml_dsa_##level##_sign(signing_key, signature, &length, message, message_length, context,           \
                                         context_length) == 1;                                                        \
          },                                                                                                          \
      .sign_deterministic =                                                                                           \
          [](const uint8_t* signing_key, uint8_t* signature, const uint8_t* message, size_t message_length,           \
             const uint8_t* context, size_t context_length) {                                                         \
            const Prefix prefix(context, context_length);                                                             \
            size_t length = MLDSA##level##_SIGNATURE_BYTES;                                                           \
            return ml_dsa_##level##_sign_internal(signing_key, signature, &length, message, message_length,           \
                                                  prefix.bytes, prefix.length, kZeroRandomness) == 1;                 \
          },                                                                                                          \
      .verify =                                                                                                       \
          [](const uint8_t* verifying_key, const uint8_t* signature, size_t signature_length, const uint8_t* message, \
             size_t message_length, const uint8_t* context, size_t context_length) {                                  \
            return ml_dsa_##level##_verify(verifying_key, signature, signature_length, message, message_length,       \
                                           context, context_length) == 1;                                             \
          },                                                                                                          \
  }

constexpr SignatureParameterSet kSignatures[kSignatureParameterSets] = {
    PQTLS_SIGNATURE_PARAMETER_SET(44),
    PQTLS_SIGNATURE_PARAMETER_SET(65),
    PQTLS_SIGNATURE_PARAMETER_SET(87),
};

#else

// Never called: the provider sees kSignatureSupported first.
constexpr SignatureParameterSet kSignatures[kSignatureParameterSets] = {
    {.name = "ML-DSA-44"}, {.name = "ML-DSA-65"}, {.name = "ML-DSA-87"}};

#endif

}  // namespace

const bool kKemSupported = PQTLS_HAVE_ML_KEM_INTERNAL;
const bool kSignatureSupported = PQTLS_HAVE_ML_DSA_INTERNAL;

const KemParameterSet& GetKemParameterSet(uint32_t index) { return kKems[index]; }

const SignatureParameterSet& GetSignatureParameterSet(uint32_t index) { return kSignatures[index]; }

bool HashOnce(uint32_t algorithm, const uint8_t* data, size_t length, uint8_t* digest) {
#if PQTLS_HAVE_SHA3_ONE_SHOT
  switch (algorithm) {
    case kSha3_224:
      return SHA3_224(data, length, digest) != nullptr;
    case kSha3_256:
      return SHA3_256(data, length, digest) != nullptr;
    case kSha3_384:
      return SHA3_384(data, length, digest) != nullptr;
    default:
      return SHA3_512(data, length, digest) != nullptr;
  }
#else
  const EVP_MD* const digests[] = {EVP_sha3_224(), EVP_sha3_256(), EVP_sha3_384(), EVP_sha3_512()};
  return EVP_Digest(data, length, digest, nullptr, digests[algorithm], nullptr) == 1;
#endif
}

bool XofOnce(uint32_t algorithm, const uint8_t* data, size_t length, uint8_t* output, size_t output_length) {
  if (output_length == 0) return true;
#if PQTLS_HAVE_SHA3_ONE_SHOT
  return (algorithm == kShake128 ? SHAKE128 : SHAKE256)(data, length, output, output_length) != nullptr;
#else
  bssl::ScopedEVP_MD_CTX context;
  return EVP_DigestInit_ex(context.get(), algorithm == kShake128 ? EVP_shake128() : EVP_shake256(), nullptr) == 1 &&
         EVP_DigestUpdate(context.get(), data, length) == 1 &&
         EVP_DigestFinalXOF(context.get(), output, output_length) == 1;
#endif
}

}  // namespace pqtls
