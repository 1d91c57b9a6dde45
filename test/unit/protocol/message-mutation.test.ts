// Handshakes whose messages are changed under the right keys: every byte flipped, every message dropped, repeated or exchanged
// with the next, of either side. What mutation.test.ts does to records, an end that holds the keys does here.

import '../../support/both-engines.js';
import t from 'tap';
import { nodePrimitives } from '#src/crypto/tls/node-primitives.js';
import { HandshakeType, nameOf, type AlertName } from '#src/protocol/constants.js';
import { PeerAlert, type Endpoint } from '#src/protocol/endpoint.js';
import { ProtocolFault } from '#src/protocol/faults.js';
import { TicketKeys } from '#src/protocol/ticket-keys.js';
import { defaultCredential, exchange, Peer } from '../../support/endpoints.js';

type Side = 'client' | 'server';

/** Gets every message that an end sends, in the place of `endpoint.send()`. */
type Sending = (message: Uint8Array, number: number, send: (message: Uint8Array) => void, endpoint: Endpoint) => void;

const honest: Sending = (message, _number, send) => send(message);

function sendingBy(sending: Sending): (peer: Peer) => void {
  return ({ endpoint }) => {
    const send = endpoint.send.bind(endpoint);
    let number = 0;
    endpoint.send = (message) => sending(message, number++, send, endpoint);
  };
}

interface Ends {
  readonly client: Peer;
  readonly server: Peer;
}

type Handshake = (sending: Record<Side, Sending>) => Promise<Ends>;

const groups = ['X25519'] as const;
const credential = await defaultCredential();
const tickets = new TicketKeys(nodePrimitives, () => Date.now());

async function sessionOfServer(): Promise<Peer['sessions'][number]> {
  const client = Peer.client({}, { groups });
  const server = await Peer.server({}, { groups, tickets });
  exchange(client, server);
  server.send('its tickets come with this');
  exchange(client, server);
  const [session] = client.sessions;
  if (session === undefined) throw new Error('There was no ticket');
  return session;
}

const session = await sessionOfServer();

const handshakes: Readonly<Record<string, Handshake>> = {
  'a full handshake': async ({ client, server }) => ({
    server: await Peer.server({}, { groups }, sendingBy(server)),
    client: Peer.client({}, { groups }, sendingBy(client)),
  }),
  'a client certificate': async ({ client, server }) => ({
    server: await Peer.server({ requestCertificate: true, requireCertificate: true }, { groups }, sendingBy(server)),
    client: Peer.client({}, { groups, credentials: [credential] }, sendingBy(client)),
  }),
  'a HelloRetryRequest': async ({ client, server }) => ({
    server: await Peer.server({}, { groups: ['secp256r1'] }, sendingBy(server)),
    client: Peer.client({}, { groups: ['X25519', 'secp256r1'] }, sendingBy(client)),
  }),
  'a resumption': async ({ client, server }) => ({
    server: await Peer.server({}, { groups, tickets }, sendingBy(server)),
    client: Peer.client({ session }, { groups }, sendingBy(client)),
  }),
};

/** What may end a handshake in which a byte of such a message's body is another one. RFC 9846, Section 6.2. */
const alertsFor: Readonly<Record<string, readonly AlertName[]>> = {
  ClientHello: [
    'decode_error',
    'illegal_parameter',
    'missing_extension',
    'handshake_failure',
    'protocol_version',
    // Of a binder: Section 4.3.11.2.
    'decrypt_error',
    // Both ends have other keys.
    'bad_record_mac',
  ],
  ServerHello: ['decode_error', 'illegal_parameter', 'unsupported_extension', 'protocol_version', 'bad_record_mac'],
  EncryptedExtensions: ['decode_error', 'unsupported_extension'],
  CertificateRequest: ['decode_error', 'missing_extension', 'illegal_parameter', 'decrypt_error'],
  Certificate: ['decode_error', 'illegal_parameter', 'unsupported_extension', 'decrypt_error'],
  CertificateVerify: ['decode_error', 'illegal_parameter', 'decrypt_error'],
  Finished: ['decrypt_error'],
};

