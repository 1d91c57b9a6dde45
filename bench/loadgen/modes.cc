// The modes of one thread and one poller: handshakes, transfers, echo, idle connections.
#include "modes.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "client_context.h"
#include "connection.h"

namespace loadgen {

namespace {

constexpr size_t kBufferSize = 65536;
// A server that says nothing for so long has failed.
constexpr int kPatience = 20'000;

// A message there and its answer back, as often as it is begun.
class RoundTrip {
 public:
  explicit RoundTrip(const Options& options) : options_(options), message_(options.size, 'x') {}

  void Begin() { sent_ = received_ = 0; }

  // True when the answer is there.
  bool Advance(Connection* connection) {
    while (sent_ < options_.size) {
      const size_t sent = connection->Write(message_.data() + sent_, options_.size - sent_);
      if (sent == 0) return false;
      sent_ += sent;
    }
    uint8_t buffer[kBufferSize];
    while (received_ < options_.reply) {
      const size_t received = connection->Read(buffer, std::min<size_t>(kBufferSize, options_.reply - received_));
      if (received == 0) return false;
      received_ += received;
    }
    return true;
  }

 private:
  const Options& options_;
  std::vector<uint8_t> message_;
  size_t sent_ = 0;
  size_t received_ = 0;
};

// One place of the concurrent ones: a connection after another.
struct Slot {
  explicit Slot(const Options& options) : exchange(options) {}
  std::unique_ptr<Connection> connection;
  RoundTrip exchange;
  int64_t started = 0;
};

const std::vector<void*>& WaitFor(Poller* poller) {
  const std::vector<void*>& ready = poller->Wait(kPatience);
  if (ready.empty()) Fail("the server was silent for %d seconds", kPatience / 1000);
  return ready;
}

// Until the step says that it is done.
template <typename Step>
void Drive(Connection* connection, Step step) {
  Poller poller;
  poller.Add(connection->fd(), connection);
  while (!step()) WaitFor(&poller);
}

// One connection, to take a session from.
void TakeSession(ClientContext* context, const Options& options) {
  context->KeepSession();
  Connection connection(context, options);
  RoundTrip exchange(options);
  // A server may send its tickets after the answer: a second exchange reads them.
  for (int i = 0; i < 2 && !context->has_session(); ++i) {
    exchange.Begin();
    Drive(&connection, [&] { return connection.Establish() && exchange.Advance(&connection); });
  }
  if (!context->has_session()) Fail("the server gave no session");
  connection.Close();
}

// The count of bytes that a transfer begins with.
std::vector<uint8_t> Header(uint64_t bytes) {
  std::vector<uint8_t> header;
  for (int shift = 56; shift >= 0; shift -= 8) header.push_back(static_cast<uint8_t>(bytes >> shift));
  return header;
}

bool WriteAll(Connection* connection, const std::vector<uint8_t>& bytes, size_t* sent) {
  while (*sent < bytes.size()) {
    const size_t now = connection->Write(bytes.data() + *sent, bytes.size() - *sent);
    if (now == 0) return false;
    *sent += now;
  }
  return true;
}

}  // namespace

Json RunHandshakes(const Options& options, bool resume) {
  ClientContext context(options);
  if (resume) TakeSession(&context, options);
  Poller poller;
  std::vector<std::unique_ptr<Slot>> slots;
  uint64_t begun = 0;
  const auto begin = [&](Slot* slot) {
    slot->connection = std::make_unique<Connection>(&context, options);
    slot->exchange.Begin();
    slot->started = Now();
    poller.Add(slot->connection->fd(), slot);
    ++begun;
  };
  std::vector<int64_t> times;
  const Stopwatch stopwatch;
  while (begun < std::min(options.count, options.concurrency)) {
    slots.push_back(std::make_unique<Slot>(options));
    begin(slots.back().get());
  }
  while (times.size() < options.count) {
    for (void* owner : WaitFor(&poller)) {
      auto* slot = static_cast<Slot*>(owner);
      if (slot->connection == nullptr || !slot->connection->Establish()) continue;
      if (!slot->exchange.Advance(slot->connection.get())) continue;
      times.push_back(Now() - slot->started);
      slot->connection->Close();
      slot->connection.reset();
      if (begun < options.count) begin(slot);
    }
  }
  Json json;
  json.Add("mode", options.mode).Add("count", options.count);
  stopwatch.AddTo(&json);
  context.AddTo(&json);
  return json.Add("microseconds", Percentiles(std::move(times)));
}

Json RunDownload(const Options& options) {
  ClientContext context(options);
  Connection connection(&context, options);
  Drive(&connection, [&] { return connection.Establish(); });
  const std::vector<uint8_t> header = Header(options.bytes);
  std::vector<uint8_t> buffer(kBufferSize);
  size_t sent = 0;
  uint64_t received = 0;
  const Stopwatch stopwatch;
  Drive(&connection, [&] {
    if (!WriteAll(&connection, header, &sent)) return false;
    while (received < options.bytes) {
      const size_t now = connection.Read(buffer.data(), std::min<uint64_t>(buffer.size(), options.bytes - received));
      if (now == 0) return false;
      received += now;
    }
    return true;
  });
  Json json;
  json.Add("mode", options.mode).Add("bytes", received);
  stopwatch.AddTo(&json);
  context.AddTo(&json);
  connection.Close();
  return json;
}

Json RunUpload(const Options& options) {
  ClientContext context(options);
  Connection connection(&context, options);
  Drive(&connection, [&] { return connection.Establish(); });
  const std::vector<uint8_t> header = Header(options.bytes);
  const std::vector<uint8_t> chunk(options.write_size, 'x');
  uint8_t answer[8];
  size_t header_sent = 0;
  uint64_t sent = 0;
  size_t answered = 0;
  const Stopwatch stopwatch;
  Drive(&connection, [&] {
    if (!WriteAll(&connection, header, &header_sent)) return false;
    while (sent < options.bytes) {
      // libssl wants a write that did not go to be repeated as it was: the same place of the chunk, the same length.
      const size_t begin = sent % chunk.size();
      const size_t now =
          connection.Write(chunk.data() + begin, std::min<uint64_t>(chunk.size() - begin, options.bytes - sent));
      if (now == 0) return false;
      sent += now;
    }
    while (answered < sizeof(answer)) {
      const size_t now = connection.Read(answer, sizeof(answer) - answered);
      if (now == 0) return false;
      answered += now;
    }
    return true;
  });
  Json json;
  json.Add("mode", options.mode).Add("bytes", sent);
  stopwatch.AddTo(&json);
  context.AddTo(&json);
  connection.Close();
  return json;
}

Json RunEcho(const Options& options) {
  ClientContext context(options);
  Connection connection(&context, options);
  Drive(&connection, [&] { return connection.Establish(); });
  RoundTrip exchange(options);
  std::vector<int64_t> times;
  times.reserve(options.count);
  const Stopwatch stopwatch;
  int64_t started = Now();
  Drive(&connection, [&] {
    while (times.size() < options.count) {
      if (!exchange.Advance(&connection)) return false;
      const int64_t now = Now();
      times.push_back(now - started);
      started = now;
      exchange.Begin();
    }
    return true;
  });
  Json json;
  json.Add("mode", options.mode).Add("count", options.count);
  stopwatch.AddTo(&json);
  context.AddTo(&json);
  connection.Close();
  return json.Add("microseconds", Percentiles(std::move(times)));
}

Json RunIdle(const Options& options) {
  ClientContext context(options);
  std::vector<std::unique_ptr<Connection>> connections;
  RoundTrip exchange(options);
  for (uint64_t i = 0; i < options.count; ++i) {
    connections.push_back(std::make_unique<Connection>(&context, options));
    Connection* connection = connections.back().get();
    exchange.Begin();
    // One exchange each: a connection that was never used holds less than one that is idle again.
    Drive(connection, [&] { return connection->Establish() && exchange.Advance(connection); });
  }
  Json ready;
  ready.Add("ready", options.count).Print();
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) continue;
  Json json;
  json.Add("mode", options.mode).Add("count", options.count);
  context.AddTo(&json);
  for (const auto& connection : connections) connection->Close();
  return json;
}

}  // namespace loadgen
