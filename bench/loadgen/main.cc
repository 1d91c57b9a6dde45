// The load generator of the bench: picks the mode and prints its report.
#include <sys/resource.h>

#include <csignal>

#include "modes.h"

int main(int argc, char** argv) {
  using namespace loadgen;
  signal(SIGPIPE, SIG_IGN);
  // As Node does: thousands of idle connections are more than the usual soft limit.
  rlimit files = {};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  const Options options = ParseOptions(argc, argv);
  const auto run = [&]() -> Json {
    if (options.mode == "handshake") return RunHandshakes(options, false);
    if (options.mode == "resume") return RunHandshakes(options, true);
    if (options.mode == "download") return RunDownload(options);
    if (options.mode == "upload") return RunUpload(options);
    if (options.mode == "echo") return RunEcho(options);
    if (options.mode == "idle") return RunIdle(options);
    if (options.mode == "storm") return RunStorm(options);
    if (options.mode == "floor") return RunFloor(options);
    if (options.mode == "serve") return RunServer(options);
    Fail("unknown mode %s; see --help", options.mode.c_str());
  };
  run().Print();
  return 0;
}