const headerLength = 4;
// In a header: its type is not expected, its length is beyond any limit, or not that of the message.
const alertsForHeader: readonly (readonly AlertName[])[] = [
  ['unexpected_message'],
  ['illegal_parameter'],
  ['decode_error', 'unexpected_message'],
  ['decode_error', 'unexpected_message'],
];

const typeOf = ([type = 0]: Uint8Array): string => nameOf(HandshakeType, type);
/** Nothing follows it until the peer answers: without it, both wait. */
const endsFlight = (message: Uint8Array, next: Uint8Array | undefined): boolean =>
  ['ClientHello', 'Finished'].includes(typeOf(message)) || (next !== undefined && typeOf(next) === 'ServerHello');

/** What is wrong with how the ends fared; undefined where the receiver refused it as it should. */
function complaint(
  what: string,
  ends: Ends,
  sender: Side,
  allowed: readonly (AlertName | undefined)[],
): string | undefined {
  const receiver = ends[sender === 'client' ? 'server' : 'client'];
  for (const { error } of [ends.client, ends.server]) {
    const isTyped = error === undefined || error instanceof PeerAlert || error instanceof ProtocolFault;
    if (!isTyped || (error instanceof ProtocolFault && error.reason === 'ENGINE_FAILED')) return String(error);
  }
  // A client that was not asked for its certificate has nothing to find fault with: the server finds it.
  const judge = what === 'CertificateRequest dropped' ? ends.server : receiver;
  if (judge.endpoint.handshakeDone) return 'the receiver counts the handshake as done';
  const alert = receiver.endpoint.alertSent ?? ends[sender].endpoint.alertSent;
  if (!allowed.includes(alert)) return `it ended with ${alert ?? 'nothing'}`;
  return undefined;
}

for (const [name, handshake] of Object.entries(handshakes)) {
  for (const sender of ['client', 'server'] as const) {
    void t.test(`${name}, the messages of the ${sender}`, async (t) => {
      const messages: Uint8Array[] = [];
      const disturbed = async (sending: Sending): Promise<Ends> => {
        const ends = await handshake({ client: honest, server: honest, [sender]: sending });
        exchange(ends.client, ends.server);
        return ends;
      };
      const undisturbed = await disturbed((message, _number, send) => {
        messages.push(message);
        send(message);
      });
      t.ok(undisturbed.client.endpoint.handshakeDone && undisturbed.server.endpoint.handshakeDone);

      const complaints: string[] = [];
      const refused = async (what: string, allowed: readonly (AlertName | undefined)[], sending: Sending) => {
        const found = complaint(what, await disturbed(sending), sender, allowed);
        if (found !== undefined) complaints.push(`${what}: ${found}`);
      };
      for (const [at, message] of messages.entries()) {
        const type = typeOf(message);
        const next = messages[at + 1];
        const isLast = endsFlight(message, next);
        await refused(`${type} dropped`, [isLast ? undefined : 'unexpected_message'], (sent, number, send) => {
          if (number !== at) send(sent);
        });
        await refused(`${type} repeated`, ['unexpected_message'], (sent, number, send) => {
          send(sent);
          if (number === at) send(sent);
        });
        if (!isLast) {
          let held: Uint8Array | undefined;
          await refused(`${type} after the next message`, ['unexpected_message'], (sent, number, send) => {
            if (number === at) held = sent;
            else send(sent);
            if (number === at + 1 && held !== undefined) send(held);
          });
        }
        for (let byte = 0; byte < message.length; byte++) {
          // A message that is longer than what came of it is waited for.
          const mayWait = byte === 2 || byte === 3 ? [undefined] : [];
          const allowed = [...(alertsForHeader[byte] ?? alertsFor[type] ?? []), ...mayWait];
          await refused(`${type}, byte ${byte} flipped`, allowed, (sent, number, send, endpoint) => {
            if (number !== at) {
              send(sent);
              return;
            }
            const flipped = Uint8Array.from(sent);
            // A signature may be a byte shorter in another handshake.
            const place = Math.min(byte, sent.length - 1);
            flipped[place] = (flipped[place] ?? 0) ^ (1 << (byte % 8));
            endpoint.transcript.add(sent);
            endpoint.sendUnhashed(flipped);
          });
        }
      }
      t.strictSame(complaints, []);
      t.ok(messages.every(({ length }) => length >= headerLength));
    });
  }
}
