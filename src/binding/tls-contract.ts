// What the addon exports for the TLS engine (native/secure_context.cc, connection.cc).

// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface NativeTls {}
