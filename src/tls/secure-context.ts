// Certificates, trust, versions, groups and schemes, checked and built once, for any number of connections.

import { readFileSync } from 'node:fs';
import type { NativeBinding } from '../binding.js';
import type { NativeSecureContext, NativeTrustStore } from '../binding/tls-contract.js';
import { NativeEngineContext } from '../engine/native-connection.js';
import { requireTlsBinding } from '../engine/select.js';
import { invalidArgType, invalidArgValue, TlsError } from '../errors.js';
import {
  NamedGroup,
  ProtocolVersion,
  SignatureScheme,
  type NamedGroupName,
  type ProtocolVersionName,
  type SignatureSchemeName,
} from '../protocol/constants.js';
import { defaultGroups, parseGroups } from '../protocol/named-groups.js';
import { certificateKeys, type Policy, type PostQuantumMode } from './named-policies.js';
import { nodeTls } from './node-tls.js';
import { checkPem, checkProtocolVersion, refuseAbsentOptions } from './options.js';
import {
  narrow,
  narrowCiphers,
  narrowSchemes,
  readDemand,
  type ContextSecurity,
  type Demand,
  type PolicyOptions,
} from './policy.js';
import { applySessionOptions, type SessionOptions } from './session-options.js';

export type PemInput = string | Uint8Array;

/** A private key with a passphrase of its own. */
export interface KeyObjectInput {
  pem: PemInput;
  passphrase?: string | undefined;
}

export interface SecureContextOptions extends PolicyOptions, SessionOptions {
  /** Private keys in PEM, in the order of `cert`. */
  key?: PemInput | readonly (PemInput | KeyObjectInput)[] | undefined;
  /** Certificate chains in PEM, leaf first; several with keys of different types may stand side by side. */
  cert?: PemInput | readonly PemInput[] | undefined;
  /** Trusted certificates in PEM. Default: Node's own roots and `NODE_EXTRA_CA_CERTS`. */
  ca?: PemInput | readonly PemInput[] | undefined;
  /** Passphrase of every `key` that has none of its own. */
  passphrase?: string | undefined;
  /** Groups for key exchange, most wanted first, as an array or joined by ':'. Default: `defaultGroups`. */
  groups?: string | readonly string[] | undefined;
  /** node:tls's name of `groups`; `groups` wins. `auto` is the default list. */
  ecdhCurve?: string | undefined;
  /** Signature schemes by IANA name, joined by ':'. */
  sigalgs?: string | undefined;
  /** OpenSSL cipher list; names that begin with `TLS_` are TLS 1.3 suites. */
  ciphers?: string | undefined;
  /** Default `TLSv1.2`. */
  minVersion?: ProtocolVersionName | undefined;
  /** Default `TLSv1.3`. */
  maxVersion?: ProtocolVersionName | undefined;
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

/** Immutable; made by createSecureContext() and shared by any number of connections and servers. */
export class SecureContext implements ContextSecurity {
  /** The engine's form of it. */
  readonly context: NativeEngineContext;
  /** What is offered and accepted, most wanted first. */
  readonly groups: readonly NamedGroupName[];
  readonly postQuantum: PostQuantumMode;
  /** The dated name of its policy; undefined where none was asked for. */
  readonly policyName: string | undefined;
  readonly minVersion: ProtocolVersionName;
  readonly maxVersion: ProtocolVersionName;

