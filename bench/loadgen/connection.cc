// Sockets and SSL_* calls, with every unexpected answer an end.
#include "connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace loadgen {

namespace {

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

Connection::Connection(ClientContext* context, const Options& options) : context_(context), options_(options) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) Fail("no socket: %s", strerror(errno));
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(options.port);
  if (inet_pton(AF_INET, options.host.c_str(), &address.sin_addr) != 1) {
    Fail("--host is no IPv4 address: %s", options.host.c_str());
  }
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
    connected_ = true;
  } else if (errno != EINPROGRESS) {
    Fail("no connection to %s:%u: %s", options.host.c_str(), options.port, strerror(errno));
  }
  if (options.plain) return;
  ssl_ = context->NewConnection();
  if (SSL_set_fd(ssl_.get(), fd_) != 1) Fail("no BIO: %s", TlsError().c_str());
}

Connection::~Connection() {
  if (fd_ >= 0) close(fd_);
}

bool Connection::Connect() {
  if (connected_) return true;
  sockaddr_in peer;
  socklen_t length = sizeof(peer);
  if (getpeername(fd_, reinterpret_cast<sockaddr*>(&peer), &length) == 0) {
    connected_ = true;
    return true;
  }
  int error = 0;
  length = sizeof(error);
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  if (error != 0) Fail("no connection to %s:%u: %s", options_.host.c_str(), options_.port, strerror(error));
  return false;
}

bool Connection::Establish() {
  if (established_) return true;
  if (!Connect()) return false;
  if (ssl_ == nullptr) {
    established_ = Exchange();
    return established_;
  }
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) {
    const int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return false;
    Fail("the handshake failed: %s", TlsError().c_str());
  }
  context_->CheckHandshake(ssl_.get());
  established_ = true;
  return true;
}

bool Connection::Exchange() {
  static const uint8_t kHello[65536] = {};
  uint8_t flight[65536];
  while (hello_sent_ < options_.hello) {
    const size_t sent = Write(kHello, std::min(sizeof(kHello), options_.hello - hello_sent_));
    if (sent == 0) return false;
    hello_sent_ += sent;
  }
  while (flight_received_ < options_.flight) {
    const size_t received = Read(flight, std::min(sizeof(flight), options_.flight - flight_received_));
    if (received == 0) return false;
    flight_received_ += received;
  }
  return true;
}

size_t Connection::Result(int result, const char* what) {
  if (result > 0) return static_cast<size_t>(result);
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return 0;
  if (error == SSL_ERROR_ZERO_RETURN) Fail("the server closed too early");
  if (error == SSL_ERROR_SYSCALL) Fail("%s: %s", what, errno == 0 ? "the server closed" : strerror(errno));
  Fail("%s: %s", what, TlsError().c_str());
}

size_t Connection::Write(const uint8_t* bytes, size_t length) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    return Result(SSL_write(ssl_.get(), bytes, static_cast<int>(length)), "write");
  }
  const ssize_t sent = send(fd_, bytes, length, MSG_NOSIGNAL);
  if (sent < 0 && !WouldBlock()) Fail("write: %s", strerror(errno));
  return sent < 0 ? 0 : static_cast<size_t>(sent);
}

size_t Connection::Read(uint8_t* bytes, size_t length) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    errno = 0;
    return Result(SSL_read(ssl_.get(), bytes, static_cast<int>(length)), "read");
  }
  const ssize_t received = recv(fd_, bytes, length, 0);
  if (received == 0) Fail("read: the server closed");
  if (received < 0 && !WouldBlock()) Fail("read: %s", strerror(errno));
  return received < 0 ? 0 : static_cast<size_t>(received);
}

void Connection::Close() {
  if (ssl_ != nullptr) SSL_shutdown(ssl_.get());
  close(fd_);
  fd_ = -1;
}

Poller::Poller() : fd_(epoll_create1(EPOLL_CLOEXEC)) {
  if (fd_ < 0) Fail("no epoll: %s", strerror(errno));
}

Poller::~Poller() { close(fd_); }

void Poller::Add(int fd, void* owner) {
  epoll_event event = {};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = owner;
  if (epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) != 0) Fail("epoll refuses a socket: %s", strerror(errno));
}

const std::vector<void*>& Poller::Wait(int milliseconds) {
  epoll_event events[64];
  const int count = epoll_wait(fd_, events, 64, milliseconds);
  if (count < 0 && errno != EINTR) Fail("epoll: %s", strerror(errno));
  ready_.clear();
  for (int i = 0; i < count; ++i) ready_.push_back(events[i].data.ptr);
  return ready_;
}

}  // namespace loadgen
