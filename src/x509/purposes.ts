// What a certificate may be used for, and which certificates may issue others. RFC 5280, Sections 4.2.1.3, 4.2.1.9, 4.2.1.12.

import type { Certificate } from './certificate.js';
import { KeyUsageBit } from './extensions.js';
import type { VerificationCode } from './verification-errors.js';

export type Purpose = 'serverAuth' | 'clientAuth';

/** id-kp-*. RFC 5280, Section 4.2.1.12. */
const purposeOids = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const satisfies Record<Purpose, string>;

/**
 * Extensions of a path, leaf first: every fault, in the order in which OpenSSL meets them. `isAnchored` says that the last
 * one is trusted.
 */
export function purposeFaults(path: readonly Certificate[], purpose: Purpose, isAnchored: boolean): VerificationCode[] {
  const faults: VerificationCode[] = [];
  let intermediates = 0;
  for (const [index, certificate] of path.entries()) {
    const { extensions } = certificate;
    if (extensions.hasUnhandledCritical) faults.push('UNHANDLED_CRITICAL_EXTENSION');
    const isAnchor = isAnchored && index === path.length - 1;
    // OpenSSL says it twice, and node:tls reports the second.
    if (index > 0 && !mayIssue(certificate, isAnchor)) faults.push('INVALID_CA', 'INVALID_PURPOSE');
    // A purpose binds whatever stands below it, as everywhere but in the letter of RFC 5280.
    if (!allowsPurpose(certificate, purpose) || (index === 0 && !maySign(certificate))) faults.push('INVALID_PURPOSE');
    if (index > 0) {
      const longest = extensions.basicConstraints?.pathLength;
      if (longest !== undefined && intermediates > longest) faults.push('PATH_LENGTH_EXCEEDED');
      if (!certificate.isSelfIssued) intermediates++;
    }
  }
  return faults;
}

/** Version 1 has no extensions: only who trusts such a certificate itself takes it for a CA. */
function mayIssue({ version, extensions }: Certificate, isAnchor: boolean): boolean {
  const { basicConstraints, keyUsage } = extensions;
  if (keyUsage !== undefined && !keyUsage(KeyUsageBit.keyCertSign)) return false;
  return basicConstraints === undefined ? isAnchor && version === 1 : basicConstraints.ca;
}

function allowsPurpose({ extensions }: Certificate, purpose: Purpose): boolean {
  return extensions.extKeyUsage?.has(purposeOids[purpose]) ?? true;
}

/** The key signs the handshake. RFC 9846, Section 4.5.2.2. */
function maySign({ extensions }: Certificate): boolean {
  return extensions.keyUsage?.(KeyUsageBit.digitalSignature) ?? true;
}
