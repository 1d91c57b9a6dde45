// One full handshake of the TypeScript engine in memory, both ends in this process, no socket: what its primitives are held to.

import { createSecureContext } from 'pqtls';
import type {
  Answer,
  Connection,
  ConnectionOptions,
  EngineContext,
  Progress,
  Question,
} from '#src/engine/connection.js';
import { engineOfContext } from '#src/engine/select.js';

/** As everywhere on the TLS path. */
export const suite = 'TLS_AES_256_GCM_SHA384';
export const group = 'X25519MLKEM768';

export interface HandshakeCredentials {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

const noQuestions: ConnectionOptions = {
  isServer: true,
  verifyPeer: false,
  requirePeer: false,
  suspendOnClientHello: false,
  servername: undefined,
  alpn: undefined,
  poolsOutput: false,
};

export class MemoryHandshakes {
  readonly #server: EngineContext;
  readonly #client: EngineContext;

  constructor({ cert, key, ca }: HandshakeCredentials) {
    const common = { engine: 'typescript', ecdhCurve: group, ciphers: suite } as const;
    this.#server = createSecureContext({ ...common, cert, key }).context;
    this.#client = createSecureContext({ ...common, ca }).context;
  }

  /** Verified, with the server's tickets. `see` is shown every flight, the client's first. */
  run(see?: (bytes: Uint8Array) => void): void {
    const server = connect(this.#server, noQuestions);
    const client = connect(this.#client, {
      ...noQuestions,
      isServer: false,
      verifyPeer: true,
      servername: 'localhost',
    });
    const carry = (progress: Progress, receiver: Connection): Progress => {
      let last = progress;
      for (const { bytes, release } of progress.ciphertext) {
        see?.(bytes);
        last = settled(receiver, receiver.receive(bytes));
        release();
      }
      return last;
    };
    const hello = client.start();
    const answer = carry(hello, server);
    const finished = carry(answer, client);
    const done = carry(finished, server);
    if (!finished.handshakeDone || !done.handshakeDone) throw new Error('The handshake is not done');
    const { ciphertext: tickets } = server.send(new Uint8Array(0), 0);
    if (tickets === undefined) throw new Error('The server gave no tickets');
    see?.(tickets.bytes);
    settled(client, client.receive(tickets.bytes));
    tickets.release();
    if (client.session() === undefined) throw new Error('The client keeps no session');
    client.destroy();
    server.destroy();
  }
}

function connect(context: EngineContext, options: ConnectionOptions): Connection {
  return engineOfContext(context).createConnection(context, options);
}

/** The client's question about the chain is answered here. */
function settled(connection: Connection, progress: Progress): Progress {
  if (progress.error !== undefined) throw progress.error;
  return progress.awaits === undefined ? progress : settled(connection, connection.resume(answerTo(progress.awaits)));
}

function answerTo(question: Question): Answer {
  if (question.kind !== 'verify') throw new Error(`Nobody asked for a question about ${question.kind}`);
  if (question.chainError !== undefined) throw new Error(question.chainError.message);
  return { kind: 'verify' };
}
