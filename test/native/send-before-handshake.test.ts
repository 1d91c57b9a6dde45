// Send() of the addon's connection, called before the handshake is over: nothing leaves, and the handshake goes on.

import { loadBinding, type NativeBinding } from '#src/binding.js';
import { NativeProgress, ProgressRegister, type NativeConnection } from '#src/binding/tls-contract.js';
import { ProtocolVersion } from '#src/protocol/constants.js';
import t from 'tap';

const state = loadBinding();
const key = Buffer.alloc(32, 1);
const slabSize = 1 << 17;
const code = 'ERR_TLS_INVALID_STATE';
const secret = Buffer.from('too early');

class Side {
  readonly native: NativeConnection;
  readonly #binding: NativeBinding;
  handshakeDone = false;

  constructor(binding: NativeBinding, isServer: boolean) {
    this.#binding = binding;
    const context = new binding.SecureContext();
    context.setCiphers('ECDHE-PSK-CHACHA20-POLY1305', '');
    context.setVersions(ProtocolVersion['TLSv1.2'], ProtocolVersion['TLSv1.2']);
    this.native = new binding.Connection(context, isServer, false, false, false, undefined, undefined);
    this.native.setPskCallback(() => (isServer ? key : [key, 'me']));
  }

  receive(chunk: Uint8Array): Buffer {
    const output = new Uint8Array(slabSize);
    let flags = this.native.receive(chunk, 0, new Uint8Array(slabSize), 0, output);
    if ((flags & NativeProgress.failed) !== 0) throw new Error(this.native.failure().reason);
    if ((flags & NativeProgress.handshakeDone) !== 0) this.handshakeDone = true;
    const written = [output.slice(0, this.#binding.progress[ProgressRegister.ciphertext])];
    // What is made beside a callback of the program waits.
    while ((flags & NativeProgress.outputPending) !== 0) {
      flags = this.native.flush(output);
      written.push(output.slice(0, this.#binding.progress[ProgressRegister.ciphertext]));
    }
    return Buffer.concat(written);
  }

  send(): number {
    const output = new Uint8Array(slabSize);
    this.native.send(secret, 0, output);
    return this.#binding.progress[ProgressRegister.ciphertext] ?? 0;
  }
}

if (!state.loaded || !state.binding.capabilities.tls) {
  t.pass('no TLS addon here', { skip: true });
} else {
  const { binding } = state;
  const server = new Side(binding, true);
  const client = new Side(binding, false);
  const refuse = (side: Side): void => {
    // An empty one too: it is what sends the tickets.
    for (const bytes of [secret, new Uint8Array(0)]) {
      t.throws(() => side.native.send(bytes, 0, new Uint8Array(slabSize)), { name: 'Error', code });
    }
  };
  let refusals = 0;
  const step = (side: Side, chunk: Uint8Array): Buffer => {
    if (!side.handshakeDone) {
      refuse(side);
      refusals += 1;
    }
    return side.receive(chunk);
  };
  let toServer = step(client, new Uint8Array(0));
  while (toServer.length > 0) toServer = step(client, step(server, toServer));
  t.ok(server.handshakeDone && client.handshakeDone, 'the handshake is none the worse for it');
  t.ok(refusals > 3, 'in each of its states');
  for (const side of [client, server]) t.ok(side.send() > secret.length, 'what comes after it is sent');
}
