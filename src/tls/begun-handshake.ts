// A server's handshake that the addon runs on a socket of its own, before there is a TLSSocket.

import { channel } from 'node:diagnostics_channel';
import { handshakeChannels } from '../diagnostics.js';
import type { NativeTcpListener } from '../binding/tcp-contract.js';
import { NativeTlsConnection } from '../engine/native-connection.js';
import { NativeEngineContext } from '../engine/native-context.js';
import { NamedGroup, ProtocolVersion } from '../protocol/constants.js';
import { connectionSettings, createConnection, isTraced } from './connection-setup.js';
import { handshakeFollower } from './handshake-trace.js';
import { isKeyLogRequested } from './key-log-file.js';
import { ServerSessions } from './session.js';
import type { ConnectionSecurity } from './policy.js';
import type { SecureContext } from './secure-context.js';
import { longestTimeout, preparedSecurity, type TLSSocketOptions } from './socket-options.js';
import { nothingAchieved, TcpTransport, type HandshakeStep } from './tcp-transport.js';
import type { Transport } from './transport.js';

/** What a TLSSocket goes on with. */
export interface BegunHandshake {
  readonly connection: NativeTlsConnection;
  /** Of performance.now(). */
  readonly startedAt: number;
  readonly step: HandshakeStep;
}

/** The key of what a TLSSocket does with a begun handshake, once its server listens to it. */
export const takeOver: unique symbol = Symbol('pqtls.takeOver');

const handshakeStarted = channel(handshakeChannels.start);

/** What the addon needs for the handshakes of a server. */
interface HandshakeTerms {
  readonly context: SecureContext;
  /** The addon's own form of it. */
  readonly nativeContext: NativeEngineContext;
  readonly security: ConnectionSecurity;
}

/**
 * Undefined where a TLSSocket is needed from the start: somebody follows the handshake, or takes part in it with
 * callbacks that libssl can't wait for.
 */
export function termsAhead(options: TLSSocketOptions): HandshakeTerms | undefined {
  const { secureContext: context, [preparedSecurity]: security } = options;
  if (context === undefined || security === undefined) return undefined;
  const { context: nativeContext } = context;
  // The TypeScript engine runs no handshake in the addon.
  if (!(nativeContext instanceof NativeEngineContext)) return undefined;
  return nativeContext.callsJavaScript || isFollowed(options) ? undefined : { context, nativeContext, security };
}

/** What a server makes of its options for handshakes that the addon begins by itself. */
export interface PreparedHandshake extends HandshakeTerms {
  readonly options: TLSSocketOptions;
  /** Somebody listens to OCSPRequest. */
  readonly answersOcsp: boolean;
}

/**
 * Gives a listener of the addon's what createConnection() would make its connections with. Returns a number for
 * onHandle().
 */
export function configureListener(
  listener: NativeTcpListener,
  { options, nativeContext, security }: PreparedHandshake,
): number {
  const settings = connectionSettings(options);
  const { restriction, postQuantum } = security;
  return listener.setTls(
    nativeContext.native,
    true,
    settings.verifyPeer,
    settings.requirePeer,
    settings.suspendOnClientHello,
    undefined,
    settings.alpn,
    postQuantum === 'require',
    restriction?.minVersion === undefined ? 0 : ProtocolVersion[restriction.minVersion],
    restriction === undefined ? undefined : Uint16Array.from(restriction.groups, (name) => NamedGroup[name]),
    Math.min(options.handshakeTimeout ?? 0, longestTimeout),
  );
}

/**
 * Runs a handshake on a transport of the addon's until there is something to tell the program, its end at the latest;
 * then `open` makes the TLSSocket. False, and nothing happened, where one is needed from the start.
 */
export function runAhead(
  transport: Transport,
  options: TLSSocketOptions,
  open: (begun: BegunHandshake) => void,
): boolean {
  if (!(transport instanceof TcpTransport)) return false;
  const terms = termsAhead(options);
  if (terms === undefined) return false;
  const { restriction } = terms.security;
  const connection = createConnection(options, transport, { ...terms, restriction });
  if (!(connection instanceof NativeTlsConnection)) return false;
  const startedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const goOn = (step: HandshakeStep): void => {
    clearTimeout(timer);
    open({ connection, startedAt, step });
  };
  const { handshakeTimeout = 0 } = options;
  if (handshakeTimeout > 0) {
    timer = setTimeout(
      () => {
        transport.stopHandshake();
        goOn(nothingAchieved);
      },
      Math.min(handshakeTimeout, longestTimeout),
    );
    // The connection keeps the process alive, as long as it is meant to.
    timer.unref();
  }
  transport.handshake(connection.native, goOn);
  return true;
}

/** Somebody wants to know of every step, or takes part in it. */
function isFollowed(options: TLSSocketOptions): boolean {
  const { server, pskCallback, enableTrace } = options;
  return (
    Boolean(pskCallback) ||
    handshakeStarted.hasSubscribers ||
    (server?.listenerCount('keylog') ?? 0) > 0 ||
    ServerSessions.wanted(server) ||
    isTraced(enableTrace) ||
    options[handshakeFollower] !== undefined ||
    isKeyLogRequested()
  );
}
