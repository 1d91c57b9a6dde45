// One TLS connection over AWS-LC's libssl, without a socket: bytes in, bytes out. JavaScript is called for a PSK and
// for certificate compression, and for nothing else.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "addon.h"
#include "bytes.h"
#include "connection.h"
#include "context_state.h"
#include "secure_context.h"

namespace pqtls {

namespace {

// Largest record on the wire: header, plaintext, content type, tag; and room for the tickets that libssl defers into
// the first write. RFC 9846, Section 5.2.
constexpr size_t kMaxPlaintext = SSL3_RT_MAX_PLAIN_LENGTH;
constexpr size_t kRecordRoom = SSL3_RT_HEADER_LENGTH + kMaxPlaintext + SSL3_RT_MAX_ENCRYPTED_OVERHEAD;

// In a row, without data between them: AWS-LC has no limit of its own. RFC 9846, Section 4.7.3.
constexpr unsigned kMaxKeyUpdates = 32;

}  // namespace

std::shared_ptr<Connection> Connection::Create(Napi::Env env, const SecureContext& context,
                                               const ConnectionSettings& settings) {
  std::shared_ptr<Connection> made(new Connection(env, context));
  return made->Start(context, settings) ? made : nullptr;
}

Connection::Connection(Napi::Env env, const SecureContext& context)
    : env_(env), own_schemes_(context.signing_schemes()) {
  auto* addon = env.GetInstanceData<Addon>();
  registers_ = addon->progress_registers();
  signature_.Start(addon->signature_load(), &addon->scheduler());
}

bool Connection::Start(const SecureContext& context, const ConnectionSettings& settings) {
  is_server_ = settings.is_server;
  verify_peer_ = settings.verify_peer;
  require_peer_ = settings.require_peer;
  awaits_client_hello_ = settings.suspend_on_client_hello;
  alpn_ = settings.alpn;
  ssl_.reset(SSL_new(context.ctx()));
  if (!ssl_) return false;
  SSL* ssl = ssl_.get();
  SSL_set_app_data(ssl, this);
  certificate_key_ = context.certificate_key();
  client_order_ = StateOf(context.ctx())->client_order;
  groups_ = StateOf(context.ctx())->groups;
  sessions_.Start(ssl, is_server_, is_server_ && verify_peer_ && require_peer_);
  if (settings.require_post_quantum_sessions) sessions_.RequirePostQuantum();
  int mode = SSL_VERIFY_NONE;
  if (verify_peer_) mode = require_peer_ ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_PEER;
  SSL_set_custom_verify(ssl, mode, VerifyPeer);
  if (is_server_) {
    SSL_set_accept_state(ssl);
  } else {
    SSL_set_connect_state(ssl);
    if (!settings.server_name.empty() && !SSL_set_tlsext_host_name(ssl, settings.server_name.c_str())) return false;
    // SSL_set_alpn_protos returns zero on success.
    if (!alpn_.empty() && SSL_set_alpn_protos(ssl, alpn_.data(), alpn_.size()) != 0) return false;
  }
  if (!settings.groups.empty() && !Narrow(settings.minimum_version, settings.groups)) return false;
  BIO* bio = transport_.NewBio();
  if (bio == nullptr) return false;
  SSL_set_bio(ssl, bio, bio);
  return true;
}

void Connection::Classify(int result, uint32_t* flags) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return;
    case SSL_ERROR_PENDING_CERTIFICATE:
      *flags |= kAwaitsClientHello;
      return;
    case SSL_ERROR_WANT_CERTIFICATE_VERIFY:
      *flags |= kAwaitsVerification;
      return;
    case SSL_ERROR_WANT_PRIVATE_KEY_OPERATION:
      *flags |= kAwaitsSignature;
      return;
    case SSL_ERROR_PENDING_SESSION:
    case SSL_ERROR_PENDING_TICKET:
      *flags |= kAwaitsSession;
      return;
    case SSL_ERROR_ZERO_RETURN:
      if (!AlertCameFirst()) {
        *flags |= kCloseNotify;
        return;
      }
      [[fallthrough]];
    default:
      failed_ = true;
      failure_ = TakeError();
      if (AlertCameFirst()) {
        failure_ = {"SSL routines", "UNEXPECTED_RECORD"};
        alert_received_ = -1;
        SSL_send_fatal_alert(ssl_.get(), SSL_AD_UNEXPECTED_MESSAGE);
      } else if (!handshake_done_) {
        RecognisePlaintextAlert();
        RecogniseHttp();
      }
      // Never leave the peer without an alert, unless it speaks no TLS at all: OpenSSL says nothing then, either.
      if (IsNoTls()) {
        transport_.DropProduced();
        alert_sent_ = -1;
      } else if (alert_sent_ < 0 && alert_received_ < 0) {
        SSL_send_fatal_alert(ssl_.get(), SSL_AD_INTERNAL_ERROR);
      }
      ERR_clear_error();
      *flags |= kFailed;
  }
}

