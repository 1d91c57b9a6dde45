// Seals a server's sessions into tickets, so that it need not keep them. RFC 9846, Section 4.7.1; RFC 5077, Section 4.

import { aeadNonceLength, aeadTagLength, type TlsPrimitives } from '../crypto/tls/primitives.js';
import { bytesOfLatin1, copyOf, sameBytes } from './codec.js';
import type { TicketSealer } from './config.js';
import { messageMemory } from './message-memory.js';
import { longestTicket } from './messages/new-session-ticket.js';

/** What setTicketKeys() of node:tls takes. */
export const ticketKeysLength = 48;

const nameLength = 16;
const saltLength = 32;
const overhead = nameLength + saltLength + aeadTagLength;
// Every ticket has a key of its own, so that no nonce is used twice.
const nonce = new Uint8Array(aeadNonceLength);

interface TicketKey {
  /** Secret. */
  readonly bytes: Uint8Array;
  readonly name: Uint8Array;
  readonly secret: Uint8Array;
  readonly madeAt: number;
}

/** The keys of one context. Own keys are replaced in time; given ones stay until others are given. */
export class TicketKeys implements TicketSealer {
  readonly #primitives: TlsPrimitives;
  readonly #now: () => number;
  #current: TicketKey | undefined;
  #previous: TicketKey | undefined;
  #isGiven = false;
  /** Seconds. */
  #rotation = 12 * 60 * 60;
  #sessionLifetime = 300;

  constructor(primitives: TlsPrimitives, now: () => number) {
    this.#primitives = primitives;
    this.#now = now;
  }

  give(bytes: Uint8Array): void {
    this.#isGiven = true;
    this.#previous = undefined;
    this.#current = this.#derive(copyOf(bytes));
  }

  /** Those that seal now. Secret. */
  current(): Uint8Array {
    return copyOf(this.#sealing().bytes);
  }

  /** Seconds after which an own key is replaced, and for which the one before it still opens tickets. */
  setLifetimes(rotation: number, session: number): void {
    this.#rotation = rotation;
    this.#sessionLifetime = session;
  }

  seal(session: Uint8Array): Uint8Array | undefined {
    if (session.length + overhead > longestTicket) return undefined;
    const { name, secret } = this.#sealing();
    const salt = this.#primitives.randomBytes(saltLength);
    const ticket = messageMemory(session.length + overhead);
    ticket.set(name);
    ticket.set(salt, nameLength);
    const header = ticket.subarray(0, nameLength + saltLength);
    const aead = this.#aead(secret, salt);
    aead.seal(nonce, header, [session], ticket, header.length);
    aead.destroy();
    return ticket;
  }

  open(ticket: Uint8Array): { readonly session: Uint8Array; readonly renew: boolean } | undefined {
    if (ticket.length <= overhead) return undefined;
    const current = this.#sealing();
    const key = this.#named(ticket.subarray(0, nameLength), current);
    if (key === undefined) return undefined;
    const header = ticket.subarray(0, nameLength + saltLength);
    const sealed = ticket.subarray(header.length);
    const aead = this.#aead(key.secret, header.subarray(nameLength));
    const opened = aead.open(nonce, header, sealed, sealed.length - aeadTagLength);
    aead.destroy();
    return opened && { session: opened.head, renew: key !== current };
  }

  #named(name: Uint8Array, current: TicketKey): TicketKey | undefined {
    if (sameBytes(name, current.name)) return current;
    const previous = this.#previous;
    if (previous === undefined || !sameBytes(name, previous.name)) return undefined;
    // No session that it sealed can be younger.
    return this.#now() - current.madeAt < this.#sessionLifetime * 1000 ? previous : undefined;
  }

  #sealing(): TicketKey {
    const current = this.#current;
    if (current !== undefined && (this.#isGiven || this.#now() - current.madeAt < this.#rotation * 1000))
      return current;
    this.#previous = current;
    return (this.#current = this.#derive(this.#primitives.randomBytes(ticketKeysLength)));
  }

  #derive(bytes: Uint8Array): TicketKey {
    const primitives = this.#primitives;
    const name = primitives.hmac('sha256', bytes, bytesOfLatin1('pqtls ticket key name')).subarray(0, nameLength);
    const secret = primitives.hmac('sha256', bytes, bytesOfLatin1('pqtls ticket key secret'));
    return { bytes, name, secret, madeAt: this.#now() };
  }

  #aead(secret: Uint8Array, salt: Uint8Array): ReturnType<TlsPrimitives['aead']> {
    const key = this.#primitives.hmac('sha256', secret, salt);
    const aead = this.#primitives.aead('aes-256-gcm', key);
    key.fill(0);
    return aead;
  }
}
