// Tickets: opened with the key that sealed them, for as long as that is kept; nothing else opens.

import t from 'tap';
import { nodePrimitives } from '#src/crypto/tls/node-primitives.js';
import { TicketKeys } from '#src/protocol/ticket-keys.js';
import { hex } from '../../support/hex.js';

const session = Uint8Array.from({ length: 100 }, (_, index) => index);

t.test('what was sealed is opened, by whoever has the keys', async (t) => {
  const keys = new TicketKeys(nodePrimitives, () => 0);
  const ticket = keys.seal(session) ?? new Uint8Array(0);
  t.not(hex(ticket), hex(keys.seal(session) ?? ticket), 'every ticket is another one');
  const other = new TicketKeys(nodePrimitives, () => 0);
  t.equal(other.open(ticket), undefined, 'other keys');
  other.give(keys.current());
  t.equal(hex(other.open(ticket)?.session ?? new Uint8Array(0)), hex(session));
  other.give(new Uint8Array(48));
  t.equal(other.open(ticket), undefined, 'given keys replace those before them');
});

t.test('a changed ticket does not open', async (t) => {
  const keys = new TicketKeys(nodePrimitives, () => 0);
  const ticket = keys.seal(session) ?? new Uint8Array(0);
  for (let at = 0; at < ticket.length; at++) {
    const changed = Uint8Array.from(ticket);
    changed[at] = (changed[at] ?? 0) ^ 1;
    if (keys.open(changed) !== undefined) t.fail(`byte ${at}`);
    if (keys.open(ticket.subarray(0, at)) !== undefined) t.fail(`cut at ${at}`);
  }
  t.ok(keys.open(ticket));
  t.equal(keys.seal(new Uint8Array(65_535)), undefined, 'what no ticket can hold is not sealed');
});

t.test('own keys rotate; the one before opens as long as its sessions live', async (t) => {
  let now = 0;
  const keys = new TicketKeys(nodePrimitives, () => now);
  keys.setLifetimes(100, 30);
  const first = keys.seal(session) ?? new Uint8Array(0);
  now = 99_000;
  t.equal(keys.open(first)?.renew, false);
  now = 100_000;
  t.equal(keys.open(first)?.renew, true, 'its key is on its way out');
  now = 129_000;
  t.equal(keys.open(first)?.renew, true);
  now = 130_000;
  t.equal(keys.open(first), undefined);
});
