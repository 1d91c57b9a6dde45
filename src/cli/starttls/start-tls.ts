// STARTTLS: which protocols there are, and the way from a plaintext connection to where TLS may begin.

import type { Socket } from 'node:net';
import { imap } from './imap.js';
import { ldap } from './ldap.js';
import { mysql } from './mysql.js';
import { pop3 } from './pop3.js';
import { postgres } from './postgres.js';
import { smtp } from './smtp.js';
import { Wire } from './wire.js';
import { xmpp } from './xmpp.js';

/** What a conversation needs to know beside the connection. */
interface Names {
  /** What the client calls itself in SMTP. */
  readonly client: string;
  /** The domain that an XMPP stream is for. */
  readonly domain: string;
}

interface Protocol {
  /** Where it is by default. */
  readonly port: number;
  speak(wire: Wire, names: Names): Promise<void>;
}

const protocols = {
  smtp: { port: 25, speak: (wire, { client }) => smtp(wire, client) },
  imap: { port: 143, speak: (wire) => imap(wire) },
  pop3: { port: 110, speak: (wire) => pop3(wire) },
  postgres: { port: 5432, speak: (wire) => postgres(wire) },
  mysql: { port: 3306, speak: (wire) => mysql(wire) },
  ldap: { port: 389, speak: (wire) => ldap(wire) },
  xmpp: { port: 5222, speak: (wire, { domain }) => xmpp(wire, domain, false) },
  'xmpp-server': { port: 5269, speak: (wire, { domain }) => xmpp(wire, domain, true) },
} as const satisfies Record<string, Protocol>;

export type StartTlsProtocol = keyof typeof protocols;

export const startTlsProtocols = Object.keys(protocols) as StartTlsProtocol[];

export function isStartTlsProtocol(name: string): name is StartTlsProtocol {
  return Object.hasOwn(protocols, name);
}

/** Whether a client may call itself that: nothing that would end a line. */
export function isClientName(name: string): boolean {
  return /^[!-~]{1,255}$/.test(name);
}

export interface StartTls extends Names {
  readonly protocol: StartTlsProtocol;
}

export function startTlsPort(protocol: StartTlsProtocol): number {
  return protocols[protocol].port;
}

/**
 * Speaks the protocol until TLS may begin; the socket is paused then, and destroyed on an error.
 *
 * @throws StartTlsError, and what the socket says
 */
export async function startTls(socket: Socket, { protocol, ...names }: StartTls, timeoutMs: number): Promise<void> {
  const wire = new Wire(socket, protocol, timeoutMs);
  try {
    await protocols[protocol].speak(wire, names);
    wire.finish();
  } catch (error) {
    wire.close();
    socket.destroy();
    throw error;
  }
}
