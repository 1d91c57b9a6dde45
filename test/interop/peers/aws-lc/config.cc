// Reads a flat JSON object: strings, numbers, booleans and arrays of numbers.
#include "config.h"

#include <cctype>
#include <charconv>

namespace {

class Reader {
 public:
  explicit Reader(const std::string& text) : text_(text) {}

  struct Value {
    std::string text;  // Of a string, a number or a boolean.
    std::vector<std::string> items;
  };

  std::map<std::string, Value> Object() {
    std::map<std::string, Value> members;
    Expect('{');
    if (Take('}')) return members;
    do {
      std::string name = String();
      Expect(':');
      members[name] = Any();
    } while (Take(','));
    Expect('}');
    return members;
  }

 private:
  Value Any() {
    if (Peek() == '"') return {String(), {}};
    if (!Take('[')) return {Word(), {}};
    Value array;
    if (Take(']')) return array;
    do array.items.push_back(Word());
    while (Take(','));
    Expect(']');
    return array;
  }

  std::string String() {
    Expect('"');
    std::string value;
    for (; Peek() != '"'; at_++) {
      if (Peek() != '\\') {
        value += Peek();
        continue;
      }
      at_++;
      switch (Peek()) {
        case 'n':
          value += '\n';
          break;
        case '"':
        case '\\':
        case '/':
          value += Peek();
          break;
        default:
          throw Failure("an escape that the lab does not write");
      }
    }
    at_++;
    return value;
  }

  std::string Word() {
    std::string word;
    Space();
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '-'))
      word += text_[at_++];
    if (word.empty()) throw Failure("the configuration is not JSON");
    return word;
  }

  char Peek() const {
    if (at_ >= text_.size()) throw Failure("the configuration ends too early");
    return text_[at_];
  }

  void Space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) at_++;
  }

  bool Take(char wanted) {
    Space();
    if (Peek() != wanted) return false;
    at_++;
    return true;
  }

  void Expect(char wanted) {
    if (!Take(wanted)) throw Failure("the configuration is not JSON");
  }

  const std::string& text_;
  size_t at_ = 0;
};

template <typename Number>
Number NumberOf(const std::string& text) {
  Number number = 0;
  const char* end = text.data() + text.size();
  auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end) throw Failure("not a number in range: " + text);
  return number;
}

}  // namespace

Config ParseConfig(const std::string& line) {
  std::map<std::string, Reader::Value> members = Reader(line).Object();
  Config config;
  config.is_server = members["role"].text == "server";
  config.is_tls13 = members["version"].text == "TLSv1.3";
  config.request_cert = members["requestCert"].text == "true";
  config.connections = NumberOf<int>(members["connections"].text);
  config.signature = NumberOf<uint16_t>(members["signature"].text);
  config.bytes = NumberOf<size_t>(members["bytes"].text);
  if (!config.is_server) config.port = NumberOf<uint16_t>(members["port"].text);
  for (const std::string& id : members["groups"].items) config.groups.push_back(NumberOf<uint16_t>(id));
  config.ca = members["ca"].text;
  config.cert = members["cert"].text;
  config.key = members["key"].text;
  return config;
}
