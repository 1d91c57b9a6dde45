// What the addon exports for TLS; nothing where the AWS-LC source has no libssl. Contract: src/binding/tls-contract.ts.
#include "tls.h"

#include "addon.h"

#if PQTLS_HAVE_TLS
#include "connection_object.h"
#include "secure_context.h"
#include "tcp_handle.h"
#include "tcp_listener.h"
#include "trust_store.h"
#endif

namespace pqtls {

void RegisterTls(Addon* addon, Napi::Env env, Napi::Object exports) {
#if PQTLS_HAVE_TLS
  Napi::Int32Array registers = Napi::Int32Array::New(env, kProgressRegisters);
  addon->set_progress_registers(registers);
  exports.Set("progress", registers);
  exports.Set("setCertificateCodec", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
                info.Env().GetInstanceData<Addon>()->set_certificate_codec(info[0].As<Napi::Function>());
              }));
  exports.Set("TrustStore", TrustStore::Define(env));
  exports.Set("SecureContext", SecureContext::Define(env));
  exports.Set("Connection", ConnectionObject::Define(env));
#ifndef _WIN32
  if (TcpLoop* loop = TcpLoop::Start(env, addon->progress_registers(), &addon->scheduler())) {
    exports.Set("tcpSlab", loop->slab_object());
    exports.Set("tcpPutOff", Napi::Array::New(env));
    exports.Set("TcpHandle", TcpHandle::Define(env, loop));
    exports.Set("TcpListener", TcpListener::Define(env, loop));
    exports.Set("setTcpDispatcher", Napi::Function::New(
                                        env,
                                        [](const Napi::CallbackInfo& info) {
                                          auto* owner = static_cast<TcpLoop*>(info.Data());
                                          owner->set_dispatcher(info[0].As<Napi::Function>(),
                                                                info[1].As<Napi::Function>());
                                        },
                                        nullptr, loop));
  }
#endif
#endif
}

}  // namespace pqtls
