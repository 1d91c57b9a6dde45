// Handshakes between two endpoints in memory: what they agree on, in every combination.

import t from 'tap';
import type { Environment } from '#src/protocol/config.js';
import {
  CertificateCompression,
  CipherSuite,
  ExtensionType,
  helloRetryRequestRandom,
  NamedGroup,
} from '#src/protocol/constants.js';
import { writeExtension } from '#src/protocol/extensions/extension-list.js';
import { readClientHello } from '#src/protocol/messages/client-hello.js';
import { writeServerHello } from '#src/protocol/messages/server-hello.js';
import { environment, exchange, groups, Peer } from '../../support/endpoints.js';

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

void t.test('tickets that no ClientHello has room for are not kept', async (t) => {
  for (const [length, kept] of [
    [32_768, 2],
    [32_769, 0],
    [65_000, 0],
  ] as const) {
    const tickets = { seal: () => new Uint8Array(length), open: () => undefined };
    const client = Peer.client();
    const server = await Peer.server({}, { tickets });
    exchange(client, server);
    server.send('pong');
    exchange(client, server);
    t.equal(client.plaintext.toString(), 'pong');
    t.equal(client.sessions.length, kept, `${length} bytes`);
    const [session] = client.sessions;
    const again = Peer.client({ session });
    exchange(again, await Peer.server({}, { tickets }));
    t.ok(again.endpoint.handshakeDone);
  }
});

void t.test('a chain is compressed once', async (t) => {
  let compressions = 0;
  const codec: Environment['codec'] = {
    compress: (_, input) => {
      compressions += 1;
      return Uint8Array.from(input);
    },
    decompress: (_, input) => Uint8Array.from(input),
  };
  const options = { environment: { ...environment, codec } };
  const { zlib, brotli } = CertificateCompression;
  for (const [compression, expected] of [
    [[zlib], 1],
    [[zlib], 1],
    [[brotli], 2],
    [[brotli], 2],
  ] as const) {
    const client = Peer.client(options, { compression });
    const server = await Peer.server(options, { compression });
    exchange(client, server);
    t.ok(client.endpoint.handshakeDone && server.endpoint.handshakeDone);
    t.equal(compressions, expected);
  }
});

void t.test('a cookie that no ClientHello has room for is refused', async (t) => {
  const answer = (client: Peer, length: number): void => {
    const { sessionId } = readClientHello(client.take().subarray(5));
    const retry = writeServerHello(helloRetryRequestRandom, sessionId, CipherSuite.TLS_AES_256_GCM_SHA384, (writer) => {
      writeExtension(writer, ExtensionType.supported_versions, (body) => void body.uint16(0x0304));
      writeExtension(writer, ExtensionType.cookie, (body) => void body.vector16(new Uint8Array(length).fill(1)));
    });
    for (let at = 0; at < retry.length; at += 16_000) {
      const fragment = retry.subarray(at, at + 16_000);
      client.receive(Buffer.concat([Buffer.of(22, 3, 3, fragment.length >> 8, fragment.length & 255), fragment]));
    }
  };
  const patient = Peer.client();
  answer(patient, 16_384);
  t.equal(patient.error, undefined);
  t.ok(patient.take().length > 16_384, 'it goes along');
  const strict = Peer.client();
  answer(strict, 16_385);
  t.match(strict.error, { reason: 'EXCESSIVE_MESSAGE_SIZE', alert: 'illegal_parameter' });
});
