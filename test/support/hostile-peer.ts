// A peer that keeps to the protocol but for what a test changes: it meets either engine, and what the engine says is compared.

import type { SecureContextOptions } from 'pqtls';
import type { TlsError } from '#src/errors.js';
import type { ConnectionOptions, EngineName } from '#src/engine/connection.js';
import type { ClientConfig, ServerConfig, TlsContext } from '#src/protocol/config.js';
import { End } from './connections.js';
import { Peer } from './endpoints.js';

/** What is sent in place of the nth message of its type. */
export type Change = (message: Uint8Array, nth: number, hostile: HostilePeer) => readonly Uint8Array[];

/** What a hostile peer does to an engine. */
export interface Flight {
  /** The engine's side. */
  readonly victim: 'client' | 'server';
  readonly options?: SecureContextOptions;
  readonly settings?: Partial<ConnectionOptions>;
  /** Of the hostile peer. */
  readonly config?: Partial<ClientConfig & ServerConfig>;
  readonly context?: Partial<TlsContext>;
  /** The session of an undisturbed connection is resumed. */
  readonly resumes?: boolean;
  readonly change?: Change;
  /** Sent in place of a handshake. */
  readonly instead?: Uint8Array;
  /** Sent when the handshake is done. */
  readonly after?: (hostile: HostilePeer) => void;
}

/** Who both ends are, and whom they trust. */
export interface Identity {
  readonly options: SecureContextOptions;
  readonly context: Partial<TlsContext>;
}

/** The hostile end, in the hands of a flight. */
export class HostilePeer {
  readonly peer: Peer;
  readonly #out: Uint8Array[] = [];
  readonly #sent = new Map<number, number>();

  constructor(peer: Peer, change: Change | undefined) {
    this.peer = peer;
    if (change === undefined) return;
    const { endpoint } = peer;
    const send = endpoint.send.bind(endpoint);
    endpoint.send = (message) => {
      const [type = 0] = message;
      const nth = (this.#sent.get(type) ?? 0) + 1;
      this.#sent.set(type, nth);
      for (const changed of change(message, nth, this)) send(changed);
    };
  }

  /** One record of any type and content, behind what waits. */
  sendRecord(type: number, content: Uint8Array = new Uint8Array(0)): void {
    this.peer.endpoint.flush();
    const output = new Uint8Array(content.length + 1000);
    const length = this.peer.endpoint.writer.write(type, content, 0, content.length, output, 0);
    this.sendRaw(output.subarray(0, length));
  }

  sendRaw(bytes: Uint8Array): void {
    this.peer.endpoint.flush();
    this.#out.push(this.peer.take(), Uint8Array.from(bytes));
  }

  drain(): Buffer {
    return Buffer.concat([...this.#out.splice(0), this.peer.take()]);
  }
}

/** Lets an engine meet a flight. Undefined where it found nothing wrong. */
export async function meet(engine: EngineName, flight: Flight, identity: Identity): Promise<TlsError | undefined> {
  const options: SecureContextOptions = {
    ...identity.options,
    minVersion: 'TLSv1.3',
    ticketKeys: Buffer.alloc(48, 7),
    ...flight.options,
  };
  const context = { ...identity.context, ...flight.context };
  const session = flight.resumes === true ? await sessionOf(engine, flight.victim, options, context) : {};
  return (await run(engine, { ...flight, context }, options, session)).end.error;
}

/** For a hostile client's configuration, or for an engine's client to offer. */
interface Resumption {
  readonly config?: Partial<ClientConfig>;
  readonly offer?: Buffer;
}

async function sessionOf(
  engine: EngineName,
  victim: Flight['victim'],
  options: SecureContextOptions,
  context: Partial<TlsContext>,
): Promise<Resumption> {
  const { end, hostile } = await run(engine, { victim, context }, options, {});
  if (end.error !== undefined) throw end.error;
  const session = hostile.peer.sessions.at(-1);
  const offer = end.events.flatMap((event) => (event.kind === 'session' ? [event.session] : [])).at(-1);
  if (session === undefined && offer === undefined) throw new Error('There is no session to resume');
  return { ...(session && { config: { session } }), ...(offer && { offer }) };
}

async function run(
  engine: EngineName,
  flight: Flight,
  options: SecureContextOptions,
  { config, offer }: Resumption,
): Promise<{ end: End; hostile: HostilePeer }> {
  const isServer = flight.victim === 'server';
  const end = isServer ? End.server(engine, options, flight.settings) : End.client(engine, options, flight.settings);
  let hostile: HostilePeer | undefined;
  const prepare = (peer: Peer): void => void (hostile = new HostilePeer(peer, flight.change));
  const peer = isServer
    ? Peer.client({ ...flight.config, ...config }, flight.context, prepare)
    : await Peer.server(flight.config, flight.context, prepare);
  hostile ??= new HostilePeer(peer, undefined);
  if (offer !== undefined) end.connection.offerSession(offer);
  if (!isServer) end.take(end.connection.start());
  if (flight.instead === undefined) {
    meetEachOther(end, hostile);
    if (end.error === undefined) {
      flight.after?.(hostile);
      if (isServer && end.done) end.send('');
      else if (peer.error === undefined) peer.send('');
      meetEachOther(end, hostile);
    }
  } else end.take(end.connection.receive(flight.instead));
  return { end, hostile };
}

function meetEachOther(end: End, hostile: HostilePeer): void {
  for (;;) {
    const theirs = hostile.drain();
    const ours = end.drain();
    if (theirs.length === 0 && ours.length === 0) return;
    if (theirs.length > 0 && end.error === undefined) receiveAll(end, theirs);
    if (ours.length > 0) hostile.peer.receive(ours);
  }
}

function receiveAll(end: End, bytes: Buffer): void {
  let progress = end.connection.receive(bytes);
  end.take(progress);
  while (progress.more && end.error === undefined) {
    progress = end.connection.receive(undefined);
    end.take(progress);
  }
}
