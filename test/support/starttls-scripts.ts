// Scripted servers of every STARTTLS protocol: what they say up to TLS, and what they may say instead.

import type { Socket } from 'node:net';
import type { Test } from 'tap';
import { createSecureContext, TLSSocket } from 'pqtls';
import type { StartTlsProtocol } from '#src/cli/starttls/start-tls.js';
import { certificates } from './certificates.js';
import { listenPlain } from './command.js';

/** What a server sends, and what it waits for before: text, or the bytes of a request. */
export type Turn = { readonly send: string | Buffer } | { readonly expect: string | Buffer | RegExp };

export interface Script {
  readonly protocol: StartTlsProtocol;
  /** Up to and with the go-ahead. */
  readonly good: readonly Turn[];
  /** What it says instead, and what is told then. */
  readonly refusals: readonly { readonly turns: readonly Turn[]; readonly code: string; readonly message: RegExp }[];
  readonly args?: readonly string[];
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
export const send = (text: string | Buffer): Turn => ({ send: text });
export const expect = (what: string | Buffer | RegExp): Turn => ({ expect: what });

const refused = 'ERR_PQTLS_STARTTLS_REFUSED';
const unsupported = 'ERR_PQTLS_STARTTLS_UNSUPPORTED';
export const protocolError = 'ERR_PQTLS_STARTTLS_PROTOCOL';

// RFC 4511: LDAPMessage { messageID 1, extendedReq { requestName "1.3.6.1.4.1.1466.20037" } }.
const ldapRequest = hex('30 1d 02 01 01 77 18 80 16 312e332e362e312e342e312e313436362e3230303337');

function mysqlGreeting(capabilities: number): Buffer {
  const body = Buffer.concat([
    hex('0a'),
    Buffer.from('8.4.0\0'),
    hex('01000000 4142434445464748 00'),
    Buffer.of(capabilities & 255, capabilities >> 8),
    hex('2d 0200 ffff 15 00000000000000000000'),
    Buffer.from('ABCDEFGHIJKL\0caching_sha2_password\0'),
  ]);
  return Buffer.concat([Buffer.of(body.length, 0, 0, 0), body]);
}

// Payload of 32 bytes, packet 1: CLIENT_PROTOCOL_41 | CLIENT_SSL | CLIENT_SECURE_CONNECTION, 16 MiB, utf8mb4, 23 zeros.
const mysqlRequest = hex(`200000 01 008a0000 00000001 2d ${'00'.repeat(23)}`);

const xmppOpening =
  "<?xml version='1.0'?><stream:stream from='localhost' id='x' version='1.0' xmlns='jabber:client' " +
  "xmlns:stream='http://etherx.jabber.org/streams'>";
const xmppFeatures =
  "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>";
const xmppProceed = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

export const scripts: readonly Script[] = [
  {
    protocol: 'smtp',
    good: [
      send('220-mail.example ESMTP\r\n220 at your service\r\n'),
      expect('EHLO client.example\r\n'),
      send('250-mail.example\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 8BITMIME\r\n'),
      expect('STARTTLS\r\n'),
      send('220 2.0.0 go ahead\r\n'),
    ],
    args: ['--name', 'client.example'],
    refusals: [
      {
        turns: [send('220 x\r\n'), expect(/EHLO/), send('250-x\r\n250 SIZE 1\r\n')],
        code: unsupported,
        message: /answer to EHLO has no STARTTLS/,
      },
      {
        turns: [send('220 x\r\n'), expect(/EHLO/), send('250 STARTTLS\r\n')],
        code: unsupported,
        message: /has no STARTTLS/,
      },
      {
        turns: [
          send('220 x\r\n'),
          expect(/EHLO/),
          send('250-x\r\n250 STARTTLS\r\n'),
          expect(/STARTTLS/),
          send('454 not \u001b[31mnow\r\n'),
        ],
        code: refused,
        message: /refused TLS: 454 not \?\[31mnow/,
      },
      { turns: [send('554 no service\r\n')], code: refused, message: /554 no service/ },
      { turns: [send('220 x\r\n'), expect(/EHLO/), send('502 what?\r\n')], code: unsupported, message: /502 what/ },
      { turns: [send('220-x\r\n'.repeat(200))], code: protocolError, message: /more than 100 lines/ },
    ],
  },
  {
    protocol: 'imap',
    good: [
      send('* OK [CAPABILITY IMAP4rev1] ready\r\n'),
      expect('a1 CAPABILITY\r\n'),
      send('* CAPABILITY IMAP4rev2 STARTTLS LOGINDISABLED\r\na1 OK done\r\n'),
      expect('a2 STARTTLS\r\n'),
      send('a2 OK begin TLS\r\n'),
    ],
    refusals: [
      {
        turns: [send('* OK x\r\n'), expect(/CAPABILITY/), send('* CAPABILITY IMAP4rev1\r\na1 OK\r\n')],
        code: unsupported,
        message: /no STARTTLS/,
      },
      {
        turns: [
          ...[send('* OK x\r\n'), expect(/CAPABILITY/), send('* CAPABILITY IMAP4 STARTTLS\r\na1 OK\r\n')],
          ...[expect(/STARTTLS/), send('a2 NO later\r\n')],
        ],
        code: refused,
        message: /NO later/,
      },
      { turns: [send('* BYE full\r\n')], code: refused, message: /BYE full/ },
      { turns: [send('* PREAUTH welcome\r\n')], code: unsupported, message: /PREAUTH/ },
    ],
  },
  {
    protocol: 'pop3',
    good: [send('+OK ready\r\n'), expect('STLS\r\n'), send('+OK begin\r\n')],
    refusals: [
      { turns: [send('+OK x\r\n'), expect(/STLS/), send('-ERR no\r\n')], code: refused, message: /-ERR no/ },
      { turns: [send('-ERR busy\r\n')], code: refused, message: /busy/ },
    ],
  },
  {
    protocol: 'postgres',
    good: [expect(hex('00000008 04d2162f')), send('S')],
    refusals: [
      { turns: [expect(/./s), send('N')], code: unsupported, message: /answered N/ },
      {
        turns: [
          expect(/./s),
          send(Buffer.concat([Buffer.from('E'), hex('00000018'), Buffer.from('SFATAL\0Mtoo many\0\0\0\0')])),
        ],
        code: refused,
        message: /too many/,
      },
      { turns: [expect(/./s), send(hex('45 7fffffff'))], code: protocolError, message: /a message of \d+ bytes/ },
    ],
  },
  {
    protocol: 'mysql',
    good: [send(mysqlGreeting(0xf7ff | 0x0800)), expect(mysqlRequest)],
    refusals: [
      { turns: [send(mysqlGreeting(0xf7ff))], code: unsupported, message: /no CLIENT_SSL/ },
      {
        turns: [send(Buffer.concat([hex('12000000 ff 1004'), Buffer.from('Too many conns.')]))],
        code: refused,
        message: /error 1040: Too many conns\./,
      },
      { turns: [send(hex('05000000 0a 41 41 41 41'))], code: protocolError, message: /protocol version 10/ },
    ],
  },
  {
    protocol: 'ldap',
    good: [expect(ldapRequest), send(hex('30 0c 02 01 01 78 07 0a 01 00 04 00 04 00'))],
    refusals: [
      {
        turns: [expect(/./s), send(hex('30 0e 02 01 01 78 09 0a 01 34 04 00 04 02 6e6f'))],
        code: refused,
        message: /unavailable: no/,
      },
      {
        turns: [expect(/./s), send(hex('30 0c 02 01 01 78 84 ffffffff 0a 01 00 04'))],
        code: protocolError,
        message: /no ExtendedResponse/,
      },
      { turns: [expect(/./s), send(hex('30 84 7fffffff'))], code: protocolError, message: /a message of \d+ bytes/ },
      { turns: [expect(/./s), send(hex('30 80'))], code: protocolError, message: /unknown length/ },
    ],
  },
  ...(['xmpp', 'xmpp-server'] as const).map((protocol): Script => ({
    protocol,
    good: [
      expect(
        `<?xml version='1.0'?><stream:stream to='chat.example' version='1.0' xmlns='jabber:${protocol === 'xmpp' ? 'client' : 'server'}' ` +
          "xmlns:stream='http://etherx.jabber.org/streams'>",
      ),
      send(xmppOpening),
      send(xmppFeatures),
      expect("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
      send(xmppProceed),
    ],
    args: ['--xmpphost', 'chat.example'],
    refusals: [
      {
        turns: [expect(/stream/), send(`${xmppOpening}<stream:features><x/></stream:features>`)],
        code: unsupported,
        message: /no starttls/,
      },
      {
        turns: [
          expect(/stream/),
          send(xmppOpening + xmppFeatures),
          expect(/starttls/),
          send("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
        ],
        code: refused,
        message: /sent a failure/,
      },
      {
        turns: [expect(/stream/), send(`${xmppOpening}<stream:error><host-unknown xmlns='x'/></stream:error>`)],
        code: refused,
        message: /host-unknown/,
      },
    ],
  })),
];

export interface PlayOptions {
  /** TLS follows, with an echo. */
  readonly tls?: boolean;
  /** Byte by byte. */
  readonly inPieces?: boolean;
  /** Plaintext in one packet with what was sent last. */
  readonly after?: string;
  /** Asked on every connection: what is played in place of the script, without TLS. */
  readonly instead?: () => readonly Turn[] | undefined;
  /** Closes when the script is over. */
  readonly end?: boolean;
}

/** A server that plays a script on every connection; its port. */
export async function play(t: Test, turns: readonly Turn[], options: PlayOptions): Promise<number> {
  const { leaf } = await certificates();
  const secureContext = createSecureContext({ cert: leaf.cert, key: leaf.key });
  return listenPlain(t, (socket) => {
    const instead = options.instead?.();
    void perform(socket, instead ?? turns, options).then(() => {
      if (instead !== undefined) socket.end();
      if (options.end === true) socket.end();
      if (options.tls !== true || socket.destroyed) return;
      const secured = new TLSSocket(socket, { isServer: true, secureContext });
      secured.on('error', () => socket.destroy());
      secured.pipe(secured);
    });
  });
}

async function perform(socket: Socket, turns: readonly Turn[], { inPieces, after }: PlayOptions): Promise<void> {
  let received = Buffer.alloc(0);
  let wake = (): void => {};
  const onData = (chunk: Buffer): void => {
    received = Buffer.concat([received, chunk]);
    wake();
  };
  socket.on('data', onData);
  socket.on('close', () => wake());
  const last = turns.findLast((turn) => 'send' in turn);
  for (const turn of turns) {
    if ('send' in turn) {
      const bytes = Buffer.from(turn.send);
      const packets = inPieces === true ? [...bytes].map((byte) => Buffer.of(byte)) : [bytes];
      if (turn === last && after !== undefined)
        packets.push(Buffer.concat([packets.pop() ?? bytes, Buffer.from(after)]));
      for (const packet of packets) {
        socket.write(packet);
        if (inPieces === true) await new Promise((resolve) => setImmediate(resolve));
      }
      continue;
    }
    for (;;) {
      const end = matched(received, turn.expect);
      if (end === undefined && !socket.destroyed) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      received = received.subarray(end);
      break;
    }
  }
  socket.off('data', onData);
  // A client that needs no go-ahead has begun with TLS already.
  if (received.length > 0) socket.unshift(received);
}

/** Where the request ends; an exact one has to be at the beginning. */
function matched(received: Buffer, expected: string | Buffer | RegExp): number | undefined {
  if (expected instanceof RegExp) return expected.test(received.toString('latin1')) ? received.length : undefined;
  const bytes = Buffer.from(expected);
  return received.subarray(0, bytes.length).equals(bytes) ? bytes.length : undefined;
}
