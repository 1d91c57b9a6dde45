// What the load generator is asked to do.
#ifndef PQTLS_LOADGEN_OPTIONS_H_
#define PQTLS_LOADGEN_OPTIONS_H_

#include <cstdint>
#include <string>

namespace loadgen {

struct Options {
  std::string mode;
  std::string host = "127.0.0.1";
  uint16_t port = 0;
  // TCP alone, without TLS.
  bool plain = false;
  // In the order of preference, separated by ':'. The first one must come out of every handshake.
  std::string groups = "X25519MLKEM768";
  // Of TLS 1.3. One alone, so that servers with other preferences do the same work.
  std::string cipher = "TLS_AES_256_GCM_SHA384";
  // Connections (handshake, resume, idle, floor), round trips (echo).
  uint64_t count = 1;
  uint64_t concurrency = 1;
  // Bytes of a message, and of its answer; 0: as long as the message.
  uint64_t size = 64;
  uint64_t reply = 0;
  // Bytes to move (download, upload), and of one write (upload).
  uint64_t bytes = 0;
  uint64_t write_size = 65536;
  // Handshakes a second, seconds, and milliseconds between two pings (storm).
  double rate = 0;
  double seconds = 0;
  double ping_interval = 5;
  // Without TLS: bytes there and back before the first message, as a handshake would have them.
  uint64_t hello = 0;
  uint64_t flight = 0;
  // The authorities that the server's chain is verified against, a PEM file; empty: any certificate will do.
  std::string ca;
  // PEM files (floor, serve), and whether the handshakes are resumed (floor).
  std::string certificate;
  std::string key;
  bool resumed = false;
};

// Ends the process with a message where they make no sense.
Options ParseOptions(int argc, char** argv);

}  // namespace loadgen

#endif  // PQTLS_LOADGEN_OPTIONS_H_
