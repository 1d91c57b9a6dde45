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

// The server's side, in three parts. None is inlined: `npm run bench:instructions` counts what runs inside of this class.
class ServerSide {
 public:
  [[gnu::noinline]] void AnswerHello(SSL_CTX* context, BIO* bio) {
    ssl_.reset(SSL_new(context));
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_accept_state(ssl_.get());
    Require(SSL_do_handshake(ssl_.get()), ssl_.get(), "the server's flight");
  }

  [[gnu::noinline]] void FinishAndEcho(std::vector<uint8_t>* message) {
    const int size = static_cast<int>(message->size());
    Require(SSL_do_handshake(ssl_.get()), ssl_.get(), "the end of the handshake");
    if (SSL_read(ssl_.get(), message->data(), size) != size) Fail("the server could not read: %s", TlsError().c_str());
    Require(SSL_write(ssl_.get(), message->data(), size), ssl_.get(), "echo");
  }

  [[gnu::noinline]] void Close() {
    uint8_t end;
    SSL_read(ssl_.get(), &end, 1);
    SSL_shutdown(ssl_.get());
    ssl_.reset();
  }

 private:
  bssl::UniquePtr<SSL> ssl_;
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

  ServerSide server;
  int64_t spent = -ThreadCpu();
  server.AnswerHello(servers, server_end);
  spent += ThreadCpu();
  sizes->flight = BIO_pending(client_end);

  Require(SSL_do_handshake(client.get()), client.get(), "Finished");
  clients->CheckHandshake(client.get());
  std::vector<uint8_t> message(options.size, 'x');
  Require(SSL_write(client.get(), message.data(), static_cast<int>(message.size())), client.get(), "write");

  spent -= ThreadCpu();
  server.FinishAndEcho(&message);
  spent += ThreadCpu();

  if (SSL_read(client.get(), message.data(), static_cast<int>(message.size())) != static_cast<int>(message.size())) {
    Fail("the client could not read: %s", TlsError().c_str());
  }
  SSL_shutdown(client.get());

  spent -= ThreadCpu();
  server.Close();
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
