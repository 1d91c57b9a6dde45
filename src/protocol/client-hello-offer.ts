// What a ClientHello offers, as a server chooses from it. RFC 9846, Sections 4.1.2 and 4.2.

import { ExtensionType } from './constants.js';
import { readCookie } from './extensions/cookie.js';
import { readFlag, type ExtensionList } from './extensions/extension-list.js';
import { readProtocols } from './extensions/application-protocols.js';
import { readClientShares, type KeyShareEntry } from './extensions/key-share.js';
import {
  readMaxFragmentLength,
  readRecordSizeLimit,
  readShortUint16List,
  readsPskWithDhe,
  readUint16List,
} from './extensions/number-lists.js';
import { readOfferedPsks, type OfferedPsks } from './extensions/pre-shared-key.js';
import { readServerName } from './extensions/server-name.js';
import { readsStatusRequest } from './extensions/status-request.js';
import { ProtocolFault } from './faults.js';
import type { ClientOffer } from './handshake-facts.js';
import type { ClientHello } from './messages/client-hello.js';

export interface ReadOffer {
  /** What others are told. */
  readonly told: ClientOffer;
  /** IANA numbers; undefined where the extension is not there. */
  readonly groups: readonly number[] | undefined;
  readonly signatureSchemes: readonly number[] | undefined;
  readonly shares: readonly KeyShareEntry[] | undefined;
  readonly protocols: readonly string[] | undefined;
  readonly compression: readonly number[];
  readonly psks: OfferedPsks | undefined;
  /** Of psk_dhe_ke. */
  readonly takesTickets: boolean;
  readonly recordSizeLimit: number | undefined;
  readonly maxFragmentLength: number | undefined;
  readonly earlyData: boolean;
}

/** Reads every extension that is known here; others have no meaning. RFC 9846, Section 4.1.2. */
export function readOffer(hello: ClientHello): ReadOffer {
  const { extensions } = hello;
  const versions = readShortUint16List(extensions, ExtensionType.supported_versions);
  const groups = readUint16List(extensions, ExtensionType.supported_groups);
  const signatureSchemes = readUint16List(extensions, ExtensionType.signature_algorithms);
  const shares = readClientShares(extensions);
  const protocols = readProtocols(extensions);
  const psks = readOfferedPsks(extensions);
  const pskWithDhe = readsPskWithDhe(extensions);
  checkUnused(extensions);
  // RFC 9846, Section 4.2.9.
  if (psks !== undefined && pskWithDhe === undefined) throw new ProtocolFault('MISSING_EXTENSION');
  const told: ClientOffer = {
    versions: versions ?? [hello.legacyVersion],
    groups: groups ?? [],
    signatureSchemes: signatureSchemes ?? [],
    keyShares: (shares ?? []).map(({ group, share }) => ({ group, length: share.length })),
    serverName: readServerName(extensions) ?? '',
    protocols: protocols ?? [],
    ocspRequested: readsStatusRequest(extensions),
  };
  return {
    told,
    groups,
    signatureSchemes,
    shares,
    protocols,
    compression: readShortUint16List(extensions, ExtensionType.compress_certificate) ?? [],
    psks: pskWithDhe === true ? psks : undefined,
    takesTickets: pskWithDhe === true,
    recordSizeLimit: readRecordSizeLimit(extensions),
    maxFragmentLength: readMaxFragmentLength(extensions),
    earlyData: readFlag(extensions, ExtensionType.early_data),
  };
}

/** What a server has no use for has to be right all the same. */
function checkUnused(extensions: ExtensionList): void {
  // Of a CertificateRequest alone. RFC 9846, Section 4.2.
  if (extensions.has(ExtensionType.oid_filters)) throw new ProtocolFault('MISPLACED_EXTENSION');
  readCookie(extensions);
  readFlag(extensions, ExtensionType.post_handshake_auth);
  readUint16List(extensions, ExtensionType.signature_algorithms_cert);
}
