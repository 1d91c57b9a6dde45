// What the program decides while a handshake is suspended: context, OCSP response, application protocol, trust.

import type { EventEmitter } from 'node:events';
import type { Answer, ClientHelloInfo, Connection, Question } from '../engine/connection.js';
import { CertificateError } from '../errors.js';
import { Alert, type ProtocolVersionName } from '../protocol/constants.js';
import type { PostQuantumMode } from './named-policies.js';
import { legacyChain } from './peer-certificate.js';
import { expectedName, verifyKeyHolder, verifyPeer } from './peer-verification.js';
import { contextDemand, refuseWeakerContext, type ConnectionSecurity } from './policy.js';
import { checkEngineOf, secureContextOf, type SecureContext } from './secure-context.js';
import type { ServerSessions, VerifiedIdentity } from './session.js';
import { obtainSignature } from './signing.js';
import type { TLSSocket, TLSSocketOptions } from './socket.js';
import { mayShowNone } from './socket-options.js';

/** Chooses among the protocols that a client offers; undefined refuses them all. */
export type AlpnCallback = (
  this: TLSSocket,
  offer: { servername: string | false; protocols: string[] },
) => string | undefined;

type VerifyQuestion = Extract<Question, { kind: 'verify' }>;

/** What the decisions need of the socket. */
export interface DecidingSocket {
  readonly isServer: boolean;
  readonly engine: string;
  readonly options: TLSSocketOptions;
  readonly connection: Connection;
  readonly socket: TLSSocket;
  readonly postQuantum: PostQuantumMode;
  readonly policyName: string | undefined;
  /** Of the server's own context. */
  readonly minVersion: ProtocolVersionName;
  /** A context for a server name holds the connection to more than the server does. */
  adopt(security: ConnectionSecurity): void;
  /** Why we end the handshake ourselves; takes the place of the engine's own report, which knows only that we did. */
  refusal: Error | undefined;
  /** Of the session that was offered. */
  offeredIdentity(): VerifiedIdentity | undefined;
  /** Whose certificate was accepted; undefined where none was. */
  verifiedIdentity: VerifiedIdentity | undefined;
  readonly sessions: ServerSessions | undefined;
  resume(answer: Answer): void;
}

/**
 * After the handshake: why a peer that showed no certificate is refused, and what authorizationError says of one that is
 * not. It may have shown a pre-shared key.
 */
export function refuseWithoutCertificate(socket: DecidingSocket, cipherSuite: string): Error | undefined {
  const { isServer, engine, options, connection } = socket;
  const byKey = cipherSuite.includes('_PSK_');
  if (isServer) {
    if (!options.requestCert || socket.socket.authorized || connection.peerCertificates().length > 0) return undefined;
    socket.socket.authorizationError = 'UNABLE_TO_GET_ISSUER_CERT';
    if (!byKey || options.rejectUnauthorized === false || options[mayShowNone] === true) return undefined;
    const code = 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE';
    return new CertificateError('The peer showed a pre-shared key and no certificate', {
      code,
      phase: 'handshake',
      engine,
    });
  }
  if (!byKey) return undefined;
  const error = orEnd(socket, () => verifyKeyHolder({ ...options, isServer, engine }));
  socket.socket.authorized = error === undefined;
  if (error === undefined) return undefined;
  socket.socket.authorizationError = (error as { code?: string }).code ?? error;
  return options.rejectUnauthorized === false ? undefined : error;
}

type HelloAnswer = Answer & { kind: 'client-hello' };

// A connection that is fed while it waits asks again.
const asked = new WeakSet<Question>();

/** Answers a question of the engine, now or later. */
export function decide(socket: DecidingSocket, question: Question): void {
  if (asked.has(question)) return;
  asked.add(question);
  if (question.kind === 'verify') verify(socket, question);
  else if (question.kind === 'signature') obtainSignature(socket, question);
  else if (question.kind === 'resume-session') resumeSession(socket, question.id);
  else selectContext(socket, question.hello, (demanded) => staple(socket, question.hello, demanded));
}

function resumeSession(socket: DecidingSocket, id: Buffer): void {
  if (socket.sessions === undefined) socket.resume({ kind: 'resume-session', session: undefined });
  else socket.sessions.wanted(id);
}

function verify(socket: DecidingSocket, question: VerifyQuestion): void {
  const { isServer, options, connection } = socket;
  if (isServer || !options.requestOCSP || question.resumed) {
    verifyChain(socket, question);
    return;
  }
  socket.socket.emit('OCSPResponse', connection.ocspResponse() ?? null);
  // As in node:tls, whoever awaits the response can listen to secureConnect then.
  setImmediate(() => {
    if (!socket.socket.destroyed) verifyChain(socket, question);
  });
}

