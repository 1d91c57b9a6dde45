// Handshakes between two endpoints in memory: what they agree on, in every combination.

import t from 'tap';
import { NamedGroup } from '#src/protocol/constants.js';
import { exchange, groups, Peer } from '../../support/endpoints.js';

void t.test('every group with every suite', async (t) => {
  const suites = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'] as const;
  for (const group of groups) {
    for (const suite of suites) {
      const client = Peer.client({}, { groups: [group], suites: [suite] });
      const server = await Peer.server({}, { groups });
      exchange(client, server);
      t.equal(client.error, undefined);
      t.equal(server.error, undefined);
      t.ok(client.endpoint.handshakeDone && server.endpoint.handshakeDone, `${group} ${suite}`);
      for (const { endpoint } of [client, server]) {
        t.equal(endpoint.facts.group, NamedGroup[group]);
        t.equal(endpoint.facts.suite?.name, suite);
      }
      client.send('ping');
      server.send('pong');
      exchange(client, server);
      t.equal(server.plaintext.toString(), 'ping');
      t.equal(client.plaintext.toString(), 'pong');
      t.equal(client.sessions.length, 2);
    }
  }
});
