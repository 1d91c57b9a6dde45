// Certificates, trust, versions, groups and schemes, checked and built once, for any number of connections.

import { moduleDefaults } from './module-defaults.js';
import type { EngineContext, EngineName } from '../engine/connection.js';
import { otherEngine, type ContextBuilder } from '../engine/engine.js';
import { requireEngine, type EngineOptions } from '../engine/select.js';
import { invalidArgType, outOfRange, TlsError } from '../errors.js';
import {
  NamedGroup,
  ProtocolVersion,
  SignatureScheme,
  type CertificateCompressionName,
  type NamedGroupName,
  type ProtocolVersionName,
} from '../protocol/constants.js';
import { chooseCertificateCompression, installCertificateCodec } from './certificate-compression.js';
import { callableWithoutNew } from './callable.js';
import { applyCiphers, chooseCiphers } from './cipher-list.js';
import { withConfigErrors } from './config-errors.js';
import { applyCredentials, type CredentialOptions } from './credentials.js';
import { chooseGroups } from './key-exchange-groups.js';
import { certificateKeys, type Policy, type PostQuantumMode } from './named-policies.js';
import { narrow, narrowSchemes, readDemand, type ContextSecurity, type PolicyOptions } from './policy.js';
import { atSecurityLevel, chooseVersions } from './protocol-versions.js';
import { applySessionOptions, type SessionOptions } from './session-options.js';
import { applySigning, checkSigning, type SigningOptions } from './signing.js';
import { chooseSignatureSchemes, defaultSignatureSchemes } from './signature-schemes.js';

export type { KeyObjectInput, PemInput, PfxObjectInput } from './credentials.js';

export interface SecureContextOptions
  extends CredentialOptions, EngineOptions, PolicyOptions, SessionOptions, SigningOptions {
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
  /** Certificate compression that is offered and used, most wanted first. RFC 8879. Default: none. */
  certificateCompression?: readonly CertificateCompressionName[] | undefined;
}

/** Whether it was made by createSecureContext(); something that only inherits from SecureContext was not. */
export function isSecureContext(value: unknown): value is SecureContext {
  return value instanceof SecureContext && owners.get(value.context) !== undefined;
}

/** Checks a `secureContext` option. */
export function checkSecureContext(value: unknown): SecureContext {
  if (isSecureContext(value)) return value;
  throw Object.assign(new TypeError('context must be a SecureContext'), { code: 'ERR_TLS_INVALID_CONTEXT' });
}

/**
 * An `engine` beside a `secureContext` must be that context's own.
 *
 * @throws TypeError `ERR_INVALID_ARG_VALUE`
 */
export function checkEngineOf({ engine }: EngineOptions, context: SecureContext): SecureContext {
  if (engine === undefined || engine === null || engine === context.context.engine) return context;
  throw otherEngine(engine, context.context);
}

const owners = new WeakMap<object, SecureContext>();

/** Programs hand on a SecureContext, or its `context`, as node:tls takes both from an SNICallback. */
export function secureContextOf(value: object): SecureContext | undefined {
  return isSecureContext(value) ? value : owners.get(value);
}

/** What a SecureContext is made of. */
class Built {
  constructor(
    readonly context: EngineContext,
    readonly security: ContextSecurity,
  ) {}
}

class PqtlsSecureContext implements ContextSecurity {
  /** The engine's form of it. */
  readonly context: EngineContext;
  /** What is offered and accepted, most wanted first. */
  readonly groups: readonly NamedGroupName[];
  readonly postQuantum: PostQuantumMode;
  /** The dated name of its policy; undefined where none was asked for. */
  readonly policyName: string | undefined;
  readonly minVersion: ProtocolVersionName;
  readonly maxVersion: ProtocolVersionName;

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
    owners.set(built.context, this);
    this.groups = built.security.groups;
    this.postQuantum = built.security.postQuantum;
    this.policyName = built.security.policyName;
    this.minVersion = built.security.minVersion;
    this.maxVersion = built.security.maxVersion;
  }
}

// What programs see of its name.
Object.defineProperty(PqtlsSecureContext, 'name', { value: 'SecureContext' });

