// What is wrong with how a command was called: told in one line, before anything is measured.

export class UsageError extends Error {}
