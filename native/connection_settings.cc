// What a connection is told before or beside its handshake: server name, fragment size, OCSP, what to report.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include <openssl/err.h>

#include <algorithm>
#include <string>
#include <utility>

#include "bytes.h"
#include "connection.h"

namespace pqtls {

namespace {

// Of a message, for the trace; certificates are the largest.
constexpr size_t kMaxTracedBytes = 32 * 1024;
// Events of one call; a chunk may hold thousands of one-byte records.
constexpr size_t kMaxTraceEvents = 1024;

// The bytes of a message that the trace may have: those that are no secret and say something.
size_t TracedLength(int content_type, std::span<const uint8_t> data) {
  if (content_type != SSL3_RT_HANDSHAKE) return content_type == SSL3_RT_HEADER || content_type == SSL3_RT_ALERT ? 5 : 0;
  switch (data.empty() ? -1 : data[0]) {
    case SSL3_MT_CLIENT_HELLO:
    case SSL3_MT_SERVER_HELLO:
    case SSL3_MT_ENCRYPTED_EXTENSIONS:
    case SSL3_MT_CERTIFICATE_REQUEST:
    case SSL3_MT_CERTIFICATE:
      return kMaxTracedBytes;
    case SSL3_MT_CERTIFICATE_VERIFY:
      return SSL3_HM_HEADER_LENGTH + 2;
    default:
      return SSL3_HM_HEADER_LENGTH;
  }
}

}  // namespace

ConnectionSettings ConnectionSettings::Read(const Napi::CallbackInfo& info, size_t first) {
  ConnectionSettings settings;
  settings.is_server = info[first].As<Napi::Boolean>();
  settings.verify_peer = info[first + 1].As<Napi::Boolean>();
  settings.require_peer = info[first + 2].As<Napi::Boolean>();
  settings.suspend_on_client_hello = info[first + 3].As<Napi::Boolean>();
  if (info[first + 4].IsString()) settings.server_name = info[first + 4].As<Napi::String>().Utf8Value();
  std::span<const uint8_t> wire = BytesOf(info[first + 5]);
  settings.alpn.assign(wire.begin(), wire.end());
  return settings;
}

void Connection::EnableKeylog(const Napi::CallbackInfo&) {
  keylog_ = true;
  if (ssl_) LogSecretsOf(SSL_get_SSL_CTX(ssl_.get()));
}

void Connection::EnableTrace(const Napi::CallbackInfo&) { trace_ = true; }

// An event of: 1 where we sent it, version (2 bytes), content type (2), length (4), the bytes that are traced.
void Connection::Trace(bool is_write, int version, int content_type, std::span<const uint8_t> data) {
  if (events_.size() >= kMaxTraceEvents) {
    untraced_++;
    return;
  }
  Event event{kTraceEvent, {}};
  auto put = [&](size_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
      event.bytes.push_back(static_cast<uint8_t>(value >> shift));
  };
  put(is_write ? 1 : 0, 1);
  put(static_cast<size_t>(version), 2);
  put(static_cast<size_t>(content_type), 2);
  put(data.size(), 4);
  std::span<const uint8_t> shown = data.first(std::min(data.size(), TracedLength(content_type, data)));
  event.bytes.insert(event.bytes.end(), shown.begin(), shown.end());
  events_.push_back(std::move(event));
}

// setServerName(name): false where it is too late or libssl does not take it.
Napi::Value Connection::SetServerName(const Napi::CallbackInfo& info) {
  bool taken = ssl_ && SSL_set_tlsext_host_name(ssl_.get(), info[0].As<Napi::String>().Utf8Value().c_str()) == 1;
  ERR_clear_error();
  return Napi::Boolean::New(info.Env(), taken);
}

// setMaxSendFragment(size): false outside of 512 to 16384, which libssl would silently bend into the range.
Napi::Value Connection::SetMaxSendFragment(const Napi::CallbackInfo& info) {
  constexpr int32_t kMinimum = 512;
  int32_t size = info[0].As<Napi::Number>().Int32Value();
  bool taken = ssl_ && size >= kMinimum && size <= SSL3_RT_MAX_PLAIN_LENGTH &&
               SSL_set_max_send_fragment(ssl_.get(), static_cast<size_t>(size)) == 1;
  if (taken) max_fragment_ = static_cast<size_t>(size);
  return Napi::Boolean::New(info.Env(), taken);
}

void Connection::RequestOcsp(const Napi::CallbackInfo&) {
  if (ssl_) SSL_enable_ocsp_stapling(ssl_.get());
}

// What the handshake waits for: a promise of the end of a job, or what the program is to sign; undefined where that is
// known already.
Napi::Value Connection::AwaitedSignature(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const PendingSignature* pending = signature_.pending();
  if (!ssl_ || pending == nullptr) return env.Undefined();
  if (pending->where == RanOn::kThreadpool) {
    napi_value promise = signature_.Submit(env);
    return promise != nullptr ? Napi::Value(env, promise) : env.Undefined();
  }
  Napi::Object request = Napi::Object::New(env);
  request.Set("scheme", Napi::Number::New(env, pending->scheme));
  request.Set("data", Napi::Buffer<uint8_t>::Copy(env, pending->data.data(), pending->data.size()));
  return request;
}

// answerSignature(signature | undefined): false where there is none that verifies, and the handshake will fail
Napi::Value Connection::AnswerSignature(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), ssl_ && signature_.Answer(BytesOf(info[0])));
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
