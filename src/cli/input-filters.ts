// What happens to standard input on its way to the peer: line ends (-crlf), and commands on a terminal.

import { Transform, type TransformCallback } from 'node:stream';

/** Each LF without a CR before it becomes CR LF. */
export function crlfFilter(): Transform {
  let last = 0;
  return filterOf((chunk) => {
    const text = (last === 0x0d ? '\r' : '') + chunk.toString('latin1');
    const converted = text.replaceAll(/\r?\n/g, '\r\n').slice(last === 0x0d ? 1 : 0);
    last = chunk.at(-1) ?? last;
    return Buffer.from(converted, 'latin1');
  });
}

/** As openssl: a command is the first letter of what a terminal gives, which is a line. The line goes no further. */
export function commandFilter(commands: Readonly<Record<string, () => void>>): Transform {
  return filterOf((chunk) => {
    const letter = String.fromCharCode(chunk[0] ?? 0);
    const command = Object.hasOwn(commands, letter) ? commands[letter] : undefined;
    if (command === undefined) return chunk;
    command();
    return undefined;
  });
}

function filterOf(change: (chunk: Buffer) => Buffer | undefined): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
      done(null, change(chunk));
    },
  });
}
