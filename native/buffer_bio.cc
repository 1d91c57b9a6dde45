// A BIO pair over plain memory: libssl reads straight from the TCP chunk and writes straight into JavaScript's slab.
#include "buffer_bio.h"

#include <algorithm>
#include <cstring>

namespace pqtls {

BIO* BufferTransport::NewBio() {
  // Built once for the process, immutable and never freed: worker threads share it and may outlive each other.
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "pqtls buffer");
    if (made != nullptr) {
      BIO_meth_set_read(made, Read);
      BIO_meth_set_write(made, Write);
      BIO_meth_set_ctrl(made, Ctrl);
    }
    return made;
  }();
  if (method == nullptr) return nullptr;
  BIO* bio = BIO_new(method);
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  return bio;
}

void BufferTransport::BeginCall(std::span<const uint8_t> input, std::span<uint8_t> output) {
  input_ = input;
  output_ = output;
  consumed_ = 0;
  produced_ = 0;
  if (spill_.empty()) return;
  size_t taken = std::min(spill_.size(), output_.size());
  if (taken == 0) return;
  std::memcpy(output_.data(), spill_.data(), taken);
  output_ = output_.subspan(taken);
  produced_ = taken;
  spill_.erase(spill_.begin(), spill_.begin() + static_cast<std::ptrdiff_t>(taken));
  if (spill_.empty()) spill_.shrink_to_fit();
}

void BufferTransport::EndCall() {
  bytes_read_ += consumed_;
  bytes_written_ += produced_;
  input_ = {};
  output_ = {};
  held_ = {};
}

void BufferTransport::ReleaseBorrowed() {
  output_ = {};
  // A second callback of the same call: what is left is ours already.
  if (input_.empty() || !held_.empty()) return;
  held_.assign(input_.begin(), input_.end());
  input_ = held_;
}

int BufferTransport::Read(BIO* bio, char* out, int len) {
  auto* self = static_cast<BufferTransport*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (self->input_.empty() || len <= 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  size_t taken = std::min(self->input_.size(), static_cast<size_t>(len));
  std::memcpy(out, self->input_.data(), taken);
  self->input_ = self->input_.subspan(taken);
  self->consumed_ += taken;
  auto& last = self->last_read_;
  size_t kept = std::min(taken, last.size());
  std::memmove(last.data(), last.data() + kept, last.size() - kept);
  std::memcpy(last.data() + last.size() - kept, out + taken - kept, kept);
  return static_cast<int>(taken);
}

int BufferTransport::Write(BIO* bio, const char* in, int len) {
  auto* self = static_cast<BufferTransport*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (len <= 0) return 0;
  auto size = static_cast<size_t>(len);
  size_t direct = std::min(self->output_room(), size);
  if (direct > 0) std::memcpy(self->output_.data(), in, direct);
  self->output_ = self->output_.subspan(direct);
  self->produced_ += direct;
  if (direct < size) self->spill_.insert(self->spill_.end(), in + direct, in + size);
  return len;
}

long BufferTransport::Ctrl(BIO* bio, int cmd, long larg, void* parg) { return cmd == BIO_CTRL_FLUSH ? 1 : 0; }

}  // namespace pqtls
