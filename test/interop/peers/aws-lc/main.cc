// The AWS-LC peer of the interop lab: libssl used the plain way, over blocking sockets, independent of the addon's
// code.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "config.h"

namespace {

constexpr int kTimeoutSeconds = 15;
constexpr uint16_t kEcdsaSecp256r1Sha256 = 0x0403;

[[noreturn]] void Fail(const char* what) {
  char reason[256] = "no reason given";
  if (uint32_t error = ERR_peek_error(); error != 0) ERR_error_string_n(error, reason, sizeof(reason));
  throw Failure(std::string(what) + ": " + reason);
}

void Check(int result, const char* what) {
  if (result != 1) Fail(what);
}

std::string Hex(const uint8_t* bytes, size_t length) {
  std::string text;
  for (size_t i = 0; i < length; i++) {
    char digits[3];
    std::snprintf(digits, sizeof(digits), "%02x", bytes[i]);
    text += digits;
  }
  return text;
}

std::string Sha256(const uint8_t* bytes, size_t length) {
  uint8_t hash[SHA256_DIGEST_LENGTH];
  SHA256(bytes, length, hash);
  return Hex(hash, sizeof(hash));
}

// Bytes that do not repeat, so that a lost or moved piece shows. Marsaglia's xorshift32.
std::vector<uint8_t> MadeUp(size_t length) {
  std::vector<uint8_t> bytes(length);
  uint32_t state = 0x9e3779b9;
  for (size_t i = 0; i < length; i++) {
    if (i % 4 == 0) {
      state ^= state << 13;
      state ^= state >> 17;
      state ^= state << 5;
    }
    bytes[i] = static_cast<uint8_t>(state >> (8 * (i % 4)));
  }
  return bytes;
}

template <typename T>
bssl::UniquePtr<T> FromPem(T* (*read)(BIO*, T**, pem_password_cb*, void*), const std::string& pem, const char* what) {
  bssl::UniquePtr<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  bssl::UniquePtr<T> parsed(read(bio.get(), nullptr, nullptr, nullptr));
  if (!parsed) Fail(what);
  return parsed;
}

const char* GroupName(uint16_t id) {
  switch (id) {
    case 0x0017:
      return "P-256";
    case 0x0018:
      return "P-384";
    case 0x0019:
      return "P-521";
    case 0x001d:
      return "X25519";
    case 0x0201:
      return "MLKEM768";
    case 0x0202:
      return "MLKEM1024";
    case 0x11eb:
      return "SecP256r1MLKEM768";
    case 0x11ec:
      return "X25519MLKEM768";
    case 0x11ed:
      return "SecP384r1MLKEM1024";
    default:
      throw Failure("AWS-LC has no group " + std::to_string(id));
  }
}

// The newest session of a client.
bssl::UniquePtr<SSL_SESSION> newest_session;

int KeepSession(SSL*, SSL_SESSION* session) {
  newest_session.reset(session);
  return 1;  // It is ours now.
}

bssl::UniquePtr<SSL_CTX> NewContext(const Config& config) {
  bssl::UniquePtr<SSL_CTX> context(SSL_CTX_new(TLS_method()));
  const uint16_t version = config.is_tls13 ? TLS1_3_VERSION : TLS1_2_VERSION;
  Check(SSL_CTX_set_min_proto_version(context.get(), version), "min version");
  Check(SSL_CTX_set_max_proto_version(context.get(), version), "max version");
  std::string groups;
  for (uint16_t id : config.groups) groups += (groups.empty() ? "" : ":") + std::string(GroupName(id));
  Check(SSL_CTX_set1_groups_list(context.get(), groups.c_str()), "groups");
  // What the other side's leaf signs with, and its CA.
  std::vector<uint16_t> schemes{config.signature};
  if (config.signature != kEcdsaSecp256r1Sha256) schemes.push_back(kEcdsaSecp256r1Sha256);
  Check(SSL_CTX_set_verify_algorithm_prefs(context.get(), schemes.data(), schemes.size()), "signature schemes");
  bssl::UniquePtr<X509> ca = FromPem<X509>(PEM_read_bio_X509, config.ca, "CA");
  Check(X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), ca.get()), "trust");
  if (!config.cert.empty()) {
    Check(SSL_CTX_use_certificate(context.get(), FromPem<X509>(PEM_read_bio_X509, config.cert, "certificate").get()),
          "certificate");
    Check(SSL_CTX_use_PrivateKey(context.get(),
                                 FromPem<EVP_PKEY>(PEM_read_bio_PrivateKey, config.key, "private key").get()),
          "private key");
  }
  if (config.is_server) {
    static const uint8_t kSessionIdContext[] = "lab";
    Check(SSL_CTX_set_session_id_context(context.get(), kSessionIdContext, sizeof(kSessionIdContext)), "session id");
    if (config.request_cert)
      SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  } else {
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context.get(), KeepSession);
  }
  return context;
}

void SendAll(SSL* ssl, const std::vector<uint8_t>& bytes) {
  for (size_t done = 0; done < bytes.size();) {
    int count = SSL_write(ssl, bytes.data() + done, static_cast<int>(bytes.size() - done));
    if (count <= 0) Fail("SSL_write");
    done += static_cast<size_t>(count);
  }
}

