// One TLS connection over AWS-LC's libssl, without a socket: bytes in, bytes out. JavaScript is called for a PSK and
// for certificate compression, and for nothing else.
#ifndef PQTLS_NATIVE_CONNECTION_H_
#define PQTLS_NATIVE_CONNECTION_H_

#include <napi.h>
#include <openssl/ssl.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "buffer_bio.h"
#include "connection_sessions.h"
#include "error_queue.h"
#include "hello_observer.h"
#include "private_key_method.h"

namespace pqtls {

class ConnectionObject;
class SecureContext;

// What a call achieved, returned to JavaScript as one integer. Mirrored in src/binding/tls-contract.ts.
enum ProgressFlag : uint32_t {
  kHandshakeDone = 1 << 0,       // this call finished the handshake
  kOutputPending = 1 << 1,       // more ciphertext waits; call flush() with another slab
  kPlaintextPending = 1 << 2,    // the plaintext slab is full and more may be decrypted
  kCloseNotify = 1 << 3,         // the peer's close_notify was read
  kFailed = 1 << 4,              // see failure(); the alert, if any, is in the ciphertext
  kAwaitsClientHello = 1 << 5,   // suspended for answerClientHello()
  kAwaitsVerification = 1 << 6,  // suspended for answerVerification()
  kHasEvents = 1 << 7,           // see takeEvents()
  kAwaitsSession = 1 << 8,       // suspended for answerSession()
  kAwaitsSignature = 1 << 9,     // suspended for answerSignature()
};

// Counts of the last call, in an Int32Array that JavaScript shares. Mirrored in src/binding/tls-contract.ts.
enum ProgressRegister {
  kConsumed = 0,
  kPlaintext,
  kCiphertext,
  kReceived,
  // Of a socket of the addon's: 0, 1 where a kTcpWritten follows, or a negative errno.
  kSocketStatus,
  // Ciphertext bytes of a handshake that the addon ran alone.
  kHandshakeBytesRead,
  kHandshakeBytesWritten,
  // Ciphertext bytes that the addon sent when no call asked for it; JavaScript sets it back.
  kSentAlone,
  // 1 while what JavaScript puts off gets a call of its own, after the ticks and promises of the call that goes on.
  kTakesTurns,
  // JavaScript has put something off.
  kHasPutOff,
  kProgressRegisters,
};

// What negotiated() writes: setting a property by its name is dearer than all of them together. Mirrored in
// src/binding/tls-contract.ts.
enum NegotiatedFact {
  kVersionFact = 0,
  kCipherFact,
  kGroupFact,
  kClientShareFact,
  kServerShareFact,
  kClientHelloLengthFact,
  kSignatureSchemeFact,
  kPeerSignatureSchemeFact,
  kHelloRetryRequestFact,
  kResumedFact,
  kSessionPostQuantumFact,
  kAlpnLengthFact,
  kServerNameLengthFact,
  kSignatureRanOnFact,
  kFacts,
};

// Something that the program may be told about. Mirrored in src/binding/tls-contract.ts.
enum EventKind { kKeylogEvent = 0, kSessionEvent = 1, kNewSessionEvent = 2, kTraceEvent = 3 };

struct Event {
  EventKind kind;
  std::vector<uint8_t> bytes;
};

// What a connection is made with.
struct ConnectionSettings {
  bool is_server = false;
  bool verify_peer = false;
  // A server refuses a client without a certificate.
  bool require_peer = false;
  bool suspend_on_client_hello = false;
  // Let no session of a classical key exchange be resumed.
  bool require_post_quantum_sessions = false;
  std::string server_name;    // a client's
  std::vector<uint8_t> alpn;  // wire form
  // Narrows what the context allows: no minimum is 0, no groups are the context's.
  uint16_t minimum_version = 0;
  std::vector<uint16_t> groups;

