// The traces of RFC 8448, Sections 3 to 7, byte for byte: our client's and our server's states, record layer and key schedule
// make every record of them, given their keys and randomness.
//
// What the engine would say otherwise is replaced on its way out, and compared field by field: the ClientHello, the order
// of extensions in ServerHello, EncryptedExtensions, and CertificateRequest. It offers and takes no 0-RTT, so of Section 4
// it is the server that has to resume, and to pass over the early data; the client's records are made with its record layer.

import t, { type Test } from 'tap';
import { nodePrimitives } from '#src/crypto/tls/node-primitives.js';
import { suiteOf } from '#src/protocol/cipher-suites.js';
import { Alert, AlertLevel, ContentType, ExtensionType, HandshakeType } from '#src/protocol/constants.js';
import { hkdfExpandLabel, hkdfExtract } from '#src/protocol/hkdf.js';
import { EarlySecret, finishedData } from '#src/protocol/key-schedule.js';
import { readClientHello } from '#src/protocol/messages/client-hello.js';
import { finishMessage, startMessage } from '#src/protocol/messages/message.js';
import { readServerHello } from '#src/protocol/messages/server-hello.js';
import { RecordWriter } from '#src/protocol/record-writer.js';
import { encodeSession } from '#src/protocol/session-state.js';
import { TrafficKeys } from '#src/protocol/traffic-keys.js';
import { hex } from '../../support/hex.js';
import {
  bytesOfHex,
  certificateRequest,
  clientHello,
  encryptedExtensions,
  endOfEarlyData,
  helloRetryRequest,
  newSessionTicket,
  serverHello,
} from './messages.js';
import { recordHashes, shareOf, traceClient, traceServer, type Replaced, type TracePeer } from './trace-endpoint.js';
import { clientCertificate, compatibility, resumed, retry, simple, ticket, type Trace } from './traces.js';

/** What both sides send after the handshake in Sections 3 and 4. */
const applicationData = Uint8Array.from({ length: 50 }, (_, index) => index);

/** The messages of ours that were replaced say the same, but for the order of extensions, and for `lacking`. */
function sameHellos(t: Test, replaced: readonly Replaced[], lacking: readonly number[] = []): void {
  for (const { type, own, sent } of replaced) {
    if (type !== 'ServerHello' && type !== 'ClientHello') continue;
    if (type === 'ClientHello') {
      const [ours, theirs] = [readClientHello(own), readClientHello(sent)];
      t.equal(hex(ours.random), hex(theirs.random));
      t.equal(hex(ours.sessionId), hex(theirs.sessionId));
      for (const extension of [ExtensionType.key_share, ExtensionType.server_name, ExtensionType.supported_versions]) {
        t.equal(shown(ours.extensions, extension), shown(theirs.extensions, extension), `${type} ${extension}`);
      }
      continue;
    }
    const [ours, theirs] = [readServerHello(own), readServerHello(sent)];
    t.equal(hex(ours.random), hex(theirs.random));
    t.equal(hex(ours.sessionId), hex(theirs.sessionId));
    t.equal(ours.cipherSuite, theirs.cipherSuite);
    const extensions = [...theirs.extensions.keys()].filter((extension) => !lacking.includes(extension));
    t.strictSame([...ours.extensions.keys()].sort(), extensions.sort(), `extensions of ${type}`);
    for (const extension of extensions) {
      t.equal(shown(ours.extensions, extension), shown(theirs.extensions, extension), `${type} ${extension}`);
    }
  }
}

function shown(extensions: ReadonlyMap<number, Uint8Array>, type: number): string {
  return hex(extensions.get(type) ?? new Uint8Array(0));
}

/** Carries one flight, which has to be that of the trace. */
function carry(t: Test, trace: Trace, number: number, from: TracePeer, to: TracePeer): void {
  const bytes = from.peer.take();
  t.strictSame(recordHashes(bytes), trace.flights[number], `flight ${number} of section ${trace.section}`);
  to.peer.receive(bytes);
  t.equal(to.peer.error, undefined);
}

