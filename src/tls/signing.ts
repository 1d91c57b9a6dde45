// Where the handshake's signature is made: by the engine, on the threadpool, or by the program's `sign`. RFC 9846, Section 4.5.3.

import type { ContextBuilder } from '../engine/engine.js';
import type { Question } from '../engine/connection.js';
import { invalidArgValue, SignError, TlsError } from '../errors.js';
import { withConfigErrors } from './config-errors.js';
import type { DecidingSocket } from './handshake-decisions.js';
import { checkFunction } from './options.js';

/** What a `sign` callback is to sign. */
export interface SignRequest {
  /** The signature scheme by its IANA name, e.g. `rsa_pss_rsae_sha256`, `ecdsa_secp256r1_sha256`, `ed25519`, `mldsa65`. */
  readonly scheme: string;
  /** The kind of the certificate's key. In TLS 1.2 an `ec` key may be on another curve than the scheme's name says. */
  readonly keyType: 'rsa' | 'ec' | 'ed25519' | 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87';
  /** What a KMS that signs digests hashes `data` with; undefined where the algorithm takes the message itself. */
  readonly digest: 'sha1' | 'sha256' | 'sha384' | 'sha512' | undefined;
  /** Of an `rsa` key: RSASSA-PSS (MGF1 with `digest`, a salt of its length) or PKCS #1 v1.5. */
  readonly padding: 'pss' | 'pkcs1' | undefined;
  /** Bytes of the salt of `pss`: 32, 48 or 64. */
  readonly saltLength: number | undefined;
  /**
   * The message, not its digest; the callback's own copy. TLS 1.3: 130 bytes, with a SHA-384 suite 146 (RFC 9846, Section
   * 4.5.3). TLS 1.2: a server's 68 bytes and its key share (RFC 8422, Section 5.4), a client's every handshake message so
   * far (RFC 5246, Section 7.4.8), a few kilobytes.
   */
  readonly data: Uint8Array;
  /** The certificate that we show and whose key must sign, DER: it tells several apart. */
  readonly certificate: Buffer;
  readonly isServer: boolean;
  /** Aborted when the connection closes before the answer is there: nobody waits for it any more. */
  readonly signal: AbortSignal;
}

/**
 * Signs a handshake in place of `key`. ECDSA signatures are DER (RFC 3279, Section 2.2.3), the others plain bytes: RSA as
 * long as the modulus, Ed25519 64, ML-DSA 2420, 3309 or 4627 (pure, with an empty context).
 */
export type SignCallback = (request: SignRequest) => Promise<Uint8Array> | Uint8Array;

/** Mirrors Offload in native/context_state.h. */
const offloads = { never: 0, auto: 1, always: 2 } as const;

export type OffloadMode = keyof typeof offloads;

export interface SigningOptions {
  /**
   * Signs handshakes in place of `key`, for private keys in a KMS or HSM; `cert` holds one or several chains, of at most
   * three of the four types of keys. Every answer is verified against the certificate before it is sent. A failure ends
   * the handshake with a SignError. TLS 1.2 with RSA key transport, which decrypts, is not offered then; TLS 1.0 and 1.1
   * fail with `ERR_PQTLS_SIGN_FAILED` for RSA keys.
   */
  sign?: SignCallback | undefined;
  /**
   * Where signatures with `key` run, and what a server answers a ClientHello with. `auto`: inline, but while this thread has
   * a connection past its handshake that would have to wait, on libuv's threadpool: RSA; ML-DSA from the second of a turn of
   * the event loop on; and on the addon's own TCP whole ClientHellos that wait behind eight others and that no callback is asked about. `always`: each of these
   * on the threadpool, whatever the key. `never`: inline. At most half of the pool is used, and with 256 jobs waiting the
   * thread works for itself. Without effect with `sign`. Default `auto`.
   */
  offload?: OffloadMode | undefined;
}

/**
 * Checks `sign` before anything of the context is built.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`; TlsError `ERR_PQTLS_SIGN_WITH_KEY`,
 *   `ERR_PQTLS_SIGN_WITHOUT_CERT`
 */
export function checkSigning(
  options: SigningOptions & { key?: unknown; pfx?: unknown; cert?: unknown },
): SignCallback | undefined {
  const { offload } = options;
  if (offload !== undefined && offload !== null && !Object.hasOwn(offloads, offload)) {
    throw invalidArgValue('options.offload', "it must be 'auto', 'always' or 'never'");
  }
  const sign = checkFunction('options.sign', options.sign);
  if (sign === undefined) return undefined;
  const config = { phase: 'config', engine: 'aws-lc' } as const;
  if (options.key || options.pfx) {
    const message = "'sign' takes the place of 'key' and 'pfx': give one of them";
    throw new TlsError(message, { code: 'ERR_PQTLS_SIGN_WITH_KEY', ...config });
  }
  if (!options.cert) {
    throw new TlsError("'sign' needs 'cert'", { code: 'ERR_PQTLS_SIGN_WITHOUT_CERT', ...config });
  }
  return sign;
}