bool Connection::AdvanceHandshake(uint32_t* flags) {
  if (handshake_done_) return true;
  started_ = true;
  int result = SSL_do_handshake(ssl_.get());
  if (result != 1) {
    Classify(result, flags);
    return false;
  }
  if (is_server_ && !VerifyResumedClient(flags)) return false;
  handshake_done_ = true;
  RecordFacts();
  signature_.OnEstablished();
  *flags |= kHandshakeDone;
  return true;
}

// libssl takes the chain of a resumed session as it was verified once. Since then it may have expired, or been revoked.
bool Connection::VerifyResumedClient(uint32_t* flags) {
  if (!verify_peer_ || !SSL_session_reused(ssl_.get())) return true;
  const STACK_OF(CRYPTO_BUFFER)* chain = SSL_get0_peer_certificates(ssl_.get());
  bool has_certificate = chain != nullptr && sk_CRYPTO_BUFFER_num(chain) > 0;
  if (!has_certificate && !require_peer_) return true;
  uint8_t alert = SSL_AD_CERTIFICATE_UNKNOWN;
  switch (has_certificate ? VerifyPeer(ssl_.get(), &alert) : ssl_verify_invalid) {
    case ssl_verify_ok:
      return true;
    case ssl_verify_retry:
      *flags |= kAwaitsVerification;
      return false;
    case ssl_verify_invalid:
      break;
  }
  Refuse("CERTIFICATE_VERIFY_FAILED", alert, flags);
  return false;
}

void Connection::Refuse(const char* reason, uint8_t alert, uint32_t* flags) {
  failed_ = true;
  failure_ = {"SSL routines", reason};
  SSL_send_fatal_alert(ssl_.get(), alert);
  ERR_clear_error();
  *flags |= kFailed;
}

// Drains to WANT_READ, or input would be stranded inside libssl.
size_t Connection::ReadPlaintext(std::span<uint8_t> slab, uint32_t* flags) {
  size_t filled = 0;
  while (filled < slab.size()) {
    int result = SSL_read(ssl_.get(), slab.data() + filled, static_cast<int>(slab.size() - filled));
    if (key_updates_ > kMaxKeyUpdates && (result > 0 || SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ)) {
      Refuse("TOO_MANY_KEY_UPDATES", SSL_AD_UNEXPECTED_MESSAGE, flags);
      return filled;
    }
    if (result <= 0) {
      Classify(result, flags);
      return filled;
    }
    key_updates_ = 0;
    filled += static_cast<size_t>(result);
  }
  *flags |= kPlaintextPending;
  return filled;
}

uint32_t Connection::EndTransport(uint32_t flags) {
  if (transport_.has_spill()) flags |= kOutputPending;
  if (!events_.empty() || sessions_.has_events()) flags |= kHasEvents;
  transport_.EndCall();
  return flags;
}

uint32_t Connection::EndCall(size_t consumed, size_t plaintext, uint32_t flags) {
  registers_[kConsumed] = static_cast<int32_t>(consumed);
  registers_[kPlaintext] = static_cast<int32_t>(plaintext);
  registers_[kCiphertext] = static_cast<int32_t>(transport_.produced());
  flags = EndTransport(flags);
  if (destroy_requested_) {
    FreeState();
    flags |= kFailed;
  }
  return flags;
}