  constructor(context: NativeEngineContext, security: ContextSecurity) {
    this.context = context;
    this.groups = security.groups;
    this.postQuantum = security.postQuantum;
    this.policyName = security.policyName;
    this.minVersion = security.minVersion;
    this.maxVersion = security.maxVersion;
  }
}

/**
 * Builds a SecureContext.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_TLS_INVALID_PROTOCOL_VERSION`
 * @throws TlsError phase `config`: a certificate, key or list that AWS-LC refuses
 * @throws UnsupportedError where no engine can speak TLS
 */
export function createSecureContext(options: SecureContextOptions = {}): SecureContext {
  if (typeof options !== 'object' || options === null) throw invalidArgType('options', 'of type object', options);
  refuseAbsentOptions(options);
  const binding = requireTlsBinding();
  const demand = readDemand(options);
  const security = chooseSecurity(options, demand);
  const { groups, maxVersion } = security;
  let { minVersion } = security;
  const certificates = listOf('options.cert', options.cert).map((pem) => checkPem('options.cert', pem));
  const keys = listOf<PemInput | KeyObjectInput>('options.key', options.key).map((key) =>
    readKey(key, options.passphrase),
  );
  const authorities = options.ca === undefined || options.ca === null ? undefined : listOf('options.ca', options.ca);
  if (certificates.length !== keys.length && keys.length > 0) {
    throw invalidArgValue('options.key', `${keys.length} keys were given for ${certificates.length} certificates`);
  }

  const native = new binding.SecureContext();
  return withConfigErrors(() => {
    native.setVersions(ProtocolVersion[minVersion], ProtocolVersion[maxVersion]);
    const certificateKey = demand.policy?.certificateKey ?? 'any';
    if (certificateKey !== 'any') native.setCertificateKey(certificateKeys[certificateKey]);
    native.setResumption({ requirePostQuantum: security.postQuantum === 'require' });
    native.setGroups(Uint16Array.from(groups, (name) => NamedGroup[name]));
    if (options.ciphers !== undefined && options.ciphers !== null) {
      minVersion = setCiphers(native, options.ciphers, minVersion, maxVersion);
    }
    const suites = narrowCiphers(demand, options.ciphers ?? undefined, native.ciphers());
    if (suites !== undefined) {
      minVersion = setCiphers(native, [...suites.tls13, ...suites.tls12].join(':'), minVersion, maxVersion);
    }
    const schemes = narrowSchemes(demand, parseSignatureSchemes(options.sigalgs));
    if (schemes !== undefined) {
      native.setSignatureAlgorithms(Uint16Array.from(schemes, (name) => SignatureScheme[name]));
    }
    certificates.forEach((pem, index) => {
      native.setCertificateChain(pem);
      const key = keys[index];
      if (key !== undefined) native.setPrivateKey(key.pem, key.passphrase);
    });
    if (authorities === undefined) {
      native.setTrustStore(defaultTrustStore(binding));
    } else {
      const store = new binding.TrustStore();
      for (const pem of authorities) {
        const bytes = checkPem('options.ca', pem);
        if (store.addCertificates(bytes) === 0) throw invalidArgValue('options.ca', 'it holds no PEM certificate');
        native.setClientCaList(bytes);
      }
      native.setTrustStore(store);
    }
    if (demand.policy !== undefined) refuseForbiddenKey(native, demand.policy);
    applySessionOptions(native, options, security.policyName);
    return new SecureContext(new NativeEngineContext(native), { ...security, minVersion });
  });
}

/** No handshake with it could succeed. */
function refuseForbiddenKey(native: NativeSecureContext, { name, certificateKey }: Policy): void {
  if (!native.ownKeyForbidden()) return;
  throw new TlsError(`The policy '${name}' allows certificates with a key of ${certificateKey} alone`, {
    code: 'ERR_PQTLS_CERTIFICATE_KEY',
    phase: 'config',
    engine: 'aws-lc',
  });
}

function chooseSecurity(options: SecureContextOptions, demand: Demand): ContextSecurity {
  const groups = chooseGroups(options);
  const minVersion = checkProtocolVersion('minimum', options.minVersion, 'TLSv1.2');
  const maxVersion = checkProtocolVersion('maximum', options.maxVersion, 'TLSv1.3');
  if (ProtocolVersion[minVersion] > ProtocolVersion[maxVersion]) {
    throw invalidArgValue('options.minVersion', `${minVersion} is above maxVersion ${maxVersion}`);
  }
  const given = {
    groups: groups !== undefined,
    minVersion: options.minVersion !== undefined && options.minVersion !== null,
    maxVersion: options.maxVersion !== undefined && options.maxVersion !== null,
  };
  return narrow(demand, { groups: groups ?? defaultGroups, minVersion, maxVersion, given });
}

/** The list that the program gives, undefined where it leaves it to us. */
function chooseGroups(options: SecureContextOptions): readonly NamedGroupName[] | undefined {
  if (options.groups !== undefined && options.groups !== null) return parseGroups('options.groups', options.groups);
  const curve = options.ecdhCurve;
  if (curve === undefined || curve === null || curve === 'auto') return undefined;
  return parseGroups('options.ecdhCurve', curve);
}

function listOf<T extends PemInput | KeyObjectInput>(
  name: string,
  value: T | readonly T[] | undefined | null,
): readonly T[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value as readonly T[];
  if (typeof value === 'boolean' || typeof value === 'number') throw invalidArgType(name, 'PEM text or bytes', value);
  return [value as T];
}

function readKey(
  key: PemInput | KeyObjectInput,
  passphrase: string | undefined,
): { pem: Uint8Array; passphrase: string | undefined } {
  if (passphrase !== undefined && passphrase !== null && typeof passphrase !== 'string') {
    throw invalidArgType('options.passphrase', 'of type string', passphrase);
  }
  if (typeof key === 'object' && key !== null && !ArrayBuffer.isView(key)) {
    return { pem: checkPem('options.key.pem', key.pem), passphrase: key.passphrase ?? passphrase };
  }
  return { pem: checkPem('options.key', key), passphrase };
}

/**
 * A list without a TLS 1.2 suite rules TLS 1.2 out, as in node:tls; TLS 1.3 has suites of its own by default. Returns
 * the lowest version that is left.
 */
function setCiphers(
  native: NativeSecureContext,
  ciphers: unknown,
  minimum: ProtocolVersionName,
  maximum: ProtocolVersionName,
): ProtocolVersionName {
  if (typeof ciphers !== 'string') throw invalidArgType('options.ciphers', 'of type string', ciphers);
  // OpenSSL's security level has no meaning for AWS-LC, and node:tls's own default list may carry one.
  const names = ciphers.split(':').filter((name) => name !== '' && !name.startsWith('@'));
  const tls13 = names.filter((name) => name.startsWith('TLS_'));
  const tls12 = names.filter((name) => !name.startsWith('TLS_'));
  if (tls12.length === 0) {
    if (maximum !== 'TLSv1.3') throw invalidArgValue('options.ciphers', 'it names no TLS 1.2 suite');
    native.setVersions(ProtocolVersion['TLSv1.3'], ProtocolVersion[maximum]);
  }
  native.setCiphers(tls12.join(':'), tls13.join(':'));
  return tls12.length === 0 ? 'TLSv1.3' : minimum;
}

function parseSignatureSchemes(sigalgs: unknown): SignatureSchemeName[] | undefined {
  if (sigalgs === undefined || sigalgs === null) return undefined;
  if (typeof sigalgs !== 'string') throw invalidArgType('options.sigalgs', 'of type string', sigalgs);
  return sigalgs.split(':').map((name) => {
    if (!Object.hasOwn(SignatureScheme, name)) {
      const known = Object.keys(SignatureScheme).join(', ');
      throw invalidArgValue('options.sigalgs', `'${name}' is not a known signature scheme. Known schemes: ${known}`);
    }
    return name as SignatureSchemeName;
  });
}

let sharedTrustStore: NativeTrustStore | undefined;

/** Node's roots, parsed once for each thread. */
function defaultTrustStore(binding: NativeBinding): NativeTrustStore {
  if (sharedTrustStore === undefined) {
    const store = new binding.TrustStore();
    for (const pem of defaultAuthorities()) store.addCertificates(Buffer.from(pem));
    sharedTrustStore = store;
  }
  return sharedTrustStore;
}

function defaultAuthorities(): readonly string[] {
  // Node 22.15 and later answer for NODE_EXTRA_CA_CERTS and --use-system-ca themselves.
  const node = nodeTls as { getCACertificates?: (type: 'default') => string[] };
  if (node.getCACertificates !== undefined) return node.getCACertificates('default');
  const extra = process.env['NODE_EXTRA_CA_CERTS'];
  if (extra === undefined || extra === '') return nodeTls.rootCertificates;
  try {
    return [...nodeTls.rootCertificates, readFileSync(extra, 'utf8')];
  } catch (error) {
    process.emitWarning(`Ignoring extra certs from NODE_EXTRA_CA_CERTS=${extra}: ${(error as Error).message}`);
    return nodeTls.rootCertificates;
  }
}

/** What OpenSSL puts before a reason in the code, by AWS-LC's name of the library. */
const opensslPrefixes: Readonly<Record<string, string>> = {
  'PEM routines': 'PEM_',
  'X.509 certificate routines': 'X509_',
  'public key routines': 'EVP_',
};

/** Turns what the binding throws into a TlsError of phase `config` with OpenSSL's code name. */
function withConfigErrors<T>(build: () => T): T {
  try {
    return build();
  } catch (error) {
    const { reason, library, message } = error as { reason?: string; library?: string; message: string };
    if (reason === undefined || library === undefined) throw error;
    throw new TlsError(message, {
      code: reason === '' ? 'ERR_PQTLS_CONFIG' : `ERR_OSSL_${opensslPrefixes[library] ?? ''}${reason}`,
      phase: 'config',
      engine: 'aws-lc',
      reason,
      cause: error,
    });
  }
}