function bothDone(t: Test, { endpoint: client }: TracePeer, { endpoint: server }: TracePeer): void {
  t.ok(client.handshakeDone && server.handshakeDone);
  t.strictSame([...client.secrets], [...server.secrets], 'both have the same secrets');
}

function closeBoth(t: Test, trace: Trace, number: number, client: TracePeer, server: TracePeer): void {
  client.endpoint.close();
  carry(t, trace, number, client, server);
  server.endpoint.close();
  carry(t, trace, number + 1, server, client);
  t.equal(client.endpoint.alertReceived, Alert.close_notify);
  t.equal(server.endpoint.alertReceived, Alert.close_notify);
}

t.test(simple.section, async (t) => {
  const hello = clientHello(simple, { shares: [shareOf(simple.clientKeys, 'X25519')], sessionTicket: true });
  const client = traceClient(simple, [hello]);
  const server = traceServer(simple, [
    serverHello(simple, shareOf(simple.serverKeys, 'X25519')),
    encryptedExtensions({ groups: 'all' }),
  ]);
  carry(t, simple, 0, client, server);
  carry(t, simple, 1, server, client);
  carry(t, simple, 2, client, server);
  bothDone(t, client, server);
  sameHellos(t, [...client.endpoint.replaced, ...server.endpoint.replaced]);
  // As Section 3 prints them.
  t.strictSame(Object.fromEntries(client.endpoint.secrets), {
    CLIENT_HANDSHAKE_TRAFFIC_SECRET: 'b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21',
    SERVER_HANDSHAKE_TRAFFIC_SECRET: 'b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38',
    CLIENT_TRAFFIC_SECRET_0: '9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5',
    SERVER_TRAFFIC_SECRET_0: 'a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643',
    EXPORTER_SECRET: 'fe22f881176eda18eb8f44529e6792c50c9a3f89452f68d8ae311b4309d3cf50',
  });
  // Ours would be two, with what we seal into them.
  server.endpoint.makeTickets = undefined;
  server.endpoint.sendUnhashed(newSessionTicket());
  server.endpoint.flush();
  carry(t, simple, 3, server, client);
  const [session] = client.peer.sessions;
  t.equal(hex(session?.preSharedKey ?? new Uint8Array(0)), ticket.preSharedKey, 'the key of the ticket');
  t.equal(session?.lifetime, ticket.lifetime);
  client.peer.send(applicationData);
  carry(t, simple, 4, client, server);
  server.peer.send(applicationData);
  carry(t, simple, 5, server, client);
  for (const { peer } of [client, server]) t.equal(hex(peer.plaintext), hex(applicationData));
  closeBoth(t, simple, 6, client, server);
});

/** One direction of a client's records, as its record layer makes them. */
function writerOf(secret: Uint8Array): (type: number, content: Uint8Array) => Buffer {
  const suite = suiteOf(0x1301);
  if (suite === undefined) throw new Error('TLS_AES_128_GCM_SHA256 is gone');
  const writer = new RecordWriter();
  writer.keys = new TrafficKeys(nodePrimitives, suite, secret);
  return (type, content) => {
    const output = Buffer.alloc(writer.sizeOf(content.length));
    return output.subarray(0, writer.write(type, content, 0, content.length, output, 0));
  };
}

