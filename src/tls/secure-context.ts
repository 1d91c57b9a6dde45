// Certificates, trust, versions, groups and schemes, checked and built once, for any number of connections.

import { NativeEngineContext } from '../engine/native-connection.js';
import { requireTlsBinding } from '../engine/select.js';
import { invalidArgType, outOfRange } from '../errors.js';
import {
  NamedGroup,
  ProtocolVersion,
  SignatureScheme,
  type CertificateCompressionName,
  type NamedGroupName,
  type ProtocolVersionName,
} from '../protocol/constants.js';
import { chooseCertificateCompression, installCertificateCodec } from './certificate-compression.js';
import { applyCiphers, chooseCiphers } from './cipher-list.js';
import { withConfigErrors } from './config-errors.js';
import type { ContextLimits } from './context-limits.js';
import { applyCredentials, type CredentialOptions } from './credentials.js';
import { chooseGroups } from './key-exchange-groups.js';
import { refuseAbsentOptions } from './options.js';
import { chooseVersions } from './protocol-versions.js';
import { chooseSignatureSchemes } from './signature-schemes.js';

export type { KeyObjectInput, PemInput, PfxObjectInput } from './credentials.js';

export interface SecureContextOptions extends CredentialOptions {
  /** Groups for key exchange, most wanted first, as an array or joined by ':'. Default: `defaultGroups`. */
  groups?: string | readonly string[] | undefined;
  /** node:tls's name of `groups`; `groups` wins. Default: DEFAULT_ECDH_CURVE; `auto` is the default list. */
  ecdhCurve?: string | undefined;
  /** Signature schemes by IANA's or OpenSSL's name, most wanted first, joined by ':'. */
  sigalgs?: string | undefined;
  /** OpenSSL cipher list; names that begin with `TLS_` are TLS 1.3 suites. Default: DEFAULT_CIPHERS. */
  ciphers?: string | undefined;
  /** A server's order of suites decides. Default true; a shared post-quantum group is chosen either way. */
  honorCipherOrder?: boolean | undefined;
  /** Default: DEFAULT_MIN_VERSION, which is `TLSv1.2` if the command line does not say otherwise. */
  minVersion?: ProtocolVersionName | undefined;
  /** Default: DEFAULT_MAX_VERSION. */
  maxVersion?: ProtocolVersionName | undefined;
  /** A method of OpenSSL, e.g. `TLSv1_2_method`, instead of the versions. */
  secureProtocol?: string | undefined;
  /** SSL_OP_* of node:crypto's constants; those without a meaning for AWS-LC are passed over. */
  secureOptions?: number | undefined;
  /** Binds sessions to the application; at most 32 bytes. */
  sessionIdContext?: string | undefined;
  /** Certificate compression that is offered and used, most wanted first. RFC 8879. Default: none. */
  certificateCompression?: readonly CertificateCompressionName[] | undefined;
}

/** Whether it was made by createSecureContext(); something that only inherits from SecureContext was not. */
export function isSecureContext(value: unknown): value is SecureContext {
  return value instanceof SecureContext && value.context instanceof NativeEngineContext;
}

/** Checks a `secureContext` option. */
export function checkSecureContext(value: unknown): SecureContext {
  if (isSecureContext(value)) return value;
  throw invalidArgType('options.secureContext', 'an instance of SecureContext', value);
}

/** What a SecureContext is made of. */
class Built {
  constructor(
    readonly context: NativeEngineContext,
    readonly groups: readonly NamedGroupName[],
    readonly sessionIdContext: string | undefined,
  ) {}
}

/** Immutable; made by createSecureContext() and shared by any number of connections and servers. */
export class SecureContext {
  /** The engine's form of it. */
  readonly context: NativeEngineContext;
  readonly groups: readonly NamedGroupName[];
  /** Of the options; what a server binds its sessions to. */
  readonly sessionIdContext: string | undefined;