  // isServer, verifyPeer, requirePeer, suspendOnClientHello, serverName, alpn: the arguments from `first` on.
  static ConnectionSettings Read(const Napi::CallbackInfo& info, size_t first);
};

class Connection {
 public:
  // The methods of the JavaScript object that holds one: see OnConnection() of the holders.
  template <typename Holder>
  static std::vector<Napi::ClassPropertyDescriptor<Holder>> Methods();
  // The callbacks that every context needs before the first connection is made from it.
  static void InstallCallbacks(SSL_CTX* ctx);
  static ConnectionSessions* SessionsOf(const SSL* ssl) { return &FromSsl(ssl)->sessions_; }

  // Null where libssl refuses it: then its error queue says why.
  static std::shared_ptr<Connection> Create(Napi::Env env, const SecureContext& context,
                                            const ConnectionSettings& settings);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The object that holds it, for what JavaScript keeps there; null when it is gone.
  void set_holder(Napi::ObjectWrap<ConnectionObject>* holder) { holder_ = holder; }

  // What a call that no JavaScript takes part in came to: for a connection without a pskCallback and without
  // certificate compression.
  struct Step {
    uint32_t flags;  // of ProgressFlag
    size_t consumed;
    size_t produced;
    size_t plaintext;
  };
  // Runs the handshake, and no further.
  Step Advance(std::span<const uint8_t> input, std::span<uint8_t> output);
  // The same on a thread of the pool, while nobody else has the connection: it signs there, too, and writes no
  // register. For the ClientHello of a server's.
  Step AdvanceOnThreadpool(std::span<const uint8_t> input, std::span<uint8_t> output);
  // What comes next is a ClientHello, the first or the second one.
  bool expects_client_hello() const;
  // Whether that should be answered on the threadpool; `waits` where it would have to wait for this thread otherwise.
  // Not one that the program is asked about: it goes on where that answers.
  bool MovesClientHello(bool waits) const;
  // Decrypts, when the handshake is done.
  Step Decrypt(std::span<const uint8_t> input, std::span<uint8_t> plaintext, std::span<uint8_t> output);
  // Encrypts as much of `plaintext` as `output` has room for whole records of.
  Step Encrypt(std::span<const uint8_t> plaintext, std::span<uint8_t> output);
  // RFC 9846, Section 6.1.
  Step CloseNotify(std::span<uint8_t> output);
  // What did not fit into the output of the last step.
  Step Drain(std::span<uint8_t> output);
  Napi::Env Env() const { return env_; }
  bool is_destroyed() const { return !ssl_ || destroy_requested_; }
  // Nothing has ended our direction yet.
  bool can_send() const;
  // Ciphertext.
  uint64_t bytes_read() const { return transport_.bytes_read(); }
  uint64_t bytes_written() const { return transport_.bytes_written(); }

  static Connection* FromSsl(const SSL* ssl);
  ConnectionSignature& signature() { return signature_; }

  // While JavaScript runs inside of a libssl call: no other call may enter, destroy() waits for libssl to return, and
  // the chunk and the slab of this call may be detached or resized, so that they are not touched any more.
  class Busy {
   public:
    explicit Busy(Connection* connection) : connection_(connection) {
      connection_->busy_ = true;
      connection_->transport_.ReleaseBorrowed();
    }
    ~Busy() { connection_->busy_ = false; }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

   private:
    Connection* const connection_;
  };

 private:
  Connection(Napi::Env env, const SecureContext& context);
  // False where libssl refuses it.
  bool Start(const SecureContext& context, const ConnectionSettings& settings);
  bool Narrow(uint16_t minimum_version, std::span<const uint16_t> groups);
  void RecordFacts();

  // Hot: ciphertext in, plaintext and ciphertext out.
  Napi::Value Receive(const Napi::CallbackInfo& info);
  // Hot: plaintext in, ciphertext out; takes whole records while the slab has room for them.
  Napi::Value Send(const Napi::CallbackInfo& info);
  Napi::Value Flush(const Napi::CallbackInfo& info);
  Napi::Value Shutdown(const Napi::CallbackInfo& info);
  Napi::Value AnswerClientHello(const Napi::CallbackInfo& info);
  Napi::Value AnswerVerification(const Napi::CallbackInfo& info);