Napi::Value Connection::Finish(Napi::Env env, size_t consumed, size_t plaintext, uint32_t flags) {
  return Napi::Number::New(env, EndCall(consumed, plaintext, flags));
}

Connection::Step Connection::Advance(std::span<const uint8_t> input, std::span<uint8_t> output) {
  if (!ssl_ || busy_) return {kFailed, 0, 0, 0};
  transport_.BeginCall(input, output);
  uint32_t flags = failed_ ? uint32_t{kFailed} : 0;
  if (!failed_) {
    ERR_clear_error();
    AdvanceHandshake(&flags);
  }
  flags = EndCall(transport_.consumed(), 0, flags);
  return {flags, transport_.consumed(), transport_.produced(), 0};
}

Connection::Step Connection::AdvanceOnThreadpool(std::span<const uint8_t> input, std::span<uint8_t> output) {
  if (!ssl_ || failed_ || handshake_done_) return {kFailed, 0, 0, 0};
  const std::shared_lock<std::shared_mutex> lock(StateOf(SSL_get_SSL_CTX(ssl_.get()))->mutex);
  const ConnectionSignature::OnThreadpool on_threadpool(&signature_, &hello_.own_scheme);
  transport_.BeginCall(input, output);
  uint32_t flags = 0;
  // The queue is the thread's.
  ERR_clear_error();
  AdvanceHandshake(&flags);
  ERR_clear_error();
  flags = EndTransport(flags);
  return {flags, transport_.consumed(), transport_.produced(), 0};
}

bool Connection::expects_client_hello() const {
  if (!is_server_ || failed_ || handshake_done_) return false;
  // After a HelloRetryRequest, which has the version and no share.
  return hello_.chosen_version == 0 || (hello_.chosen_version == TLS1_3_VERSION && hello_.server_share.group == 0);
}

bool Connection::MovesClientHello(bool waits) const {
  return !awaits_client_hello_ && expects_client_hello() &&
         signature_.MovesHandshake(StateOf(SSL_get_SSL_CTX(ssl_.get()))->offload, waits);
}

Connection::Step Connection::Decrypt(std::span<const uint8_t> input, std::span<uint8_t> plaintext,
                                     std::span<uint8_t> output) {
  if (!ssl_ || busy_ || !handshake_done_) return {kFailed, 0, 0, 0};
  transport_.BeginCall(input, output);
  uint32_t flags = failed_ ? uint32_t{kFailed} : 0;
  size_t length = 0;
  if (!failed_) {
    ERR_clear_error();
    length = ReadPlaintext(plaintext, &flags);
  }
  flags = EndCall(transport_.consumed(), length, flags);
  return {flags, transport_.consumed(), transport_.produced(), length};
}

Connection::Step Connection::Encrypt(std::span<const uint8_t> plaintext, std::span<uint8_t> output) {
  if (!ssl_ || busy_ || !handshake_done_) return {kFailed, 0, 0, 0};
  transport_.BeginCall({}, output);
  uint32_t flags = failed_ ? uint32_t{kFailed} : 0;
  size_t taken = failed_ ? 0 : WritePlaintext(plaintext, &flags);
  flags = EndCall(taken, 0, flags);
  return {flags, taken, transport_.produced(), 0};
}

bool Connection::can_send() const {
  return ssl_ && !busy_ && !failed_ && handshake_done_ && (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) == 0;
}

Connection::Step Connection::CloseNotify(std::span<uint8_t> output) {
  if (!ssl_ || busy_) return {kFailed, 0, 0, 0};
  transport_.BeginCall({}, output);
  if (!failed_) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  uint32_t flags = EndCall(0, 0, 0);
  return {flags, 0, transport_.produced(), 0};
}

Connection::Step Connection::Drain(std::span<uint8_t> output) {
  transport_.BeginCall({}, output);
  uint32_t flags = EndCall(0, 0, 0);
  return {flags, 0, transport_.produced(), 0};
}

