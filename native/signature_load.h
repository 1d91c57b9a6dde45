// What a signature of one environment is weighed against: who would have to wait for it.
#ifndef PQTLS_NATIVE_SIGNATURE_LOAD_H_
#define PQTLS_NATIVE_SIGNATURE_LOAD_H_

#include <uv.h>

#include <cstddef>
#include <cstdint>

namespace pqtls {

struct SignatureLoad {
  uv_loop_t* loop = nullptr;
  size_t established = 0;           // connections past their handshake and not destroyed
  uint64_t signed_in = UINT64_MAX;  // the turn of the event loop that made a dear signature last

  // Whether this turn of the event loop has made a dear signature already; from now on it has.
  bool SignsAgain() {
    uv_metrics_t metrics;
    if (loop == nullptr || uv_metrics_info(loop, &metrics) != 0) return true;
    const bool again = signed_in == metrics.loop_count;
    signed_in = metrics.loop_count;
    return again;
  }
};

}  // namespace pqtls

#endif  // PQTLS_NATIVE_SIGNATURE_LOAD_H_
