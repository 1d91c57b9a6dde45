// What is told of a finished handshake: the facts, as one object for --json and as aligned text for people.

import type { HandshakeInfo, NegotiatedGroup, TLSSocket } from '../index.js';
import { peerChain, type CertificateFacts } from './peer-chain.js';
import { alignedRows, plural, printable, type Paint, type Row } from './terminal-text.js';

export interface Verification {
  /**
   * `accepted`; `not accepted` where --insecure went on all the same; of a client's, `not asked` for, or `none shown` where
   * it may have none.
   */
  readonly result: 'accepted' | 'not accepted' | 'not asked' | 'none shown';
  /** An OpenSSL code as in node:tls. */
  readonly error: string | null;
  /** What the certificate was checked against; null on a server. */
  readonly name: string | null;
}

export interface NegotiatedFacts {
  readonly role: 'client' | 'server';
  /** Where the peer is: `address:port`, or the path of a socket. */
  readonly peer: string;
  readonly protocol: string;
  readonly cipherSuite: string;
  readonly postQuantum: boolean;
  readonly group: NegotiatedGroup | null;
  readonly helloRetryRequest: boolean;
  /** What the peer signed with, and what we did. */
  readonly peerSignatureScheme: string | null;
  readonly signatureScheme: string | null;
  readonly resumed: boolean;
  readonly sessionKeyExchange: 'post-quantum' | 'classical';
  readonly alpn: string | null;
  readonly servername: string | null;
  readonly verification: Verification;
  readonly certificates: readonly CertificateFacts[];
  readonly policy: string | null;
  readonly postQuantumPolicy: string;
  readonly clientHelloLength: number;
  readonly offeredGroups: readonly string[];
  readonly engine: string;
  readonly engineVersion: string;
  readonly transport: string;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly durationMs: number;
}

/** Of a socket whose handshake is done. */
export function negotiatedFacts(
  socket: TLSSocket,
  role: 'client' | 'server',
  peer: string,
  verification: Verification,
): NegotiatedFacts {
  const info = socket.getHandshakeInfo();
  if (info === undefined) throw new Error('The handshake left no information');
  return { role, peer, ...ofHandshake(info), verification, certificates: peerChain(socket) };
}

type OfHandshake = Omit<NegotiatedFacts, 'role' | 'peer' | 'verification' | 'certificates'>;

function ofHandshake(info: HandshakeInfo): OfHandshake {
  return {
    protocol: info.protocol,
    cipherSuite: info.cipherSuite,
    postQuantum: info.postQuantum,
    group: info.group ?? null,
    helloRetryRequest: info.helloRetryRequest,
    peerSignatureScheme: info.peerSignatureScheme ?? null,
    signatureScheme: info.signatureScheme ?? null,
    resumed: info.resumed,
    sessionKeyExchange: info.sessionKeyExchange,
    alpn: info.alpn ?? null,
    servername: info.servername || null,
    policy: info.policy ?? null,
    postQuantumPolicy: info.postQuantumPolicy,
    clientHelloLength: info.clientHelloLength,
    offeredGroups: info.offeredGroups,
    engine: info.engine,
    engineVersion: info.engineVersion,
    transport: info.transport,
    bytesRead: info.bytesRead,
    bytesWritten: info.bytesWritten,
    durationMs: info.durationMs,
  };
}

/** One line, as of openssl's -brief. */
export function briefFacts(facts: NegotiatedFacts): string {
  const { protocol, cipherSuite, group, postQuantum, alpn, resumed, verification } = facts;
  return [
    `${facts.peer}: ${protocol} ${cipherSuite}`,
    `${group?.name ?? 'no group'} (${postQuantum ? 'post-quantum' : 'NOT post-quantum'})`,
    ...(resumed ? ['resumed'] : []),
    ...(alpn === null ? [] : [`ALPN ${printable(alpn)}`]),
    `peer ${verificationText(verification)}`,
  ].join(', ');
}

/** The whole report. */
export function factsText(facts: NegotiatedFacts, paint: Paint): string {
  const title = facts.role === 'client' ? `Connected to ${facts.peer}` : `Connection from ${facts.peer}`;
  const chain = facts.certificates.map((certificate, depth) => certificateText(certificate, depth, paint));
  return [
    `${paint('bold', printable(title))}\n`,
    alignedRows(handshakeRows(facts, paint), paint),
    ...(chain.length === 0 ? [] : [`${paint('bold', `Certificates of the ${peerOf(facts)}`)}\n`, ...chain]),
  ].join('');
}