  /**
   * As node:tls's own, which nobody needs beside createSecureContext(): a context without credentials.
   */
  constructor(
    secureProtocol?: string,
    secureOptions?: number,
    minVersion?: ProtocolVersionName,
    maxVersion?: ProtocolVersionName,
  );
  constructor(
    first?: unknown,
    secureOptions?: number,
    minVersion?: ProtocolVersionName,
    maxVersion?: ProtocolVersionName,
  ) {
    const secureProtocol = typeof first === 'string' ? first : undefined;
    const built = first instanceof Built ? first : build({ secureProtocol, secureOptions, minVersion, maxVersion });
    this.context = built.context;
    this.groups = built.groups;
    this.sessionIdContext = built.sessionIdContext;
  }
}

/**
 * Builds a SecureContext.
 *
 * @throws TypeError, RangeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_OUT_OF_RANGE`,
 *   `ERR_TLS_INVALID_PROTOCOL_VERSION`, `ERR_TLS_INVALID_PROTOCOL_METHOD`, `ERR_TLS_PROTOCOL_VERSION_CONFLICT`
 * @throws TlsError phase `config`: a certificate, key or list that AWS-LC refuses
 * @throws UnsupportedError where no engine can speak TLS
 */
export function createSecureContext(options?: SecureContextOptions | null): SecureContext {
  const given = options || {};
  if (typeof given !== 'object') throw invalidArgType('options', 'of type object', given);
  const built: unknown = build(given);
  return new SecureContext(built as never);
}

function build(options: SecureContextOptions, limits: ContextLimits = {}): Built {
  refuseAbsentOptions(options);
  const binding = requireTlsBinding();
  const versions = chooseVersions(options, limits);
  const secureOptions = checkSecureOptions(options.secureOptions);
  const ciphers = chooseCiphers(options, limits);
  const groups = chooseGroups(options, limits);
  const schemes = chooseSignatureSchemes(options, limits);
  const compression = chooseCertificateCompression(options.certificateCompression);
  const sessionIdContext = checkSessionIdContext(options.sessionIdContext);

  const native = new binding.SecureContext();
  let minimum = ProtocolVersion[versions.minimum];
  const maximum = ProtocolVersion[versions.maximum];
  // A list without a TLS 1.2 suite rules TLS 1.2 out, as in node:tls.
  if (ciphers.tls12 === '' && maximum === ProtocolVersion['TLSv1.3']) minimum = maximum;
  withConfigErrors('other', () => {
    native.setVersions(minimum, maximum);
    native.setOptions(secureOptions);
    if (options.honorCipherOrder === false) native.setClientOrder();
    native.setGroups(Uint16Array.from(groups, (name) => NamedGroup[name]));
    native.setSignatureAlgorithms(Uint16Array.from(schemes, (name) => SignatureScheme[name]));
    if (compression !== undefined) {
      installCertificateCodec(binding);
      native.setCertificateCompression(compression);
    }
  });
  withConfigErrors('ciphers', () => applyCiphers(native, ciphers));
  applyCredentials(binding, native, options);
  return new Built(new NativeEngineContext(native), groups, sessionIdContext);
}

function checkSecureOptions(value: unknown): number {
  if (!value) return 0;
  if (typeof value !== 'number') throw invalidArgType('secureOptions', 'of type number', value);
  if (!Number.isInteger(value)) throw outOfRange('secureOptions', 'an integer', value);
  // Only what stands in the low 32 bits has a meaning here.
  return value >>> 0;
}

/** At most 32 bytes, as in OpenSSL. */
function checkSessionIdContext(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalidArgType('options.sessionIdContext', 'of type string', value);
  if (Buffer.byteLength(value) > 32) {
    throw Object.assign(new TypeError('error:0A000111:SSL routines::ssl session id context too long'), {
      code: 'ERR_SSL_SSL_SESSION_ID_CONTEXT_TOO_LONG',
    });
  }
  return value;
}
