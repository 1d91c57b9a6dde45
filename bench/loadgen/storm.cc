// Handshakes at a steady rate, whatever the server does, while another thread pings over an established connection.
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "client_context.h"
#include "connection.h"
#include "modes.h"

namespace loadgen {

namespace {

// More unfinished handshakes than this and the server has long lost.
constexpr size_t kMostPending = 1000;

void AwaitSocket(int fd, short events) {
  pollfd entry = {fd, events, 0};
  if (poll(&entry, 1, 20'000) == 0) Fail("the server was silent for 20 seconds");
}

// Round trips, one every interval or when the one before is back; the times of those that began after the start.
std::vector<int64_t> Ping(const Options& options, const std::atomic<bool>& stop) {
  ClientContext context(options);
  Connection connection(&context, options);
  while (!connection.Establish()) AwaitSocket(connection.fd(), POLLIN);
  std::vector<uint8_t> message(options.size, 'p');
  std::vector<int64_t> times;
  const auto interval = static_cast<int64_t>(options.ping_interval * 1e6);
  int64_t next = Now();
  while (!stop) {
    const int64_t wait = next - Now();
    if (wait > 0) std::this_thread::sleep_for(std::chrono::nanoseconds(wait));
    const int64_t started = Now();
    next = std::max(next + interval, started);
    for (size_t done = 0; done < message.size();) {
      const size_t now = connection.Write(message.data() + done, message.size() - done);
      if (now == 0) AwaitSocket(connection.fd(), POLLOUT);
      done += now;
    }
    for (size_t done = 0; done < message.size();) {
      const size_t now = connection.Read(message.data() + done, message.size() - done);
      if (now == 0) AwaitSocket(connection.fd(), POLLIN);
      done += now;
    }
    times.push_back(Now() - started);
  }
  connection.Close();
  return times;
}

}  // namespace

Json RunStorm(const Options& options) {
  if (options.rate <= 0 || options.seconds <= 0) Fail("--rate and --seconds are required");
  std::atomic<bool> stop = false;
  std::vector<int64_t> pings;
  std::thread pinger([&] { pings = Ping(options, stop); });

  ClientContext context(options);
  Poller poller;
  std::vector<int64_t> handshakes;
  const auto total = static_cast<uint64_t>(options.rate * options.seconds);
  const double interval = 1e9 / options.rate;
  const Stopwatch stopwatch;
  const int64_t start = Now();
  const auto due = [&](uint64_t index) { return start + static_cast<int64_t>(static_cast<double>(index) * interval); };
  struct Entry {
    std::unique_ptr<Connection> connection;
    int64_t due;
  };
  std::vector<std::unique_ptr<Entry>> entries;
  uint64_t begun = 0;
  size_t open = 0;
  while (begun < total || open > 0) {
    while (begun < total && Now() >= due(begun)) {
      if (open >= kMostPending) Fail("%zu handshakes are pending: the server cannot keep up with --rate", open);
      auto entry = std::make_unique<Entry>();
      entry->connection = std::make_unique<Connection>(&context, options);
      entry->due = due(begun++);
      poller.Add(entry->connection->fd(), entry.get());
      entries.push_back(std::move(entry));
      ++open;
    }
    const int64_t left = begun < total ? due(begun) - Now() : INT64_C(20'000'000'000);
    // Rounded up: a millisecond late is nothing to a server, spinning would cost the machine a core.
    const int wait = static_cast<int>(std::max<int64_t>(0, (left + 999'999) / 1'000'000));
    const std::vector<void*>& ready = poller.Wait(wait);
    if (ready.empty() && begun >= total) Fail("the server was silent for 20 seconds");
    for (void* owner : ready) {
      auto* entry = static_cast<Entry*>(owner);
      if (entry->connection == nullptr || !entry->connection->Establish()) continue;
      handshakes.push_back(Now() - entry->due);
      entry->connection->Close();
      entry->connection.reset();
      --open;
    }
  }
  stop = true;
  pinger.join();
  Json json;
  json.Add("mode", options.mode).Add("count", total);
  stopwatch.AddTo(&json);
  context.AddTo(&json);
  return json.Add("microseconds", Percentiles(std::move(handshakes))).Add("pings", Percentiles(std::move(pings)));
}

}  // namespace loadgen
