// A TCP or Unix socket on Node's own event loop, with or without an object of JavaScript's, and the TLS
// connection on it. Not on Windows, where a socket has no descriptor to take over.
#ifndef PQTLS_NATIVE_TCP_STREAM_H_
#define PQTLS_NATIVE_TCP_STREAM_H_

#ifndef _WIN32

#include <napi.h>
#include <uv.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "connection.h"

namespace pqtls {

// What happens on a socket. Mirrored in src/binding/tcp-contract.ts.
enum TcpEvent : uint32_t {
  kTcpRead = 0,      // value: bytes in the slab
  kTcpEnd = 1,       // the peer's FIN
  kTcpFailed = 2,    // value: a negative errno of reading
  kTcpWritten = 3,   // value: 0 or a negative errno, for a write that had to wait
  kTcpShutdown = 4,  // value: 0 or a negative errno
  kTcpClosed = 5,
  // A handshake that the addon runs has something for JavaScript. value: flags of ProgressFlag, 0 for an event of TCP
  // or the handshake timeout; the progress registers say how much of what was read is in the slab, and how much of that
  // was consumed.
  kTcpHandshake = 6,
  kTcpConnected = 7,  // value: 0 or a negative errno
};

// What the kernel has for one connection is taken at once: fewer turns through JavaScript for much data.
inline constexpr size_t kTcpSlabLength = 262144;
// Four full records, and a flight with a chain of any kind; what is longer goes out in parts.
inline constexpr size_t kOutputLength = 4 * (16384 + 256) + 2048;

// Steps of handshakes in one turn of the loop, a few milliseconds: the others go to the threadpool, or wait for the
// next turn, so that many clients that come at once do not keep established connections waiting.
inline constexpr size_t kMostHandshakeSteps = 8;

// Milliseconds after which a ClientHello that no thread of the pool has begun with comes back: all of them may be held
// up by something else of the program's. Looked at every so many milliseconds.
inline constexpr uint64_t kPatience = 50;
inline constexpr uint64_t kPatienceInterval = 25;

class HandshakeStep;
class TcpHandle;
class TcpListener;
class TcpLoop;

// What libuv holds on to: it outlives the object of JavaScript's until its close callback.
struct TcpStream {
  using Deadlines = std::multimap<uint64_t, TcpStream*>;

  union {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  };
  TcpLoop* loop = nullptr;
  bool is_pipe = false;
  // Neither open nor connecting.
  bool is_new = false;
  // Null before JavaScript is needed, and after its object is gone.
  TcpHandle* owner = nullptr;
  // Who accepted it; null once it is JavaScript's.
  TcpListener* listener = nullptr;
  std::shared_ptr<Connection> connection;
  // What comes in goes to the connection, and no JavaScript is asked.
  bool feeds = false;
  size_t waiting_writes = 0;
  uint64_t accepted_at = 0;  // of uv_hrtime()
  // The tickets of its handshake wait for data to go with.
  bool has_tickets = false;
  uint32_t begun_with = 0;  // the listener's number for the settings of its connection

  // A new one that is neither open nor accepted into yet. Null, with a negative errno, where libuv has none.
  static TcpStream* Create(TcpLoop* loop, bool is_pipe, int* error);
  static TcpStream* From(void* uv_handle) {
    return static_cast<TcpStream*>(uv_handle_get_data(static_cast<uv_handle_t*>(uv_handle)));
  }
  bool is_open() const { return !uv_is_closing(&handle); }
  // JavaScript still runs.
  bool is_heard() const;
  void Close();
  int ReadStart();
  // Of a new one, once. A kTcpConnected of its owner's follows where this returns 0; a negative errno otherwise.
  int Connect(const sockaddr* address);
  // 0 done, 1 it waits for the kernel, or a negative errno. Only a write of JavaScript's is told of when it was
  // waiting.
  int Send(std::span<const uint8_t> bytes, bool is_told);
  // Sends the output of a step of the connection's, and what did not fit into it; adds its bytes to `sent`.
  int SendOutput(Connection::Step step, bool is_told, size_t* sent);
  // Runs the handshake with what comes in.
  void StartFeeding(std::shared_ptr<Connection> fed, uint64_t timeout_ms);
  void StopFeeding();
  // The tickets go by themselves if no data takes them along before the loop waits again.
  void AwaitTickets();

 private:
  friend class TcpLoop;

  void Feed(size_t length);
  // What a step of the handshake with `length` bytes of the slab came to.
  void OnStep(Connection::Step step, size_t length);
  // Whether the ClientHello that is about to be read goes to the threadpool.
  bool Moves(bool waits) const;
  void FeedOnThreadpool(size_t length);
  void OnMoved();
  // Takes a ClientHello back that no thread of the pool has begun with; its bytes stand in the slab. Nothing where one
  // has.
  std::optional<size_t> TakeBack();
  void OnOverdue();
  // The threadpool signs, and the handshake goes on when it has; false where JavaScript is needed for it.
  bool AwaitSignature();
  void OnSigned();
  // The object of JavaScript's, made where there is none. Null where JavaScript has closed the socket.
  TcpHandle* Owner();
  void Tell(TcpEvent event, int64_t value);
  static void OnConnected(uv_connect_t* request, int status);
  static void OnRead(uv_stream_t* stream, ssize_t length, const uv_buf_t* buffer);
  static void OnWritten(uv_write_t* request, int status);
  static void OnClosed(uv_handle_t* handle);

