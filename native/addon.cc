// The addon's entry point: one Addon object for each Node environment (main thread or worker), no globals.
#include "addon.h"

namespace pqtls {

Addon::Addon(Napi::Env env, Napi::Object exports) {
  DefineAddon(exports, {
                           InstanceValue("version", Napi::String::New(env, AWSLC_VERSION_NUMBER_STRING)),
                       });
}

}  // namespace pqtls

using pqtls::Addon;
NODE_API_ADDON(Addon)
