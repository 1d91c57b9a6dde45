// `s_server -rev`: every line comes back reversed, as of openssl.

import { Transform, type TransformCallback } from 'node:stream';

const longestLine = 16 * 1024;

/** Fails at a line that has no end. */
export function lineReversal(): Transform {
  let rest = Buffer.alloc(0);
  const reverse = (line: Buffer): string => [...line.toString('utf8')].toReversed().join('');
  return new Transform({
    transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
      const bytes = Buffer.concat([rest, chunk]);
      let at = 0;
      for (let end = bytes.indexOf('\n'); end >= 0; end = bytes.indexOf('\n', at)) {
        this.push(`${reverse(bytes.subarray(at, end))}\n`);
        at = end + 1;
      }
      rest = bytes.subarray(at);
      done(rest.length > longestLine ? new Error(`A line has more than ${longestLine} bytes`) : null);
    },
    flush(done: TransformCallback) {
      done(null, reverse(rest));
    },
  });
}
