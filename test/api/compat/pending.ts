// The behaviours of node:tls that pqtls does not show yet, and what each awaits. One that passes must leave this list.

export const pending: Readonly<Record<string, string>> = {
  'certificates: an intermediate from the server’s ca option, TLSv1.2': 'verification: errors and events',
  'certificates: an intermediate from the server’s ca option, TLSv1.3': 'verification: errors and events',
  'certificates: an intermediate from the server’s ca option, with rejectUnauthorized: false':
    'verification: errors and events',
  'certificates: checkServerIdentity that returns text': 'verification: errors and events',
  'certificates: checkServerIdentity that throws': 'verification: errors and events',
  'certificates: the error of a wrong name has reason, host and cert': 'verification: errors and events',
  'certificates: the revoked certificate of a client': 'verification: errors and events',
  'client-auth: a certificate of another CA, rejecting, TLSv1.2': 'client certificates',
  'client-auth: a certificate of another CA, rejecting, TLSv1.3': 'client certificates',
  'client-auth: a rejected client of TLS 1.3 gets the alert as an error': 'client certificates',
  'client-auth: a self-signed certificate, rejecting, TLSv1.2': 'client certificates',
  'client-auth: a self-signed certificate, rejecting, TLSv1.3': 'client certificates',
  'client-auth: an expired certificate, rejecting, TLSv1.2': 'client certificates',
  'client-auth: an expired certificate, rejecting, TLSv1.3': 'client certificates',
  'client-auth: requestCert of a TLSSocket without a server': 'client certificates',
  'errors: a client that gets a CONNECT request': 'errors of the handshake',
  'errors: a client that gets a POST request': 'errors of the handshake',
  'errors: a client that gets an HTTP request': 'errors of the handshake',
  'errors: a server that gets a close_notify first': 'errors of the handshake',
  'errors: a server that gets an SSLv2 hello': 'errors of the handshake',
  'errors: a server that gets an alert first': 'errors of the handshake',
  'errors: a server without a certificate': 'errors of the handshake',
  'errors: handshakeTimeout is a tlsClientError': 'errors of the handshake',
  'errors: tlsClientError comes with the socket': 'errors of the handshake',
  'sni: the context of SNICallback decides about client certificates':
    'a client sends the issuers that it trusts along',
};

/** Those that newer Nodes alone show, by the major that began with it. */
export const pendingSince: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  22: {
    'errors: bytes that are no record after the handshake': 'errors of the handshake',
  },
  24: {
    'certificates: NODE_TLS_REJECT_UNAUTHORIZED=0': 'verification: errors and events',
    'certificates: a ca list without the right one, TLSv1.2': 'verification: errors and events',
    'certificates: a ca list without the right one, TLSv1.3': 'verification: errors and events',
    'certificates: a self-signed certificate, TLSv1.2': 'verification: errors and events',
    'certificates: a self-signed certificate, TLSv1.3': 'verification: errors and events',
    'certificates: a trusted intermediate without its root, TLSv1.2': 'verification: errors and events',
    'certificates: a trusted intermediate without its root, TLSv1.3': 'verification: errors and events',
    'certificates: an empty ca list, TLSv1.2': 'verification: errors and events',
    'certificates: an empty ca list, TLSv1.3': 'verification: errors and events',
    'certificates: an intermediate that is missing, TLSv1.2': 'verification: errors and events',
    'certificates: an intermediate that is missing, TLSv1.3': 'verification: errors and events',
    'certificates: an unknown CA, TLSv1.2': 'verification: errors and events',
    'certificates: an unknown CA, TLSv1.3': 'verification: errors and events',
    'certificates: rejectUnauthorized: "" with a bad certificate': 'verification: errors and events',
    'certificates: rejectUnauthorized: "false" with a bad certificate': 'verification: errors and events',
    'certificates: rejectUnauthorized: 0 with a bad certificate': 'verification: errors and events',
    'certificates: rejectUnauthorized: null with a bad certificate': 'verification: errors and events',
    'certificates: rejectUnauthorized: true with a bad certificate': 'verification: errors and events',
    'certificates: rejectUnauthorized: undefined with a bad certificate': 'verification: errors and events',
    'certificates: the leaf itself as ca, TLSv1.2': 'verification: errors and events',
    'certificates: the leaf itself as ca, TLSv1.3': 'verification: errors and events',
    'certificates: the system’s roots, TLSv1.2': 'verification: errors and events',
    'certificates: the system’s roots, TLSv1.3': 'verification: errors and events',
  },
};
