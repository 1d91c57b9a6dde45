// JSON on its way to a terminal or a file: what a peer sent can neither steer a terminal nor turn its text around.

/** Control, format and unassigned characters are escaped, which JSON.stringify() leaves to the reader. RFC 8259, Section 7. */
export function jsonText(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, undefined, indent);
  // Of what stands between the strings, none but the line feeds of the indentation are among them.
  return text.replaceAll(/(?!\n)\p{C}/gu, escaped);
}

function escaped(character: string): string {
  // Those beyond the first plane as two.
  return character.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
