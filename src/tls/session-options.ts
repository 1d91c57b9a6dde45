// Options of a context or server that decide about resumption: ticket keys, lifetimes, and what sessions are bound to.

import { constants, createHash } from 'node:crypto';
import type { ContextBuilder } from '../engine/engine.js';
import { invalidArgType, outOfRange } from '../errors.js';

export interface SessionOptions {
  /** 48 secret bytes that seal session tickets. Default: own keys, replaced every 12 hours. */
  ticketKeys?: NodeJS.ArrayBufferView | undefined;
  /** Seconds for which a session can be resumed, at most 604 800. Default 300. */
  sessionTimeout?: number | undefined;
  /** A name of the application that sessions are bound to. A server's default: made of the command line. */
  sessionIdContext?: string | undefined;
}

const ticketKeysLength = 48;
// In bytes, as in node:tls.
const longestIdContext = 32;
const defaultTimeout = 300;
// Seven days. RFC 9846, Section 4.6.1.
const longestTimeout = 604_800;
const ownKeyLifetime = 12 * 60 * 60;
const longestInt32 = 0x7fff_ffff;

/** Checks the options and applies them. `policy` names the dated policy that sessions are bound to as well. */
export function applySessionOptions(
  builder: ContextBuilder,
  options: SessionOptions & { readonly secureOptions?: unknown },
  policy = '',
): void {
  const { ticketKeys, sessionTimeout, sessionIdContext, secureOptions } = options;
  if (sessionIdContext !== undefined && sessionIdContext !== null && typeof sessionIdContext !== 'string') {
    throw invalidArgType('options.sessionIdContext', 'of type string', sessionIdContext);
  }
  if (Buffer.byteLength(sessionIdContext ?? '') > longestIdContext) {
    throw Object.assign(new TypeError('error:0A000111:SSL routines::ssl session id context too long'), {
      code: 'ERR_SSL_SSL_SESSION_ID_CONTEXT_TOO_LONG',
    });
  }
  builder.setSessionIdContext(
    createHash('sha256')
      .update(JSON.stringify([sessionIdContext ?? '', policy]))
      .digest(),
  );
  if (ticketKeys !== undefined && ticketKeys !== null) builder.setTicketKeys(checkTicketKeys(ticketKeys));
  // A session of no seconds would be libssl's default.
  const timeout = Math.max(1, Math.min(checkTimeout(sessionTimeout), longestTimeout));
  builder.setResumption({
    timeout,
    ticketKeyLifetime: Math.max(ownKeyLifetime, timeout),
    noTickets: typeof secureOptions === 'number' && (secureOptions & constants.SSL_OP_NO_TICKET) !== 0,
  });
}

/** A server's, as node:tls makes it: the workers of a cluster have the same. */
export function defaultSessionIdContext(): string {
  return createHash('sha1').update(process.argv.join(' ')).digest('hex').slice(0, 32);
}

/** The argument of Server#setTicketKeys(), with node:tls's errors. */
export function checkGivenTicketKeys(keys: unknown): Uint8Array {
  if (!ArrayBuffer.isView(keys)) {
    throw invalidArgType('buffer', 'an instance of Buffer, TypedArray, or DataView', keys);
  }
  if (keys.byteLength !== ticketKeysLength) {
    throw Object.assign(new Error('Session ticket keys must be a 48-byte buffer'), { code: 'ERR_INTERNAL_ASSERTION' });
  }
  return bytesOf(keys);
}

function checkTicketKeys(keys: unknown): Uint8Array {
  if (!ArrayBuffer.isView(keys)) {
    throw invalidArgType('options.ticketKeys', 'an instance of Buffer, TypedArray, or DataView', keys);
  }
  if (keys.byteLength !== ticketKeysLength) {
    throw Object.assign(
      new TypeError(`The property 'options.ticketKeys' must be exactly 48 bytes. Received ${keys.byteLength}`),
      { code: 'ERR_INVALID_ARG_VALUE' },
    );
  }
  return bytesOf(keys);
}

function checkTimeout(value: unknown): number {
  if (value === undefined || value === null) return defaultTimeout;
  if (typeof value !== 'number') throw invalidArgType('options.sessionTimeout', 'of type number', value);
  if (!Number.isInteger(value)) throw outOfRange('options.sessionTimeout', 'an integer', value);
  if (value < 0 || value > longestInt32) {
    throw outOfRange('options.sessionTimeout', `>= 0 && <= ${longestInt32}`, value);
  }
  return value;
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
