// External pre-shared keys of TLS 1.2, for which JavaScript is called while libssl is on the stack. RFC 4279.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include <openssl/err.h>

#include <cstring>
#include <string>

#include "bytes.h"
#include "connection.h"
#include "connection_object.h"

namespace pqtls {

namespace {

constexpr char kCallbackProperty[] = "pskCallback";

}  // namespace

// setPskIdentityHint(hint): false where libssl does not take it.
Napi::Value Connection::SetPskIdentityHint(const Napi::CallbackInfo& info) {
  std::string hint = info[0].As<Napi::String>().Utf8Value();
  bool taken = ssl_ && SSL_use_psk_identity_hint(ssl_.get(), hint.c_str()) == 1;
  ERR_clear_error();
  return Napi::Boolean::New(info.Env(), taken);
}

// setPskCallback(callback). A server's is called with (identity, maximum PSK) and returns the PSK; a client's with
// (hint | null, maximum PSK, maximum identity) and returns [PSK, identity]. Either returns undefined for none. It must
// not throw.
void Connection::SetPskCallback(const Napi::CallbackInfo& info) {
  if (!ssl_ || holder_ == nullptr) return;
  // On our own object, where the garbage collector sees that it refers back to us.
  holder_->Value().Set(kCallbackProperty, info[0]);
  has_psk_ = true;
  if (is_server_) {
    SSL_set_psk_server_callback(ssl_.get(), ServerPsk);
  } else {
    SSL_set_psk_client_callback(ssl_.get(), ClientPsk);
  }
}

// Empty where the callback threw, which only the end of the environment does, or where it destroyed the connection.
Napi::Value Connection::CallPsk(const char* argument, unsigned max_psk, unsigned max_identity) {
  Napi::Env env = env_;
  if (holder_ == nullptr) return Napi::Value();
  Napi::Object object = holder_->Value();
  Napi::Value callback = object.Get(kCallbackProperty);
  if (env.IsExceptionPending() || !callback.IsFunction()) return Napi::Value();
  Napi::Value text = argument != nullptr ? Napi::Value(Napi::String::New(env, argument)) : env.Null();
  Napi::Value answer;
  {
    Busy busy(this);
    answer = callback.As<Napi::Function>().Call(
        object, {text, Napi::Number::New(env, max_psk), Napi::Number::New(env, max_identity)});
  }
  // The callback may have used other connections of this thread; libssl reads the queue.
  ERR_clear_error();
  return destroy_requested_ || env.IsExceptionPending() ? Napi::Value() : answer;
}

unsigned Connection::ServerPsk(SSL* ssl, const char* identity, uint8_t* psk, unsigned max_psk) {
  Connection* self = FromSsl(ssl);
  Napi::HandleScope scope(self->env_);
  Napi::Value answer = self->CallPsk(identity, max_psk, 0);
  if (answer.IsEmpty() || !answer.IsTypedArray()) return 0;
  std::span<const uint8_t> key = BytesOf(answer);
  if (key.size() > max_psk) return 0;
  std::memcpy(psk, key.data(), key.size());
  return static_cast<unsigned>(key.size());
}

unsigned Connection::ClientPsk(SSL* ssl, const char* hint, char* identity, unsigned max_identity, uint8_t* psk,
                               unsigned max_psk) {
  Connection* self = FromSsl(ssl);
  Napi::Env env = self->env_;
  Napi::HandleScope scope(env);
  // One byte is for the NUL at its end.
  Napi::Value answer = self->CallPsk(hint, max_psk, max_identity - 1);
  if (answer.IsEmpty() || !answer.IsArray()) return 0;
  Napi::Value given_key = answer.As<Napi::Array>().Get(0u);
  Napi::Value given_identity = answer.As<Napi::Array>().Get(1u);
  if (env.IsExceptionPending() || !given_key.IsTypedArray() || !given_identity.IsString()) return 0;
  std::span<const uint8_t> key = BytesOf(given_key);
  std::string name = given_identity.As<Napi::String>().Utf8Value();
  if (key.size() > max_psk || name.size() >= max_identity || name.find('\0') != std::string::npos) return 0;
  std::memcpy(identity, name.c_str(), name.size() + 1);
  std::memcpy(psk, key.data(), key.size());
  return static_cast<unsigned>(key.size());
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