/** After certificates, keys and suites. */
export function applySigning(builder: ContextBuilder, options: SigningOptions): void {
  withConfigErrors('other', () => {
    if (options.sign) builder.setProgramSigner();
    else builder.setOffload(offloads[options.offload ?? 'auto']);
  });
}

// Bytes that a peer may send ahead while its handshake waits for the program.
const mostAhead = 16 * 1024;

/** A peer that leaves while its handshake waits for the program is noticed only where the transport is read on. */
export function stopsReading(question: Question | undefined): boolean {
  return question !== undefined && (question.kind === 'verify' || question.buffered() >= mostAhead);
}

type SignatureQuestion = Extract<Question, { kind: 'signature' }>;

/** Answers when the signature is there, or when there will be none. */
export function obtainSignature(socket: DecidingSocket, question: SignatureQuestion): void {
  if (question.ranOn === 'callback') {
    askProgram(socket, question);
    return;
  }
  const resume = (): void => {
    if (!socket.socket.destroyed) socket.resume({ kind: 'signature' });
  };
  // It is never rejected. Without one nothing could be started, and the handshake fails.
  if (question.done === undefined) process.nextTick(resume);
  else void question.done.then(resume);
}

function askProgram(socket: DecidingSocket, question: Extract<SignatureQuestion, { ranOn: 'callback' }>): void {
  const { scheme, data } = question;
  const details = schemes[scheme];
  const sign = question.signer as SignCallback | undefined;
  const certificate = socket.connection.ownCertificate();
  const abort = new AbortController();
  const onClose = (): void => abort.abort();
  let settled = false;
  const settle = (signature: Uint8Array | undefined, refusal?: SignError): void => {
    if (settled) return;
    settled = true;
    socket.socket.off('close', onClose);
    if (socket.socket.destroyed) return;
    const verified = socket.connection.giveSignature(signature);
    if (!verified) socket.refusal = refusal ?? signError('INVALID', `does not verify with the certificate (${scheme})`);
    socket.resume({ kind: 'signature' });
  };
  const fail = (cause: unknown): void => {
    settle(undefined, signError('FAILED', 'failed', cause));
  };
  const answer = (value: unknown): void => {
    const wrong = faultOf(value);
    if (wrong === undefined) settle(value as Uint8Array);
    else settle(undefined, signError('INVALID', wrong));
  };
  if (sign === undefined || details === undefined || certificate === undefined) {
    fail(new Error(`Nothing signs with ${scheme}`));
    return;
  }
  socket.socket.once('close', onClose);
  try {
    const { isServer } = socket;
    const answered = sign({ scheme, ...details, data, certificate, isServer, signal: abort.signal });
    if (answered instanceof Uint8Array) answer(answered);
    else Promise.resolve(answered).then(answer, fail);
  } catch (error) {
    fail(error);
  }
}

// An ML-DSA-87 signature has 4627 bytes. FIPS 204, Table 2.
const longestSignature = 4627;

function faultOf(value: unknown): string | undefined {
  if (!(value instanceof Uint8Array)) return 'did not return a Uint8Array';
  if (value.length === 0) return 'returned no bytes';
  return value.length > longestSignature ? `returned ${value.length} bytes, more than any signature has` : undefined;
}

function signError(fault: 'FAILED' | 'INVALID', what: string, cause?: unknown): SignError {
  return new SignError(`The handshake failed: 'sign' ${what}`, {
    code: `ERR_PQTLS_SIGN_${fault}`,
    phase: 'handshake',
    engine: 'aws-lc',
    alertSent: 'internal_error',
    cause,
  });
}

type SchemeDetails = Pick<SignRequest, 'keyType' | 'digest' | 'padding' | 'saltLength'>;

function rsa(padding: 'pss' | 'pkcs1', digest: SignRequest['digest'], length: number): SchemeDetails {
  return { keyType: 'rsa', digest, padding, saltLength: padding === 'pss' ? length : undefined };
}

function plain(keyType: SignRequest['keyType'], digest?: SignRequest['digest']): SchemeDetails {
  return { keyType, digest, padding: undefined, saltLength: undefined };
}

const schemes: Readonly<Record<string, SchemeDetails>> = {
  rsa_pkcs1_sha1: rsa('pkcs1', 'sha1', 20),
  rsa_pkcs1_sha256: rsa('pkcs1', 'sha256', 32),
  rsa_pkcs1_sha384: rsa('pkcs1', 'sha384', 48),
  rsa_pkcs1_sha512: rsa('pkcs1', 'sha512', 64),
  rsa_pss_rsae_sha256: rsa('pss', 'sha256', 32),
  rsa_pss_rsae_sha384: rsa('pss', 'sha384', 48),
  rsa_pss_rsae_sha512: rsa('pss', 'sha512', 64),
  ecdsa_sha1: plain('ec', 'sha1'),
  ecdsa_secp256r1_sha256: plain('ec', 'sha256'),
  ecdsa_secp384r1_sha384: plain('ec', 'sha384'),
  ecdsa_secp521r1_sha512: plain('ec', 'sha512'),
  ed25519: plain('ed25519'),
  mldsa44: plain('ml-dsa-44'),
  mldsa65: plain('ml-dsa-65'),
  mldsa87: plain('ml-dsa-87'),
};
