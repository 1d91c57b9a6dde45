// Environment variables that change what pqtls does: which are set, and the value where it is harmless.

/** Variables and the values that may be shown; of any other value, only that it is there. */
const variables: Readonly<Record<string, RegExp>> = {
  PQTLS_POST_QUANTUM: /^(prefer|require|off)$/,
  PQTLS_POLICY: /^[a-z0-9-]{1,40}$/,
  PQTLS_TRANSPORT: /^net$/,
  PQTLS_PROVIDER: /^(aws-lc|noble)$/,
  PQTLS_REQUIRE_NATIVE: /^[01]$/,
  PQTLS_ADDON_PATH: /^$/,
  NODE_OPTIONS: /^$/,
  NODE_EXTRA_CA_CERTS: /^$/,
  NODE_TLS_REJECT_UNAUTHORIZED: /^[01]$/,
  SSLKEYLOGFILE: /^$/,
  SSL_CERT_FILE: /^$/,
  SSL_CERT_DIR: /^$/,
  UV_THREADPOOL_SIZE: /^\d{1,5}$/,
  OPENSSL_CONF: /^$/,
  NO_COLOR: /^[01]?$/,
};

export interface VariableFacts {
  readonly name: string;
  readonly value: string;
}

/** Paths and whatever else may say who the user is are `(set)`. */
export function environmentFacts(environment: NodeJS.ProcessEnv = process.env): VariableFacts[] {
  return Object.entries(variables).flatMap(([name, harmless]) => {
    const value = environment[name];
    return value === undefined ? [] : [{ name, value: harmless.test(value) && value !== '' ? value : '(set)' }];
  });
}
