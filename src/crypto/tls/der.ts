// DER, read by asn1js and held to the distinguished encoding: asn1js takes BER. X.690, Section 10.
//
// Every accessor throws DerError for what is not of its type, so a reader of a structure says what it expects, in order.

import * as asn1js from 'asn1js';

/** Nothing that is read here nests or branches as far as this. */
const limits = { maxDepth: 24, maxNodes: 4000, parseEmbedded: false };

export class DerError extends Error {
  constructor(expected: string) {
    super(`The DER does not parse: ${expected} expected`);
    this.name = 'DerError';
  }
}

/** Parses one element and nothing behind it. `mostElements` is for what the program itself gives. Throws DerError. */
export function parseDer(bytes: Uint8Array, mostElements = limits.maxNodes): DerElement {
  const block = readBlock(bytes, mostElements);
  if (block === undefined) throw new DerError('one whole element');
  if (!isDistinguished(block) || !equalPublicBytes(new Uint8Array(block.toBER()), bytes)) {
    throw new DerError('the distinguished encoding');
  }
  return new DerElement(block);
}

function readBlock(bytes: Uint8Array, mostElements: number): asn1js.AsnType | undefined {
  try {
    const { offset, result } = asn1js.fromBER(bytes, {
      ...limits,
      maxNodes: mostElements,
      // Whoever has the bytes has bounded them.
      maxContentLength: bytes.length,
    });
    return offset === bytes.length && result.error === '' ? result : undefined;
  } catch {
    // asn1js throws errors of its own for some times and strings that are malformed; they may show parts of a key.
    return undefined;
  }
}

/** What `read` makes of the element, undefined where it or the parser throws: for what a peer sent. */
export function tryParseDer<T>(bytes: Uint8Array, read: (element: DerElement) => T): T | undefined {
  try {
    return read(parseDer(bytes));
  } catch {
    // Whatever it is, it is malformed.
    return undefined;
  }
}

const contextSpecific = 3;

/** One element of a tree that is DER all over. */
export class DerElement {
  readonly #block: asn1js.AsnType;

  constructor(block: asn1js.AsnType) {
    this.#block = block;
  }

  /** The whole element, as it was encoded. */
  get raw(): Uint8Array {
    return this.#block.valueBeforeDecodeView;
  }

  /** Without tag and length. */
  get content(): Uint8Array {
    const { idBlock, lenBlock } = this.#block;
    return this.raw.subarray(idBlock.blockLength + lenBlock.blockLength);
  }

  /** The number of a context-specific tag, undefined for every other. */
  get contextTag(): number | undefined {
    const { tagClass, tagNumber } = this.#block.idBlock;
    return tagClass === contextSpecific ? tagNumber : undefined;
  }

  get isConstructed(): boolean {
    return this.#block.idBlock.isConstructed;
  }

  sequence(): DerElement[] {
    return this.#children(asn1js.Sequence, 'a SEQUENCE');
  }

  set(): DerElement[] {
    return this.#children(asn1js.Set, 'a SET');
  }

  /** What a constructed context-specific tag holds: an EXPLICIT element, or the fields of an IMPLICIT one. */
  tagged(): DerElement[] {
    if (this.contextTag === undefined) throw new DerError('a context-specific tag');
    return this.#children(asn1js.Constructed, 'a constructed element');
  }

  /** The element within an EXPLICIT tag. */
  explicit(): DerElement {
    const [only, ...more] = this.tagged();
    if (only === undefined || more.length > 0) throw new DerError('one element');
    return only;
  }

