// The socket that an HTTP/2 session of Node's runs over: our TLSSocket behind the stream handle that nghttp2 asks for.

import * as http2 from 'node:http2';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket } from '../tls/socket.js';

/** Node's adapter from a stream of JavaScript to a handle of its own; it keeps the stream in `stream`. */
type StreamSocketClass = new (stream: Duplex) => Socket & { readonly stream: Duplex };

/**
 * Node exports the class no more (it was `_stream_wrap`), but wraps every stream without a handle in it, and a session's
 * `socket` tells its prototype.
 */
function findStreamSocketClass(): StreamSocketClass {
  const idle = new Duplex({ read: () => undefined, write: (_chunk, _encoding, callback) => callback() });
  const session = http2.connect('http://localhost', { createConnection: () => idle });
  session.on('error', () => undefined); // It is destroyed before it speaks.
  const { constructor } = Object.getPrototypeOf(session.socket) as { constructor: StreamSocketClass };
  session.destroy();
  return constructor;
}

const StreamSocket = findStreamSocketClass();

/**
 * Left to itself, a session wraps our socket in a bare adapter: it then takes the connection for cleartext, and its
 * `socket` knows nothing of TLS. This one answers for the TLSSocket in everything that is not the byte stream itself.
 */
export class Http2Transport extends StreamSocket {
  constructor(socket: TLSSocket) {
    super(socket);
    if (socket.getHandshakeInfo() !== undefined) return;
    // The session waits for 'connect', or, where it takes this for a TLSSocket, for 'secureConnect'.
    this.#setConnecting(true);
    socket.once('secureConnect', () => {
      this.#setConnecting(false);
      this.emit('connect');
      this.emit('secureConnect');
    });
  }

  /** A session that ends before the handshake does has nothing to wait for. */
  override _final(callback: (error?: Error | null) => void): void {
    if (!this.connecting) {
      super._final(callback);
      return;
    }
    this.destroy();
    callback();
  }

  #setConnecting(connecting: boolean): void {
    // An own property of every net.Socket, read-only in its types.
    (this as { connecting: boolean }).connecting = connecting;
  }
}

// A program asks whether a request came over TLS, of this object or of the session's proxy for it.
Object.defineProperty(TLSSocket, Symbol.hasInstance, {
  configurable: true,
  writable: true,
  value(this: object, value: unknown): boolean {
    const prototype: unknown = Reflect.get(this, 'prototype');
    return (
      Function.prototype[Symbol.hasInstance].call(this, value) ||
      (prototype === TLSSocket.prototype && Function.prototype[Symbol.hasInstance].call(Http2Transport, value))
    );
  },
});
Object.defineProperty(Http2Transport.prototype, 'constructor', {
  value: TLSSocket,
  configurable: true,
  writable: true,
});

/** Properties that TLSSocket's constructor sets; the others are found on its prototype. */
const instanceProperties = ['encrypted', 'authorized', 'authorizationError', 'alpnProtocol', 'servername'];

/** The byte stream itself is the adapter's. */
function belongsToStream(name: string): boolean {
  return (
    name === 'constructor' ||
    name.startsWith('_') ||
    name === 'connect' ||
    name === 'destroySoon' ||
    name in Duplex.prototype
  );
}

function forwardToTls(name: string): void {
  if (belongsToStream(name) || name === 'connecting' || name === 'setTimeout') return;
  Object.defineProperty(Http2Transport.prototype, name, {
    configurable: true,
    get(this: Http2Transport): unknown {
      const value: unknown = Reflect.get(this.stream, name);
      return typeof value === 'function' ? (value.bind(this.stream) as unknown) : value;
    },
    set(this: Http2Transport, value: unknown) {
      Reflect.set(this.stream, name, value);
    },
  });
}

instanceProperties.forEach(forwardToTls);
for (
  let prototype: object = TLSSocket.prototype;
  prototype !== Socket.prototype;
  prototype = Object.getPrototypeOf(prototype) as object
) {
  Object.getOwnPropertyNames(prototype).forEach(forwardToTls);
}
