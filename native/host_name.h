// The DNS names of a certificate, for the names that need no second look. RFC 9525, Section 6.3.
#ifndef PQTLS_NATIVE_HOST_NAME_H_
#define PQTLS_NATIVE_HOST_NAME_H_

#include <openssl/x509.h>

#include <string>

namespace pqtls {

// Whether a dNSName is `name`, or `name` with `*` for its first label, where at least two more follow. False for a
// `name` that is no plain host name: letters, digits and hyphens in labels, and no address.
bool HasDnsName(X509* certificate, const std::string& name);

}  // namespace pqtls

#endif  // PQTLS_NATIVE_HOST_NAME_H_