Napi::Value Connection::FinishDestroyed(Napi::Env env) {
  Napi::Error::New(env, "The connection was destroyed").ThrowAsJavaScriptException();
  return env.Undefined();
}

bool Connection::Begin(const Napi::CallbackInfo& info, std::span<const uint8_t> input, std::span<uint8_t> output) {
  if (!ssl_ || destroy_requested_) {
    FinishDestroyed(info.Env());
    return false;
  }
  if (busy_) {
    Napi::Error::New(info.Env(), "The connection waits for a callback of the program").ThrowAsJavaScriptException();
    return false;
  }
  transport_.BeginCall(input, output);
  return true;
}

// receive(chunk, offset, plaintext, plaintextOffset, ciphertext)
Napi::Value Connection::Receive(const Napi::CallbackInfo& info) {
  std::span<const uint8_t> chunk = BytesOf(info[0]);
  size_t offset = std::min<size_t>(info[1].As<Napi::Number>().Uint32Value(), chunk.size());
  if (!Begin(info, chunk.subspan(offset), BytesOf(info[4]))) return info.Env().Undefined();
  uint32_t flags = 0;
  size_t plaintext = 0;
  if (failed_) {
    flags = kFailed;
  } else {
    ERR_clear_error();
    if (AdvanceHandshake(&flags)) {
      // Only now: the handshake may have called JavaScript, which could detach it. Past it, none is called.
      std::span<uint8_t> slab = BytesOf(info[2]);
      size_t slab_offset = std::min<size_t>(info[3].As<Napi::Number>().Uint32Value(), slab.size());
      plaintext = ReadPlaintext(slab.subspan(slab_offset), &flags);
    }
  }
  return Finish(info.Env(), transport_.consumed(), plaintext, flags);
}

// send(chunk, offset, ciphertext)
Napi::Value Connection::Send(const Napi::CallbackInfo& info) {
  std::span<const uint8_t> chunk = BytesOf(info[0]);
  size_t offset = std::min<size_t>(info[1].As<Napi::Number>().Uint32Value(), chunk.size());
  std::span<const uint8_t> rest = chunk.subspan(offset);
  // Whatever the caller believes: libssl itself would write as soon as its own part of the handshake is done, when the
  // peer may not have been verified yet.
  if (ssl_ && !handshake_done_ && !failed_) {
    napi_throw_error(info.Env(), "ERR_TLS_INVALID_STATE", "Nothing can be sent before the end of the handshake");
    return info.Env().Undefined();
  }
  if (!Begin(info, {}, BytesOf(info[2]))) return info.Env().Undefined();
  uint32_t flags = failed_ ? uint32_t{kFailed} : 0;
  size_t sent = failed_ ? 0 : WritePlaintext(rest, &flags);
  return Finish(info.Env(), sent, 0, flags);
}

// As much as the output has room for whole records of.
size_t Connection::WritePlaintext(std::span<const uint8_t> plaintext, uint32_t* flags) {
  ERR_clear_error();
  // Nothing to send: sends the tickets, which libssl keeps for the first write.
  if (plaintext.empty()) {
    int result = SSL_write(ssl_.get(), nullptr, 0);
    if (result < 0) Classify(result, flags);
    return 0;
  }
  size_t sent = 0;
  while (sent < plaintext.size()) {
    size_t piece = std::min(plaintext.size() - sent, max_fragment_);
    if (transport_.output_room() < kRecordRoom - kMaxPlaintext + piece) break;
    int result = SSL_write(ssl_.get(), plaintext.data() + sent, static_cast<int>(piece));
    if (result <= 0) {
      Classify(result, flags);
      break;
    }
    sent += static_cast<size_t>(result);
  }
  return sent;
}

// flush(ciphertext)
Napi::Value Connection::Flush(const Napi::CallbackInfo& info) {
  // What waits is given out even after the end, for the alert's sake.
  if (busy_) return Napi::Number::New(info.Env(), 0);
  transport_.BeginCall({}, BytesOf(info[0]));
  return Finish(info.Env(), 0, 0, failed_ ? uint32_t{kFailed} : 0);
}

