// TLS 1.3 key shares on @noble: X25519, P-256, P-384, ML-KEM and the hybrids, joined as groupLayouts says. RFC 10024.

import { x25519 } from '@noble/curves/ed25519.js';
import { p256, p384 } from '@noble/curves/nist.js';
import { KeyDestroyedError, KeyRejectedError } from '../../errors.js';
import { groupLayouts, kemParameters, type ClassicalGroup, type GroupName, type KemAlgorithm } from '../parameters.js';
import type { ProviderKeyExchange } from '../provider.js';
import { invalidPoint, zeroSharedSecret } from '../rejections.js';
import { NobleDecapsulationKey, NobleEncapsulationKey } from './kem.js';
import { copyOf, randomBytes, SecretBytes } from './secret-bytes.js';
import type { TurnQueue } from './turn-queue.js';

/** A client's half of one component: its secret, until completeInto() or destroy(). */
interface StartedComponent {
  completeInto(serverShare: Uint8Array, sharedSecret: Uint8Array): void;
  destroy(): void;
}

/** One component of a group; a hybrid has two. Lengths in bytes. */
interface Component {
  readonly clientShare: number;
  readonly serverShare: number;
  readonly sharedSecret: number;
  start(clientShare: Uint8Array): StartedComponent;
  respondInto(clientShare: Uint8Array, serverShare: Uint8Array, sharedSecret: Uint8Array): void;
}

export class NobleKeyExchange implements ProviderKeyExchange {
  readonly #group: GroupName;
  readonly #queue: TurnQueue;
  #started: StartedComponents | undefined;

  /** A client's side: writes the client share. */
  constructor(group: GroupName, share: Uint8Array, queue: TurnQueue) {
    this.#group = group;
    this.#queue = queue;
    this.#started = new StartedComponents(componentsOf(group, queue), share);
  }

  /** Whatever comes of it, the secrets are wiped: a share that was refused ends its handshake. */
  completeInto(serverShare: Uint8Array, sharedSecret: Uint8Array): void {
    this.#takeFor(serverShare).completeInto(serverShare, sharedSecret);
  }

  /** Takes the secrets at once: a destroy() from then on lets the operation finish. */
  async completeAsync(serverShare: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const started = this.#takeFor(serverShare);
    const taken = copyOf(serverShare);
    return this.#queue.run(() => {
      const sharedSecret = new Uint8Array(groupLayouts[this.#group].sharedSecret);
      started.completeInto(taken, sharedSecret);
      return sharedSecret;
    });
  }

  destroy(): void {
    this.#started?.destroy();
    this.#started = undefined;
  }

  /** A share of a wrong length does not count as a try. */
  #takeFor(serverShare: Uint8Array): StartedComponents {
    const started = this.#started;
    if (started === undefined) throw new KeyDestroyedError();
    checkLength(this.#group, 'server', serverShare, groupLayouts[this.#group].serverShare);
    this.#started = undefined;
    return started;
  }
}

/** The secrets of every component of a started exchange, in the order of the shares. */
class StartedComponents {
  readonly #parts: readonly { component: Component; secret: StartedComponent }[];

  constructor(components: readonly Component[], clientShare: Uint8Array) {
    let at = 0;
    this.#parts = components.map((component) => ({
      component,
      secret: component.start(clientShare.subarray(at, (at += component.clientShare))),
    }));
  }

  completeInto(serverShare: Uint8Array, sharedSecret: Uint8Array): void {
    let shareAt = 0;
    let secretAt = 0;
    try {
      for (const { component, secret } of this.#parts) {
        secret.completeInto(
          serverShare.subarray(shareAt, (shareAt += component.serverShare)),
          sharedSecret.subarray(secretAt, (secretAt += component.sharedSecret)),
        );
      }
    } catch (error) {
      // Half of a hybrid's secret is not one.
      sharedSecret.fill(0);
      throw error;
    } finally {
      this.destroy();
    }
  }

  destroy(): void {
    for (const { secret } of this.#parts) secret.destroy();
  }
}

/** A server's side: takes the client share, writes the server share and the shared secret. */
export function startAndCompleteInto(
  group: GroupName,
  clientShare: Uint8Array,
  share: Uint8Array,
  sharedSecret: Uint8Array,
  queue: TurnQueue,
): void {
  checkLength(group, 'client', clientShare, groupLayouts[group].clientShare);
  let clientAt = 0;
  let serverAt = 0;
  let secretAt = 0;
  try {
    for (const component of componentsOf(group, queue)) {
      component.respondInto(
        clientShare.subarray(clientAt, (clientAt += component.clientShare)),
        share.subarray(serverAt, (serverAt += component.serverShare)),
        sharedSecret.subarray(secretAt, (secretAt += component.sharedSecret)),
      );
    }
  } catch (error) {
    sharedSecret.fill(0);
    throw error;
  }
}

function componentsOf(group: GroupName, queue: TurnQueue): readonly Component[] {
  const names = componentNames(group);
  return names.map((name) =>
    name in kemParameters
      ? kemComponent(group, name as KemAlgorithm, queue)
      : classicalComponent(group, diffieHellmans[name as ClassicalGroup]),
  );
}

