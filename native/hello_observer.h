// What the handshake messages of one connection say: offered groups, key shares, schemes. RFC 9846, Section 4.
#ifndef PQTLS_NATIVE_HELLO_OBSERVER_H_
#define PQTLS_NATIVE_HELLO_OBSERVER_H_

#include <openssl/bytestring.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pqtls {

struct KeyShareEntry {
  uint16_t group;
  uint16_t length;  // bytes of key_exchange
};

// Fed from SSL_set_msg_callback; keeps small copies, never a pointer into a message.
class HelloObserver {
 public:
  void Observe(bool is_write, int version, const uint8_t* message, size_t length);

  // The last ClientHello: after a HelloRetryRequest it is the second one.
  std::vector<uint16_t> offered_groups;
  std::vector<KeyShareEntry> client_shares;
  std::vector<uint16_t> offered_schemes;
  std::vector<uint16_t> offered_versions;
  std::vector<std::string> offered_protocols;
  // It has a status_request for OCSP. RFC 6066, Section 8.
  bool ocsp_requested = false;
  // Of the first ClientHello, by which the certificate was chosen; a second one must not change what is reported.
  std::string server_name;
  // Bytes of the first ClientHello, with its handshake header.
  uint32_t client_hello_length = 0;
  KeyShareEntry server_share = {0, 0};
  // Of the last ServerHello or HelloRetryRequest; 0 where there was none.
  uint16_t chosen_version = 0;
  uint16_t chosen_group = 0;
  // The scheme of our own CertificateVerify, or of a TLS 1.2 server's ServerKeyExchange; AWS-LC has no getter for it.
  uint16_t own_scheme = 0;
  // Of the server's CertificateRequest; empty where none came.
  std::vector<uint16_t> requested_schemes;

 private:
  void ParseClientHello(CBS body, bool is_first);
  void ParseServerHello(CBS body);
  void ParseServerKeyExchange(CBS body);
  void ParseCertificateRequest(CBS body, int version);
};

}  // namespace pqtls

#endif  // PQTLS_NATIVE_HELLO_OBSERVER_H_
