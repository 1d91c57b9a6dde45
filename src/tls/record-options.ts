// Options of the record layer: padding, and how long a record may be that the peer sends. The TypeScript engine's.

import { engineOfContext } from '../engine/select.js';
import { invalidArgType, outOfRange, UnsupportedError } from '../errors.js';
import type { SecureContext } from './secure-context.js';

export interface RecordOptions {
  /**
   * Pads protected records to a multiple of so many bytes, 1 to 16384, so that their lengths tell less about what is in
   * them. RFC 9846, Section 5.4. With the engine `typescript` alone. Default: no padding.
   */
  recordPadding?: number | undefined;
  /**
   * Bytes of a protected record's content, 64 to 16385, that the peer may send: offered by a client, answered by a server;
   * a peer that does not know of it is not held to it. RFC 8449. With the engine `typescript` alone. Default: none is offered; 16385 is answered.
   */
  recordSizeLimit?: number | undefined;
}

const ranges = { recordPadding: [1, 16384], recordSizeLimit: [64, 16385] } as const;

/**
 * @throws TypeError `ERR_INVALID_ARG_TYPE`; RangeError `ERR_OUT_OF_RANGE`; UnsupportedError `ERR_PQTLS_UNSUPPORTED` where
 *   the context's engine has no such option
 */
export function checkRecordOptions(options: RecordOptions, { context }: SecureContext): void {
  for (const name of ['recordPadding', 'recordSizeLimit'] as const) {
    const value: unknown = options[name];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'number') throw invalidArgType(`options.${name}`, 'of type number', value);
    const [least, most] = ranges[name];
    if (!Number.isInteger(value) || value < least || value > most) {
      throw outOfRange(`options.${name}`, `an integer >= ${least} && <= ${most}`, value);
    }
    if (engineOfContext(context).name === 'typescript') continue;
    throw new UnsupportedError(`'${name}' needs the engine 'typescript'; AWS-LC has no such option`, name);
  }
}
