// Heap memory of fixed size for secrets, wiped when it is freed.
#ifndef PQTLS_NATIVE_SECRET_BYTES_H_
#define PQTLS_NATIVE_SECRET_BYTES_H_

#include <openssl/mem.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace pqtls {

class SecretBytes {
 public:
  explicit SecretBytes(size_t size) : data_(static_cast<uint8_t*>(OPENSSL_malloc(size))), size_(size) {
    if (data_ == nullptr) abort();
  }
  // OPENSSL_free wipes what it frees.
  ~SecretBytes() { OPENSSL_free(data_); }
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;

  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  uint8_t* const data_;
  const size_t size_;
};

}  // namespace pqtls

#endif  // PQTLS_NATIVE_SECRET_BYTES_H_
