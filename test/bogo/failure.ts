// What makes a shim's process end with an error, and the words in which the runner looks for the reason.

import { TlsError } from 'pqtls';

/** The connection is not as the flags say that it must be. */
export class ExpectationError extends Error {}

/** The runner ended the transport without a word. */
export class TransportEndError extends Error {}

/**
 * What the process writes to stderr. The runner looks for BoringSSL's name of the fault between colons, as AWS-LC has it
 * too; where its name is another one, `errors` in config.json says which.
 */
export function describeFailure(error: unknown): string {
  if (error instanceof TlsError) {
    const alert = error.alertReceived === undefined ? '' : ` alert ${error.alertReceived}`;
    return `:${error.engineReason ?? error.code}:${alert}\n${error.message}\n`;
  }
  if (error instanceof ExpectationError || error instanceof TransportEndError) return `${error.message}\n`;
  return `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
}
