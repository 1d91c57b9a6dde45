// A TLS server that echoes, so that a client's CPU time can be measured with nothing of Node on the other side.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "client_context.h"
#include "connection.h"
#include "modes.h"
#include "server_context.h"

namespace loadgen {

namespace {

// One accepted connection; what was read waits here until it can be written.
struct Peer {
  int fd;
  bssl::UniquePtr<SSL> ssl;
  std::vector<uint8_t> unsent;
  bool established = false;
  ~Peer() { close(fd); }
};

// False when it is over, however it ended: a client that goes away is no fault.
bool Advance(Peer* peer, uint64_t* handshakes) {
  SSL* ssl = peer->ssl.get();
  ERR_clear_error();
  const auto waits = [&](int result) {
    const int error = SSL_get_error(ssl, result);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
  };
  if (!peer->established) {
    const int result = SSL_do_handshake(ssl);
    if (result != 1) return waits(result);
    peer->established = true;
    ++*handshakes;
  }
  for (;;) {
    if (!peer->unsent.empty()) {
      const int result = SSL_write(ssl, peer->unsent.data(), static_cast<int>(peer->unsent.size()));
      if (result <= 0) return waits(result);
      peer->unsent.clear();
    }
    uint8_t buffer[16384];
    const int result = SSL_read(ssl, buffer, sizeof(buffer));
    if (result > 0) {
      peer->unsent.assign(buffer, buffer + result);
      continue;
    }
    if (waits(result)) return true;
    SSL_shutdown(ssl);
    return false;
  }
}

int Listen(uint16_t* port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(*port);
  socklen_t length = sizeof(address);
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), length) != 0 || listen(fd, 511) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    Fail("cannot listen: %s", strerror(errno));
  }
  *port = ntohs(address.sin_port);
  return fd;
}

}  // namespace

Json RunServer(const Options& options) {
  const bssl::UniquePtr<SSL_CTX> context = NewServerContext(options);
  uint16_t port = options.port;
  const int listener = Listen(&port);
  const int poller = epoll_create1(EPOLL_CLOEXEC);
  // No address of a Peer.
  char listening;
  char input;
  const auto add = [&](int fd, void* owner, uint32_t events) {
    epoll_event event = {};
    event.events = events;
    event.data.ptr = owner;
    return epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) == 0;
  };
  if (poller < 0 || !add(listener, &listening, EPOLLIN) || !add(STDIN_FILENO, &input, EPOLLIN)) {
    Fail("epoll refuses (standard input must be a pipe): %s", strerror(errno));
  }
  Json ready;
  ready.Add("port", static_cast<uint64_t>(port)).Print();
  uint64_t handshakes = 0;
  const Stopwatch stopwatch;
  for (bool ended = false; !ended;) {
    epoll_event events[64];
    const int count = epoll_wait(poller, events, 64, -1);
    if (count < 0 && errno != EINTR) Fail("epoll: %s", strerror(errno));
    for (int i = 0; i < count; ++i) {
      void* owner = events[i].data.ptr;
      if (owner == &input) {
        char byte;
        ended = read(STDIN_FILENO, &byte, 1) <= 0;
      } else if (owner == &listening) {
        for (int fd; (fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
          auto* peer = new Peer{fd, bssl::UniquePtr<SSL>(SSL_new(context.get())), {}};
          SSL_set_accept_state(peer->ssl.get());
          if (SSL_set_fd(peer->ssl.get(), fd) != 1 || !add(fd, peer, EPOLLIN | EPOLLOUT | EPOLLET)) {
            Fail("a connection is refused: %s", TlsError().c_str());
          }
        }
      } else {
        auto* peer = static_cast<Peer*>(owner);
        // Closing its descriptor takes it out of the poller.
        if (!Advance(peer, &handshakes)) delete peer;
      }
    }
  }
  Json json;
  json.Add("mode", options.mode).Add("count", handshakes);
  stopwatch.AddTo(&json);
  return json;
}

}  // namespace loadgen
