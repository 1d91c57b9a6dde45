// JSON, percentiles and clocks.
#include "report.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace loadgen {

namespace {

int64_t Read(clockid_t clock) {
  timespec now;
  if (clock_gettime(clock, &now) != 0) Fail("a clock is missing");
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int64_t ProcessCpu() {
  rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) != 0) Fail("getrusage failed");
  const auto nanoseconds = [](const timeval& time) {
    return time.tv_sec * INT64_C(1000000000) + time.tv_usec * INT64_C(1000);
  };
  return nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
}

}  // namespace

void Fail(const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  fprintf(stderr, "loadgen: %s\n", text);
  // Not exit(): other threads may be in the middle of anything.
  _exit(1);
}

int64_t Now() { return Read(CLOCK_MONOTONIC); }

int64_t ThreadCpu() { return Read(CLOCK_THREAD_CPUTIME_ID); }

Json& Json::AddText(const char* name, const std::string& value) {
  if (!members_.empty()) members_ += ",";
  members_ += std::string("\"") + name + "\":" + value;
  return *this;
}

Json& Json::Add(const char* name, double value) {
  char text[64];
  snprintf(text, sizeof(text), "%.9g", value);
  return AddText(name, text);
}

Json& Json::Add(const char* name, uint64_t value) { return AddText(name, std::to_string(value)); }

// Names of groups, ciphers and signature schemes only: nothing to escape.
Json& Json::Add(const char* name, const std::string& value) { return AddText(name, "\"" + value + "\""); }

Json& Json::Add(const char* name, const Json& value) { return AddText(name, value.text()); }

void Json::Print() const {
  printf("%s\n", text().c_str());
  if (fflush(stdout) != 0) Fail("standard output is closed");
}

Json Percentiles(std::vector<int64_t> nanoseconds) {
  Json json;
  if (nanoseconds.empty()) return json;
  std::sort(nanoseconds.begin(), nanoseconds.end());
  const auto at = [&](double share) {
    const size_t rank = static_cast<size_t>(share * static_cast<double>(nanoseconds.size()));
    return static_cast<double>(nanoseconds[std::min(rank, nanoseconds.size() - 1)]) / 1000;
  };
  double sum = 0;
  for (const int64_t value : nanoseconds) sum += static_cast<double>(value);
  return json.Add("count", static_cast<uint64_t>(nanoseconds.size()))
      .Add("mean", sum / static_cast<double>(nanoseconds.size()) / 1000)
      .Add("min", at(0))
      .Add("p50", at(0.5))
      .Add("p90", at(0.9))
      .Add("p99", at(0.99))
      .Add("p999", at(0.999))
      .Add("max", at(1));
}

Stopwatch::Stopwatch() : wall_(Now()), cpu_(ProcessCpu()) {}

void Stopwatch::AddTo(Json* json) const {
  const double wall = static_cast<double>(Now() - wall_) / 1e9;
  const double cpu = static_cast<double>(ProcessCpu() - cpu_) / 1e9;
  json->Add("wallSeconds", wall).Add("cpuSeconds", cpu).Add("busy", wall > 0 ? cpu / wall : 0);
}

}  // namespace loadgen