t.test(resumed.section, async (t) => {
  const trace = resumed;
  const psk = bytesOfHex(ticket.preSharedKey);
  const hello = clientHello(trace, {
    shares: [shareOf(trace.clientKeys, 'X25519')],
    earlyData: true,
    padding: 87,
    resumes: true,
  });
  const session = encodeSession({
    cipherSuite: 0x1301,
    preSharedKey: psk,
    createdAt: Date.now() - 6,
    lifetime: ticket.lifetime,
    ageAdd: ticket.ageAdd,
    postQuantum: false,
    serverName: 'server',
    peerChain: [],
    context: new Uint8Array(65),
    ticket: new Uint8Array(0),
  });
  const server = traceServer(
    trace,
    [
      serverHello(trace, shareOf(trace.serverKeys, 'X25519'), true),
      encryptedExtensions({ groups: 'all', earlyData: true }),
    ],
    {
      tickets: {
        seal: () => undefined,
        open: (identity) => (hex(identity) === ticket.identity ? { session, renew: false } : undefined),
      },
    },
  );
  // The client: a ClientHello in the clear, and early data.
  const first = new RecordWriter();
  const plain = Buffer.alloc(first.sizeOf(hello.length));
  const opening = plain.subarray(0, first.write(ContentType.handshake, hello, 0, hello.length, plain, 0));
  const early = hkdfExtract(nodePrimitives, 'sha256', new Uint8Array(32), psk);
  const helloHash = nodePrimitives.hash('sha256', hello);
  const writeEarly = writerOf(hkdfExpandLabel(nodePrimitives, 'sha256', early, 'c e traffic', helloHash, 32));
  const flight = Buffer.concat([opening, writeEarly(ContentType.application_data, Buffer.from('ABCDEF'))]);
  t.strictSame(recordHashes(flight), trace.flights[0], 'the ClientHello with its binder, and early data');
  server.peer.receive(flight);
  t.equal(server.peer.error, undefined);
  t.equal(server.endpoint.facts.resumed, true, 'the server resumes');
  const answer = server.peer.take();
  t.strictSame(recordHashes(answer), trace.flights[1]);
  sameHellos(t, server.endpoint.replaced);

  // The engine passes EndOfEarlyData over with the early data; a server that takes it has it in the transcript.
  const secretOf = (label: Parameters<typeof server.endpoint.secrets.get>[0]): Uint8Array =>
    bytesOfHex(server.endpoint.secrets.get(label) ?? '');
  server.endpoint.transcript.add(endOfEarlyData);
  const handshakeSecret = secretOf('CLIENT_HANDSHAKE_TRAFFIC_SECRET');
  const verifyData = finishedData(nodePrimitives, 'sha256', handshakeSecret, server.endpoint.transcript.digest());
  const finished = finishMessage(startMessage(HandshakeType.Finished).raw(verifyData));
  const end = Buffer.concat([
    writeEarly(ContentType.handshake, endOfEarlyData),
    writerOf(handshakeSecret)(ContentType.handshake, finished),
  ]);
  t.strictSame(recordHashes(end), trace.flights[2], 'EndOfEarlyData and Finished');
  server.peer.receive(end);
  t.equal(server.peer.error, undefined);
  t.ok(server.endpoint.handshakeDone);
  t.equal(server.peer.plaintext.length, 0, 'the early data is not taken');

  const write = writerOf(secretOf('CLIENT_TRAFFIC_SECRET_0'));
  const data = write(ContentType.application_data, applicationData);
  t.strictSame(recordHashes(data), trace.flights[3]);
  server.peer.receive(data);
  t.equal(hex(server.peer.plaintext), hex(applicationData));
  server.peer.send(applicationData);
  t.strictSame(recordHashes(server.peer.take()), trace.flights[4]);
  const close = write(ContentType.alert, Uint8Array.of(AlertLevel.warning, Alert.close_notify));
  t.strictSame(recordHashes(close), trace.flights[5]);
  server.peer.receive(close);
  server.endpoint.close();
  t.strictSame(recordHashes(server.peer.take()), trace.flights[6]);
  // The stage that the binder comes from is the one that the handshake goes on with.
  const binder = new EarlySecret(nodePrimitives, 'sha256', psk).binder(helloHash);
  t.not(hex(binder), hex(hello.subarray(-32)), 'the binder covers the truncated ClientHello alone');
});

