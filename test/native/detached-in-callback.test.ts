// What a call to the addon borrows, taken away by the callback inside of it: libssl must have let go of it. RFC 4279.

import { loadBinding, type NativeBinding } from '#src/binding.js';
import { NativeProgress, ProgressRegister, type NativeConnection } from '#src/binding/tls-contract.js';
import { ProtocolVersion } from '#src/protocol/constants.js';
import t from 'tap';
import { resizableBuffer } from '../support/resizable-buffer.js';

const state = loadBinding();
const key = Buffer.alloc(32, 1);
const slabSize = 1 << 17;

/** The same memory goes on under another name, with nothing in it. */
function takeAway(bytes: Uint8Array): Uint8Array {
  const moved = new Uint8Array(structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] }));
  moved.fill(0);
  return moved;
}

class Side {
  readonly native: NativeConnection;
  readonly #binding: NativeBinding;
  handshakeDone = false;
  /** Of the call that runs or ran last. */
  borrowed: Uint8Array[] = [];

  constructor(binding: NativeBinding, isServer: boolean) {
    this.#binding = binding;
    const context = new binding.SecureContext();
    context.setCiphers('ECDHE-PSK-CHACHA20-POLY1305', '');
    context.setVersions(ProtocolVersion['TLSv1.2'], ProtocolVersion['TLSv1.2']);
    this.native = new binding.Connection(context, isServer, false, false, false, undefined, undefined);
  }

  receive(chunk: Uint8Array): Buffer {
    const plaintext = new Uint8Array(slabSize);
    const output = new Uint8Array(slabSize);
    this.borrowed = [chunk, plaintext, output];
    let flags = this.native.receive(chunk, 0, plaintext, 0, output);
    if ((flags & NativeProgress.failed) !== 0) throw new Error(this.native.failure().reason);
    if ((flags & NativeProgress.handshakeDone) !== 0) this.handshakeDone = true;
    const length = this.#binding.progress[ProgressRegister.ciphertext] ?? 0;
    if (length > output.length) throw new Error('written to a buffer that is gone');
    const written = length > 0 ? [output.slice(0, length)] : [];
    while ((flags & NativeProgress.outputPending) !== 0) {
      const more = new Uint8Array(slabSize);
      flags = this.native.flush(more);
      written.push(more.slice(0, this.#binding.progress[ProgressRegister.ciphertext]));
    }
    return Buffer.concat(written);
  }
}

if (!state.loaded || !state.binding.capabilities.tls) {
  t.pass('no TLS addon here', { skip: true });
} else {
  const { binding } = state;

  for (const taker of ['server', 'client']) {
    t.test(`everything is transferred inside of the ${taker}'s callback`, (t) => {
      const server = new Side(binding, true);
      const client = new Side(binding, false);
      let moved: Uint8Array[] = [];
      const take = (side: Side): void => {
        moved = side.borrowed.map(takeAway);
      };
      server.native.setPskCallback(() => {
        if (taker === 'server') take(server);
        return key;
      });
      client.native.setPskCallback(() => {
        if (taker === 'client') take(client);
        return [key, 'me'];
      });
      let toServer = client.receive(new Uint8Array(0));
      while (toServer.length > 0) toServer = client.receive(new Uint8Array(server.receive(new Uint8Array(toServer))));
      t.ok(server.handshakeDone && client.handshakeDone);
      t.equal(moved.length, 3);
      // Nothing was written where it no longer belongs.
      for (const bytes of moved) t.notOk(bytes.some((byte) => byte !== 0));
      t.end();
    });
  }

  t.test('the chunk shrinks to nothing inside of the callback', (t) => {
    const server = new Side(binding, true);
    const client = new Side(binding, false);
    const shrinking: { resize: (length: number) => void }[] = [];
    server.native.setPskCallback(() => {
      for (const buffer of shrinking) buffer.resize(0);
      return key;
    });
    client.native.setPskCallback(() => [key, 'me']);
    let toServer = client.receive(new Uint8Array(0));
    while (toServer.length > 0) {
      const buffer = resizableBuffer(toServer.length);
      shrinking.push(buffer);
      const chunk = new Uint8Array(buffer);
      chunk.set(toServer);
      toServer = client.receive(new Uint8Array(server.receive(chunk)));
    }
    t.ok(server.handshakeDone && client.handshakeDone);
    t.equal(shrinking[0] && new Uint8Array(shrinking[0] as unknown as ArrayBuffer).length, 0);
    t.end();
  });

  t.test('a context throws once at what is of another type', (t) => {
    const context = new binding.SecureContext();
    const wrong: unknown[][] = [[], [null], ['x\0'], [5n], [{}], [Symbol.iterator], [1, 'x'], [new Uint16Array(3)]];
    const throwing = { name: 'TypeError' };
    const methods = {
      setCiphers: wrong,
      setCertificateKey: wrong,
      setVersions: wrong,
      setOptions: wrong.filter(([first]) => typeof first !== 'number'),
      setSecurityLevel: wrong.filter(([first]) => typeof first !== 'number'),
      setGroups: [...wrong.slice(0, -1), [new Uint8Array(3)], [new Float64Array(3)]],
      setSignatureAlgorithms: [...wrong.slice(0, -1), [new Uint8Array(3)]],
      setCertificateCompression: [...wrong.slice(0, -1), [new Uint8Array(3)]],
      setResumption: [[], [null], ['x'], [Symbol.iterator]],
      setTrustStore: wrong,
      loadPkcs12: [...wrong, [key, undefined, new binding.TrustStore()]],
    } as const;
    for (const [name, lists] of Object.entries(methods)) {
      const method: unknown = Reflect.get(context, name);
      if (typeof method !== 'function') throw new Error(name);
      for (const list of lists) t.throws(() => Reflect.apply(method, context, list) as unknown, throwing, name);
    }
    const getter = {
      get requirePostQuantum(): boolean {
        throw new TypeError('mine');
      },
    };
    t.throws(() => context.setResumption(getter), { message: 'mine' });
    t.throws(() => context.setCertificateKey('no such'), { message: 'The kind of key is not known' });
    t.end();
  });
}
