// pqtls/crypto as a caller uses it: returning fresh bytes, or into the caller's buffers; on either provider.

import {
  DecapsulationKey,
  hash,
  hashInto,
  KeyExchangeGroup,
  SigningKey,
  xof,
  xofInto,
  type ProviderName,
} from '#src/crypto/index.js';
import { hashLengths, kemParameters, signatureParameters } from '#src/crypto/parameters.js';
import { javascriptWork, type Work } from '../harness/work.js';
import {
  fixedBytes,
  messageSequence,
  xofOutputLength,
  type MessageSequence,
  type Operation,
} from '../primitives/operations.js';

export type OutputForm = 'fresh' | 'into';

/** Undefined where the operation has no such form: generate() makes a key object, verify() has no output. */
export function pqtlsWork(provider: ProviderName, form: OutputForm, operation: Operation): Work | undefined {
  const messages = messageSequence();
  const call = form === 'fresh' ? freshCall(provider, operation, messages) : intoCall(provider, operation, messages);
  return call === undefined ? undefined : javascriptWork(call, messages.rewind);
}

function freshCall(provider: ProviderName, operation: Operation, messages: MessageSequence): () => void {
  const options = { provider };
  switch (operation.kind) {
    case 'kem': {
      const { algorithm, action } = operation;
      if (action === 'generate') return () => DecapsulationKey.generate(algorithm, options);
      if (action === 'exchange') {
        return () => {
          const fresh = DecapsulationKey.generate(algorithm, options);
          fresh.decapsulate(fresh.encapsulationKey.encapsulate().ciphertext);
        };
      }
      const key = kemKey(provider, operation);
      const { encapsulationKey } = key;
      if (action === 'encapsulate') return () => encapsulationKey.encapsulate();
      const { ciphertext } = encapsulationKey.encapsulate();
      return () => key.decapsulate(ciphertext);
    }
    case 'signature': {
      const { algorithm, action } = operation;
      if (action === 'generate') return () => SigningKey.generate(algorithm, options);
      const key = signingKey(provider, operation);
      if (action === 'sign') return () => key.sign(messages.next(), deterministic);
      const { verifyingKey } = key;
      const signed = messages.next();
      const signature = key.sign(signed, deterministic);
      return () => verifyingKey.verify(signed, signature);
    }
    case 'hash': {
      const data = fixedBytes(operation.bytes);
      return () => hash(operation.algorithm, data, options);
    }
    case 'xof': {
      const data = fixedBytes(operation.bytes);
      return () => xof(operation.algorithm, data, xofOutputLength, options);
    }
    case 'group': {
      const group = KeyExchangeGroup.get(operation.group, options);
      const { share: clientShare } = group.start();
      if (operation.action === 'server') return () => group.startAndComplete(clientShare);
      // Another client's answer does: a secret comes of any valid share, and takes the same time.
      const { share } = group.startAndComplete(clientShare);
      return () => group.start().complete(share);
    }
  }
}

function intoCall(provider: ProviderName, operation: Operation, messages: MessageSequence): (() => void) | undefined {
  const options = { provider };
  switch (operation.kind) {
    case 'kem': {
      if (operation.action === 'generate' || operation.action === 'exchange') return undefined;
      const key = kemKey(provider, operation);
      const { encapsulationKey } = key;
      const ciphertext = new Uint8Array(kemParameters[operation.algorithm].ciphertext);
      const sharedSecret = new Uint8Array(32);
      if (operation.action === 'encapsulate') return () => encapsulationKey.encapsulateInto(ciphertext, sharedSecret);
      encapsulationKey.encapsulateInto(ciphertext, sharedSecret);
      return () => key.decapsulateInto(ciphertext, sharedSecret);
    }
    case 'signature': {
      if (operation.action !== 'sign') return undefined;
      const key = signingKey(provider, operation);
      const signature = new Uint8Array(signatureParameters[operation.algorithm].signature);
      return () => key.signInto(messages.next(), signature, deterministic);
    }
    case 'hash': {
      const data = fixedBytes(operation.bytes);
      const digest = new Uint8Array(hashLengths[operation.algorithm]);
      return () => hashInto(operation.algorithm, data, digest, options);
    }
    case 'xof': {
      const data = fixedBytes(operation.bytes);
      const output = new Uint8Array(xofOutputLength);
      return () => xofInto(operation.algorithm, data, output, options);
    }
    case 'group': {
      const group = KeyExchangeGroup.get(operation.group, options);
      const { share: clientShare } = group.start();
      const share = new Uint8Array(group.serverShareLength);
      const sharedSecret = new Uint8Array(group.sharedSecretLength);
      group.startAndCompleteInto(clientShare, share, sharedSecret);
      if (operation.action === 'server') return () => group.startAndCompleteInto(clientShare, share, sharedSecret);
      const ownShare = new Uint8Array(group.clientShareLength);
      return () => group.startInto(ownShare).completeInto(share, sharedSecret);
    }
  }
}

/** Each signature then takes as many tries here as in the C loop, which signs the same messages with the same key. */
const deterministic = { deterministic: true } as const;

function kemKey(provider: ProviderName, { algorithm }: Extract<Operation, { kind: 'kem' }>): DecapsulationKey {
  return DecapsulationKey.fromSeed(algorithm, fixedBytes(64), { provider });
}

function signingKey(provider: ProviderName, { algorithm }: Extract<Operation, { kind: 'signature' }>): SigningKey {
  // The C loop's seed.
  return SigningKey.fromSeed(algorithm, new Uint8Array(32), { provider });
}
