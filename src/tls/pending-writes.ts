// Writes that wait: their bytes, and what they are told when the socket is destroyed instead.

import { constants } from 'node:os';

/** For a write that was pending when the socket was destroyed, as in node:tls. */
export function canceled(): Error {
  const { ECANCELED } = constants.errno;
  return Object.assign(new Error('write ECANCELED Canceled because of SSL destruction'), {
    errno: -ECANCELED,
    code: 'ECANCELED',
    syscall: 'write',
  });
}

/** For a write that was pending when a socket was destroyed that was still connecting, as in node:net. */
export function closedBeforeConnection(): Error {
  return Object.assign(new Error('Socket closed before the connection was established'), {
    code: 'ERR_SOCKET_CLOSED_BEFORE_CONNECTION',
  });
}

/** A chunk of a stream without decodeStrings. */
export function toBytes(chunk: unknown, encoding: BufferEncoding): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk, encoding);
  return chunk as Uint8Array;
}