  Napi::Value AwaitedSignature(const Napi::CallbackInfo& info);
  Napi::Value AnswerSignature(const Napi::CallbackInfo& info);
  Napi::Value AnswerSession(const Napi::CallbackInfo& info);
  Napi::Value WantedSession(const Napi::CallbackInfo& info);
  void EnableSessionEvents(const Napi::CallbackInfo& info);
  Napi::Value OfferSession(const Napi::CallbackInfo& info);
  void RequirePostQuantumSessions(const Napi::CallbackInfo& info);
  Napi::Value Session(const Napi::CallbackInfo& info);
  Napi::Value SessionTicket(const Napi::CallbackInfo& info);
  Napi::Value UseContext(const Napi::CallbackInfo& info);

  Napi::Value TakeEvents(const Napi::CallbackInfo& info);
  void EnableKeylog(const Napi::CallbackInfo& info);
  void EnableTrace(const Napi::CallbackInfo& info);

  // Before the handshake.
  Napi::Value SetServerName(const Napi::CallbackInfo& info);
  Napi::Value SetMaxSendFragment(const Napi::CallbackInfo& info);
  void RequestOcsp(const Napi::CallbackInfo& info);
  Napi::Value SetPskIdentityHint(const Napi::CallbackInfo& info);
  void SetPskCallback(const Napi::CallbackInfo& info);
  // Before the handshake: narrows what the context allows, for this connection alone.
  Napi::Value Restrict(const Napi::CallbackInfo& info);
  // Ends the connection with an alert of ours.
  Napi::Value Abort(const Napi::CallbackInfo& info);

  Napi::Value ClientHello(const Napi::CallbackInfo& info);
  Napi::Value VerifyResult(const Napi::CallbackInfo& info);
  Napi::Value VerifyMessage(const Napi::CallbackInfo& info);
  Napi::Value MatchesName(const Napi::CallbackInfo& info);
  Napi::Value PeerCertificates(const Napi::CallbackInfo& info);
  Napi::Value PeerChain(const Napi::CallbackInfo& info);
  Napi::Value OwnCertificate(const Napi::CallbackInfo& info);
  Napi::Value OwnIssuer(const Napi::CallbackInfo& info);
  Napi::Value OcspResponse(const Napi::CallbackInfo& info);
  Napi::Value Finished(const Napi::CallbackInfo& info);
  Napi::Value SharedSchemes(const Napi::CallbackInfo& info);
  // negotiated(facts): false once it is destroyed
  Napi::Value Negotiated(const Napi::CallbackInfo& info);
  Napi::Value CipherNames(const Napi::CallbackInfo& info);
  Napi::Value Alpn(const Napi::CallbackInfo& info);
  Napi::Value ServerName(const Napi::CallbackInfo& info);
  Napi::Value Failure(const Napi::CallbackInfo& info);
  Napi::Value BytesRead(const Napi::CallbackInfo& info);
  Napi::Value BytesWritten(const Napi::CallbackInfo& info);
  Napi::Value ExportKeyingMaterial(const Napi::CallbackInfo& info);
  void Destroy(const Napi::CallbackInfo& info);

  static ssl_select_cert_result_t SelectCertificate(const SSL_CLIENT_HELLO* hello);
  static int ChooseChain(SSL* ssl, void*);
  static ssl_verify_result_t VerifyPeer(SSL* ssl, uint8_t* out_alert);
  static int SelectAlpn(SSL* ssl, const uint8_t** out, uint8_t* out_len, const uint8_t* in, unsigned in_len, void* arg);
  static void ObserveMessage(int is_write, int version, int content_type, const void* data, size_t length, SSL* ssl,
                             void* arg);
  static unsigned ClientPsk(SSL* ssl, const char* hint, char* identity, unsigned max_identity, uint8_t* psk,
                            unsigned max_psk);
  static unsigned ServerPsk(SSL* ssl, const char* identity, uint8_t* psk, unsigned max_psk);
  static void LogSecretsOf(SSL_CTX* ctx);
  static void LogSecret(const SSL* ssl, const char* line);
  static void ObserveAlert(const SSL* ssl, int type, int value);

