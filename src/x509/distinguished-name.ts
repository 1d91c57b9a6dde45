// Distinguished names: comparison without regard to case, spacing and the type of string. RFC 5280, Section 7.1.

import { DerError, type DerElement } from '../crypto/tls/der.js';

/** One RelativeDistinguishedName in the form that compares equal for equal names. */
export type CanonicalRdn = string;

export interface AttributeValue {
  readonly type: string;
  /** Undefined for what is not a string. */
  readonly text: string | undefined;
}

export interface DistinguishedName {
  readonly raw: Uint8Array;
  readonly rdns: readonly CanonicalRdn[];
  /** The same name has the same one. */
  readonly canonical: string;
  readonly attributes: readonly AttributeValue[];
}

/** Name ::= SEQUENCE OF SET OF SEQUENCE { type, value }. Throws DerError. RFC 5280, Section 4.1.2.4. */
export function readName(element: DerElement): DistinguishedName {
  const attributes: AttributeValue[] = [];
  const rdns = element.sequence().map((rdn) => {
    const members = rdn.set().map((attribute) => {
      const [type, value, ...more] = attribute.sequence();
      if (type === undefined || value === undefined || more.length > 0) throw new DerError('an attribute of a name');
      const oid = type.objectIdentifier();
      const text = textOf(value);
      attributes.push({ type: oid, text });
      return `${oid}=${text === undefined ? hexOf(value.raw) : `"${fold(text)}"`}`;
    });
    if (members.length === 0) throw new DerError('an attribute of a name');
    return members.sort().join('+');
  });
  return { raw: element.raw, rdns, canonical: rdns.join(','), attributes };
}

/** Tags of the string types. X.680, Section 8. */
const decoders: ReadonlyMap<number, (bytes: Uint8Array) => string> = new Map([
  [12, (bytes) => new TextDecoder('utf-8', { fatal: true }).decode(bytes)],
  [19, latin1],
  [20, latin1],
  [22, latin1],
  [28, (bytes) => wide(bytes, 4)],
  [30, (bytes) => wide(bytes, 2)],
]);

/** The text of a string of any type; undefined for everything else. Throws for what is no text of its type. */
export function textOf(element: DerElement): string | undefined {
  const decode = element.universalTag === undefined ? undefined : decoders.get(element.universalTag);
  return decode?.(element.content);
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function wide(bytes: Uint8Array, size: 2 | 4): string {
  if (bytes.length % size !== 0) throw new DerError('a string of whole characters');
  let text = '';
  for (let at = 0; at < bytes.length; at += size) {
    let code = 0;
    for (let i = 0; i < size; i++) code = code * 256 + (bytes[at + i] ?? 0);
    if (code > 0x10ffff) throw new DerError('a character');
    text += String.fromCodePoint(code);
  }
  return text;
}

/** As OpenSSL: ASCII letters without case, spaces at the ends dropped, spaces within joined. */
function fold(text: string): string {
  return text
    .replaceAll(/[ \t\n\v\f\r]+/g, ' ')
    .replaceAll(/^ | $/g, '')
    .replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replaceAll(/["\\]/g, '\\$&');
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
