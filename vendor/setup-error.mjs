// The failures that the set-up expects and explains; anything else is a bug and keeps its stack trace.
// @ts-check

/** Something on this machine keeps the native addon from being built; the library works without it. */
export class NativeUnavailableError extends Error {
  /** @param {string[]} reasons one line each: what is missing and how to get it */
  constructor(reasons) {
    super(reasons.join('\n'));
    this.name = 'NativeUnavailableError';
    this.reasons = reasons;
  }
}

/** A step that should have worked did not; the message ends with what its command printed. */
export class StepFailedError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = 'StepFailedError';
  }
}
