// Messages out of records: however they are cut, the same ones come out; what is too long is refused by its header.

import t from 'tap';
import { concat } from '#src/protocol/codec.js';
import { HandshakeType } from '#src/protocol/constants.js';
import { HandshakeJoiner } from '#src/protocol/handshake-joiner.js';
import { finishMessage, startMessage } from '#src/protocol/messages/message.js';
import { faultOf } from '../../support/endpoints.js';
import { hex } from '../../support/hex.js';

const message = (type: number, length: number): Uint8Array =>
  finishMessage(startMessage(type).raw(new Uint8Array(length).fill(type)));

const header = (type: number, length: number): Uint8Array =>
  Uint8Array.of(type, length >> 16, (length >> 8) & 255, length & 255);

t.test('every way to cut a flight gives the same messages', async (t) => {
  const messages = [message(8, 2), message(11, 300), message(24, 0), message(20, 32)];
  const flight = concat(...messages);
  for (let size = 1; size <= flight.length; size++) {
    const joiner = new HandshakeJoiner();
    const joined: string[] = [];
    for (let at = 0; at < flight.length; at += size) {
      joiner.add(flight.subarray(at, at + size));
      for (let next = joiner.next(); next !== undefined; next = joiner.next()) {
        if (next.type !== next.bytes[0]) t.fail('the type is that of the header');
        joined.push(hex(next.bytes));
      }
    }
    if (joined.join() !== messages.map(hex).join()) t.fail(`in parts of ${size}`);
    if (!joiner.isEmpty) t.fail(`something is left in parts of ${size}`);
  }
});

t.test('nothing that comes later changes a message', async (t) => {
  const joiner = new HandshakeJoiner();
  const content = message(8, 4);
  joiner.add(concat(content, message(8, 4).subarray(0, 6)));
  const first = joiner.next();
  joiner.add(message(8, 4).subarray(6));
  t.equal(hex(joiner.next()?.bytes ?? new Uint8Array(0)), hex(message(8, 4)));
  joiner.add(message(20, 4));
  t.equal(hex(first?.bytes ?? new Uint8Array(0)), hex(message(8, 4)));
  t.equal(joiner.next()?.type, 20);
});

t.test('limits, by the header alone', async (t) => {
  const limits: [number, number][] = [
    [HandshakeType.ClientHello, 65_536],
    [HandshakeType.NewSessionTicket, 65_536],
    [HandshakeType.Certificate, 102_400],
    [HandshakeType.CompressedCertificate, 102_400],
  ];
  for (const [type, limit] of limits) {
    const allowed = new HandshakeJoiner();
    allowed.add(header(type, limit));
    t.equal(allowed.next(), undefined);
    t.equal(allowed.isEmpty, false);
    const refusing = new HandshakeJoiner();
    t.match(
      faultOf(() => refusing.add(header(type, limit + 1))),
      { reason: 'EXCESSIVE_MESSAGE_SIZE', alert: 'illegal_parameter' },
    );
    // Behind a whole message it is found as soon as that is taken.
    const behind = new HandshakeJoiner();
    behind.add(concat(message(24, 1), header(type, limit + 1)));
    t.match(
      faultOf(() => [behind.next(), behind.next()]),
      { reason: 'EXCESSIVE_MESSAGE_SIZE' },
    );
  }
});

t.test('clear() leaves nothing', async (t) => {
  const joiner = new HandshakeJoiner();
  joiner.add(message(8, 4).subarray(0, 6));
  joiner.clear();
  t.equal(joiner.isEmpty, true);
  joiner.add(message(20, 1));
  t.equal(joiner.next()?.type, 20);
});
