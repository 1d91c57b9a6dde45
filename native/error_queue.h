// AWS-LC's per-thread error queue, read once and emptied.
#ifndef PQTLS_NATIVE_ERROR_QUEUE_H_
#define PQTLS_NATIVE_ERROR_QUEUE_H_

#include <napi.h>

#include <string>

namespace pqtls {

struct QueuedError {
  std::string library;  // e.g. "SSL routines"
  std::string reason;   // e.g. "WRONG_VERSION_NUMBER"; empty when the queue was empty
};

// The oldest error of libssl, which is the cause of those after it; where there is none, the oldest of all. A cipher's
// error comes before libssl's and says less. Empties the queue.
QueuedError TakeError();

// An Error with `library` and `reason`, for src/errors.ts to turn into the public class.
Napi::Error MakeError(Napi::Env env, const char* what, const QueuedError& error);
void ThrowTakenError(Napi::Env env, const char* what);

}  // namespace pqtls

#endif  // PQTLS_NATIVE_ERROR_QUEUE_H_
