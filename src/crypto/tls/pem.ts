// PEM: the blocks of a text. RFC 7468, Section 3.

export interface PemBlock {
  readonly label: string;
  readonly bytes: Uint8Array;
  /** Of OpenSSL's own encrypted form: `Proc-Type`, `DEK-Info`. RFC 1421, Section 4.6. */
  readonly headers: string;
}

const blocks =
  /-----BEGIN ([A-Z0-9 ]+)-----[ \t]*\r?\n((?:[A-Za-z-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*)([A-Za-z0-9+/=\s]*)-----END \1-----/g;

/** Every block whose content is base64, in order; what stands between them is passed over. */
export function pemBlocks(text: string): PemBlock[] {
  const found: PemBlock[] = [];
  for (const [, label = '', headers = '', content = ''] of text.matchAll(blocks)) {
    const bytes = fromBase64(content.replaceAll(/\s/g, ''));
    if (bytes !== undefined) found.push({ label, headers, bytes });
  }
  return found;
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    // Not base64.
    return undefined;
  }
}
