// libssl as a server of TLS 1.3.
#include "server_context.h"

#include "client_context.h"
#include "report.h"

namespace loadgen {

bssl::UniquePtr<SSL_CTX> NewServerContext(const Options& options) {
  bssl::UniquePtr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
  if (SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) != 1 ||
      SSL_CTX_set1_groups_list(context.get(), options.groups.c_str()) != 1 ||
      SSL_CTX_set_ciphersuites(context.get(), options.cipher.c_str()) != 1 ||
      SSL_CTX_use_certificate_chain_file(context.get(), options.certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), options.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    Fail("the server's settings are refused: %s", TlsError().c_str());
  }
  static const uint8_t kSessionIdContext[] = "loadgen";
  SSL_CTX_set_session_id_context(context.get(), kSessionIdContext, sizeof(kSessionIdContext));
  return context;
}

}  // namespace loadgen
