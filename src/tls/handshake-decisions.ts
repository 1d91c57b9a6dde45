// What the program decides while a handshake is suspended: context, OCSP response, application protocol, trust.

import type { EventEmitter } from 'node:events';
import type { Answer, ClientHelloInfo, Connection, Question } from '../engine/connection.js';
import { Alert } from '../protocol/constants.js';
import { legacyChain } from './peer-certificate.js';
import { verifyPeer } from './peer-verification.js';
import { isSecureContext, type SecureContext } from './secure-context.js';
import type { TLSSocket, TLSSocketOptions } from './socket.js';

/** Chooses among the protocols that a client offers; undefined refuses them all. */
export type AlpnCallback = (
  this: TLSSocket,
  offer: { servername: string | false; protocols: string[] },
) => string | undefined;

/** What the decisions need of the socket. */
export interface DecidingSocket {
  readonly isServer: boolean;
  readonly engine: string;
  readonly options: TLSSocketOptions;
  readonly connection: Connection;
  readonly socket: TLSSocket;
  authorized: boolean;
  authorizationError: string | Error | null;
  /** Why we end the handshake ourselves; takes the place of the engine's own report, which knows only that we did. */
  refusal: Error | undefined;
  resume(answer: Answer): void;
}

/** Answers a question of the engine, now or later. */
export function decide(socket: DecidingSocket, question: Question): void {
  if (question.kind === 'verify') verify(socket, question);
  else selectContext(socket, question.hello, () => staple(socket, question.hello));
}

function verify(socket: DecidingSocket, { chain, chainError }: Question & { kind: 'verify' }): void {
  const { isServer, engine, options, connection } = socket;
  if (!isServer && options.requestOCSP) {
    socket.socket.emit('OCSPResponse', connection.ocspResponse() ?? null);
    if (socket.socket.destroyed) return;
  }
  const certificate = () => legacyChain(connection.peerChain(), true);
  const rejection = verifyPeer(chain, chainError, { ...options, isServer, engine, certificate });
  socket.authorized = rejection === undefined;
  if (rejection === undefined) {
    socket.resume({ kind: 'verify' });
    return;
  }
  socket.authorizationError = rejection.authorizationError;
  if (options.rejectUnauthorized === false) {
    socket.resume({ kind: 'verify' });
    return;
  }
  socket.refusal = rejection.error;
  socket.resume({ kind: 'verify', alert: rejection.alert });
}

function selectContext(socket: DecidingSocket, { serverName }: ClientHelloInfo, next: () => void): void {
  const sni = socket.options.SNICallback;
  if (sni === undefined || serverName === '') {
    next();
    return;
  }
  const refuse = (error: Error): void => {
    socket.refusal = error;
    socket.resume({ kind: 'client-hello', alert: Alert.internal_error });
  };
  let answered = false;
  const answer = (error: Error | null | undefined, context?: SecureContext): void => {
    if (answered) return;
    answered = true;
    if (socket.socket.destroyed) return;
    if (error) {
      refuse(error);
    } else if (context !== undefined && context !== null && !isSecureContext(context)) {
      refuse(Object.assign(new Error('Invalid SNI context'), { code: 'ERR_TLS_INVALID_CONTEXT' }));
    } else {
      if (context) socket.connection.useContext(context.context);
      next();
    }
  };
  try {
    sni(serverName, answer);
  } catch (error) {
    if (answered) throw error;
    answer(error instanceof Error ? error : new Error('SNICallback threw', { cause: error }));
  }
}

/** After the context is known, whose certificate the response is about. */
function staple(socket: DecidingSocket, hello: ClientHelloInfo): void {
  const server: EventEmitter | undefined = socket.options.server;
  const certificate = hello.ocspRequested ? socket.connection.ownCertificate() : undefined;
  if (certificate === undefined || server === undefined || server.listenerCount('OCSPRequest') === 0) {
    chooseProtocol(socket, hello, undefined);
    return;
  }
  let answered = false;
  const answer = (error: Error | null | undefined, response?: unknown): void => {
    if (answered) {
      socket.socket.destroy(multipleCallback());
      return;
    }
    answered = true;
    if (socket.socket.destroyed) return;
    if (error) {
      socket.socket.destroy(error);
    } else if (!response) {
      chooseProtocol(socket, hello, undefined);
    } else if (ArrayBuffer.isView(response)) {
      const { buffer, byteOffset, byteLength } = response;
      chooseProtocol(socket, hello, new Uint8Array(buffer, byteOffset, byteLength));
    } else {
      // Into the program's own call, as in node:tls.
      throw Object.assign(new TypeError('OCSP response must be a buffer'), { code: 'ERR_INVALID_ARG_TYPE' });
    }
  };
  try {
    server.emit('OCSPRequest', certificate, socket.connection.ownIssuer() ?? null, answer);
  } catch (error) {
    socket.socket.destroy(asError(error));
  }
}

function chooseProtocol(
  socket: DecidingSocket,
  { serverName, protocols }: ClientHelloInfo,
  ocspResponse: Uint8Array | undefined,
): void {
  const callback = socket.options.ALPNCallback;
  if (!callback || protocols.length === 0) {
    socket.resume({ kind: 'client-hello', ocspResponse });
    return;
  }
  let chosen: unknown;
  try {
    const offer = { servername: serverName === '' ? (false as const) : serverName, protocols: [...protocols] };
    chosen = callback.call(socket.socket, offer);
    if (chosen !== undefined && !protocols.some((protocol) => protocol === chosen)) {
      throw invalidResult(chosen, protocols);
    }
  } catch (error) {
    socket.socket.destroy(asError(error));
    return;
  }
  const name = typeof chosen === 'string' ? Buffer.from(chosen, 'latin1') : undefined;
  const alpn = name === undefined ? null : Buffer.concat([Uint8Array.of(name.length), name]);
  socket.resume({ kind: 'client-hello', ocspResponse, alpn });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('A callback threw', { cause: error });
}

function multipleCallback(): Error {
  return Object.assign(new Error('Callback called multiple times'), { code: 'ERR_MULTIPLE_CALLBACK' });
}

function invalidResult(value: unknown, protocols: readonly string[]): TypeError {
  const offered = protocols.join(', ');
  return Object.assign(
    new TypeError(
      `ALPN callback returned a value (${String(value)}) that did not match any of the client's offered protocols (${offered})`,
    ),
    { code: 'ERR_TLS_ALPN_CALLBACK_INVALID_RESULT' },
  );
}
