// Holds what both ends of a connection saw to what its cell asks for: the list of what is wrong, empty where all is well.

import { NamedGroup, SignatureScheme } from '#src/protocol/constants.js';
import { canonicalGroupName } from '#src/protocol/named-groups.js';
import type { Cell } from './axes.js';
import type { Credentials } from './credentials.js';
import type { Observation } from './ours.js';
import type { PeerReport } from './peer.js';

// What anything here agrees on. RFC 9846, Appendix B.4; RFC 5289; RFC 7905.
const cipherSuites: Readonly<Record<number, string>> = {
  0x1301: 'TLS_AES_128_GCM_SHA256',
  0x1302: 'TLS_AES_256_GCM_SHA384',
  0x1303: 'TLS_CHACHA20_POLY1305_SHA256',
  0xc02b: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  0xc02c: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  0xc02f: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  0xc030: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  0xcca8: 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
  0xcca9: 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
};

/** @param visit 0 for the first connection of the cell */
export function judge(
  cell: Cell,
  visit: number,
  credentials: Credentials,
  ours: Observation,
  theirs: PeerReport,
): string[] {
  const problems: string[] = [];
  const expect = (what: string, got: unknown, wanted: unknown): void => {
    if (got !== wanted) problems.push(`${what}: ${show(got)}, not ${show(wanted)}`);
  };
  /** Of the peer's view, which leaves out what its API does not tell. */
  const expectToldToBe = (what: string, got: unknown, wanted: unknown): void => {
    if (got !== undefined && got !== null) expect(`the peer's ${what}`, got, wanted);
  };
  const isTls13 = cell.version === 'TLSv1.3';
  const resumed = cell.resumption && visit > 0;
  const weAreClient = cell.role === 'server';
  const expectScheme = (what: string, got: unknown): void => {
    // In TLS 1.2 a scheme of ECDSA names no curve, and both are offered. RFC 9846, Section 4.2.3.
    if (isTls13 || !String(got).startsWith('ecdsa_') || !cell.signature.startsWith('ecdsa_')) {
      expect(what, got, cell.signature);
    }
  };

  expect('our protocol', ours.protocol, cell.version);
  expect("the peer's protocol", theirs.protocol, cell.version);
  expect('whether we resumed', ours.resumed, resumed);
  expectToldToBe('whether it resumed', theirs.resumed, resumed);

  if (!Object.values(cipherSuites).includes(ours.cipherSuite ?? '')) {
    problems.push(`our cipher suite is an unexpected one: ${show(ours.cipherSuite)}`);
  }
  expectToldToBe('cipher suite', suiteName(theirs.cipherSuite), ours.cipherSuite);

  // A resumed session of TLS 1.2 has no key exchange.
  if (isTls13 || !resumed) {
    expect('our group', ours.group, cell.group);
    expectToldToBe('group', groupName(theirs.group), cell.group);
  }

  if (isTls13) {
    // A client may remember, for the next time, the group that it was asked for.
    if (visit === 0 || weAreClient) expect('our HelloRetryRequest', ours.helloRetryRequest, cell.helloRetry);
    expectToldToBe('HelloRetryRequest', theirs.helloRetryRequest, ours.helloRetryRequest);
  }

  if (!resumed) {
    const [serverSeenByUs, serverSeenByThem] = weAreClient
      ? [ours.peerSignatureScheme, theirs.signatureScheme]
      : [ours.signatureScheme, theirs.peerSignatureScheme];
    expectScheme("the server's signature scheme as we see it", serverSeenByUs);
    expectToldToBe("view of the server's signature scheme", schemeName(serverSeenByThem), serverSeenByUs);
    if (cell.clientAuth) {
      const [clientSeenByUs, clientSeenByThem] = weAreClient
        ? [ours.signatureScheme, theirs.peerSignatureScheme]
        : [ours.peerSignatureScheme, theirs.signatureScheme];
      expectScheme("the client's signature scheme as we see it", clientSeenByUs);
      expectToldToBe("view of the client's signature scheme", schemeName(clientSeenByThem), clientSeenByUs);
    }
  }

  if (weAreClient) {
    expect('our verdict on the server', ours.authorized, true);
    // Of a resumed session, a client tells no certificate, as in node:tls; it has verified the chain again.
    expect("the server's certificate", ours.peerCertificate, resumed ? '' : credentials.server.fingerprint);
    expectToldToBe('client certificate', theirs.peerCertificate, cell.clientAuth ? credentials.client.fingerprint : '');
  } else {
    expect('our verdict on the client', ours.authorized, cell.clientAuth);
    expect("the client's certificate", ours.peerCertificate, cell.clientAuth ? credentials.client.fingerprint : '');
    expectToldToBe('server certificate', theirs.peerCertificate, credentials.server.fingerprint);
  }

  expect('the hash of what we got and the peer sent', ours.received, theirs.sent);
  expect('the hash of what we sent and the peer got', theirs.received, ours.sent);
  expect('the hash of the echo', ours.received, ours.sent);
  return problems;
}

function suiteName(suite: number | string | null | undefined): string | null | undefined {
  return typeof suite === 'number' ? (cipherSuites[suite] ?? `0x${suite.toString(16)}`) : suite;
}

function groupName(group: number | string | null | undefined): string | null | undefined {
  if (typeof group === 'number') return nameOf(NamedGroup, group);
  return typeof group === 'string' ? (canonicalGroupName(group) ?? group) : group;
}

function schemeName(scheme: number | string | null | undefined): string | null | undefined {
  return typeof scheme === 'number' ? nameOf(SignatureScheme, scheme) : scheme;
}

function nameOf(registry: Readonly<Record<string, number>>, id: number): string {
  return Object.entries(registry).find(([, value]) => value === id)?.[0] ?? `0x${id.toString(16)}`;
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
