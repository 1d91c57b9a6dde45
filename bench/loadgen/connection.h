// One connection on a non-blocking socket: TCP, with TLS over it where that is asked for.
#ifndef PQTLS_LOADGEN_CONNECTION_H_
#define PQTLS_LOADGEN_CONNECTION_H_

#include <openssl/ssl.h>

#include <cstddef>
#include <vector>

#include "client_context.h"
#include "options.h"

namespace loadgen {

// Closes itself. Whatever a peer does that is not expected ends the process: a load generator has nobody to tell.
class Connection {
 public:
  // Begins to connect.
  Connection(ClientContext* context, const Options& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return fd_; }

  // True once connected and, with TLS, once the handshake is done and checked; false: wait for the socket.
  bool Establish();

  // How many bytes went or came; 0: wait for the socket.
  size_t Write(const uint8_t* bytes, size_t length);
  size_t Read(uint8_t* bytes, size_t length);

  // close_notify, then close.
  void Close();

 private:
  bool Connect();
  bool Exchange();
  size_t Result(int result, const char* what);

  ClientContext* const context_;
  const Options& options_;
  int fd_ = -1;
  bool connected_ = false;
  bool established_ = false;
  bssl::UniquePtr<SSL> ssl_;
  // Without TLS: how much of what a handshake would carry has gone and come.
  size_t hello_sent_ = 0;
  size_t flight_received_ = 0;
};

// Waits for sockets, edge-triggered: who is told must go on until nothing moves.
class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  void Add(int fd, void* owner);

  // The owners of the sockets where something moved; none after so many milliseconds, -1: never.
  const std::vector<void*>& Wait(int milliseconds);

 private:
  int fd_;
  std::vector<void*> ready_;
};

}  // namespace loadgen

#endif  // PQTLS_LOADGEN_CONNECTION_H_
