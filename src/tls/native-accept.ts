// A net.Server's accepted connections, taken over by the addon before Node makes a net.Socket of them.

import { channel } from 'node:diagnostics_channel';
import type { Server } from 'node:net';
import { loadBinding } from '../binding.js';
import { TcpTransport, type NodeHandle } from './tcp-transport.js';

type OnConnection = (this: unknown, error: number, handle: NodeHandle) => void;

/** What node:net and node:cluster keep in a server, and what they call when it begins to listen. */
interface ListeningServer extends Server {
  _handle: { onconnection?: OnConnection } | null;
  _listen2: (this: ListeningServer, ...args: unknown[]) => void;
  _connections: number;
  _emitCloseIfDrained(): void;
  noDelay?: boolean;
  keepAlive?: boolean;
  keepAliveInitialDelay?: number;
  blockList?: unknown;
  allowHalfOpen: boolean;
}

const accepted = channel('net.server.socket');

/**
 * Gives `accept` the connections of a server to come. Those that somebody else wants to see as a net.Socket go Node's way:
 * where `connection` has further listeners, and where there are more connections than `maxConnections`.
 */
export function acceptNatively(given: Server, accept: (transport: TcpTransport) => void): void {
  const server = given as ListeningServer;
  const loaded = loadBinding();
  if (!loaded.loaded || loaded.binding.TcpHandle === undefined) return;
  const { binding } = loaded;
  const listen = server._listen2;
  // node:net calls it by this name, so that programs can wrap it.
  const listenNatively = function (this: ListeningServer, ...args: unknown[]): void {
    Reflect.apply(listen, this, args);
    const handle = this._handle;
    const nodes = handle?.onconnection;
    if (!handle || typeof nodes !== 'function') return;
    handle.onconnection = function (error, client): void {
      const transport = error === 0 && isOurs(server) ? TcpTransport.takeOver(binding, client) : undefined;
      if (transport === undefined) {
        Reflect.apply(nodes, this, [error, client]);
        return;
      }
      client.close();
      adopt(server, transport, accept);
    };
  };
  Object.defineProperty(server, '_listen2', { value: listenNatively, configurable: true, writable: true });
}

function isOurs(server: ListeningServer): boolean {
  const { maxConnections } = server;
  const isFull = Boolean(maxConnections) && server._connections >= maxConnections;
  return server.listenerCount('connection') === 1 && !isFull && !server.blockList && !accepted.hasSubscribers;
}

function adopt(server: ListeningServer, transport: TcpTransport, accept: (transport: TcpTransport) => void): void {
  transport.allowHalfOpen = server.allowHalfOpen;
  if (server.noDelay) transport.setNoDelay(true);
  // node:net keeps it in seconds.
  if (server.keepAlive) transport.setKeepAlive(true, (server.keepAliveInitialDelay ?? 0) * 1000);
  server._connections += 1;
  transport.whenDestroyed(() => {
    server._connections -= 1;
    server._emitCloseIfDrained();
  });
  accept(transport);
}
