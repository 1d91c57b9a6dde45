// Times in certificates and revocation lists. RFC 5280, Section 4.1.2.5.

import { DerError, type DerElement } from '../crypto/tls/der.js';

const utcTag = 23;
const generalizedTag = 24;

/** UTCTime or GeneralizedTime with seconds and Z, in milliseconds since 1970. Throws DerError. */
export function readTime(element: DerElement): number {
  const tag = element.universalTag;
  if ((tag !== utcTag && tag !== generalizedTag) || element.isConstructed) throw new DerError('a time');
  const text = String.fromCharCode(...element.content.subarray(0, 16));
  const pattern =
    tag === utcTag ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
  const numbers = pattern.exec(text)?.slice(1).map(Number);
  if (numbers === undefined) throw new DerError('a time in UTC with seconds');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = numbers;
  // Two digits from 50 on are of the twentieth century.
  const fullYear = tag === generalizedTag ? year : year >= 50 ? 1900 + year : 2000 + year;
  const date = new Date(0);
  date.setUTCFullYear(fullYear, month - 1, day);
  date.setUTCHours(hour, minute, second);
  // The 31st of April would be the 1st of May.
  const isReal =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!isReal) throw new DerError('a time that there is');
  return date.getTime();
}
