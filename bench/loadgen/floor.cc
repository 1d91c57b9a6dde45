// The floor: handshakes in memory, in C. What the server's side of them costs is what no library on AWS-LC can go below.
#include <vector>

#include "client_context.h"
#include "modes.h"
#include "server_context.h"

namespace loadgen {

namespace {

void Require(int result, SSL* ssl, const char* what) {
  if (result > 0) return;
  const int error = SSL_get_error(ssl, result);
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) Fail("%s: %s", what, TlsError().c_str());
}

// Sizes of the flights, for the exchange in plain TCP that the other half of the floor is.
struct Sizes {
  uint64_t hello = 0;
  uint64_t flight = 0;
};

// The nanoseconds of CPU time of the server's side of one connection: handshake, one message echoed, close_notify.
int64_t OneConnection(ClientContext* clients, SSL_CTX* servers, const Options& options, Sizes* sizes) {
  bssl::UniquePtr<SSL> client = clients->NewConnection();
  BIO* client_end = nullptr;
  BIO* server_end = nullptr;
  if (BIO_new_bio_pair(&client_end, 1 << 17, &server_end, 1 << 17) != 1) Fail("no pair of BIOs");
  SSL_set_bio(client.get(), client_end, client_end);
  Require(SSL_do_handshake(client.get()), client.get(), "ClientHello");
  sizes->hello = BIO_pending(server_end);

  int64_t spent = -ThreadCpu();
  bssl::UniquePtr<SSL> server(SSL_new(servers));
  SSL_set_bio(server.get(), server_end, server_end);
  SSL_set_accept_state(server.get());
  Require(SSL_do_handshake(server.get()), server.get(), "the server's flight");
  spent += ThreadCpu();
  sizes->flight = BIO_pending(client_end);

  Require(SSL_do_handshake(client.get()), client.get(), "Finished");
  clients->CheckHandshake(client.get());
  std::vector<uint8_t> message(options.size, 'x');
  Require(SSL_write(client.get(), message.data(), static_cast<int>(message.size())), client.get(), "write");

  spent -= ThreadCpu();
  Require(SSL_do_handshake(server.get()), server.get(), "the end of the handshake");
  if (SSL_read(server.get(), message.data(), static_cast<int>(message.size())) != static_cast<int>(message.size())) {
    Fail("the server could not read: %s", TlsError().c_str());
  }
  Require(SSL_write(server.get(), message.data(), static_cast<int>(message.size())), server.get(), "echo");
  spent += ThreadCpu();

  if (SSL_read(client.get(), message.data(), static_cast<int>(message.size())) != static_cast<int>(message.size())) {
    Fail("the client could not read: %s", TlsError().c_str());
  }
  SSL_shutdown(client.get());

  spent -= ThreadCpu();
  uint8_t end;
  SSL_read(server.get(), &end, 1);
  SSL_shutdown(server.get());
  server.reset();
  spent += ThreadCpu();
  return spent;
}

}  // namespace

Json RunFloor(const Options& options) {
  ClientContext clients(options);
  const bssl::UniquePtr<SSL_CTX> servers = NewServerContext(options);
  Sizes sizes;
  if (options.resumed) {
    clients.KeepSession();
    OneConnection(&clients, servers.get(), options, &sizes);
    if (!clients.has_session()) Fail("the server gave no session");
  }
  std::vector<int64_t> times;
  const Stopwatch stopwatch;
  for (uint64_t i = 0; i < options.count; ++i) {
    times.push_back(OneConnection(&clients, servers.get(), options, &sizes));
  }
  Json json;
  json.Add("mode", options.mode).Add("count", options.count).Add("hello", sizes.hello).Add("flight", sizes.flight);
  stopwatch.AddTo(&json);
  clients.AddTo(&json);
  return json.Add("microseconds", Percentiles(std::move(times)));
}

}  // namespace loadgen