  /** Two's complement, big-endian, of any length. */
  integer(): Uint8Array {
    if (!(this.#block instanceof asn1js.Integer) || this.#block instanceof asn1js.Enumerated) {
      throw new DerError('an INTEGER');
    }
    return this.content;
  }

  /** A positive INTEGER's bytes, without leading zeros. */
  positiveInteger(): Uint8Array {
    const bytes = this.integer();
    const [first = 0] = bytes;
    if (first >= 0x80 || (first === 0 && bytes.length === 1)) throw new DerError('a positive INTEGER');
    return first === 0 ? bytes.subarray(1) : bytes;
  }

  /** An INTEGER from 0 to 2^31 - 1. */
  smallInteger(): number {
    const bytes = this.integer();
    if (bytes.length > 4 || (bytes[0] ?? 0) >= 0x80) throw new DerError('a small INTEGER');
    return bytes.reduce((value, byte) => value * 256 + byte, 0);
  }

  objectIdentifier(): string {
    if (!(this.#block instanceof asn1js.ObjectIdentifier)) throw new DerError('an OBJECT IDENTIFIER');
    return this.#block.getValue();
  }

  boolean(): boolean {
    const { content } = this;
    const [value] = content;
    // X.690, Section 11.1.
    if (!(this.#block instanceof asn1js.Boolean) || content.length !== 1 || (value !== 0 && value !== 255)) {
      throw new DerError('a BOOLEAN');
    }
    return value === 255;
  }

  octetString(): Uint8Array {
    if (!(this.#block instanceof asn1js.OctetString)) throw new DerError('an OCTET STRING');
    return this.content;
  }

  /** A BIT STRING of whole octets. */
  bitString(): Uint8Array {
    const { bytes, unused } = this.bits();
    if (unused !== 0) throw new DerError('a BIT STRING of whole octets');
    return bytes;
  }

  /** A BIT STRING; what is unused is zero. X.690, Section 11.2. */
  bits(): { bytes: Uint8Array; unused: number } {
    const { content } = this;
    const [unused] = content;
    const bytes = content.subarray(1);
    if (!(this.#block instanceof asn1js.BitString) || unused === undefined || unused > 7) {
      throw new DerError('a BIT STRING');
    }
    if (unused > 0 && ((bytes.at(-1) ?? 0xff) & ((1 << unused) - 1)) !== 0) throw new DerError('a BIT STRING');
    return { bytes, unused };
  }

  isNull(): boolean {
    return this.#block instanceof asn1js.Null && this.content.length === 0;
  }

  /** Tag and content of a universal string type, for what compares or shows it. */
  get universalTag(): number | undefined {
    const { tagClass, tagNumber } = this.#block.idBlock;
    return tagClass === 1 ? tagNumber : undefined;
  }

  #children(type: typeof asn1js.Sequence | typeof asn1js.Set | typeof asn1js.Constructed, what: string): DerElement[] {
    if (!(this.#block instanceof type)) throw new DerError(what);
    const blocks = this.#block.valueBlock.value as asn1js.AsnType[];
    return blocks.map((block) => new DerElement(block));
  }
}

/** No indefinite or padded lengths, padded integers or constructed strings anywhere. X.690, Sections 8.3.2, 10.1, 10.2. */
function isDistinguished(block: asn1js.AsnType): boolean {
  const { lenBlock, idBlock } = block;
  if (lenBlock.isIndefiniteForm || lenBlock.blockLength !== lengthOctets(lenBlock.length)) return false;
  if (block.warnings.length > 0 || block instanceof asn1js.EndOfContent) return false;
  if (block instanceof asn1js.Integer || block instanceof asn1js.Enumerated) return isMinimal(block);
  if (!idBlock.isConstructed) return true;
  if (!(block instanceof asn1js.Constructed)) return false;
  return (block.valueBlock.value as asn1js.AsnType[]).every(isDistinguished);
}

/** How many octets the definite form of a length has. asn1js's own warning is of 256 and its multiples too. */
function lengthOctets(length: number): number {
  return length < 128 ? 1 : length < 256 ? 2 : length < 65536 ? 3 : length < 16777216 ? 4 : 5;
}

function isMinimal(block: asn1js.Integer): boolean {
  const [first, second] = new DerElement(block).content;
  if (first === undefined || second === undefined) return first !== undefined;
  return !((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
}

/** Not for secrets: it ends at the first difference. */
export function equalPublicBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
