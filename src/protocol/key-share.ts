// Key exchange as a handshake uses it: shares and secrets of a group, and faults of the peer's share. RFC 9846, Section 4.2.8.

import { groupLayouts, type GroupName } from '../crypto/parameters.js';
import type { CryptoProvider, ProviderKeyExchange } from '../crypto/provider.js';
import { NamedGroup } from './constants.js';
import { ProtocolFault } from './faults.js';
import { messageMemory } from './message-memory.js';

/** What makes the shares. */
export type KeyExchange = Pick<CryptoProvider, 'startKeyExchange' | 'startAndCompleteInto'>;

/** The group of an IANA number, where keys can be exchanged with it. */
export function groupOf(id: number): GroupName | undefined {
  return groupsById.get(id);
}

const groupsById = new Map<number, GroupName>(
  (Object.keys(groupLayouts) as GroupName[]).map((name) => [NamedGroup[name], name]),
);

/** A client's key pair, until it is completed or destroyed. */
export class ActiveKeyShare {
  /** IANA number. */
  readonly group: number;
  readonly share: Uint8Array;
  readonly #name: GroupName;
  readonly #exchange: ProviderKeyExchange;

  constructor(keyExchange: KeyExchange, name: GroupName) {
    this.group = NamedGroup[name];
    this.#name = name;
    this.share = new Uint8Array(groupLayouts[name].clientShare);
    this.#exchange = keyExchange.startKeyExchange(name, this.share);
  }

  complete(serverShare: Uint8Array): Uint8Array {
    const { serverShare: length, sharedSecret } = groupLayouts[this.#name];
    checkLength(this.#name, serverShare, length);
    const secret = new Uint8Array(sharedSecret);
    refusing(this.#name, () => this.#exchange.completeInto(serverShare, secret));
    return secret;
  }

  destroy(): void {
    this.#exchange.destroy();
  }
}

/** A server's answer to a client's share. */
export function answerKeyShare(
  keyExchange: KeyExchange,
  name: GroupName,
  clientShare: Uint8Array,
): { readonly share: Uint8Array; readonly sharedSecret: Uint8Array } {
  const layout = groupLayouts[name];
  checkLength(name, clientShare, layout.clientShare);
  const share = messageMemory(layout.serverShare);
  const sharedSecret = new Uint8Array(layout.sharedSecret);
  refusing(name, () => keyExchange.startAndCompleteInto(name, clientShare, share, sharedSecret));
  return { share, sharedSecret };
}

function checkLength(name: GroupName, share: Uint8Array, length: number): void {
  if (share.length === length) return;
  throw new ProtocolFault(groupLayouts[name].kind === 'classical' ? 'BAD_ECPOINT' : 'BAD_HYBRID_KEYSHARE');
}

/** What a provider refuses is the peer's fault; all else is ours. */
function refusing(name: GroupName, run: () => void): void {
  try {
    run();
  } catch (error) {
    const { code, reason } = error as { code?: unknown; reason?: unknown };
    if (code !== 'ERR_PQTLS_KEY_REJECTED') throw error;
    if (reason === 'modulus_check') throw new ProtocolFault('BAD_ENCAPSULATION_KEY');
    if (reason === 'wrong_length') checkLength(name, new Uint8Array(0), -1);
    throw new ProtocolFault('BAD_ECPOINT');
  }
}
