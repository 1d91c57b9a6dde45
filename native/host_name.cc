// The DNS names of a certificate, for the names that need no second look. RFC 9525, Section 6.3.
#include <pqtls/aws_lc_features.h>
#if PQTLS_HAVE_TLS

#include <openssl/nid.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <string_view>

#include "host_name.h"

namespace pqtls {

namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool IsSame(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return Lower(x) == Lower(y); });
}

// Labels of letters, digits and hyphens, and a last one that no address has.
bool IsPlain(std::string_view name) {
  size_t last = name.rfind('.');
  std::string_view top = last == std::string_view::npos ? name : name.substr(last + 1);
  return !name.empty() && name.front() != '.' && name.find("..") == std::string_view::npos &&
         std::ranges::all_of(name, [](char c) { return IsLetter(c) || IsDigit(c) || c == '-' || c == '.'; }) &&
         std::ranges::any_of(top, IsLetter);
}

bool Matches(std::string_view pattern, std::string_view name) {
  if (IsSame(pattern, name)) return true;
  size_t dot = name.find('.');
  if (dot == 0 || dot == std::string_view::npos || !pattern.starts_with("*.")) return false;
  std::string_view parent = name.substr(dot + 1);
  return parent.find('.') != std::string_view::npos && IsSame(pattern.substr(2), parent);
}

}  // namespace

bool HasDnsName(X509* certificate, const std::string& name) {
  if (!IsPlain(name)) return false;
  bssl::UniquePtr<GENERAL_NAMES> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (size_t i = 0; names && i < sk_GENERAL_NAME_num(names.get()); i++) {
    const GENERAL_NAME* entry = sk_GENERAL_NAME_value(names.get(), i);
    if (entry->type != GEN_DNS) continue;
    std::string_view pattern(reinterpret_cast<const char*>(ASN1_STRING_get0_data(entry->d.dNSName)),
                             static_cast<size_t>(ASN1_STRING_length(entry->d.dNSName)));
    if (Matches(pattern, name)) return true;
  }
  return false;
}

}  // namespace pqtls

#endif  // PQTLS_HAVE_TLS
