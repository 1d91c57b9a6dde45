// pqtls/register: `node --import pqtls/register app.js` (or --require) gives an unchanged program TLS of pqtls.

import http from 'node:http';
import https from 'node:https';
// Loaded before anything is replaced: its server class takes tls.Server when it is loaded.
import http2 from 'node:http2';
import { syncBuiltinESMExports } from 'node:module';
import tls from 'node:tls';
import { debuglog } from 'node:util';
import workerThreads from 'node:worker_threads';
import pqtls, { defaultGroups, selectEngine } from '../index.js';
import { ownAgentKey } from './agent-key.js';
import { addRequestJoined } from './agent-policy.js';
import { keepInherited } from './inherited-policy.js';
import { connect as connectHttp2, createSecureServer as createSecureHttp2Server } from './http2.js';
import { createServer as createHttpsServer, Server as HttpsServer } from './https.js';

// The thread of module.register()'s hooks is registered too, but a program is told once.
const log = Reflect.get(workerThreads, 'isInternalThread') === true ? () => {} : debuglog('pqtls');
const registered = Symbol.for('pqtls.registered');

function register(): void {
  // Another copy of pqtls, or the same one by another path.
  if (Object.hasOwn(tls, registered)) {
    log('node:tls is registered already, nothing was changed');
    return;
  }
  // Throws, and so ends the program, where no engine can speak TLS: to go on without would be a downgrade.
  pqtls.createSecureContext({ ca: [] });
  Object.defineProperty(tls, registered, { value: true });
  replaceTls();
  replaceHttps();
  Object.assign(http2, { connect: connectHttp2, createSecureServer: createSecureHttp2Server });
  syncBuiltinESMExports();
  const { engine, ...found } = selectEngine();
  const version = 'version' in found ? found.version : '';
  log(
    'node:tls, node:https, node:http2 and fetch use engine %s (%s), groups %s',
    engine,
    version,
    defaultGroups.join(':'),
  );
}

// What node:tls calls as a property of its module, so that a program can put its own there.
const replaceable = ['createSecureContext', 'checkServerIdentity'];

/** node:https, and the fetch of Node and of undici, look tls.connect() up when they connect. */
function replaceTls(): void {
  const own = Object.getOwnPropertyDescriptors(pqtls) as Record<string, PropertyDescriptor>;
  for (const [name, { configurable }] of Object.entries(Object.getOwnPropertyDescriptors(tls))) {
    const ours = own[name];
    if (ours === undefined || configurable !== true) continue;
    if (name.startsWith('DEFAULT_') || replaceable.includes(name)) shareProperty(name);
    else if (name === 'Server') tls.Server = serverFor(tls.Server);
    else Object.defineProperty(tls, name, { ...ours, configurable: true });
  }
}

/** An assignment to either object is seen by the other: pqtls reads its own when it connects. */
function shareProperty(name: string): void {
  Object.defineProperty(tls, name, {
    configurable: true,
    enumerable: true,
    get: (): unknown => Reflect.get(pqtls, name),
    set: (value: unknown) => Reflect.set(pqtls, name, value),
  });
}

/**
 * Our Server, but for what the servers of node:https need: they call tls.Server on themselves, and count as its instances.
 * They get Node's, whose TLS is replaced afterwards (node-server-tls.ts).
 */
function serverFor(NodeServer: typeof tls.Server): typeof tls.Server {
  const isInstance = (value: unknown): boolean => value instanceof NodeServer || value instanceof pqtls.Server;
  const server = new Proxy(pqtls.Server, {
    apply: (target, receiver, values: unknown[]): unknown =>
      Reflect.apply(receiver instanceof NodeServer ? NodeServer : target, receiver, values),
    get: (target, name): unknown => (name === Symbol.hasInstance ? isInstance : Reflect.get(target, name)),
  });
  return server as unknown as typeof tls.Server;
}

/** Its Agent stays Node's, proxies and all; options of ours must keep connections apart, and the strictest must win. */
function replaceHttps(): void {
  Object.assign(https, { Server: HttpsServer, createServer: createHttpsServer });
  // Both http: a request of it may have an Agent of https.
  for (const module of [https, http]) {
    for (const name of ['request', 'get', 'Agent'] as const) {
      Reflect.set(module, name, keepInherited(module[name]));
    }
  }
  const getName: unknown = Reflect.get(https.Agent.prototype, 'getName');
  if (typeof getName !== 'function') throw new TypeError('The Agent of node:https has no getName()');
  https.Agent.prototype.getName = function (this: https.Agent, options?: https.RequestOptions): string {
    return String(Reflect.apply(getName, this, [options])) + ownAgentKey(options);
  };
  // Of http.Agent: the agents of packages (for proxies, say) extend that one.
  const addRequest: unknown = Reflect.get(http.Agent.prototype, 'addRequest');
  Reflect.set(
    http.Agent.prototype,
    'addRequest',
    addRequestJoined(() => addRequest),
  );
}

register();
