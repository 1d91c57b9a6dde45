// What a handshake waits for: the next message of the peer, or an answer of the program. RFC 9846, Appendix A.

import type { AlertName } from './constants.js';
import { ProtocolFault } from './faults.js';
import type { HandshakeMessage } from './handshake-joiner.js';

/** What a handshake asks of the program, and waits for. */
export type ProtocolQuestion =
  | { readonly kind: 'client-hello' }
  | {
      readonly kind: 'verify';
      /** The certificates are those of the session that is resumed. */
      readonly resumed: boolean;
    }
  | {
      readonly kind: 'signature';
      /** IANA number. */
      readonly scheme: number;
      readonly content: Uint8Array;
      /** False, and nothing is kept, for what does not verify with our certificate. */
      readonly give: (signature: Uint8Array) => boolean;
    }
  | { readonly kind: 'resume-session'; readonly id: Uint8Array };

export type ProtocolAnswer =
  | {
      readonly kind: 'client-hello';
      /** Refuses. */
      readonly alert?: AlertName | undefined;
      /** To staple, DER. */
      readonly ocspResponse?: Uint8Array | undefined;
      /** The chosen protocol in wire form; null refuses them all. Default: the endpoint's list. */
      readonly protocol?: Uint8Array | null | undefined;
    }
  | { readonly kind: 'verify'; readonly alert?: AlertName | undefined }
  /** After give(). */
  | { readonly kind: 'signature' }
  | { readonly kind: 'resume-session'; readonly session: Uint8Array | undefined };

/** One state; handle() and resume() return the next. */
export abstract class HandshakeState {
  /** Every message that is not the expected one is unexpected. RFC 9846, Section 4. */
  handle(_message: HandshakeMessage): HandshakeState {
    throw new ProtocolFault('UNEXPECTED_MESSAGE');
  }

  /** Only a state that asked something has an answer coming. */
  resume(_answer: ProtocolAnswer): HandshakeState {
    throw new ProtocolFault('ENGINE_FAILED');
  }
}

/** A state that goes on with the answer to one kind of question, and takes no message before. */
export class AwaitAnswer<Kind extends ProtocolAnswer['kind']> extends HandshakeState {
  readonly #kind: Kind;
  readonly #proceed: (answer: Extract<ProtocolAnswer, { kind: Kind }>) => HandshakeState;

  constructor(kind: Kind, proceed: (answer: Extract<ProtocolAnswer, { kind: Kind }>) => HandshakeState) {
    super();
    this.#kind = kind;
    this.#proceed = proceed;
  }

  override resume(answer: ProtocolAnswer): HandshakeState {
    if (answer.kind !== this.#kind) return super.resume(answer);
    return this.#proceed(answer as Extract<ProtocolAnswer, { kind: Kind }>);
  }
}

/** Checks a message's type; `of` is one or several. */
export function expectMessage(message: HandshakeMessage, ...types: readonly number[]): void {
  if (!types.includes(message.type)) throw new ProtocolFault('UNEXPECTED_MESSAGE');
}
