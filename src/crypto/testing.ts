// Test-only forms (pqtls/crypto/testing): never use them with a real peer.
/// <reference types="node" preserve="true" />
/// <reference lib="esnext.disposable" preserve="true" />

export { encapsulateWithM } from './kem.js';
