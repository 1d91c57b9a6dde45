// Peers that send too much, too late, or something else: each is told by the alert that fits, and nothing is kept for it.

import t, { type Test } from 'tap';
import { Alert, ContentType, ExtensionType, HandshakeType } from '#src/protocol/constants.js';
import { ProtocolFault, type FaultAlert, type FaultReason } from '#src/protocol/faults.js';
import { finishMessage, startMessage } from '#src/protocol/messages/message.js';
import { exchange, Peer } from '../../support/endpoints.js';
import { MessageDraft } from '../../support/message-draft.js';

function refused(t: Test, peer: Peer, reason: FaultReason, alert: FaultAlert): void {
  t.type(peer.error, ProtocolFault, reason);
  t.match(peer.error, { reason });
  t.equal(peer.endpoint.alertSent ?? 'none', alert);
}

async function connected(): Promise<{ client: Peer; server: Peer }> {
  const client = Peer.client();
  const server = await Peer.server();
  exchange(client, server);
  return { client, server };
}

/** A protected record of any type. */
function record(peer: Peer, type: number, content: Uint8Array): Uint8Array {
  const output = new Uint8Array(20_000);
  return output.slice(0, peer.endpoint.writer.write(type, content, 0, content.length, output, 0));
}

const plain = (type: number, ...content: number[]): Uint8Array =>
  Uint8Array.of(type, 3, 3, content.length >> 8, content.length & 255, ...content);

t.test('records that are none', async (t) => {
  const cases: [FaultReason, FaultAlert, Uint8Array][] = [
    ['WRONG_VERSION_NUMBER', 'none', Uint8Array.of(22, 9, 1, 0, 1, 1)],
    ['ENCRYPTED_LENGTH_TOO_LONG', 'record_overflow', Uint8Array.of(22, 3, 1, 0x41, 0x01)],
    [
      'DATA_LENGTH_TOO_LONG',
      'record_overflow',
      Buffer.concat([Uint8Array.of(22, 3, 1, 0x40, 0x01), new Uint8Array(16385)]),
    ],
    ['HTTP_REQUEST', 'none', Buffer.from('GET / HTTP/1.1\r\n')],
    ['HTTP_RESPONSE', 'none', Buffer.from('HTTP/1.1 400 Bad Request\r\n')],
    ['HTTPS_PROXY_REQUEST', 'none', Buffer.from('CONNECT a:443 HTTP/1.1\r\n')],
    ['UNEXPECTED_RECORD', 'unexpected_message', plain(99, 1)],
    ['UNEXPECTED_RECORD', 'unexpected_message', plain(ContentType.change_cipher_spec, 1)],
    ['UNEXPECTED_RECORD', 'unexpected_message', plain(ContentType.handshake)],
    ['APPLICATION_DATA_INSTEAD_OF_HANDSHAKE', 'unexpected_message', plain(ContentType.application_data, 1)],
    ['BAD_ALERT', 'decode_error', plain(ContentType.alert, 2)],
    ['EXCESSIVE_MESSAGE_SIZE', 'illegal_parameter', plain(ContentType.handshake, 1, 0xff, 0xff, 0xff)],
    ['UNEXPECTED_MESSAGE', 'unexpected_message', plain(ContentType.handshake, HandshakeType.Finished, 0, 0, 0)],
    ['DECODE_ERROR', 'decode_error', plain(ContentType.handshake, HandshakeType.ClientHello, 0, 0, 1, 3)],
  ];
  for (const [reason, alert, bytes] of cases) {
    const server = await Peer.server();
    server.receive(bytes);
    refused(t, server, reason, alert);
  }
});

t.test('after the handshake', async (t) => {
  const keyUpdate = (request: number): Uint8Array =>
    finishMessage(startMessage(HandshakeType.KeyUpdate).uint8(request));
  const cases: [FaultReason, keyof typeof Alert, (client: Peer) => Uint8Array][] = [
    [
      'DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
      'bad_record_mac',
      () => plain(ContentType.application_data, ...new Uint8Array(40)),
    ],
    ['UNEXPECTED_RECORD', 'unexpected_message', () => plain(ContentType.change_cipher_spec, 1)],
    ['UNEXPECTED_RECORD', 'unexpected_message', () => plain(ContentType.alert, 2, 40)],
    ['UNEXPECTED_RECORD', 'unexpected_message', (client) => record(client, 0, new Uint8Array(100))],
    ['UNEXPECTED_RECORD', 'unexpected_message', (client) => record(client, ContentType.handshake, new Uint8Array(0))],
    [
      'UNEXPECTED_MESSAGE',
      'unexpected_message',
      (client) => record(client, ContentType.handshake, Uint8Array.of(1, 0, 0, 0)),
    ],
    ['INVALID_KEY_UPDATE', 'illegal_parameter', (client) => record(client, ContentType.handshake, keyUpdate(2))],
    [
      'EXCESS_HANDSHAKE_DATA',
      'unexpected_message',
      (client) => record(client, ContentType.handshake, Buffer.concat([keyUpdate(0), Uint8Array.of(24)])),
    ],
    ['BAD_ALERT', 'decode_error', (client) => record(client, ContentType.alert, Uint8Array.of(1))],
    [
      'TOO_MANY_WARNING_ALERTS',
      'unexpected_message',
      (client) =>
        Buffer.concat(Array.from({ length: 5 }, () => record(client, ContentType.alert, Uint8Array.of(1, 90)))),
    ],
    [
      'TOO_MANY_EMPTY_FRAGMENTS',
      'unexpected_message',
      (client) =>
        Buffer.concat(
          Array.from({ length: 33 }, () => record(client, ContentType.application_data, new Uint8Array(0))),
        ),
    ],
  ];
  for (const [reason, alert, make] of cases) {
    const { client, server } = await connected();
    server.receive(make(client));
    refused(t, server, reason, alert);
    client.receive(server.take());
    t.match(client.error, { alert: Alert[alert] }, 'the peer is told');
  }
});

