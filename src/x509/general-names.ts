// GeneralName: what a certificate is for, and what name constraints speak of. RFC 5280, Section 4.2.1.6.

import { DerError, type DerElement } from '../crypto/tls/der.js';
import { readName, type DistinguishedName } from './distinguished-name.js';

export type GeneralName =
  | { readonly type: 'dns' | 'email' | 'uri'; readonly value: string }
  /** 4 or 16 octets; in a constraint 8 or 32, address and mask. */
  | { readonly type: 'ip'; readonly bytes: Uint8Array }
  | { readonly type: 'directory'; readonly name: DistinguishedName }
  | { readonly type: 'other'; readonly tag: number };

/** Throws DerError. */
export function readGeneralName(element: DerElement): GeneralName {
  const tag = element.contextTag;
  switch (tag) {
    case 1:
      return { type: 'email', value: ia5Of(element) };
    case 2:
      return { type: 'dns', value: ia5Of(element) };
    case 4:
      // EXPLICIT, as every tagged CHOICE is.
      return { type: 'directory', name: readName(element.explicit()) };
    case 6:
      return { type: 'uri', value: ia5Of(element) };
    case 7:
      if (element.isConstructed) throw new DerError('an IP address');
      return { type: 'ip', bytes: element.content };
    case 0:
    case 3:
    case 5:
    case 8:
      return { type: 'other', tag };
    default:
      throw new DerError('a GeneralName');
  }
}

function ia5Of(element: DerElement): string {
  if (element.isConstructed) throw new DerError('an IA5String');
  let text = '';
  for (const byte of element.content) {
    if (byte > 0x7f) throw new DerError('an IA5String');
    text += String.fromCharCode(byte);
  }
  return text;
}
