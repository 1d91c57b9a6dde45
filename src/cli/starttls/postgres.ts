// SSLRequest of PostgreSQL: eight bytes, answered by one letter. PostgreSQL 17 documentation, Sections 54.2.10 and 54.7.

import { quoted, type Wire } from './wire.js';

const sslRequestCode = 80_877_103;
const errorLengthSize = 4;

export async function postgres(wire: Wire): Promise<void> {
  const request = Buffer.alloc(8);
  request.writeUInt32BE(request.length, 0);
  request.writeUInt32BE(sslRequestCode, 4);
  wire.send(request);
  const answer = (await wire.bytes(1)).toString('latin1');
  if (answer === 'S') return;
  if (answer === 'N') throw wire.unsupported('it answered N to the SSLRequest');
  // A server of before SSL, or one that is full, answers with an ErrorResponse.
  if (answer === 'E') throw wire.refused(await errorResponse(wire));
  throw wire.broken(quoted(answer));
}

/** Fields of a letter and a string; M is the message. */
async function errorResponse(wire: Wire): Promise<string> {
  const length = (await wire.bytes(errorLengthSize)).readUInt32BE(0);
  if (length < errorLengthSize) throw wire.broken('an ErrorResponse that does not parse');
  const fields = (await wire.bytes(length - errorLengthSize)).toString('utf8').split('\0');
  return fields.find((field) => field.startsWith('M'))?.slice(1) ?? 'an error without a message';
}