std::vector<uint8_t> ReceiveAll(SSL* ssl, size_t length) {
  std::vector<uint8_t> bytes(length);
  for (size_t done = 0; done < length;) {
    int count = SSL_read(ssl, bytes.data() + done, static_cast<int>(length - done));
    if (count <= 0) Fail("SSL_read");
    done += static_cast<size_t>(count);
  }
  return bytes;
}

void Say(const std::string& line) { std::cout << line << std::endl; }

void Report(SSL* ssl, const std::string& sent, const std::string& received) {
  std::string certificate;
  if (bssl::UniquePtr<X509> leaf(SSL_get_peer_certificate(ssl)); leaf) {
    uint8_t* der = nullptr;
    int length = i2d_X509(leaf.get(), &der);
    if (length < 0) Fail("i2d_X509");
    bssl::UniquePtr<uint8_t> owned(der);
    certificate = Sha256(der, static_cast<size_t>(length));
  }
  const bool resumed = SSL_session_reused(ssl) == 1;
  std::string line = std::string("{\"protocol\":\"") + SSL_get_version(ssl) + "\"";
  // AWS-LC does not tell its own scheme. What it says of the peer's in a resumed session is from before.
  if (uint16_t scheme = SSL_get_peer_signature_algorithm(ssl); scheme != 0 && !resumed)
    line += ",\"peerSignatureScheme\":" + std::to_string(scheme);
  if (uint16_t group = SSL_get_group_id(ssl); group != 0) line += ",\"group\":" + std::to_string(group);
  line += ",\"cipherSuite\":" + std::to_string(SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl)));
  line += std::string(",\"resumed\":") + (resumed ? "true" : "false");
  line += std::string(",\"helloRetryRequest\":") + (SSL_used_hello_retry_request(ssl) == 1 ? "true" : "false");
  line += ",\"peerCertificate\":\"" + certificate + "\",\"sent\":\"" + sent + "\",\"received\":\"" + received + "\"}";
  Say(line);
}

void Converse(SSL_CTX* context, const Config& config, int fd) {
  timeval timeout{kTimeoutSeconds, 0};
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  bssl::UniquePtr<SSL> ssl(SSL_new(context));
  Check(SSL_set_fd(ssl.get(), fd), "SSL_set_fd");
  if (config.is_server) {
    Check(SSL_accept(ssl.get()), "SSL_accept");
    std::vector<uint8_t> data = ReceiveAll(ssl.get(), config.bytes);
    SendAll(ssl.get(), data);
    std::string hash = Sha256(data.data(), data.size());
    Report(ssl.get(), hash, hash);
    SSL_shutdown(ssl.get());
    // The client ends first: what it has not read yet would be lost with a reset.
    uint8_t rest;
    if (SSL_read(ssl.get(), &rest, 1) > 0) throw Failure("the client sent more than it should");
    return;
  }
  Check(SSL_set_tlsext_host_name(ssl.get(), "localhost"), "server name");
  Check(X509_VERIFY_PARAM_set1_host(SSL_get0_param(ssl.get()), "localhost", 0), "name to verify");
  if (newest_session) Check(SSL_set_session(ssl.get(), newest_session.get()), "session");
  Check(SSL_connect(ssl.get()), "SSL_connect");
  std::vector<uint8_t> data = MadeUp(config.bytes);
  SendAll(ssl.get(), data);
  std::vector<uint8_t> echo = ReceiveAll(ssl.get(), config.bytes);
  Report(ssl.get(), Sha256(data.data(), data.size()), Sha256(echo.data(), echo.size()));
  SSL_shutdown(ssl.get());
}

// A descriptor that is closed at the end of its scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {
    if (fd < 0) throw Failure("no socket");
  }
  ~Descriptor() { close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void Serve(SSL_CTX* context, const Config& config) {
  Descriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = Loopback(0);
  socklen_t length = sizeof(address);
  if (bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener.get(), 4) != 0 ||
      getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw Failure("cannot listen on loopback");
  }
  Say("{\"port\":" + std::to_string(ntohs(address.sin_port)) + "}");
  for (int i = 0; i < config.connections; i++) {
    Descriptor accepted(accept(listener.get(), nullptr, nullptr));
    Converse(context, config, accepted.get());
  }
}

void Dial(SSL_CTX* context, const Config& config) {
  for (int i = 0; i < config.connections; i++) {
    Descriptor tcp(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = Loopback(config.port);
    if (connect(tcp.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0)
      throw Failure("cannot connect");
    Converse(context, config, tcp.get());
  }
}

}  // namespace

int main(int argc, char**) {
  if (argc > 1) {
    // What it is asked for its version.
    std::printf("%s\n", OpenSSL_version(OPENSSL_VERSION));
    return 0;
  }
  // A peer that is gone is an error of the write, not the end.
  signal(SIGPIPE, SIG_IGN);
  try {
    std::string line;
    std::getline(std::cin, line);
    const Config config = ParseConfig(line);
    bssl::UniquePtr<SSL_CTX> context = NewContext(config);
    if (config.is_server) {
      Serve(context.get(), config);
    } else {
      Dial(context.get(), config);
    }
    return 0;
  } catch (const Failure& failure) {
    std::string text;
    for (char c : std::string(failure.what())) text += (c == '"' || c == '\\' || c < ' ') ? '\'' : c;
    Say("{\"error\":\"" + text + "\"}");
    return 1;
  }
}
