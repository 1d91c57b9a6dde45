// What a context is inside of AWS-LC, for tests of that engine alone.

import type { SecureContext } from 'pqtls';
import { NativeEngineContext } from '#src/engine/native-context.js';

export function nativeContextOf({ context }: SecureContext): NativeEngineContext {
  if (context instanceof NativeEngineContext) return context;
  throw new Error(`This is a context of the engine ${context.engine}`);
}
