// The command line.
#include "options.h"

#include <getopt.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "report.h"

namespace loadgen {

namespace {

constexpr char kHelp[] =
    R"(Usage: loadgen MODE --port PORT [options]

Opens TLS 1.3 connections as fast as it is told to, and prints what it saw as one line of JSON.
Anything that goes wrong on any connection ends it with exit code 1 and one line on standard error.

Modes:
  handshake   --count connections, --concurrency at a time: full handshake, one message echoed, close_notify, close
  resume      the same, each resuming a session of a first connection (psk_dhe_ke)
  download    one connection; asks for --bytes and reads them
  upload      one connection; sends --bytes in writes of --write-size, and awaits 8 bytes
  echo        one connection; --count round trips: --size bytes there, --reply bytes back
  idle        opens --count connections, prints {"ready":...}, and holds them until standard input ends
  storm       --rate handshakes a second for --seconds whatever the server does, and a ping every --ping-interval ms
              over a connection that is open already
  floor       no server: --count handshakes in memory, of which the server's side is timed
              (--certificate and --key, PEM; --resumed)
  serve       a server: prints {"port":...}, echoes on every connection, and ends when standard input does
              (--certificate and --key)

Options:
  --host ADDRESS        IPv4, default 127.0.0.1
  --ca FILE             PEM; the server's chain must lead there, and its name be localhost. Default: unverified
  --plain               TCP without TLS
  --hello BYTES, --flight BYTES   with --plain: exchanged first, as a handshake would
  --groups LIST         separated by ':', default X25519MLKEM768; the first must be negotiated every time
  --cipher NAME         default TLS_AES_256_GCM_SHA384
  --count N, --concurrency N, --size BYTES (64), --reply BYTES (as many as --size)
  --bytes N, --write-size BYTES (65536)
  --rate N, --seconds N, --ping-interval MS (5)
)";

double Number(const char* name, const char* text) {
  char* end = nullptr;
  const double value = strtod(text, &end);
  if (end == text || *end != '\0' || !std::isfinite(value) || value < 0) Fail("--%s is no number: %s", name, text);
  return value;
}

uint64_t Count(const char* name, const char* text) {
  const double value = Number(name, text);
  if (value != std::floor(value) || value > 1e15) Fail("--%s is no whole number: %s", name, text);
  return static_cast<uint64_t>(value);
}

}  // namespace

Options ParseOptions(int argc, char** argv) {
  Options options;
  constexpr option kLong[] = {
      {"port", required_argument, nullptr, 0},        {"host", required_argument, nullptr, 0},
      {"plain", no_argument, nullptr, 0},             {"groups", required_argument, nullptr, 0},
      {"cipher", required_argument, nullptr, 0},      {"count", required_argument, nullptr, 0},
      {"concurrency", required_argument, nullptr, 0}, {"size", required_argument, nullptr, 0},
      {"reply", required_argument, nullptr, 0},       {"bytes", required_argument, nullptr, 0},
      {"write-size", required_argument, nullptr, 0},  {"rate", required_argument, nullptr, 0},
      {"seconds", required_argument, nullptr, 0},     {"ping-interval", required_argument, nullptr, 0},
      {"certificate", required_argument, nullptr, 0}, {"key", required_argument, nullptr, 0},
      {"hello", required_argument, nullptr, 0},       {"flight", required_argument, nullptr, 0},
      {"ca", required_argument, nullptr, 0},          {"resumed", no_argument, nullptr, 0},
      {"help", no_argument, nullptr, 0},
      {nullptr, 0, nullptr, 0},
  };
  int index = 0;
  for (int found; (found = getopt_long(argc, argv, "", kLong, &index)) != -1;) {
    if (found != 0) exit(1);
    const std::string name = kLong[index].name;
    const char* id = kLong[index].name;
    if (name == "help") {
      fputs(kHelp, stdout);
      exit(0);
    }
    if (name == "port") {
      const uint64_t port = Count(id, optarg);
      if (port == 0 || port > 65535) Fail("--port is no port: %s", optarg);
      options.port = static_cast<uint16_t>(port);
    }
    if (name == "host") options.host = optarg;
    if (name == "plain") options.plain = true;
    if (name == "groups") options.groups = optarg;
    if (name == "cipher") options.cipher = optarg;
    if (name == "count") options.count = Count(id, optarg);
    if (name == "concurrency") options.concurrency = Count(id, optarg);
    if (name == "size") options.size = Count(id, optarg);
    if (name == "reply") options.reply = Count(id, optarg);
    if (name == "bytes") options.bytes = Count(id, optarg);
    if (name == "write-size") options.write_size = Count(id, optarg);
    if (name == "rate") options.rate = Number(id, optarg);
    if (name == "seconds") options.seconds = Number(id, optarg);
    if (name == "ping-interval") options.ping_interval = Number(id, optarg);
    if (name == "hello") options.hello = Count(id, optarg);
    if (name == "flight") options.flight = Count(id, optarg);
    if (name == "ca") options.ca = optarg;
    if (name == "certificate") options.certificate = optarg;
    if (name == "key") options.key = optarg;
    if (name == "resumed") options.resumed = true;
  }
  if (optind + 1 != argc) Fail("one mode is required; see --help");
  options.mode = argv[optind];
  if (options.reply == 0) options.reply = options.size;
  if (options.count == 0 || options.concurrency == 0 || options.size == 0 || options.write_size == 0) {
    Fail("--count, --concurrency, --size and --write-size must be at least 1");
  }
  const bool own_server = options.mode == "floor" || options.mode == "serve";
  if (options.port == 0 && !own_server) Fail("--port is required");
  if (own_server && (options.certificate.empty() || options.key.empty())) Fail("--certificate and --key are required");
  return options;
}

}  // namespace loadgen