function verifyChain(socket: DecidingSocket, { chain, chainError, hasName, resumed }: VerifyQuestion): void {
  const { isServer, engine, options, connection } = socket;
  const offeredIdentity = socket.offeredIdentity();
  const identity = { name: expectedName(options), byProgram: Boolean(options.checkServerIdentity) };
  // As in node:tls, the name is checked once for a session; but only another check of the same kind can be spared.
  const nameVerified =
    resumed && offeredIdentity?.name === identity.name && offeredIdentity.byProgram === identity.byProgram;
  const certificate = () => legacyChain(connection.peerChain(), true);
  const terms = { ...options, isServer, engine, certificate, nameVerified, hasName };
  const rejection = orEnd(socket, () => verifyPeer(chain, chainError, terms));
  socket.socket.authorized = rejection === undefined;
  socket.verifiedIdentity = rejection === undefined && !isServer ? identity : undefined;
  if (rejection === undefined) {
    socket.resume({ kind: 'verify' });
    return;
  }
  socket.socket.authorizationError = rejection.authorizationError;
  if (options.rejectUnauthorized === false) {
    socket.resume({ kind: 'verify' });
    return;
  }
  socket.refusal = rejection.error;
  socket.resume({ kind: 'verify', alert: rejection.alert });
}

/**
 * What the program's checkServerIdentity throws is nobody's but the program's, as in node:tls; but node:tls leaves the
 * connection as it is, undecided.
 */
function orEnd<T>(socket: DecidingSocket, ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    socket.socket.destroy();
    throw error;
  }
}

/** Takes over a context's certificates; what it demands besides goes along with the answer. */
function adopt(socket: DecidingSocket, context: SecureContext): HelloAnswer {
  const demand = contextDemand(context, socket.minVersion);
  if (demand !== undefined) socket.adopt(demand);
  socket.connection.useContext(context.context);
  return {
    kind: 'client-hello',
    restriction: demand?.restriction,
    requirePostQuantum: demand?.postQuantum === 'require',
  };
}

/** Why a context for a server name may not take the place of the server's own. */
function weakness(socket: DecidingSocket, context: SecureContext): Error | undefined {
  try {
    checkEngineOf(socket.connection, context);
    refuseWeakerContext(socket, context);
    return undefined;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

function selectContext(
  socket: DecidingSocket,
  { serverName }: ClientHelloInfo,
  next: (demanded: HelloAnswer) => void,
): void {
  const sni = socket.options.SNICallback;
  if (sni === undefined || serverName === '') {
    next({ kind: 'client-hello' });
    return;
  }
  // Whoever hears of a failure may ask for the name.
  socket.socket.servername = serverName;
  let answered = false;
  const answer = (error: Error | null | undefined, context?: unknown): void => {
    if (answered) {
      socket.socket.destroy(multipleCallback());
      return;
    }
    answered = true;
    if (socket.socket.destroyed) return;
    const chosen = isObject(context) ? secureContextOf(context) : undefined;
    if (error) {
      socket.socket.destroy(error);
    } else if (!isObject(context)) {
      // As in node:tls, whatever it is.
      next({ kind: 'client-hello' });
    } else if (chosen === undefined) {
      socket.socket.destroy(new TypeError('Invalid SNI context'));
    } else {
      const weaker = weakness(socket, chosen);
      if (weaker === undefined) {
        next(adopt(socket, chosen));
      } else {
        socket.refusal = weaker;
        socket.resume({ kind: 'client-hello', alert: Alert.internal_error });
      }
    }
  };
  try {
    sni.call(socket.socket, serverName, answer);
  } catch (error) {
    socket.socket.destroy(asError(error));
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** After the context is known, whose certificate the response is about. */
function staple(socket: DecidingSocket, hello: ClientHelloInfo, demanded: HelloAnswer): void {
  const server: EventEmitter | undefined = socket.options.server;
  const certificate = hello.ocspRequested ? socket.connection.ownCertificate() : undefined;
  if (certificate === undefined || server === undefined || server.listenerCount('OCSPRequest') === 0) {
    chooseProtocol(socket, hello, demanded);
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
      chooseProtocol(socket, hello, demanded);
    } else if (ArrayBuffer.isView(response)) {
      const { buffer, byteOffset, byteLength } = response;
      chooseProtocol(socket, hello, {
        ...demanded,
        ocspResponse: new Uint8Array(buffer, byteOffset, byteLength),
      });
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

function chooseProtocol(socket: DecidingSocket, { serverName, protocols }: ClientHelloInfo, answer: HelloAnswer): void {
  const callback = socket.options.ALPNCallback;
  if (!callback || protocols.length === 0) {
    socket.resume(answer);
    return;
  }
  const names = protocols.map((protocol) => Buffer.from(protocol, 'latin1'));
  // As node:tls shows them, which takes every byte for ASCII.
  const shown = names.map((name) => name.toString('ascii'));
  let name: Buffer | undefined;
  try {
    const offer = { servername: serverName === '' ? (false as const) : serverName, protocols: [...shown] };
    const chosen: unknown = callback.call(socket.socket, offer);
    if (chosen !== undefined) {
      name = names[shown.findIndex((protocol) => protocol === chosen)];
      if (name === undefined) throw invalidResult(chosen, shown);
    }
  } catch (error) {
    socket.socket.destroy(asError(error));
    return;
  }
  const alpn = name === undefined ? null : Buffer.concat([Uint8Array.of(name.length), name]);
  socket.resume({ ...answer, alpn });
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
