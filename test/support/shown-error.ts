// An error with the name of its class, to match against: pqtls's errors are called Error, as node:tls's are.

/** All own properties, the message, and `class`; of the cause as well. */
export function shownError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { notAnError: error };
  const { message, cause } = error;
  return {
    ...error,
    message,
    class: error.constructor.name,
    ...(cause === undefined ? {} : { cause: shownError(cause) }),
  };
}
