// Reads what `openssl s_client -trace` and s_server write of a handshake: the messages, and what was negotiated in them.

import type { PeerReport } from '../peer.js';

interface Message {
  readonly sent: boolean;
  readonly name: string;
  readonly body: string;
}

interface TracedConnection {
  readonly messages: readonly Message[];
  /** Both Finished messages are there. */
  readonly isDone: boolean;
}

const handshakeMessage = /^ {4}(\w+), Length=\d+$/;

/** The handshakes of a trace, in their order. */
export function connectionsOf(trace: string): TracedConnection[] {
  const connections: Message[][] = [];
  let current: Message[] = [];
  for (const message of messagesOf(trace)) {
    // A ClientHello after a Finished begins the next; one before it answers a HelloRetryRequest.
    if (message.name === 'ClientHello' && current.some(({ name }) => name === 'Finished')) {
      connections.push(current);
      current = [];
    }
    current.push(message);
  }
  if (current.length > 0) connections.push(current);
  return connections.map((messages) => ({
    messages,
    isDone: messages.filter(({ name }) => name === 'Finished').length === 2,
  }));
}

function* messagesOf(trace: string): Generator<Message> {
  let sent = false;
  let name: string | undefined;
  let body: string[] = [];
  for (const line of trace.split('\n')) {
    const record = /^(Sent|Received) TLS Record$/.exec(line)?.[1];
    const started = handshakeMessage.exec(line)?.[1];
    if ((record !== undefined || started !== undefined) && name !== undefined) {
      yield { sent, name, body: body.join('\n') };
      name = undefined;
    }
    if (record !== undefined) sent = record === 'Sent';
    if (started !== undefined) {
      name = started;
      body = [];
    }
    // A signature and a certificate are long, and say nothing here.
    if (name !== undefined && line.length < 200) body.push(line);
  }
  if (name !== undefined) yield { sent, name, body: body.join('\n') };
}

/** What the handshake came to, without the hashes of the data. */
export function reportOf(
  messages: readonly Message[],
  role: 'server' | 'client',
): Omit<PeerReport, 'sent' | 'received'> {
  const named = (name: string): readonly Message[] => messages.filter((message) => message.name === name);
  const serverHello = named('ServerHello').at(-1)?.body ?? '';
  const keyExchange = named('ServerKeyExchange')[0];
  const suite = /cipher_suite \{0x(\w\w), 0x(\w\w)\}/.exec(serverHello);
  const isTls13 = /supported_versions/.test(serverHello);
  const certificates = messages.filter(({ name }) => /^(Compressed)?Certificate$/.test(name));
  const group = isTls13
    ? /NamedGroup: .*\((\d+)\)$/m.exec(serverHello)
    : /named_curve: .*\((\d+)\)$/m.exec(keyExchange?.body ?? '');
  const scheme = (own: boolean): number | undefined => {
    const message = messages.find(
      ({ sent, name }) => sent === own && (name === 'CertificateVerify' || name === 'ServerKeyExchange'),
    );
    const id = /Signature Algorithm: .*\(0x([0-9a-f]{4})\)/.exec(message?.body ?? '')?.[1];
    return id === undefined ? undefined : Number.parseInt(id, 16);
  };
  // The server's own certificate is not among those that a server gets.
  const resumed = !certificates.some(({ sent }) => sent === (role === 'server'));
  return {
    protocol: isTls13 ? 'TLSv1.3' : 'TLSv1.2',
    cipherSuite: suite === null ? null : Number.parseInt(`${suite[1]}${suite[2]}`, 16),
    group: group === null ? null : Number(group[1]),
    signatureScheme: scheme(true) ?? null,
    peerSignatureScheme: scheme(false) ?? null,
    resumed,
    helloRetryRequest: isTls13 ? named('ClientHello').length > 1 : null,
  };
}