t.test('floods of KeyUpdates and of tickets', async (t) => {
  const { client, server } = await connected();
  for (let count = 0; count < 32; count++) client.endpoint.updateKeys(true);
  server.receive(client.take());
  t.equal(server.error, undefined);
  const answer = server.take();
  t.ok(answer.length < 100, 'one answer for all of them');
  client.receive(answer);
  client.send('x');
  server.receive(client.take());
  t.equal(server.plaintext.toString(), 'x', 'the keys still agree');
  for (let count = 0; count < 33; count++) client.endpoint.updateKeys(false);
  server.receive(client.take());
  refused(t, server, 'TOO_MANY_KEY_UPDATES', 'unexpected_message');

  const other = await connected();
  const ticket = startMessage(HandshakeType.NewSessionTicket).uint32(1).uint32(1).uint8(0).uint16(1).uint8(7).uint16(0);
  const bytes = finishMessage(ticket);
  for (let count = 0; count < 65; count++) other.server.endpoint.sendUnhashed(bytes);
  other.server.endpoint.flush();
  other.client.receive(other.server.take());
  refused(t, other.client, 'TOO_MANY_SESSION_TICKETS', 'unexpected_message');
});

t.test('keys are replaced before they have protected too much', async (t) => {
  const client = Peer.client({ recordsPerKey: 3 });
  const server = await Peer.server();
  exchange(client, server);
  client.send(new Uint8Array(10 * 16384).fill(120));
  server.receive(client.take());
  t.equal(server.error, undefined);
  t.equal(server.plaintext.length, 10 * 16384);
});

t.test('padding and record_size_limit', async (t) => {
  const client = Peer.client({ recordSizeLimit: 200, padTo: 128 });
  const server = await Peer.server();
  exchange(client, server);
  t.ok(client.endpoint.handshakeDone);
  client.take();
  client.send('x');
  const padded = client.take();
  t.equal(padded.length, 5 + 128 + 16);
  server.send(new Uint8Array(1000));
  const limited = server.take();
  server.receive(padded);
  client.receive(limited);
  t.equal(server.plaintext.toString(), 'x');
  t.equal(client.plaintext.length, 1000);
  // Tickets come first, cut as well.
  for (let at = 0; at < limited.length;) {
    const length = limited.readUInt16BE(at + 3);
    t.ok(length <= 200 + 16);
    at += 5 + length;
  }
});

t.test('max_fragment_length of a client, in both directions', async (t) => {
  const fragment = 1024;
  const longest = (bytes: Buffer): number => {
    let most = 0;
    for (let at = 0; at < bytes.length;) {
      const length = bytes.readUInt16BE(at + 3);
      most = Math.max(most, length);
      at += 5 + length;
    }
    return most;
  };
  const flightFor = async (change: (draft: MessageDraft) => void): Promise<{ server: Peer; flight: Buffer }> => {
    const draft = new MessageDraft(Peer.client().take().subarray(5));
    change(draft);
    const server = await Peer.server();
    const hello = draft.build();
    server.receive(plain(ContentType.handshake, ...hello));
    return { server, flight: server.take() };
  };
  const { server, flight } = await flightFor((draft) => draft.set(ExtensionType.max_fragment_length, Buffer.of(2)));
  t.equal(server.error, undefined);
  t.ok(longest(flight) > fragment, 'ServerHello with its share goes ahead of the agreement');
  t.equal(server.endpoint.writer.fragment, fragment);
  t.equal(server.endpoint.reader.sizeLimit, fragment + 1);

  const both = await flightFor((draft) =>
    draft.set(ExtensionType.max_fragment_length, Buffer.of(2)).set(ExtensionType.record_size_limit, Buffer.of(8, 0)),
  );
  t.equal(both.server.endpoint.writer.fragment, 2047, 'record_size_limit takes its place');
});
