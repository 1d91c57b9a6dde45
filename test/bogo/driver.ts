// Drives one connection of an engine over a transport, as the runner expects of a shim: handshake, checks, echo, end.

import type { Answer, Connection, EngineEvent, Progress, Question } from '#src/engine/connection.js';
import { PureTlsConnection } from '#src/engine/pure-connection.js';
import { Alert } from '#src/protocol/constants.js';
import type { Endpoint } from '#src/protocol/endpoint.js';
import { latin1 } from './engines.js';
import { checkHandshake, checkHello, checkSessions, expectEqual, type Seen } from './expectations.js';
import { ExpectationError, TransportEndError } from './failure.js';
import { UnimplementedError, type Flags } from './flags.js';
import { MessageLog } from './message-log.js';
import type { Wire } from './wire.js';

/** A server's sessions that are no tickets, and the session that a client resumes next. */
export interface SessionCache {
  readonly byId: Map<string, Buffer>;
  newest: Buffer | undefined;
}

/** What the reference does with -write-different-record-sizes. */
const recordSizes = [0, 1, 255, 256, 257, 16383, 16384, 16385, 32767, 32768, 32769];
const recordByte = 0x42;

export class Driver {
  readonly #connection: Connection;
  readonly #wire: Wire;
  readonly #flags: Flags;
  readonly #cache: SessionCache;
  readonly #resumes: boolean;
  readonly #log: MessageLog | undefined;
  readonly #trafficSecrets = new Map<string, Buffer>();
  #sessions = 0;
  #handshakeDone = false;
  #closed = false;

  constructor(connection: Connection, wire: Wire, flags: Flags, cache: SessionCache, resumes: boolean) {
    this.#connection = connection;
    this.#wire = wire;
    this.#flags = flags;
    this.#cache = cache;
    this.#resumes = resumes;
    this.#log = flags['expect-msg-callback'] === undefined ? undefined : new MessageLog(connection);
  }

  /** To the end of the connection, but for the transport's. @throws whatever ended it otherwise */
  async run(): Promise<void> {
    this.#setUp();
    if (this.#flags.server !== true) await this.#handle(this.#connection.start());
    while (!this.#closed && !this.#isOver) {
      const chunk = await this.#wire.read();
      if (chunk === undefined) break;
      for (const piece of this.#pieces(chunk)) {
        if (this.#closed || this.#isOver) break;
        await this.#handle(this.#connection.receive(piece));
      }
    }
    if (!this.#handshakeDone) throw new TransportEndError(':UNEXPECTED_EOF_WHILE_READING: in the handshake');
    this.#end();
  }

  #setUp(): void {
    const connection = this.#connection;
    const flags = this.#flags;
    connection.enableSessionEvents();
    if (flags['export-traffic-secrets'] === true) connection.enableKeylog();
    if (flags['enable-ocsp-stapling'] === true) connection.requestOcsp();
    const fragment = flags['max-send-fragment'];
    if (fragment !== undefined && !connection.setMaxSendFragment(fragment)) throw new Error('No such fragment size');
    if (flags.psk !== undefined) this.#setUpPsk(flags.psk, flags['psk-identity'] ?? '');
    const { newest } = this.#cache;
    if (flags.server === true || !this.#resumes) return;
    if (newest === undefined) throw new ExpectationError('There is no session to offer');
    if (!connection.offerSession(newest)) throw new ExpectationError('The session cannot be offered');
  }

  #setUpPsk(key: string, identity: string): void {
    const isServer = this.#flags.server === true;
    if (isServer && identity !== '' && !this.#connection.setPskIdentityHint(identity))
      throw new Error('The hint is too long');
    this.#connection.setPskCallback((argument) => {
      if (isServer) return argument === identity ? latin1(key) : undefined;
      return (argument ?? '') === identity ? [latin1(key), identity] : undefined;
    });
  }

  /** Byte by byte where the test wants the engine to stop in every place. */
  *#pieces(chunk: Buffer): Iterable<Buffer> {
    if (this.#flags.async !== true) yield chunk;
    else for (let at = 0; at < chunk.length; at += 1) yield chunk.subarray(at, at + 1);
  }

  get #isOver(): boolean {
    return this.#handshakeDone && this.#flags['shim-shuts-down'] === true && this.#flags['check-close-notify'] !== true;
  }

