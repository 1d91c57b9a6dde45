// Compressed Certificate messages through JavaScript's zlib, cached for each context. RFC 8879.
//
// The one place besides PSK where JavaScript runs while libssl is on the stack: libssl can't wait here. The connection
// is entered as busy, so that a destroy() from inside takes effect when libssl has returned.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/pool.h>

#include <algorithm>

#include "addon.h"
#include "bytes.h"
#include "cert_compression.h"
#include "connection.h"
#include "context_state.h"

namespace pqtls {

namespace {

constexpr uint16_t kZlib = 1;
constexpr uint16_t kBrotli = 2;
constexpr uint16_t kZstd = 3;
// One message for each algorithm and certificate of the context, with some that carry an OCSP response.
constexpr size_t kCachedMessages = 16;

// Calls the codec (algorithm, input, length) of src/engine/native-engine.ts; `length` 0 compresses. Appends to
// `out`; false where it threw or gave nothing.
bool CallCodec(SSL* ssl, uint16_t algorithm, const uint8_t* in, size_t in_length, size_t length,
               std::vector<uint8_t>* out) {
  Connection* connection = Connection::FromSsl(ssl);
  Napi::Env env = connection->Env();
  Napi::HandleScope scope(env);
  Napi::Function codec = env.GetInstanceData<Addon>()->certificate_codec();
  if (codec.IsEmpty()) return false;
  Connection::Busy busy(connection);
  Napi::Value result = codec.Call({Napi::Number::New(env, algorithm), Napi::Buffer<uint8_t>::Copy(env, in, in_length),
                                   Napi::Number::New(env, static_cast<double>(length))});
  if (env.IsExceptionPending()) {
    // The codec returns undefined for bad input; what throws is the program's own hook on zlib. The handshake fails.
    env.GetAndClearPendingException();
    return false;
  }
  if (!result.IsTypedArray()) return false;
  std::span<const uint8_t> bytes = BytesOf(result);
  out->assign(bytes.begin(), bytes.end());
  return true;
}

template <uint16_t kAlgorithm>
int Compress(SSL* ssl, CBB* out, const uint8_t* in, size_t in_length) {
  std::vector<CompressedMessage>& cache = StateOf(SSL_get_SSL_CTX(ssl))->compressed;
  auto hit = std::find_if(cache.begin(), cache.end(), [&](const CompressedMessage& message) {
    return message.algorithm == kAlgorithm &&
           std::equal(message.input.begin(), message.input.end(), in, in + in_length);
  });
  if (hit != cache.end()) return CBB_add_bytes(out, hit->output.data(), hit->output.size());
  CompressedMessage made{.algorithm = kAlgorithm, .input = {in, in + in_length}, .output = {}};
  if (!CallCodec(ssl, kAlgorithm, in, in_length, 0, &made.output) || made.output.empty()) return 0;
  int added = CBB_add_bytes(out, made.output.data(), made.output.size());
  if (cache.size() >= kCachedMessages) cache.erase(cache.begin());
  cache.push_back(std::move(made));
  return added;
}

// libssl refuses a declared length above its limit for certificate messages before it calls this.
template <uint16_t kAlgorithm>
int Decompress(SSL* ssl, CRYPTO_BUFFER** out, size_t length, const uint8_t* in, size_t in_length) {
  std::vector<uint8_t> message;
  if (length == 0 || !CallCodec(ssl, kAlgorithm, in, in_length, length, &message) || message.size() != length) return 0;
  *out = CRYPTO_BUFFER_new(message.data(), message.size(), nullptr);
  return *out != nullptr;
}

}  // namespace

bool AddCertificateCompression(SSL_CTX* ctx, std::span<const uint16_t> algorithms) {
  for (uint16_t algorithm : algorithms) {
    int added = 0;
    if (algorithm == kZlib) added = SSL_CTX_add_cert_compression_alg(ctx, kZlib, Compress<kZlib>, Decompress<kZlib>);
    if (algorithm == kBrotli) {
      added = SSL_CTX_add_cert_compression_alg(ctx, kBrotli, Compress<kBrotli>, Decompress<kBrotli>);
    }
    if (algorithm == kZstd) added = SSL_CTX_add_cert_compression_alg(ctx, kZstd, Compress<kZstd>, Decompress<kZstd>);
    if (!added) return false;
  }
  return true;
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
