// What the lab tells a peer, read from its one line of JSON (test/interop/peer.ts).
#ifndef PQTLS_LAB_CONFIG_H_
#define PQTLS_LAB_CONFIG_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

// Anything that ends the program; its text goes to the lab.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Config {
  bool is_server = false;
  bool is_tls13 = false;
  bool request_cert = false;
  int connections = 0;
  uint16_t port = 0;
  uint16_t signature = 0;
  size_t bytes = 0;
  std::vector<uint16_t> groups;
  std::string ca, cert, key;
};

// Throws Failure where the line is not what the lab writes.
Config ParseConfig(const std::string& line);

#endif  // PQTLS_LAB_CONFIG_H_