/**
 * Immutable; made by createSecureContext() and shared by any number of connections and servers. It may be called without
 * `new`, as node:tls's may.
 */
export const SecureContext = callableWithoutNew(PqtlsSecureContext);
export type SecureContext = PqtlsSecureContext;

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
  if (typeof given !== 'object' || Array.isArray(given)) throw invalidArgType('options', 'of type object', given);
  const built: unknown = build(given);
  return new SecureContext(built as never);
}

/**
 * createSecureContext() as it stands on the module's default object: packages put theirs there to add certificates, and
 * node:tls looks there too.
 */
export function createCurrentSecureContext(options: SecureContextOptions): SecureContext {
  const current: unknown = Reflect.get(moduleDefaults, 'createSecureContext') ?? createSecureContext;
  if (typeof current !== 'function') throw new TypeError('createSecureContext is not a function');
  return checkSecureContext(Reflect.apply(current, moduleDefaults, [options]));
}

function build(options: SecureContextOptions): Built {
  const engine = requireEngine(options);
  const demand = readDemand(options);
  const secureOptions = checkSecureOptions(options.secureOptions);
  const ciphers = chooseCiphers(options);
  const versions = atSecurityLevel(chooseVersions(options, secureOptions), ciphers.securityLevel);
  const groups = chooseGroups(options);
  const compression = chooseCertificateCompression(options.certificateCompression);
  const wantedSchemes = chooseSignatureSchemes(options);
  const sign = checkSigning(options);

  // Policies come last: nothing may widen what they leave.
  const narrowed = narrow(demand, { ...groups, minVersion: versions.minimum, maxVersion: versions.maximum });
  const schemes = narrowSchemes(demand, wantedSchemes) ?? defaultSignatureSchemes;
  const builder = engine.createContext();
  const hasOlderSuites = withConfigErrors('ciphers', () => applyCiphers(builder, ciphers, demand));
  // A list without a TLS 1.2 suite rules TLS 1.2 out, as in node:tls.
  const speaksOlder = hasOlderSuites && engine.lowestVersion !== 'TLSv1.3';
  const security: ContextSecurity =
    !speaksOlder && narrowed.maxVersion === 'TLSv1.3' ? { ...narrowed, minVersion: 'TLSv1.3' } : narrowed;
  withConfigErrors('other', () => {
    builder.setVersions(ProtocolVersion[security.minVersion], ProtocolVersion[security.maxVersion]);
    builder.setOptions(secureOptions);
    if (options.honorCipherOrder === false) builder.setClientOrder();
    const certificateKey = demand.policy?.certificateKey ?? 'any';
    if (certificateKey !== 'any') builder.setCertificateKey(certificateKeys[certificateKey]);
    builder.setResumption({ requirePostQuantum: security.postQuantum === 'require' });
    builder.setGroups(Uint16Array.from(security.groups, (name) => NamedGroup[name]));
    builder.setSignatureAlgorithms(Uint16Array.from(schemes, (name) => SignatureScheme[name]));
    if (compression !== undefined) {
      installCertificateCodec(engine);
      builder.setCertificateCompression(compression);
    }
  });
  applyCredentials(engine, builder, options);
  if (demand.policy !== undefined) refuseForbiddenKey(engine.name, builder, demand.policy);
  applySigning(builder, options);
  applySessionOptions(builder, options, security.policyName);
  const details = { compresses: compression !== undefined, signer: sign };
  return new Built(engine.finishContext(builder, details), security);
}

function checkSecureOptions(value: unknown): number {
  if (!value) return 0;
  if (typeof value !== 'number') throw invalidArgType('secureOptions', 'of type number', value);
  if (!Number.isInteger(value)) throw outOfRange('secureOptions', 'an integer', value);
  // Only what stands in the low 32 bits has a meaning here.
  return value >>> 0;
}

/** No handshake with it could succeed. */
function refuseForbiddenKey(engine: EngineName, builder: ContextBuilder, { name, certificateKey }: Policy): void {
  if (!builder.ownKeyForbidden()) return;
  throw new TlsError(`The policy '${name}' allows certificates with a key of ${certificateKey} alone`, {
    code: 'ERR_PQTLS_CERTIFICATE_KEY',
    phase: 'config',
    engine,
  });
}
