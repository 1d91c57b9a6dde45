// The entries of subjectAltName, from Node's one line of them. RFC 5280, Section 4.2.1.6.

/** e.g. `DNS:localhost`. Node quotes an entry that holds a comma, so that a name cannot pass for two. */
export function alternativeNames(text: string | undefined): string[] {
  return [...(text ?? '').matchAll(/(?:[^",]|"(?:[^"\\]|\\.)*")+/g)].map(([entry]) => entry.trim());
}