  async #handle(first: Progress): Promise<void> {
    let progress: Progress = first;
    for (;;) {
      for (const { bytes, release } of progress.ciphertext) {
        this.#wire.write(bytes);
        release();
      }
      for (const event of progress.events) this.#onEvent(event);
      if (progress.handshakeDone) this.#onHandshakeDone();
      for (const chunk of progress.plaintext) this.#onPlaintext(chunk);
      if (progress.closeNotify) this.#closed = true;
      if (progress.error !== undefined) throw progress.error;
      const question = progress.awaits;
      if (question === undefined) {
        if (!progress.more) return;
        progress = this.#connection.receive(undefined);
        continue;
      }
      // Whatever comes in meanwhile has to wait.
      if (this.#flags.async === true) await new Promise((resolve) => setImmediate(resolve));
      if (question.kind === 'signature' && question.ranOn === 'threadpool') await question.done;
      progress = this.#connection.resume(this.#answer(question));
    }
  }

  #onEvent(event: EngineEvent): void {
    if (event.kind === 'keylog') {
      const [label = '', , secret = ''] = event.bytes.toString('latin1').trim().split(' ');
      this.#trafficSecrets.set(label, Buffer.from(secret, 'hex'));
      return;
    }
    this.#sessions += 1;
    if (event.kind === 'session') this.#cache.newest = event.session;
    else this.#cache.byId.set(event.id.toString('hex'), event.session);
  }

  #answer(question: Question): Answer {
    if (question.kind === 'verify') return { kind: 'verify', alert: this.#verdict(question.resumed) };
    if (question.kind === 'resume-session') {
      return { kind: 'resume-session', session: this.#cache.byId.get(question.id.toString('hex')) };
    }
    if (question.kind === 'signature') return { kind: 'signature' };
    checkHello(question.hello, this.#flags);
    return {
      kind: 'client-hello',
      alert: this.#refusal(question.hello.ocspRequested),
      alpn: this.#protocol(question.hello.protocols),
      ocspResponse: this.#staple(),
    };
  }

  /** The reference has its own verdict as well, whatever the chain. */
  #verdict(resumed: boolean): number | undefined {
    const flags = this.#flags;
    if (resumed && flags['reverify-on-resume'] !== true) return undefined;
    if (
      flags['verify-fail'] === true &&
      (flags['verify-peer'] === true || flags['require-any-client-certificate'] === true)
    ) {
      return flags['use-custom-verify-callback'] === true ? Alert.certificate_unknown : Alert.handshake_failure;
    }
    const failsOnStaple = flags['use-ocsp-callback'] === true && flags['fail-ocsp-callback'] === true;
    return failsOnStaple && flags.server !== true ? Alert.bad_certificate_status_response : undefined;
  }

  /** Why a server refuses every client. */
  #refusal(ocspRequested: boolean): number | undefined {
    const flags = this.#flags;
    if (flags['fail-early-callback'] === true) return Alert.handshake_failure;
    if (flags['fail-ddos-callback'] === true) return Alert.internal_error;
    const failsOnStaple = flags['use-ocsp-callback'] === true && flags['fail-ocsp-callback'] === true;
    return failsOnStaple && ocspRequested ? Alert.internal_error : undefined;
  }

  #protocol(offered: readonly string[]): Uint8Array | null | undefined {
    const flags = this.#flags;
    if (offered.length === 0 || flags['decline-alpn'] === true) return undefined;
    if (flags['reject-alpn'] === true) return null;
    const chosen = flags['select-alpn'];
    return chosen === undefined ? undefined : Buffer.concat([Buffer.from([chosen.length]), latin1(chosen)]);
  }

  #staple(): Uint8Array | undefined {
    const flags = this.#flags;
    const response = (flags.credentials[0] ?? flags)['ocsp-response'];
    return flags['use-ocsp-callback'] === true && flags['decline-ocsp-callback'] === true ? undefined : response;
  }

  get #seen(): Seen {
    return { resumes: this.#resumes, sessions: this.#sessions };
  }

  #onHandshakeDone(): void {
    const flags = this.#flags;
    this.#handshakeDone = true;
    checkHandshake(this.#connection, flags, this.#seen);
    this.#sessions = 0;
    this.#exportSecrets();
    if (flags['write-different-record-sizes'] === true) {
      for (const size of recordSizes) this.#send(Buffer.alloc(size, recordByte));
    } else if (flags['read-with-unfinished-write'] === true) {
      this.#send(this.#initialWrite(), (bytes) => this.#wire.hold(bytes));
    } else if (flags['shim-writes-first'] === true) {
      for (let count = flags['repeat-shim-initial-write'] ?? 1; count > 0; count -= 1) this.#send(this.#initialWrite());
    }
    if (flags['shim-shuts-down'] === true && flags['check-close-notify'] === true) this.#shutDown();
  }

  #initialWrite(): Buffer {
    return latin1(this.#flags['shim-initial-write'] ?? 'hello');
  }

  #exportSecrets(): void {
    const flags = this.#flags;
    const connection = this.#connection;
    const length = flags['export-keying-material'];
    if (length !== undefined) {
      const context = flags['use-export-context'] === true ? latin1(flags['export-context'] ?? '') : undefined;
      this.#send(connection.exportKeyingMaterial(length, flags['export-label'] ?? '', context));
    }
    if (flags['export-traffic-secrets'] === true) {
      const client = this.#trafficSecrets.get('CLIENT_TRAFFIC_SECRET_0') ?? Buffer.alloc(0);
      const server = this.#trafficSecrets.get('SERVER_TRAFFIC_SECRET_0') ?? Buffer.alloc(0);
      const size = Buffer.alloc(2);
      size.writeUInt16LE(client.length);
      // What we read with, then what we write with.
      const secrets = flags.server === true ? [client, server] : [server, client];
      this.#send(Buffer.concat([size, ...secrets]));
    }
    if (flags['tls-unique'] === true) {
      // The first Finished message: the client's, but for a resumption. RFC 5929, Section 3.1.
      const ofClient = !connection.negotiated().resumed;
      const ofPeer = ofClient === (flags.server === true);
      this.#send(connection.finished(ofPeer) ?? Buffer.alloc(0));
    }
  }

  #onPlaintext(chunk: Buffer): void {
    const flags = this.#flags;
    if (!this.#handshakeDone) throw new ExpectationError('There was data before the end of the handshake');
    if (flags['shim-shuts-down'] === true) return;
    if (flags['use-exporter-between-reads'] === true) this.#connection.exportKeyingMaterial(1, '');
    if (flags['read-with-unfinished-write'] === true) this.#wire.letGo();
    if (flags['key-update'] === true) this.#updateKeys();
    this.#send(chunk.map((byte) => byte ^ 0xff));
  }

  #updateKeys(): void {
    const connection = this.#connection;
    if (!(connection instanceof PureTlsConnection)) throw new UnimplementedError('The addon begins no KeyUpdate');
    (connection as unknown as { readonly endpoint: Endpoint }).endpoint.updateKeys(false);
  }

  #send(bytes: Uint8Array, write = (sealed: Uint8Array): void => this.#wire.write(sealed)): void {
    for (let offset = 0; offset < bytes.length;) {
      const { ciphertext, taken, error } = this.#connection.send(bytes, offset);
      if (ciphertext !== undefined) {
        write(ciphertext.bytes);
        ciphertext.release();
      }
      if (error !== undefined) throw error;
      if (taken === 0 && ciphertext === undefined) throw new Error('The engine takes no data and makes none');
      offset += taken;
    }
  }

  #shutDown(): void {
    const { ciphertext, error } = this.#connection.shutdown();
    for (const { bytes, release } of ciphertext) {
      this.#wire.write(bytes);
      release();
    }
    if (error !== undefined) throw error;
  }

  #end(): void {
    const flags = this.#flags;
    checkSessions(this.#connection, flags, this.#seen);
    if (flags['check-close-notify'] === true) {
      if (flags['shim-shuts-down'] !== true) this.#shutDown();
      if (!this.#closed) throw new TransportEndError(':UNEXPECTED_EOF_WHILE_READING: without close_notify');
    }
    if (this.#log !== undefined) expectEqual('messages', flags['expect-msg-callback'], this.#log.text);
  }
}