function peerOf({ role }: NegotiatedFacts): string {
  return role === 'client' ? 'server' : 'client';
}

function handshakeRows(facts: NegotiatedFacts, paint: Paint): Row[] {
  const rows: (Row | undefined)[] = [
    ['Post-quantum', postQuantumText(facts, paint)],
    ['Protocol', facts.protocol],
    ['Cipher suite', facts.cipherSuite],
    ['Group', groupText(facts.group)],
    keySharesRow(facts.group),
    ['HelloRetryRequest', facts.helloRetryRequest ? 'yes, one round trip more' : 'no'],
    [`Signature, ${peerOf(facts)}`, facts.peerSignatureScheme ?? 'none'],
    [`Signature, ${facts.role}`, facts.signatureScheme ?? 'none'],
    ['Session', facts.resumed ? `resumed; it began with a ${facts.sessionKeyExchange} key exchange` : 'new'],
    ['ALPN', facts.alpn === null ? 'none' : printable(facts.alpn)],
    ['Server name (SNI)', facts.servername === null ? 'none' : printable(facts.servername)],
    [`Certificate, ${peerOf(facts)}`, colouredVerification(facts.verification, paint)],
    facts.policy === null ? undefined : ['Policy', facts.policy],
    ['Post-quantum policy', facts.postQuantumPolicy],
    [
      'ClientHello',
      `${facts.clientHelloLength} bytes, groups ${facts.offeredGroups.map((name) => printable(name)).join(', ')}`,
    ],
    ['Engine', `${facts.engine} (${facts.engineVersion}), transport ${facts.transport}`],
    [
      'Handshake',
      `${facts.durationMs.toFixed(1)} ms, ${facts.bytesWritten} bytes sent, ${facts.bytesRead} bytes received`,
    ],
  ];
  return rows.filter((row) => row !== undefined);
}

function postQuantumText({ postQuantum, group }: NegotiatedFacts, paint: Paint): string {
  if (!postQuantum) return paint('red', 'no: what is recorded today can be read by a quantum computer later');
  return paint('green', group?.hybrid === true ? 'yes (hybrid key exchange)' : 'yes');
}

function groupText(group: NegotiatedGroup | null): string {
  return group === null ? 'none' : `${group.name} (0x${group.id.toString(16).padStart(4, '0')})`;
}

/** TLS 1.2 has no key shares. */
function keySharesRow(group: NegotiatedGroup | null): Row | undefined {
  if (group === null || group.clientShare === 0) return undefined;
  return ['Key shares', `client ${group.clientShare} bytes, server ${group.serverShare} bytes`];
}

export function verificationText({ result, error, name }: Verification): string {
  if (result === 'not asked') return 'certificate not asked for';
  if (result === 'none shown') return 'certificate none shown';
  if (result === 'accepted') return `certificate accepted${name === null ? '' : ` for ${printable(name)}`}`;
  return `certificate NOT accepted: ${printable(error ?? 'no reason was given')}`;
}

function colouredVerification(verification: Verification, paint: Paint): string {
  const text = verificationText(verification).replace(/^certificate /, '');
  if (verification.result === 'not asked' || verification.result === 'none shown') return text;
  return paint(verification.result === 'accepted' ? 'green' : 'red', text);
}

function certificateText(certificate: CertificateFacts, depth: number, paint: Paint): string {
  const { subject, issuer, names, key, notAfter, daysLeft, sha256, sent } = certificate;
  const rows: Row[] = [
    ['issuer', printable(issuer)],
    ...(names.length === 0 ? [] : [['names', printable(names.join(', '), 400)] as const]),
    ['key', key],
    ['expires', expiryText(notAfter, daysLeft, paint)],
    ['SHA-256', sha256],
    ...(sent ? [] : [['source', 'not sent: from the trusted CAs'] as const]),
  ];
  return `  ${depth}  ${printable(subject)}\n${alignedRows(rows, paint, '     ')}`;
}

function expiryText(notAfter: string, daysLeft: number, paint: Paint): string {
  const day = notAfter.slice(0, 10);
  if (daysLeft < 0) return paint('red', `${day}, expired`);
  const left = `${day}, in ${plural(daysLeft, 'day')}`;
  return daysLeft < 14 ? paint('yellow', left) : left;
}
