// The behaviours of node:tls that pqtls does not show yet, and what each awaits. One that passes must leave this list.

export const pending: Readonly<Record<string, string>> = {};

/** Those that newer Nodes alone show, by the major that began with it. */
export const pendingSince: Readonly<Record<number, Readonly<Record<string, string>>>> = {};
