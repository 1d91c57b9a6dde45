// What the program decides while a handshake is suspended: the context for a server name, and whether a peer is trusted.

import type { Answer, ChainError, Question } from '../engine/connection.js';
import { Alert, type ProtocolVersionName } from '../protocol/constants.js';
import { verifyPeer } from './peer-verification.js';
import type { PostQuantumMode } from './named-policies.js';
import { contextDemand, refuseWeakerContext, type ConnectionSecurity } from './policy.js';
import { isSecureContext, type SecureContext } from './secure-context.js';
import type { TLSSocketOptions } from './socket.js';

/** What the decisions need of the socket. */
export interface DecidingSocket {
  readonly isServer: boolean;
  readonly engine: string;
  readonly options: TLSSocketOptions;
  readonly postQuantum: PostQuantumMode;
  readonly policyName: string | undefined;
  /** Of the server's own context. */
  readonly minVersion: ProtocolVersionName;
  /** A context for a server name holds the connection to more than the server does. */
  adopt(security: ConnectionSecurity): void;
  authorized: boolean;
  authorizationError: string | Error | null;
  /** Why we end the handshake ourselves; takes the place of the engine's own report, which knows only that we did. */
  refusal: Error | undefined;
  resume(answer: Answer): void;
}

/** Answers a question of the engine, now or later. */
export function decide(socket: DecidingSocket, question: Question): void {
  if (question.kind === 'verify') socket.resume(verify(socket, question.chain, question.chainError));
  else selectContext(socket, question.hello.serverName);
}

function verify(socket: DecidingSocket, chain: readonly Buffer[], chainError: ChainError | undefined): Answer {
  const { isServer, engine, options } = socket;
  const rejection = verifyPeer(chain, chainError, { ...options, isServer, engine });
  socket.authorized = rejection === undefined;
  if (rejection === undefined) return { kind: 'verify' };
  socket.authorizationError = rejection.authorizationError;
  if (options.rejectUnauthorized === false) return { kind: 'verify' };
  socket.refusal = rejection.error;
  return { kind: 'verify', alert: rejection.alert };
}

function accept(socket: DecidingSocket, context: SecureContext | undefined): void {
  const demand = context === undefined ? undefined : contextDemand(context, socket.minVersion);
  if (demand !== undefined) socket.adopt(demand);
  socket.resume({
    kind: 'client-hello',
    context: context?.context,
    restriction: demand?.restriction,
    requirePostQuantum: demand?.postQuantum === 'require',
  });
}

/** Why a context for a server name may not take the place of the server's own. */
function weakness(socket: DecidingSocket, context: SecureContext | null | undefined): Error | undefined {
  if (context === undefined || context === null) return undefined;
  try {
    refuseWeakerContext(socket, context);
    return undefined;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
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
      const weaker = weakness(socket, context);
      if (weaker === undefined) {
        accept(socket, context ?? undefined);
        return;
      }
      socket.refusal = weaker;
      socket.resume({ kind: 'client-hello', alert: Alert.internal_error });
    }
  };
  try {
    sni(servername, answer);
  } catch (error) {
    if (answered) throw error;
    answer(error instanceof Error ? error : new Error('SNICallback threw', { cause: error }));
  }
}
