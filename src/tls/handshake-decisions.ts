// What the program decides while a handshake is suspended: the context for a server name, and whether a peer is trusted.

import type { Answer, Question } from '../engine/connection.js';
import { Alert } from '../protocol/constants.js';
import { expectedName, verifyPeer } from './peer-verification.js';
import { isSecureContext, type SecureContext } from './secure-context.js';
import type { ServerSessions, VerifiedIdentity } from './session.js';
import type { TLSSocketOptions } from './socket.js';

type VerifyQuestion = Extract<Question, { kind: 'verify' }>;

/** What the decisions need of the socket. */
export interface DecidingSocket {
  readonly isServer: boolean;
  readonly engine: string;
  readonly options: TLSSocketOptions;
  authorized: boolean;
  authorizationError: string | Error | null;
  /** Why we end the handshake ourselves; takes the place of the engine's own report, which knows only that we did. */
  refusal: Error | undefined;
  /** Of the session that was offered. */
  readonly offeredIdentity: VerifiedIdentity | undefined;
  /** Whose certificate was accepted; undefined where none was. */
  verifiedIdentity: VerifiedIdentity | undefined;
  readonly sessions: ServerSessions | undefined;
  resume(answer: Answer): void;
}

/** Answers a question of the engine, now or later. */
export function decide(socket: DecidingSocket, question: Question): void {
  if (question.kind === 'verify') socket.resume(verify(socket, question));
  else if (question.kind === 'resume-session') resumeSession(socket, question.id);
  else selectContext(socket, question.hello.serverName);
}

function resumeSession(socket: DecidingSocket, id: Buffer): void {
  if (socket.sessions === undefined) socket.resume({ kind: 'resume-session', session: undefined });
  else socket.sessions.wanted(id);
}

function verify(socket: DecidingSocket, { chain, chainError, resumed }: VerifyQuestion): Answer {
  const { isServer, engine, options, offeredIdentity } = socket;
  const identity = { name: expectedName(options), byProgram: Boolean(options.checkServerIdentity) };
  // As in node:tls, the name is checked once for a session; but only another check of the same kind can be spared.
  const nameVerified =
    resumed && offeredIdentity?.name === identity.name && offeredIdentity.byProgram === identity.byProgram;
  const rejection = verifyPeer(chain, chainError, { ...options, isServer, engine, nameVerified });
  socket.authorized = rejection === undefined;
  socket.verifiedIdentity = rejection === undefined && !isServer ? identity : undefined;
  if (rejection === undefined) return { kind: 'verify' };
  socket.authorizationError = rejection.authorizationError;
  if (options.rejectUnauthorized === false) return { kind: 'verify' };
  socket.refusal = rejection.error;
  return { kind: 'verify', alert: rejection.alert };
}

function selectContext(socket: DecidingSocket, servername: string): void {
  const sni = socket.options.SNICallback;
  if (sni === undefined || servername === '') {
    socket.resume({ kind: 'client-hello' });
    return;
  }
  let answered = false;
  const answer = (error: Error | null | undefined, context?: SecureContext): void => {
    if (answered) return;
    answered = true;
    if (error) {
      socket.refusal = error;
      socket.resume({ kind: 'client-hello', alert: Alert.internal_error });
    } else if (context !== undefined && context !== null && !isSecureContext(context)) {
      socket.refusal = Object.assign(new Error('Invalid SNI context'), { code: 'ERR_TLS_INVALID_CONTEXT' });
      socket.resume({ kind: 'client-hello', alert: Alert.internal_error });
    } else {
      socket.resume({ kind: 'client-hello', context: context?.context });
    }
  };
  try {
    sni(servername, answer);
  } catch (error) {
    if (answered) throw error;
    answer(error instanceof Error ? error : new Error('SNICallback threw', { cause: error }));
  }
}