t.test(retry.section, async (t) => {
  const trace = retry;
  const client = traceClient(trace, [
    clientHello(trace, { shares: [shareOf(trace.clientKeys, 'X25519')], groups: 'elliptic' }),
    clientHello(trace, {
      shares: [shareOf(trace.clientKeys, 'secp256r1')],
      groups: 'elliptic',
      cookie: true,
      padding: 175,
    }),
  ]);
  const server = traceServer(trace, [
    helloRetryRequest(),
    serverHello(trace, shareOf(trace.serverKeys, 'secp256r1')),
    encryptedExtensions({ groups: 'X25519 last' }),
  ]);
  carry(t, trace, 0, client, server);
  carry(t, trace, 1, server, client);
  carry(t, trace, 2, client, server);
  carry(t, trace, 3, server, client);
  carry(t, trace, 4, client, server);
  bothDone(t, client, server);
  // Our server asks for no cookie: it keeps the state.
  sameHellos(t, [...client.endpoint.replaced, ...server.endpoint.replaced], [ExtensionType.cookie]);
  const [, second] = client.endpoint.replaced;
  t.equal(
    shown(readClientHello(second?.own ?? new Uint8Array(0)).extensions, ExtensionType.cookie),
    shown(readClientHello(second?.sent ?? new Uint8Array(0)).extensions, ExtensionType.cookie),
    'our client gives the cookie back',
  );
  server.endpoint.makeTickets = undefined;
  closeBoth(t, trace, 5, client, server);
});

t.test(clientCertificate.section, async (t) => {
  const trace = clientCertificate;
  const client = traceClient(trace, [clientHello(trace, { shares: [shareOf(trace.clientKeys, 'X25519')] })]);
  const server = traceServer(trace, [
    serverHello(trace, shareOf(trace.serverKeys, 'X25519')),
    encryptedExtensions({ groups: 'all' }),
    certificateRequest(),
  ]);
  carry(t, trace, 0, client, server);
  carry(t, trace, 1, server, client);
  carry(t, trace, 2, client, server);
  bothDone(t, client, server);
  sameHellos(t, [...client.endpoint.replaced, ...server.endpoint.replaced]);
  const [chain = new Uint8Array(0)] = server.endpoint.facts.peerChain;
  t.equal(Buffer.from(chain).toString('base64'), trace.clientCertificate);
  server.endpoint.makeTickets = undefined;
  closeBoth(t, trace, 3, client, server);
});

t.test(compatibility.section, async (t) => {
  const trace = compatibility;
  const client = traceClient(trace, [clientHello(trace, { shares: [shareOf(trace.clientKeys, 'X25519')] })]);
  const server = traceServer(trace, [
    serverHello(trace, shareOf(trace.serverKeys, 'X25519')),
    encryptedExtensions({ groups: 'all' }),
  ]);
  carry(t, trace, 0, client, server);
  carry(t, trace, 1, server, client);
  carry(t, trace, 2, client, server);
  bothDone(t, client, server);
  sameHellos(t, [...client.endpoint.replaced, ...server.endpoint.replaced]);
  server.endpoint.makeTickets = undefined;
  closeBoth(t, trace, 3, client, server);
});

t.test('another random is another record, and nothing that the key of the trace has signed', async (t) => {
  const changed: Trace = { ...simple, serverRandom: simple.clientRandom };
  const hello = clientHello(simple, { shares: [shareOf(simple.clientKeys, 'X25519')], sessionTicket: true });
  const client = traceClient(simple, [hello]);
  const server = traceServer(changed, [serverHello(changed, shareOf(changed.serverKeys, 'X25519'))]);
  server.peer.receive(client.peer.take());
  t.match(server.peer.error, { reason: 'PRIVATE_KEY_OPERATION_FAILED' });
  t.not(recordHashes(server.peer.take())[0], simple.flights[1]?.[0]);
});
