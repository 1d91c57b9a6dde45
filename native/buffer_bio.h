// A BIO pair over plain memory: libssl reads straight from the TCP chunk and writes straight into JavaScript's slab.
#ifndef PQTLS_NATIVE_BUFFER_BIO_H_
#define PQTLS_NATIVE_BUFFER_BIO_H_

#include <openssl/bio.h>
#include <openssl/ssl3.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pqtls {

// The transport side of one SSL. The spans are borrowed for one call from JavaScript and dropped when it returns.
class BufferTransport {
 public:
  // The BIO to give to SSL_set_bio; the caller owns one reference. Null when out of memory.
  BIO* NewBio();

  void BeginCall(std::span<const uint8_t> input, std::span<uint8_t> output);
  // Forgets the borrowed spans. What was not read stays with the caller.
  void EndCall();
  // Lets go of JavaScript's memory in the middle of a call, before JavaScript runs and may free it: what is unread is
  // copied, and what is written from now on waits in the spill. What was counted stays.
  void ReleaseBorrowed();

  // Takes back what this call has made, and what waited.
  void DropProduced() {
    produced_ = 0;
    spill_.clear();
  }

  size_t consumed() const { return consumed_; }
  size_t produced() const { return produced_; }
  // Room left in the slab, once everything that waits in the spill is counted.
  size_t output_room() const { return spill_.empty() ? output_.size() : 0; }
  bool has_spill() const { return !spill_.empty(); }

  // The bytes that libssl read last, oldest first: a whole record where that was a bare alert.
  std::span<const uint8_t> last_read() const { return last_read_; }

  uint64_t bytes_read() const { return bytes_read_; }
  uint64_t bytes_written() const { return bytes_written_; }

 private:
  static int Read(BIO* bio, char* out, int len);
  static int Write(BIO* bio, const char* in, int len);
  static long Ctrl(BIO* bio, int cmd, long larg, void* parg);

  std::span<const uint8_t> input_;  // what is unread
  std::span<uint8_t> output_;       // what is unwritten
  std::vector<uint8_t> held_;       // owns input_ once released
  size_t consumed_ = 0;
  size_t produced_ = 0;
  // What did not fit: the rest of a handshake flight or tickets, never application data (see Connection::Send).
  std::vector<uint8_t> spill_;
  std::array<uint8_t, SSL3_RT_HEADER_LENGTH + 2> last_read_ = {};
  uint64_t bytes_read_ = 0;
  uint64_t bytes_written_ = 0;
};

}  // namespace pqtls

#endif  // PQTLS_NATIVE_BUFFER_BIO_H_
