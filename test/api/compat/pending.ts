// The behaviours of node:tls that pqtls does not show yet, and what each awaits. One that passes must leave this list.

export const pending: Readonly<Record<string, string>> = {
  'errors: a client that gets a CONNECT request': 'errors of the handshake',
  'errors: a client that gets a POST request': 'errors of the handshake',
  'errors: a client that gets an HTTP request': 'errors of the handshake',
  'errors: a server that gets a close_notify first': 'errors of the handshake',
  'errors: a server that gets an SSLv2 hello': 'errors of the handshake',
  'errors: a server that gets an alert first': 'errors of the handshake',
  'errors: a server without a certificate': 'errors of the handshake',
  'errors: handshakeTimeout is a tlsClientError': 'errors of the handshake',
  'errors: tlsClientError comes with the socket': 'errors of the handshake',
};

/** Those that newer Nodes alone show, by the major that began with it. */
export const pendingSince: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  22: {
    'errors: bytes that are no record after the handshake': 'errors of the handshake',
  },
};
