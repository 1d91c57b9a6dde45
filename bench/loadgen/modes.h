// What the load generator can do, one function a mode: each returns when it is done, with what it saw.
#ifndef PQTLS_LOADGEN_MODES_H_
#define PQTLS_LOADGEN_MODES_H_

#include "options.h"
#include "report.h"

namespace loadgen {

Json RunHandshakes(const Options& options, bool resume);
Json RunDownload(const Options& options);
Json RunUpload(const Options& options);
Json RunEcho(const Options& options);
Json RunIdle(const Options& options);
Json RunStorm(const Options& options);
Json RunFloor(const Options& options);
Json RunServer(const Options& options);

}  // namespace loadgen

#endif  // PQTLS_LOADGEN_MODES_H_
