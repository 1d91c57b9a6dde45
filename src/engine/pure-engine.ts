// The engine in TypeScript: TLS 1.3 over protocol/, for where no addon loads.

import type { CertificateCodec } from '../protocol/certificate-codec.js';
import type { Environment } from '../protocol/config.js';
import type { ConnectionOptions, EngineContext } from './connection.js';
import { otherEngine, type ContextBuilder, type TlsEngine, type TrustStore } from './engine.js';
import { PureTlsConnection } from './pure-connection.js';
import { PureContextBuilder } from './pure-context-builder.js';
import { PureEngineContext } from './pure-context.js';
import { createEnvironment } from './pure-environment.js';
import { pureEngineVersion } from './pure-version.js';
import { PureTrustStore } from './pure-trust-store.js';

class PureTlsEngine implements TlsEngine {
  readonly name = 'typescript';
  readonly lowestVersion = 'TLSv1.3';
  #codec: CertificateCodec | undefined;
  readonly #environment: Environment = createEnvironment({
    compress: (algorithm, input) => this.#codec?.compress(algorithm, input),
    decompress: (algorithm, input, length) => this.#codec?.decompress(algorithm, input, length),
  });

  createTrustStore(): TrustStore {
    return new PureTrustStore();
  }

  createContext(): ContextBuilder {
    return new PureContextBuilder(this.#environment);
  }

  finishContext(builder: ContextBuilder, { signer }: { signer: unknown }): EngineContext {
    if (!(builder instanceof PureContextBuilder)) throw new TypeError('This context is of another engine');
    return new PureEngineContext(builder.finish(), signer);
  }

  setCertificateCodec(codec: CertificateCodec): void {
    this.#codec = codec;
  }

  createConnection(context: EngineContext, options: ConnectionOptions): PureTlsConnection {
    if (!(context instanceof PureEngineContext)) throw otherEngine(this.name, context);
    return new PureTlsConnection(this.#environment, pureEngineVersion, context, options);
  }
}

let engine: PureTlsEngine | undefined;

/** One for each thread. */
export function pureEngine(): TlsEngine {
  return (engine ??= new PureTlsEngine());
}
