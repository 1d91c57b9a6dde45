// What the running Node's OpenSSL says, where the releases of it, or of Node, do not say the same.

const major = Number(process.versions.node.split('.')[0]);

/** node:tls's code for an alert that came, by OpenSSL's name of it without `SSLV3_ALERT_`. */
export function alertCode(name: string): string {
  // OpenSSL 3.2 renamed those that are as old as SSL 3.
  const isRenamed = !/^3\.[01]\./.test(process.versions.openssl);
  return `ERR_SSL_${isRenamed ? 'SSL/TLS' : 'SSLV3'}_ALERT_${name}`;
}

/** The message of a chain that does not end in a root; Node 24 and later know what may help. */
export function untrustedMessage(text: string): string {
  return major < 24 ? text : `${text}; if the root CA is installed locally, try running Node.js with --use-system-ca`;
}