  TcpStream* previous_ = nullptr;
  TcpStream* next_ = nullptr;
  // This stream, for the job on the threadpool that it waits for; null in there once it waits no more.
  std::shared_ptr<TcpStream*> awaiting_;
  // What is read next goes to the threadpool.
  bool moves_ = false;
  // What the pool has, since when, in milliseconds of uv_now(); and what came meanwhile: the deadline, or a failed
  // write.
  std::shared_ptr<HandshakeStep> moved_;
  uint64_t moved_at_ = 0;
  bool is_overdue_ = false;
  int write_error_ = 0;
  // It is not read before the next turn of the loop; its turn has come.
  bool is_deferred_ = false;
  bool is_due_ = false;
  bool has_deadline_ = false;
  Deadlines::iterator deadline_;
};

// The sockets of one environment. Lives until the last one is closed, which the end of the environment waits for.
class TcpLoop {
 public:
  // Null where the environment has no loop.
  static TcpLoop* Start(Napi::Env env, int32_t* registers, JobScheduler* scheduler);

  Napi::Env env() const { return env_; }
  uv_loop_t* uv() const { return loop_; }
  bool is_ending() const { return ending_; }
  Napi::Object slab_object() { return slab_reference_.Value(); }
  std::span<uint8_t> slab() { return {slab_, kTcpSlabLength}; }
  // For one call at a time.
  std::span<uint8_t> output() { return output_; }
  int32_t* registers() const { return registers_; }

  // (event, value), with the TcpHandle as `this`; and what runs one thing that was put off.
  void set_dispatcher(Napi::Function dispatcher, Napi::Function run_put_off) {
    dispatcher_ = Suppressed(dispatcher);
    run_put_off_ = Suppressed(run_put_off);
  }
  void set_handle_constructor(Napi::Function constructor) { handle_constructor_ = Suppressed(constructor); }
  Napi::Object NewHandle(TcpStream* stream);
  // What NewHandle() makes an object for; null where JavaScript makes one.
  TcpStream* TakeAccepted() { return std::exchange(accepted_, nullptr); }
  void Dispatch(const Napi::Object& handle, TcpEvent event, int64_t value);
  // Calls from libuv, and then what JavaScript has put off meanwhile, each with the ticks and promises of the one
  // before it done. What it throws is an uncaught exception.
  void Call(const Napi::Object& receiver, const Napi::Function& function, std::span<const napi_value> arguments);

  void ForgetListener(const TcpListener* listener);

  // While the end of jobs is told: Node has a call of its own around it, and runs ticks and promises after the last.
  class JobScope {
   public:
    explicit JobScope(TcpLoop* loop) : loop_(loop) { loop_->in_job_ = true; }
    ~JobScope() { loop_->in_job_ = false; }
    JobScope(const JobScope&) = delete;
    JobScope& operator=(const JobScope&) = delete;

   private:
    TcpLoop* const loop_;
  };

 private:
  friend struct TcpStream;

  explicit TcpLoop(Napi::Env env) : env_(env) {}
  static Napi::FunctionReference Suppressed(Napi::Function function);
  static void OnEnvironmentEnds(napi_async_cleanup_hook_handle hook, void* data);
  static void OnTimer(uv_timer_t* timer);
  static void OnPrepare(uv_prepare_t* prepare);
  void Invoke(const Napi::Object& receiver, const Napi::Function& function, std::span<const napi_value> arguments);
  void Add(TcpStream* stream);
  void Remove(TcpStream* stream);
  void AddDeadline(TcpStream* stream, uint64_t timeout_ms);
  void RemoveDeadline(TcpStream* stream);
  void ArmTimer();
  void FinishIfEnded();
  // Whether a step of its handshake fits into this turn.
  bool Admits(TcpStream* stream);
  void Defer(TcpStream* stream);
  void AdmitDeferred();
  void AwaitPool(TcpStream* stream);
  static void OnPatienceEnds(uv_timer_t* timer);

  Napi::Env env_;
  uv_loop_t* loop_ = nullptr;
  uint8_t* slab_ = nullptr;
  int32_t* registers_ = nullptr;
  std::array<uint8_t, kOutputLength> output_;
  Napi::ObjectReference slab_reference_;
  Napi::FunctionReference dispatcher_;
  Napi::FunctionReference run_put_off_;
  bool is_calling_ = false;
  bool in_job_ = false;
  Napi::FunctionReference handle_constructor_;
  napi_async_cleanup_hook_handle hook_ = nullptr;
  bool ending_ = false;  // JavaScript is not called any more
  TcpStream* first_ = nullptr;
  TcpStream* accepted_ = nullptr;
  // Of handshakes: when they have taken too long, in milliseconds of uv_now().
  TcpStream::Deadlines deadlines_;
  uv_timer_t timer_ = {};
  std::vector<TcpStream*> with_tickets_;
  uv_prepare_t prepare_ = {};
  size_t steps_left_ = kMostHandshakeSteps;
  std::deque<TcpStream*> deferred_;
  // While some are deferred, the loop does not wait.
  uv_idle_t idle_ = {};
  // With the pool, in the order in which they went there; what it does not begin with in time comes back.
  std::deque<TcpStream*> moved_;
  uv_timer_t patience_ = {};
  JobScheduler* scheduler_ = nullptr;
  int open_helpers_ = 0;  // of timer_, prepare_, idle_ and patience_
};

}  // namespace pqtls

#endif  // _WIN32

#endif  // PQTLS_NATIVE_TCP_STREAM_H_
