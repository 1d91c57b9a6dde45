// Heap memory of fixed size for secrets and for copies of what users pass, wiped when it is freed.
#ifndef PQTLS_NATIVE_SECRET_BYTES_H_
#define PQTLS_NATIVE_SECRET_BYTES_H_

#include <openssl/mem.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "arguments.h"

namespace pqtls {

class SecretBytes {
 public:
  // For sizes of ours: a process that has no memory for a key ends.
  explicit SecretBytes(size_t size) : SecretBytes(size, Unchecked()) {
    if (data_ == nullptr) abort();
  }
  // OPENSSL_free wipes what it frees.
  ~SecretBytes() { OPENSSL_free(data_); }
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;

  // For sizes of the user's: see allocated().
  static SecretBytes OfUserSize(size_t size) { return SecretBytes(size, Unchecked()); }
  explicit SecretBytes(const Bytes& bytes) : SecretBytes(bytes.size, Unchecked()) {
    if (data_ != nullptr && bytes.size != 0) memcpy(data_, bytes.data, bytes.size);
  }

  bool allocated() const { return data_ != nullptr; }
  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }
  Bytes bytes() { return {.data = data_, .size = size_}; }

 private:
  struct Unchecked {};
  // One byte more, so that nullptr always says that there was no memory.
  SecretBytes(size_t size, Unchecked) : data_(static_cast<uint8_t*>(OPENSSL_malloc(size + 1))), size_(size) {}

  uint8_t* const data_;
  const size_t size_;
};

}  // namespace pqtls

#endif  // PQTLS_NATIVE_SECRET_BYTES_H_
