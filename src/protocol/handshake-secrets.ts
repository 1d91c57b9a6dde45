// The secrets of a handshake and of what follows, as both sides derive and tell them. RFC 9846, Section 7.1.

import type { SuiteParameters } from './cipher-suites.js';
import type { Endpoint } from './endpoint.js';
import type { HandshakeSecret, MasterSecret } from './key-schedule.js';

/** Of the handshake messages that are encrypted. */
export interface HandshakeKeys {
  readonly suite: SuiteParameters;
  readonly secret: HandshakeSecret;
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

/** After ServerHello. */
export function deriveHandshakeKeys(
  endpoint: Endpoint,
  suite: SuiteParameters,
  secret: HandshakeSecret,
): HandshakeKeys {
  const digest = endpoint.transcript.digest();
  const keys = { suite, secret, client: secret.clientTraffic(digest), server: secret.serverTraffic(digest) };
  endpoint.tellSecret('CLIENT_HANDSHAKE_TRAFFIC_SECRET', keys.client);
  endpoint.tellSecret('SERVER_HANDSHAKE_TRAFFIC_SECRET', keys.server);
  return keys;
}

/** Of application data. */
export interface ApplicationSecrets {
  readonly master: MasterSecret;
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

/** After the server's Finished. Ends `secret`. */
export function deriveApplicationSecrets(endpoint: Endpoint, secret: HandshakeSecret): ApplicationSecrets {
  const master = secret.intoMasterSecret();
  const digest = endpoint.transcript.digest();
  const client = master.clientTraffic(digest);
  const server = master.serverTraffic(digest);
  const exporter = master.exporter(digest);
  endpoint.tellSecret('CLIENT_TRAFFIC_SECRET_0', client);
  endpoint.tellSecret('SERVER_TRAFFIC_SECRET_0', server);
  endpoint.tellSecret('EXPORTER_SECRET', exporter);
  endpoint.setExporterSecret(exporter);
  return { master, client, server };
}
