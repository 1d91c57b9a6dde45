// Test-only forms (pqtls/crypto/testing): never use them with a real peer.

export { encapsulateWithM } from './kem.js';
