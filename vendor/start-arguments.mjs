// The arguments of `npm start`. Without dependencies, so that a wrong one is refused before anything is built.
// @ts-check

import { parseArgs } from 'node:util';

export const usage = `Usage: npm start [-- options]

Runs a TLS 1.3 handshake with hybrid key exchange on loopback and prints what was negotiated. What is missing or out
of date is built first.

  --serve        keep the server running and print how to connect to it
  --port <n>     the server's port (default: a free one; with --serve 8443)
  -h, --help     this text

Example: npm start -- --serve --port 9443

Exit codes: 0 the handshake was post-quantum; 1 it failed; 2 TLS is not available here, or bad usage.
`;

/** @typedef {{ readonly serve: boolean, readonly port: number }} StartOptions */

const servePort = 8443;

/** Arguments that `npm start` does not take; the message says which. */
export class UsageError extends Error {}

/**
 * Undefined where help is asked for; throws UsageError.
 * @param {readonly string[]} args
 * @returns {StartOptions | undefined}
 */
export function readStartArguments(args) {
  const { serve, port, help } = parse(args);
  if (help) return undefined;
  if (port !== undefined && !(/^\d+$/.test(port) && Number(port) <= 65535)) {
    throw new UsageError(`--port must be a number from 0 to 65535, not '${port}'`);
  }
  return { serve, port: port === undefined ? (serve ? servePort : 0) : Number(port) };
}

/** @param {readonly string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        serve: { type: 'boolean', default: false },
        port: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message);
  }
}
