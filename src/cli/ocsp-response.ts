// What is told of a stapled OCSP response: that it is there, and its status. RFC 6960, Section 4.2.1.

export interface StapledResponse {
  readonly length: number;
  readonly responseStatus: string | null;
  readonly text: string;
}

const statuses = [
  'successful',
  'malformedRequest',
  'internalError',
  'tryLater',
  undefined,
  'sigRequired',
  'unauthorized',
];

/** The signature of the response is not checked, and the text says so. */
export function stapledResponse(der: Buffer | null): StapledResponse {
  if (der === null || der.length === 0) return { length: 0, responseStatus: null, text: 'none was sent' };
  const responseStatus = statusOf(der) ?? 'unreadable';
  return {
    length: der.length,
    responseStatus,
    text: `${der.length} bytes, responseStatus ${responseStatus}; its signature is not checked`,
  };
}

/** OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED, ... }. */
function statusOf(der: Buffer): string | undefined {
  const first = der[1] ?? 0;
  const start = 2 + (first < 0x80 ? 0 : first & 0x7f);
  if (der[0] !== 0x30 || der[start] !== 0x0a || der[start + 1] !== 1) return undefined;
  return statuses[der[start + 2] ?? -1];
}
