// The settings of a server of the load generator's own.
#ifndef PQTLS_LOADGEN_SERVER_CONTEXT_H_
#define PQTLS_LOADGEN_SERVER_CONTEXT_H_

#include <openssl/ssl.h>

#include "options.h"

namespace loadgen {

// TLS 1.3 with --certificate, --key, --groups and --cipher; ends the process where they are refused.
bssl::UniquePtr<SSL_CTX> NewServerContext(const Options& options);

}  // namespace loadgen

#endif  // PQTLS_LOADGEN_SERVER_CONTEXT_H_
