// The addon alone, without the checks above it: a view that has lost its bytes is empty, and nothing else is touched.

import { loadBinding } from '#src/binding.js';
import { hashIndexes, Status, xofIndexes } from '#src/binding/crypto-contract.js';
import t from 'tap';
import { resizableBuffer } from '../support/resizable-buffer.js';

const state = loadBinding();

/** A view that says 0 bytes: of a detached buffer, and of a resizable one that was cut before or inside it. */
function lostViews(length: number): Uint8Array[] {
  const resizable = (offset: number, left: number): Uint8Array => {
    const buffer = resizableBuffer(offset + length);
    const view = new Uint8Array(buffer, offset, length);
    buffer.resize(left);
    return view;
  };
  const detached = new Uint8Array(length);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  // The last one's memory is given back to the system: a read of it would not go unnoticed.
  return [detached, resizable(0, length - 1), resizable(64, 32), resizable(1 << 26, 0)];
}

if (!state.loaded) {
  t.pass('no addon here', { skip: state.reason });
} else {
  const native = state.binding;
  const sha3 = hashIndexes['SHA3-256'];
  const shake = xofIndexes.SHAKE128;
  const digest = (bytes: Uint8Array): string => {
    t.equal(native.hash(sha3, bytes), Status.ok);
    return Buffer.from(native.scratch.subarray(0, 32)).toString('hex');
  };
  const range = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };

  t.test('as input of any length it is empty', async (t) => {
    const empty = digest(new Uint8Array(0));
    for (const view of lostViews(32)) {
      t.equal(digest(view), empty);
      t.same(await native.hashAsync(sha3, view), Buffer.from(empty, 'hex'));
      const running = native.createHash(sha3);
      if (typeof running === 'number') throw new Error('no hash');
      t.equal(native.digestUpdate(running, view), Status.ok);
      const output = new Uint8Array(32);
      t.equal(native.digestFinal(running, output), Status.ok);
      t.equal(Buffer.from(output).toString('hex'), empty);
    }
  });

  t.test('as output of any length it takes nothing', async (t) => {
    for (const view of lostViews(32)) {
      t.equal(native.xofInto(shake, new Uint8Array(1), view), Status.ok);
      const running = native.createXof(shake);
      if (typeof running === 'number') throw new Error('no function');
      t.equal(native.xofRead(running, view), Status.ok);
    }
  });

  t.test('where a length is needed it has the wrong one', async (t) => {
    for (const view of lostViews(65)) {
      t.throws(() => native.hashInto(sha3, new Uint8Array(1), view), range);
      for (const group of [0, 1, 3]) {
        t.throws(() => native.groupStart(group, view), range);
        t.throws(() => native.groupStartAndComplete(group, view, new Uint8Array(65), new Uint8Array(32)), range);
        t.throws(() => native.groupStartAndCompleteAsync(group, view), range);
      }
      if (native.capabilities.mlKem) t.throws(() => native.kemFromSeed(1, view), range);
      if (native.capabilities.mlDsa) t.throws(() => native.signatureFromSeed(1, view), range);
    }
  });
}
