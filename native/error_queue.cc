// AWS-LC's per-thread error queue, read once and emptied.
#include "error_queue.h"

#include <openssl/err.h>

namespace pqtls {

QueuedError TakeError() {
  QueuedError error;
  uint32_t chosen = 0;
  while (uint32_t packed = ERR_get_error()) {
    bool from_libssl = ERR_GET_LIB(packed) == ERR_LIB_SSL;
    if (chosen == 0 || from_libssl) chosen = packed;
    if (from_libssl) break;
  }
  if (chosen != 0) {
    const char* library = ERR_lib_error_string(chosen);
    const char* reason = ERR_reason_error_string(chosen);
    error.library = library != nullptr ? library : "unknown library";
    error.reason = reason != nullptr ? reason : "UNKNOWN";
  }
  ERR_clear_error();
  return error;
}

Napi::Error MakeError(Napi::Env env, const char* what, const QueuedError& error) {
  std::string message(what);
  if (!error.reason.empty()) message += ": " + error.reason;
  Napi::Error made = Napi::Error::New(env, message);
  made.Set("library", Napi::String::New(env, error.library));
  made.Set("reason", Napi::String::New(env, error.reason));
  return made;
}

void ThrowTakenError(Napi::Env env, const char* what) {
  MakeError(env, what, TakeError()).ThrowAsJavaScriptException();
}

}  // namespace pqtls
