// How the load generator ends: with one line of JSON, or with one line of what went wrong.
#ifndef PQTLS_LOADGEN_REPORT_H_
#define PQTLS_LOADGEN_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

namespace loadgen {

// One line on standard error, exit code 1; from any thread.
[[noreturn]] void Fail(const char* format, ...) __attribute__((format(printf, 1, 2)));

// Nanoseconds of a clock that never goes back.
int64_t Now();

// Nanoseconds of CPU time of this thread.
int64_t ThreadCpu();

// One JSON object, member after member.
class Json {
 public:
  Json& Add(const char* name, double value);
  Json& Add(const char* name, uint64_t value);
  Json& Add(const char* name, const std::string& value);
  Json& Add(const char* name, const Json& value);
  std::string text() const { return "{" + members_ + "}"; }
  void Print() const;

 private:
  Json& AddText(const char* name, const std::string& value);
  std::string members_;
};

// Percentiles in microseconds, of nanoseconds; an empty object of none.
Json Percentiles(std::vector<int64_t> nanoseconds);

// Wall time and this process's CPU time from here on, in all of its threads.
class Stopwatch {
 public:
  Stopwatch();
  // Members wallSeconds, cpuSeconds and busy: how much of one CPU it took at the most is 1, threads apart.
  void AddTo(Json* json) const;

 private:
  int64_t wall_;
  int64_t cpu_;
};

}  // namespace loadgen

#endif  // PQTLS_LOADGEN_REPORT_H_