function componentNames(group: GroupName): readonly (ClassicalGroup | KemAlgorithm)[] {
  const layout = groupLayouts[group];
  switch (layout.kind) {
    case 'classical':
      return [group as ClassicalGroup];
    case 'kem':
      return [layout.kem];
    case 'hybrid':
      return [layout.first, layout.second];
  }
}

/** The client's share is an encapsulation key, the server's a ciphertext. RFC 10024. */
function kemComponent(group: GroupName, algorithm: KemAlgorithm, queue: TurnQueue): Component {
  const { encapsulationKey, ciphertext, sharedSecret } = kemParameters[algorithm];
  return {
    clientShare: encapsulationKey,
    serverShare: ciphertext,
    sharedSecret,
    start(clientShare) {
      const key = NobleDecapsulationKey.generate(algorithm, queue);
      clientShare.set(key.encapsulationKey().toBytes());
      return {
        completeInto: (serverShare, secret) => key.decapsulateInto(serverShare, secret),
        destroy: () => key.destroy(),
      };
    },
    respondInto(clientShare, serverShare, secret) {
      NobleEncapsulationKey.fromBytes(algorithm, clientShare, queue, group).encapsulateInto(serverShare, secret);
    },
  };
}

/** One Diffie-Hellman function: private keys, shares and secrets as bytes. */
interface DiffieHellman {
  readonly share: number;
  readonly sharedSecret: number;
  generatePrivateKey(): Uint8Array<ArrayBuffer>;
  publicShare(privateKey: Uint8Array): Uint8Array;
  /** Throws KeyRejectedError, which names the group, for a share that gives no secret. */
  agree(privateKey: Uint8Array, peerShare: Uint8Array, group: GroupName): Uint8Array<ArrayBuffer>;
}

/** Both sides send an ephemeral public key. RFC 9846, Section 4.2.8. */
function classicalComponent(group: GroupName, dh: DiffieHellman): Component {
  const agreeInto = (privateKey: Uint8Array, peerShare: Uint8Array, sharedSecret: Uint8Array): void => {
    const secret = dh.agree(privateKey, peerShare, group);
    sharedSecret.set(secret);
    secret.fill(0);
  };
  return {
    clientShare: dh.share,
    serverShare: dh.share,
    sharedSecret: dh.sharedSecret,
    start(clientShare) {
      const privateKey = new SecretBytes(dh.generatePrivateKey());
      clientShare.set(dh.publicShare(privateKey.use()));
      return {
        completeInto: (serverShare, secret) => agreeInto(privateKey.use(), serverShare, secret),
        destroy: () => privateKey.destroy(),
      };
    },
    respondInto(clientShare, serverShare, secret) {
      const privateKey = dh.generatePrivateKey();
      try {
        agreeInto(privateKey, clientShare, secret);
        serverShare.set(dh.publicShare(privateKey));
      } finally {
        privateKey.fill(0);
      }
    },
  };
}

/** RFC 7748, Section 6.1. */
const x25519DiffieHellman: DiffieHellman = {
  share: 32,
  sharedSecret: 32,
  generatePrivateKey: () => randomBytes(32),
  publicShare: (privateKey) => x25519.getPublicKey(privateKey),
  agree(privateKey, peerShare, group) {
    try {
      return x25519.getSharedSecret(privateKey, peerShare);
    } catch {
      // noble knows the low-order points beforehand and has no other reason to throw. RFC 9846, Section 7.4.2.
      throw zeroSharedSecret(group);
    }
  },
};

/** ECDH with uncompressed points; the secret is the x-coordinate. RFC 9846, Sections 4.2.8.2 and 7.4.2. */
function nistDiffieHellman(curve: typeof p256, fieldLength: number): DiffieHellman {
  const { Point } = curve;
  return {
    share: 1 + 2 * fieldLength,
    sharedSecret: fieldLength,
    generatePrivateKey() {
      // Rejection sampling as FIPS 186-5, Appendix A.2.2; a second try is about as likely as a forged signature.
      for (;;) {
        const privateKey = randomBytes(fieldLength);
        if (curve.utils.isValidSecretKey(privateKey)) return privateKey;
      }
    },
    publicShare: (privateKey) => curve.getPublicKey(privateKey, false),
    agree(privateKey, peerShare, group) {
      // Only legacy_form = 4. RFC 9846, Section 4.2.8.2.
      if (peerShare[0] !== 4) throw invalidPoint(group);
      let peer: InstanceType<typeof Point>;
      try {
        peer = Point.fromBytes(peerShare);
        peer.assertValidity();
      } catch {
        throw invalidPoint(group);
      }
      const point = peer.multiply(Point.Fn.fromBytes(privateKey)).toBytes(false);
      const secret = point.slice(1, 1 + fieldLength);
      point.fill(0);
      return secret;
    },
  };
}

const diffieHellmans = {
  X25519: x25519DiffieHellman,
  secp256r1: nistDiffieHellman(p256, 32),
  secp384r1: nistDiffieHellman(p384, 48),
} as const satisfies Record<ClassicalGroup, DiffieHellman>;

function checkLength(group: GroupName, side: string, share: Uint8Array, length: number): void {
  if (share.length !== length) {
    throw new KeyRejectedError(
      `The ${group} ${side} share must have ${length} bytes, has ${share.length}`,
      'wrong_length',
    );
  }
}
