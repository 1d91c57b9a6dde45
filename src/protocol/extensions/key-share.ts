// key_share. RFC 9846, Section 4.2.8.

import type { ByteWriter } from '../codec.js';
import { ExtensionType } from '../constants.js';
import { ProtocolFault } from '../faults.js';
import { bodyReader, writeExtension, type ExtensionList } from './extension-list.js';

export interface KeyShareEntry {
  /** IANA number. */
  readonly group: number;
  readonly share: Uint8Array;
}

/** Of a ClientHello; undefined where the extension is not there. */
export function readClientShares(list: ExtensionList): KeyShareEntry[] | undefined {
  const body = list.get(ExtensionType.key_share);
  if (body === undefined) return undefined;
  const reader = bodyReader(body);
  const entries = bodyReader(reader.vector16());
  reader.end();
  const shares: KeyShareEntry[] = [];
  const seen = new Set<number>();
  while (entries.remaining > 0) {
    const entry = { group: entries.uint16(), share: entries.vector16(1) };
    if (seen.has(entry.group)) throw new ProtocolFault('DUPLICATE_KEY_SHARE');
    seen.add(entry.group);
    shares.push(entry);
  }
  return shares;
}

export function writeClientShares(writer: ByteWriter, shares: readonly KeyShareEntry[]): void {
  writeExtension(writer, ExtensionType.key_share, () => {
    writer.open(2);
    const start = writer.length;
    for (const { group, share } of shares) writer.uint16(group).vector16(share);
    writer.close(start, 2);
  });
}

/** Of a ServerHello; undefined where the extension is not there. */
export function readServerShare(list: ExtensionList): KeyShareEntry | undefined {
  const body = list.get(ExtensionType.key_share);
  if (body === undefined) return undefined;
  const reader = bodyReader(body);
  const entry = { group: reader.uint16(), share: reader.vector16(1) };
  reader.end();
  return entry;
}

export function writeServerShare(writer: ByteWriter, { group, share }: KeyShareEntry): void {
  writeExtension(writer, ExtensionType.key_share, () => writer.uint16(group).vector16(share));
}

/** The group that a HelloRetryRequest asks for; undefined where it asks for none. */
export function readRequestedGroup(list: ExtensionList): number | undefined {
  const body = list.get(ExtensionType.key_share);
  if (body === undefined) return undefined;
  const reader = bodyReader(body);
  const group = reader.uint16();
  reader.end();
  return group;
}

export function writeRequestedGroup(writer: ByteWriter, group: number): void {
  writeExtension(writer, ExtensionType.key_share, () => writer.uint16(group));
}
