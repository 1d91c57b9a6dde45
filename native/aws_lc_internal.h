// AWS-LC's internal and experimental functions, as tables: the only way that other files reach them.
//
// Where the AWS-LC source lacks them (see <pqtls/aws_lc_features.h>) a table's `supported` is false.
#ifndef PQTLS_NATIVE_AWS_LC_INTERNAL_H_
#define PQTLS_NATIVE_AWS_LC_INTERNAL_H_

#include <cstddef>
#include <cstdint>

namespace pqtls {

inline constexpr size_t kKemParameterSets = 3;
inline constexpr size_t kKemSeedLength = 64;
inline constexpr size_t kKemSharedSecretLength = 32;
inline constexpr size_t kKemMaxEncapsulationKeyLength = 1568;
inline constexpr size_t kKemMaxCiphertextLength = 1568;

// One ML-KEM parameter set. Every function returns whether it succeeded. FIPS 203, Table 3.
struct KemParameterSet {
  const char* name = nullptr;
  size_t encapsulation_key_length = 0;
  size_t decapsulation_key_length = 0;
  size_t ciphertext_length = 0;
  bool (*generate)(uint8_t* ek, uint8_t* dk) = nullptr;
  bool (*generate_from_seed)(uint8_t* ek, uint8_t* dk, const uint8_t* seed) = nullptr;
  // Fails where ek does not pass the modulus check.
  bool (*encapsulate)(uint8_t* ciphertext, uint8_t* shared_secret, const uint8_t* ek) = nullptr;
  bool (*encapsulate_with_m)(uint8_t* ciphertext, uint8_t* shared_secret, const uint8_t* ek,
                             const uint8_t* m) = nullptr;
  bool (*decapsulate)(uint8_t* shared_secret, const uint8_t* ciphertext, const uint8_t* dk) = nullptr;
  bool (*check_encapsulation_key)(const uint8_t* ek) = nullptr;
  bool (*check_decapsulation_key)(const uint8_t* dk) = nullptr;

  // dk = dk_PKE || ek || H(ek) || z. FIPS 203, Algorithm 16.
  size_t encapsulation_key_offset() const { return decapsulation_key_length - encapsulation_key_length - 64; }
};

inline constexpr size_t kSignatureParameterSets = 3;
inline constexpr size_t kSignatureSeedLength = 32;
inline constexpr size_t kSignatureMaxContextLength = 255;
inline constexpr size_t kSignatureMaxVerifyingKeyLength = 2592;

// One ML-DSA parameter set. Every function returns whether it succeeded. FIPS 204, Table 2.
struct SignatureParameterSet {
  const char* name = nullptr;
  size_t verifying_key_length = 0;
  size_t signing_key_length = 0;
  size_t signature_length = 0;
  // Writes the seed that it drew.
  bool (*generate)(uint8_t* verifying_key, uint8_t* signing_key, uint8_t* seed) = nullptr;
  bool (*generate_from_seed)(uint8_t* verifying_key, uint8_t* signing_key, const uint8_t* seed) = nullptr;
  // Fails where the parts of the signing key do not belong together.
  bool (*verifying_key_from_signing_key)(uint8_t* verifying_key, const uint8_t* signing_key) = nullptr;
  bool (*sign)(const uint8_t* signing_key, uint8_t* signature, const uint8_t* message, size_t message_length,
               const uint8_t* context, size_t context_length) = nullptr;
  bool (*sign_deterministic)(const uint8_t* signing_key, uint8_t* signature, const uint8_t* message,
                             size_t message_length, const uint8_t* context, size_t context_length) = nullptr;
  bool (*verify)(const uint8_t* verifying_key, const uint8_t* signature, size_t signature_length,
                 const uint8_t* message, size_t message_length, const uint8_t* context,
                 size_t context_length) = nullptr;
};

enum HashAlgorithm : uint32_t { kSha3_224, kSha3_256, kSha3_384, kSha3_512, kHashAlgorithms };
enum XofAlgorithm : uint32_t { kShake128, kShake256, kXofAlgorithms };

inline constexpr size_t kHashLengths[kHashAlgorithms] = {28, 32, 48, 64};
inline constexpr size_t kMaxHashLength = 64;

extern const bool kKemSupported;
extern const bool kSignatureSupported;

const KemParameterSet& GetKemParameterSet(uint32_t index);
const SignatureParameterSet& GetSignatureParameterSet(uint32_t index);

// One-shot hashes; they fall back to EVP where the source does not have them.
bool HashOnce(uint32_t algorithm, const uint8_t* data, size_t length, uint8_t* digest);
bool XofOnce(uint32_t algorithm, const uint8_t* data, size_t length, uint8_t* output, size_t output_length);

}  // namespace pqtls

#endif  // PQTLS_NATIVE_AWS_LC_INTERNAL_H_
