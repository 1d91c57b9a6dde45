// EncryptedExtensions. RFC 9846, Section 4.3.1.

import { ByteReader } from '../codec.js';
import { ExtensionType, HandshakeType } from '../constants.js';
import { writeProtocols } from '../extensions/application-protocols.js';
import { readExtensions, writeExtension, writeExtensions, type ExtensionList } from '../extensions/extension-list.js';
import { writeMaxFragmentLength, writeRecordSizeLimit } from '../extensions/number-lists.js';
import { messageHeaderLength } from './client-hello.js';
import { finishMessage, startMessage } from './message.js';

export function readEncryptedExtensions(bytes: Uint8Array): ExtensionList {
  const reader = new ByteReader(bytes, messageHeaderLength);
  const extensions = readExtensions(reader);
  reader.end();
  return extensions;
}

export interface EncryptedExtensions {
  /** The client named a server, and it was taken notice of. */
  readonly acknowledgesName: boolean;
  /** The chosen protocol in wire form. */
  readonly protocol: Uint8Array | undefined;
  readonly recordSizeLimit: number | undefined;
  readonly maxFragmentLength: number | undefined;
}

export function writeEncryptedExtensions(message: EncryptedExtensions): Uint8Array {
  const writer = startMessage(HandshakeType.EncryptedExtensions);
  writeExtensions(writer, () => {
    if (message.acknowledgesName) writeExtension(writer, ExtensionType.server_name);
    if (message.protocol !== undefined) writeProtocols(writer, message.protocol);
    if (message.maxFragmentLength !== undefined) writeMaxFragmentLength(writer, message.maxFragmentLength);
    if (message.recordSizeLimit !== undefined) writeRecordSizeLimit(writer, message.recordSizeLimit);
  });
  return finishMessage(writer);
}
