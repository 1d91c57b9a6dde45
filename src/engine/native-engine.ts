// The engine of the addon, AWS-LC's libssl.

import type { NativeBinding } from '../binding.js';
import type { CertificateCodec } from '../protocol/certificate-codec.js';
import type { ConnectionOptions, EngineContext } from './connection.js';
import { otherEngine, type ContextBuilder, type TlsEngine, type TrustStore } from './engine.js';
import { NativeTlsConnection } from './native-connection.js';
import { NativeEngineContext } from './native-context.js';

const engines = new WeakMap<NativeBinding, NativeTlsEngine>();

/** One for each binding. */
export function nativeEngine(binding: NativeBinding): NativeTlsEngine {
  const engine = engines.get(binding) ?? new NativeTlsEngine(binding);
  engines.set(binding, engine);
  return engine;
}

export class NativeTlsEngine implements TlsEngine {
  readonly name = 'aws-lc';
  readonly lowestVersion = 'TLSv1';
  readonly binding: NativeBinding;

  constructor(binding: NativeBinding) {
    this.binding = binding;
  }

  createTrustStore(): TrustStore {
    return new this.binding.TrustStore();
  }

  createContext(): ContextBuilder {
    return new this.binding.SecureContext();
  }

  finishContext(
    builder: ContextBuilder,
    { compresses, signer }: { compresses: boolean; signer: unknown },
  ): EngineContext {
    if (!(builder instanceof this.binding.SecureContext)) throw new TypeError('This context is of another engine');
    return new NativeEngineContext(builder, compresses, signer);
  }

  setCertificateCodec(codec: CertificateCodec): void {
    // The addon asks with a length of 0 for compression, and never for a decompression to nothing.
    this.binding.setCertificateCodec((algorithm, input, length) =>
      length === 0 ? codec.compress(algorithm, input) : codec.decompress(algorithm, input, length),
    );
  }

  createConnection(context: EngineContext, options: ConnectionOptions): NativeTlsConnection {
    if (!(context instanceof NativeEngineContext)) throw otherEngine(this.name, context);
    return new NativeTlsConnection(this.binding, context, options);
  }
}
