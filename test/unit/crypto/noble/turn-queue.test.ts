// The queue behind the async forms of the noble provider.

import t from 'tap';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TurnQueue } from '#src/crypto/noble/turn-queue.js';

t.test('runs in order, after the caller, and settles with the result or the error', async (t) => {
  const queue = new TurnQueue();
  const ran: number[] = [];
  const first = queue.run(() => ran.push(1));
  const second = queue.run(() => {
    throw new Error('refused');
  });
  const third = queue.run(() => ran.push(3));
  t.strictSame(ran, [], 'nothing ran in the caller’s turn');
  await t.rejects(second, { message: 'refused' });
  await first;
  await third;
  t.strictSame(ran, [1, 3]);
});

t.test('leaves a turn of the event loop between two operations', async (t) => {
  const queue = new TurnQueue();
  const operations = 50;
  const turnOf: number[] = [];
  let turn = 0;
  const all = Promise.all(Array.from({ length: operations }, () => queue.run(() => turnOf.push(turn))));
  let finished = false;
  void all.then(() => (finished = true));
  while (!finished) {
    await nextTurn();
    turn++;
  }
  t.equal(new Set(turnOf).size, operations, 'no two operations shared a turn');
});

t.test('can be used again after it ran empty, also from inside an operation', async (t) => {
  const queue = new TurnQueue();
  t.equal(await queue.run(() => 1), 1);
  const inner = await queue.run(() => queue.run(() => 2));
  t.equal(inner, 2);
});