// shutdown(ciphertext): queues close_notify. RFC 9846, Section 6.1.
Napi::Value Connection::Shutdown(const Napi::CallbackInfo& info) {
  if (!Begin(info, {}, BytesOf(info[0]))) return info.Env().Undefined();
  if (!failed_) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  return Finish(info.Env(), 0, 0, 0);
}

bool Connection::SwitchContext(const Napi::Value& value) {
  SecureContext* context = SecureContext::From(value);
  if (context == nullptr) return false;
  if (busy_ || SSL_set_SSL_CTX(ssl_.get(), context->ctx()) == nullptr) {
    ThrowTakenError(value.Env(), "The context could not be switched");
    return false;
  }
  if (keylog_) LogSecretsOf(context->ctx());
  own_schemes_ = context->signing_schemes();
  if (context->certificate_key() != 0) certificate_key_ = context->certificate_key();
  return true;
}

// useContext(context): false, and nothing changes, for a server's without a certificate
Napi::Value Connection::UseContext(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!ssl_) return Napi::Boolean::New(env, true);
  SecureContext* context = SecureContext::From(info[0]);
  if (context == nullptr) return env.Undefined();
  if (is_server_ && SSL_CTX_get0_certificate(context->ctx()) == nullptr) return Napi::Boolean::New(env, false);
  if (!SwitchContext(info[0])) return env.Undefined();
  return Napi::Boolean::New(env, true);
}

// answerClientHello(context | null, alert, ocspResponse | undefined, alpn | null | undefined): alpn in wire form takes
// the place of the list; null refuses every protocol.
Napi::Value Connection::AnswerClientHello(const Napi::CallbackInfo& info) {
  if (!ssl_ || (info[0].IsObject() && !SwitchContext(info[0]))) return info.Env().Undefined();
  // After the context, whose own response it replaces.
  if (info[2].IsTypedArray()) {
    std::span<const uint8_t> response = BytesOf(info[2]);
    if (!SSL_set_ocsp_response(ssl_.get(), response.data(), response.size())) {
      ThrowTakenError(info.Env(), "The OCSP response was not accepted");
      return info.Env().Undefined();
    }
  }
  if (info[3].IsTypedArray()) {
    std::span<const uint8_t> wire = BytesOf(info[3]);
    alpn_.assign(wire.begin(), wire.end());
  }
  alpn_refused_ = info[3].IsNull();
  client_hello_alert_ = info[1].As<Napi::Number>().Int32Value();
  return info.Env().Undefined();
}

// answerVerification(alert): 0 accepts
Napi::Value Connection::AnswerVerification(const Napi::CallbackInfo& info) {
  verification_alert_ = static_cast<uint8_t>(info[0].As<Napi::Number>().Uint32Value());
  return info.Env().Undefined();
}

// answerSession(session | undefined)
Napi::Value Connection::AnswerSession(const Napi::CallbackInfo& info) {
  sessions_.Answer(BytesOf(info[0]));
  return info.Env().Undefined();
}

Napi::Value Connection::WantedSession(const Napi::CallbackInfo& info) {
  std::span<const uint8_t> id = sessions_.wanted_id();
  return Napi::Buffer<uint8_t>::Copy(info.Env(), id.data(), id.size());
}

void Connection::EnableSessionEvents(const Napi::CallbackInfo&) { sessions_.EnableEvents(); }

// offerSession(session)
Napi::Value Connection::OfferSession(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), ssl_ && !started_ && sessions_.Offer(BytesOf(info[0])));
}

void Connection::RequirePostQuantumSessions(const Napi::CallbackInfo&) { sessions_.RequirePostQuantum(); }

// The newest session, for the program to keep; undefined where there is none.
Napi::Value Connection::Session(const Napi::CallbackInfo& info) {
  if (!ssl_) return info.Env().Undefined();
  std::vector<uint8_t> session = sessions_.Export(handshake_done_);
  if (session.empty()) return info.Env().Undefined();
  auto out = Napi::Buffer<uint8_t>::Copy(info.Env(), session.data(), session.size());
  OPENSSL_cleanse(session.data(), session.size());
  return out;
}