  size_t WritePlaintext(std::span<const uint8_t> plaintext, uint32_t* flags);
  // What a call starts and ends with. A call from inside of pskCallback is not begun.
  bool Begin(const Napi::CallbackInfo& info, std::span<const uint8_t> input, std::span<uint8_t> output);
  // Takes over the certificates and settings of a context. False with an exception pending.
  bool SwitchContext(const Napi::Value& value);
  void Trace(bool is_write, int version, int content_type, std::span<const uint8_t> data);
  Napi::Value CallPsk(const char* argument, unsigned max_psk, unsigned max_identity);

  // Runs the handshake as far as it goes; true when it is over and application data may be read.
  bool AdvanceHandshake(uint32_t* flags);
  size_t ReadPlaintext(std::span<uint8_t> slab, uint32_t* flags);
  // Ends the connection for what libssl puts up with.
  void Refuse(const char* reason, uint8_t alert, uint32_t* flags);
  // Whether a client that resumed is trusted today, before the handshake counts as done.
  bool VerifyResumedClient(uint32_t* flags);
  // Turns a failed libssl call into flags.
  void Classify(int result, uint32_t* flags);
  void RecognisePlaintextAlert();
  bool AlertCameFirst() const;
  void RecogniseHttp();
  bool IsNoTls() const;
  void FreeState();
  uint32_t EndCall(size_t consumed, size_t plaintext, uint32_t flags);
  uint32_t EndTransport(uint32_t flags);
  Napi::Value Finish(Napi::Env env, size_t consumed, size_t plaintext, uint32_t flags);
  Napi::Value FinishDestroyed(Napi::Env env);

  BufferTransport transport_;
  HelloObserver hello_;
  ConnectionSessions sessions_;
  ConnectionSignature signature_;
  bssl::UniquePtr<SSL> ssl_;
  // The peer's, since it sent data.
  unsigned key_updates_ = 0;
  int32_t* registers_ = nullptr;
  const Napi::Env env_;
  Napi::ObjectWrap<ConnectionObject>* holder_ = nullptr;
  // Kept after the end, as the program may ask then.
  std::array<int32_t, kFacts> facts_ = {};
  std::string selected_alpn_;
  bool is_server_ = false;
  bool verify_peer_ = false;
  bool require_peer_ = false;
  bool started_ = false;
  bool handshake_done_ = false;
  bool failed_ = false;
  bool busy_ = false;
  bool destroy_requested_ = false;  // while busy
  bool awaits_client_hello_ = false;
  std::optional<int> client_hello_alert_;  // set once answered; 0 goes on
  bool verified_ = false;
  int verify_result_ = X509_V_OK;
  int certificate_key_ = 0;
  bool client_order_ = false;
  std::vector<uint16_t> groups_;               // of the context, or restricted; most wanted first
  std::optional<uint8_t> verification_alert_;  // set once answered; 0 accepts
  bool keylog_ = false;
  std::vector<Event> events_;
  bool trace_ = false;
  size_t untraced_ = 0;  // trace events that found the queue full
  // JavaScript runs on top of libssl: nothing may be freed and no call begun until it returns.
  bool has_psk_ = false;
  std::vector<uint16_t> own_schemes_;  // what we may sign with, by the context
  size_t max_fragment_ = SSL3_RT_MAX_PLAIN_LENGTH;
  std::vector<uint8_t> alpn_;  // wire form, a server's in order of preference
  bool alpn_refused_ = false;  // whatever the client offers
  int alert_sent_ = -1;
  int alert_received_ = -1;
  QueuedError failure_;
};

}  // namespace pqtls

#endif  // PQTLS_NATIVE_CONNECTION_H_
