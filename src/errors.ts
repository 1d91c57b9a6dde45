// Every error that pqtls throws or emits, by whose fault it was, with stable codes; and the reason -> alert table.

/** The part of a connection's life in which an error happened. */
export type TlsErrorPhase = 'config' | 'handshake' | 'data' | 'close';

/** What every TLS error says beside its message. */
export interface TlsErrorDetails {
  /** node:tls's own code where it has one, otherwise `ERR_PQTLS_...`. */
  code: string;
  phase: TlsErrorPhase;
  /** `aws-lc` or `typescript`; absent where no engine was chosen yet. */
  engine?: string | undefined;
  /** The alert that we sent, as its RFC 9846 name. */
  alertSent?: string | undefined;
  /** The alert that the peer sent, as its RFC 9846 name. */
  alertReceived?: string | undefined;
  /** The engine's own name of the fault, e.g. `WRONG_VERSION_NUMBER`. */
  reason?: string | undefined;
  cause?: unknown;
}

/** Base of every error of a TLS connection or of its configuration. */
export class TlsError extends Error {
  readonly code: string;
  readonly phase: TlsErrorPhase;
  readonly engine: string | undefined;
  readonly alertSent: string | undefined;
  readonly alertReceived: string | undefined;
  readonly reason: string | undefined;

  constructor(message: string, details: TlsErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = details.code;
    this.phase = details.phase;
    this.engine = details.engine;
    this.alertSent = details.alertSent;
    this.alertReceived = details.alertReceived;
    this.reason = details.reason;
  }
}

/** The peer sent something that does not parse. */
export class InvalidMessageError extends TlsError {}
/** The peer sent something that parses and breaks the protocol. */
export class PeerMisbehavedError extends TlsError {}
/** The peer and we have no version, cipher suite, group, scheme or application protocol in common. */
export class PeerIncompatibleError extends TlsError {}
/** The peer offered or chose no post-quantum key exchange and the policy requires one. */
export class NotPostQuantumError extends PeerIncompatibleError {}
/** The peer ended the connection with an alert. */
export class AlertReceivedError extends TlsError {}
/** The peer's certificate chain or name was not accepted. */
export class CertificateError extends TlsError {}
/** A record or a ticket did not decrypt; deliberately without detail. */
export class DecryptError extends TlsError {}
/** The handshake did not finish in time. */
export class HandshakeTimeoutError extends TlsError {}
/** The transport ended where the protocol does not allow it. */
export class UnexpectedEofError extends TlsError {}
/** A fault of ours or of the engine; please report it. */
export class InternalError extends TlsError {}

/** Why `pqtls/crypto` refused a key, a ciphertext or a share. */
export type KeyRejectedReason =
  | 'wrong_length'
  | 'invalid_encoding'
  | 'wrong_algorithm'
  | 'modulus_check'
  | 'hash_check';

/** A key, ciphertext or key share was refused before use. `code` is `ERR_PQTLS_KEY_REJECTED`. */
export class KeyRejectedError extends Error {
  readonly code = 'ERR_PQTLS_KEY_REJECTED';
  readonly reason: KeyRejectedReason;

  constructor(message: string, reason: KeyRejectedReason) {
    super(message);
    this.name = 'KeyRejectedError';
    this.reason = reason;
  }
}

/** What was asked for is not offered by this provider, engine, AWS-LC source or Node. `code` is `ERR_PQTLS_UNSUPPORTED`. */
export class UnsupportedError extends Error {
  readonly code = 'ERR_PQTLS_UNSUPPORTED';
  /** What is missing, e.g. `ML-DSA-65` or `tls`. */
  readonly feature: string;

  constructor(message: string, feature: string) {
    super(message);
    this.name = 'UnsupportedError';
    this.feature = feature;
  }
}

/** A cryptographic operation failed for a reason that is not the caller's. `code` is `ERR_PQTLS_CRYPTO_OPERATION_FAILED`. */
export class CryptoOperationError extends Error {
  readonly code = 'ERR_PQTLS_CRYPTO_OPERATION_FAILED';

  constructor(message: string) {
    super(message);
    this.name = 'CryptoOperationError';
  }
}

/** A key was used after `destroy()`. `code` is `ERR_PQTLS_KEY_DESTROYED`. */
export class KeyDestroyedError extends Error {
  readonly code = 'ERR_PQTLS_KEY_DESTROYED';

  constructor() {
    super('This key was destroyed and its secret bytes were wiped');
    this.name = 'KeyDestroyedError';
  }
}

/** A TypeError with Node's `ERR_INVALID_ARG_TYPE`, for an argument of the wrong type. */
export function invalidArgType(name: string, expected: string, actual: unknown): TypeError {
  const received =
    actual === null || actual === undefined
      ? String(actual)
      : typeof actual === 'object'
        ? `an instance of ${actual.constructor?.name ?? 'Object'}`
        : `type ${typeof actual}`;
  const kind = name.includes('.') ? 'property' : 'argument';
  return Object.assign(new TypeError(`The "${name}" ${kind} must be ${expected}. Received ${received}`), {
    code: 'ERR_INVALID_ARG_TYPE',
  });
}

/** A RangeError or TypeError with Node's `ERR_INVALID_ARG_VALUE`, for a value outside of the allowed set. */
export function invalidArgValue(name: string, message: string): TypeError {
  return Object.assign(new TypeError(`The value of "${name}" is invalid: ${message}`), {
    code: 'ERR_INVALID_ARG_VALUE',
  });
}

/** A RangeError with Node's `ERR_OUT_OF_RANGE`. */
export function outOfRange(name: string, range: string, received: unknown): RangeError {
  return Object.assign(
    new RangeError(`The value of "${name}" is out of range. It must be ${range}. Received ${String(received)}`),
    { code: 'ERR_OUT_OF_RANGE' },
  );
}

/** An Error with Node's `ERR_CRYPTO_HASH_FINALIZED`, for input or output of a hash that is over. */
export function hashFinalized(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_CRYPTO_HASH_FINALIZED' });
}