Napi::Value Connection::SessionTicket(const Napi::CallbackInfo& info) {
  if (!ssl_) return info.Env().Undefined();
  std::span<const uint8_t> ticket = sessions_.Ticket(handshake_done_);
  if (ticket.empty()) return info.Env().Undefined();
  return Napi::Buffer<uint8_t>::Copy(info.Env(), ticket.data(), ticket.size());
}

Napi::Value Connection::TakeEvents(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::vector<Event> events = std::exchange(events_, {});
  std::vector<SessionEvent> sessions = sessions_.TakeEvents();
  Napi::Array out = Napi::Array::New(env, events.size() + sessions.size());
  // The last one of a full queue says how many it had no room for.
  if (size_t lost = std::exchange(untraced_, 0)) out.Set("untraced", Napi::Number::New(env, static_cast<double>(lost)));
  for (uint32_t i = 0; i < events.size(); i++) {
    Napi::Object event = Napi::Object::New(env);
    event.Set("kind", Napi::Number::New(env, events[i].kind));
    event.Set("bytes", Napi::Buffer<uint8_t>::Copy(env, events[i].bytes.data(), events[i].bytes.size()));
    OPENSSL_cleanse(events[i].bytes.data(), events[i].bytes.size());
    out.Set(i, event);
  }
  for (uint32_t i = 0; i < sessions.size(); i++) {
    Napi::Object event = Napi::Object::New(env);
    const std::vector<uint8_t>& id = sessions[i].id;
    event.Set("kind", Napi::Number::New(env, is_server_ ? kNewSessionEvent : kSessionEvent));
    event.Set("bytes", Napi::Buffer<uint8_t>::Copy(env, sessions[i].session.data(), sessions[i].session.size()));
    event.Set("id", Napi::Buffer<uint8_t>::Copy(env, id.data(), id.size()));
    event.Set("blocking", Napi::Boolean::New(env, sessions[i].blocking));
    OPENSSL_cleanse(sessions[i].session.data(), sessions[i].session.size());
    out.Set(static_cast<uint32_t>(events.size()) + i, event);
  }
  return out;
}

// restrict(minimum, groups): a minimum of 0 keeps the context's version.
Napi::Value Connection::Restrict(const Napi::CallbackInfo& info) {
  if (!ssl_) return FinishDestroyed(info.Env());
  auto minimum = static_cast<uint16_t>(info[0].As<Napi::Number>().Uint32Value());
  auto groups = info[1].As<Napi::Uint16Array>();
  if (!Narrow(minimum, {groups.Data(), groups.ElementLength()})) {
    ThrowTakenError(info.Env(), "The connection could not be restricted");
  }
  return info.Env().Undefined();
}

bool Connection::Narrow(uint16_t minimum_version, std::span<const uint16_t> groups) {
  SSL* ssl = ssl_.get();
  if ((minimum_version != 0 && !SSL_set_min_proto_version(ssl, minimum_version)) ||
      !SSL_set1_group_ids(ssl, groups.data(), groups.size())) {
    return false;
  }
  groups_.assign(groups.begin(), groups.end());
  // The context's tickets may be of sessions that the restriction forbids.
  if (minimum_version >= TLS1_3_VERSION) SSL_set_options(ssl, SSL_OP_NO_TICKET);
  return true;
}

// abort(alert, ciphertext)
Napi::Value Connection::Abort(const Napi::CallbackInfo& info) {
  if (!Begin(info, {}, BytesOf(info[1]))) return info.Env().Undefined();
  if (!failed_) {
    failed_ = true;
    SSL_send_fatal_alert(ssl_.get(), static_cast<uint8_t>(info[0].As<Napi::Number>().Uint32Value()));
    ERR_clear_error();
  }
  return Finish(info.Env(), 0, 0, kFailed);
}

void Connection::FreeState() {
  sessions_.Clear();
  signature_.Clear();
  ssl_.reset();
}

// Frees libssl's state, which wipes its keys; from inside of a callback, when libssl has returned. Idempotent.
void Connection::Destroy(const Napi::CallbackInfo&) {
  destroy_requested_ = true;
  if (!busy_) FreeState();
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
