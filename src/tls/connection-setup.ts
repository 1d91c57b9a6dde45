// What a socket's options ask of its connection: the handshake's own settings, OCSP, pre-shared keys, key log, trace.

import type { Connection, ConnectionOptions, Restriction } from '../engine/connection.js';
import { NativeTlsConnection } from '../engine/native-connection.js';
import type { NativeEngineContext } from '../engine/native-context.js';
import { engineOfContext, requireTlsBinding } from '../engine/select.js';
import { followHandshake, handshakeFollower, startTrace } from './handshake-trace.js';
import { keyLogFile } from './key-log-file.js';
import { state } from './negotiated-socket.js';
import { checkFunction, checkServername, encodeAlpn } from './options.js';
import type { ConnectionSecurity } from './policy.js';
import { enginePskCallback } from './pre-shared-keys.js';
import type { SecureContext } from './secure-context.js';
import type { TLSSocket, TLSSocketOptions } from './socket.js';
import { mayShowNone } from './socket-options.js';
import { TcpTransport } from './tcp-transport.js';
import { isPlainSocket, type Transport } from './transport.js';

const traceFlag = '--trace-tls';
let warnedOfTrace = false;

/** What the options leave to the context and to the policy. */
interface ConnectionTerms {
  readonly context: SecureContext;
  readonly security: ConnectionSecurity;
  readonly restriction: Restriction | undefined;
}

/** What the options of a socket ask of its connection, whatever it runs over. */
type ConnectionSettings = Pick<
  ConnectionOptions,
  'isServer' | 'verifyPeer' | 'requirePeer' | 'suspendOnClientHello' | 'servername' | 'alpn'
>;

export function connectionSettings(options: TLSSocketOptions): ConnectionSettings {
  const { servername, requestCert, rejectUnauthorized, server } = options;
  const isServer = Boolean(options.isServer);
  const sni = checkFunction('options.SNICallback', options.SNICallback);
  checkFunction('options.checkServerIdentity', options.checkServerIdentity);
  checkServername(servername);
  const sendName = !isServer && servername !== undefined && servername !== '';
  const asksForHello = sni !== undefined || Boolean(options.ALPNCallback);
  return {
    isServer,
    verifyPeer: isServer ? Boolean(requestCert) : true,
    requirePeer: isServer ? rejectUnauthorized !== false && options[mayShowNone] !== true : true,
    suspendOnClientHello: isServer && (asksForHello || (server?.listenerCount('OCSPRequest') ?? 0) > 0),
    servername: sendName ? servername : undefined,
    alpn: encodeAlpn(options.ALPNProtocols),
  };
}

/** Makes a connection as the options want it, for a transport. */
export function createConnection(
  options: TLSSocketOptions,
  transport: Transport,
  { context, security, restriction }: ConnectionTerms,
): Connection {
  return engineOfContext(context.context).createConnection(context.context, {
    ...connectionSettings(options),
    // Any other stream may hold on to what it was given after it called back.
    poolsOutput: transport instanceof TcpTransport || isPlainSocket(transport),
    restriction,
    recordPadding: options.recordPadding ?? undefined,
    recordSizeLimit: options.recordSizeLimit ?? undefined,
    requirePostQuantum: security.postQuantum === 'require',
  });
}

/** The connection of a handshake that the addon has begun by itself, with what configureListener() had told it. */
export function adoptConnection(
  { handle }: TcpTransport,
  { context, security }: { readonly context: NativeEngineContext; readonly security: ConnectionSecurity },
): NativeTlsConnection {
  return NativeTlsConnection.adopt(requireTlsBinding(), context, handle, security.postQuantum === 'require');
}

/**
 * Sets a new connection up. `abandon` takes what pskCallback throws, for when the engine has returned.
 */
export function setUpConnection(
  socket: TLSSocket,
  connection: Connection,
  options: TLSSocketOptions,
  abandon: (error: Error) => void,
): void {
  const isServer = options.isServer === true;
  if (!isServer && options.requestOCSP) connection.requestOcsp();
  if (options.pskCallback) setUpPsk(socket, connection, options, abandon);
  const follower = options[handshakeFollower];
  if (follower !== undefined) followHandshake(connection, isServer, socket, follower);
  else if (isTraced(options.enableTrace)) startTrace(connection, isServer);
}

function onNewListener(this: TLSSocket, event: string | symbol): void {
  if (event !== 'keylog') return;
  this.removeListener('newListener', onNewListener);
  if (!this.destroyed) this[state].connection.enableKeylog();
}

function setUpPsk(
  socket: TLSSocket,
  connection: Connection,
  options: TLSSocketOptions,
  abandon: (error: Error) => void,
): void {
  const isServer = options.isServer === true;
  const callback = options.pskCallback as (this: TLSSocket, ...args: unknown[]) => unknown;
  const call = (argument: string | null): unknown =>
    isServer ? callback.call(socket, socket, argument) : callback.call(socket, argument);
  const giveUp = (error: unknown): void => {
    abandon(error instanceof Error ? error : new Error('pskCallback threw', { cause: error }));
  };
  connection.setPskCallback(enginePskCallback(isServer, call, giveUp));
  if (!isServer || !options.pskIdentityHint || connection.setPskIdentityHint(options.pskIdentityHint)) return;
  // After the constructor, so that the caller's listeners are there.
  process.nextTick(() => {
    socket.destroy(
      Object.assign(new Error('Failed to set PSK identity hint'), {
        code: `ERR_TLS_PSK_SET_${wordOfNode}_HINT_FAILED`,
      }),
    );
  });
}

// Misspelt in node:tls until Node 24.
const wordOfNode = Number.parseInt(process.versions.node, 10) < 24 ? 'IDENTIY' : 'IDENTITY';

/** The engine gives its secrets away only where someone listens, or where a file was asked for (`mayLog`). */
export function reportKeys(socket: TLSSocket, mayLog: boolean): void {
  socket.on('newListener', onNewListener);
  const write = mayLog ? keyLogFile() : undefined;
  if (write !== undefined) socket.on('keylog', write);
}

/** By the option, or by the command line where that says nothing. */
export function isTraced(enableTrace: boolean | undefined): boolean {
  return enableTrace ?? traceRequested();
}

const traceRequestedByFlag = process.execArgv.includes(traceFlag);

function traceRequested(): boolean {
  if (!traceRequestedByFlag) return false;
  if (!warnedOfTrace) {
    warnedOfTrace = true;
    process.emitWarning(`Enabling ${traceFlag} can expose sensitive data in the resulting log.`);
  }
  return true;
}
