// pre_shared_key. RFC 9846, Section 4.2.11.

import type { ByteWriter } from '../codec.js';
import { ExtensionType } from '../constants.js';
import { ProtocolFault } from '../faults.js';
import { bodyReader, writeExtension, type ExtensionList } from './extension-list.js';

export interface PskIdentity {
  readonly identity: Uint8Array;
  readonly obfuscatedAge: number;
}

export interface OfferedPsks {
  readonly identities: readonly PskIdentity[];
  readonly binders: readonly Uint8Array[];
  /** Bytes of the binders with their length: what the end of the ClientHello lacks where they are made. */
  readonly bindersLength: number;
}

const shortestBinder = 32;

/** Of a ClientHello, where it has to be the last. */
export function readOfferedPsks(list: ExtensionList): OfferedPsks | undefined {
  const body = list.get(ExtensionType.pre_shared_key);
  if (body === undefined) return undefined;
  if ([...list.keys()].at(-1) !== ExtensionType.pre_shared_key) throw new ProtocolFault('PRE_SHARED_KEY_MUST_BE_LAST');
  const reader = bodyReader(body);
  const entries = bodyReader(reader.vector16(1));
  const identities: PskIdentity[] = [];
  while (entries.remaining > 0) {
    identities.push({ identity: entries.vector16(1), obfuscatedAge: entries.uint32() });
  }
  const bindersLength = reader.remaining;
  const binderEntries = bodyReader(reader.vector16(1));
  reader.end();
  const binders: Uint8Array[] = [];
  while (binderEntries.remaining > 0) binders.push(binderEntries.vector8(shortestBinder));
  if (binders.length !== identities.length) throw new ProtocolFault('PSK_IDENTITY_BINDER_COUNT_MISMATCH');
  return { identities, binders, bindersLength };
}

/** One identity, and zeros for its binder, which ends the message: see bindersOf(). */
export function writeOfferedPsk(writer: ByteWriter, { identity, obfuscatedAge }: PskIdentity, binder: number): void {
  writeExtension(writer, ExtensionType.pre_shared_key, () =>
    writer
      .uint16(2 + identity.length + 4)
      .vector16(identity)
      .uint32(obfuscatedAge)
      .uint16(1 + binder)
      .vector8(new Uint8Array(binder)),
  );
}

/** What writeOfferedPsk() leaves for the binder, with its lengths. */
export function bindersLengthOf(binder: number): number {
  return 2 + 1 + binder;
}

/** A server's choice; undefined for none. */
export function readSelectedIdentity(list: ExtensionList): number | undefined {
  const body = list.get(ExtensionType.pre_shared_key);
  if (body === undefined) return undefined;
  const reader = bodyReader(body);
  const index = reader.uint16();
  reader.end();
  return index;
}

export function writeSelectedIdentity(writer: ByteWriter, index: number): void {
  writeExtension(writer, ExtensionType.pre_shared_key, () => writer.uint16(index));
}
