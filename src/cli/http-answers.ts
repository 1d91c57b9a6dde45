// What s_server answers to HTTP requests: a status page (-www), files of the current folder (-WWW, -HTTP).

import { constants, promises as fs, realpathSync, statSync, type Stats } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { TLSSocket } from '../index.js';

export type HttpMode = 'www' | 'WWW' | 'HTTP';

/** Answers one request; never rejects. */
export type HttpAnswer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.htm': 'text/html; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

const safely = {
  connection: 'close',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'",
  'cache-control': 'no-store',
} as const;

/** @param statusText what the status page shows of a connection, as plain text */
export function statusPage(statusText: (socket: TLSSocket) => string): HttpAnswer {
  return async (request, response) => {
    if (refuseMethod(request, response)) return;
    const text = statusText(request.socket as unknown as TLSSocket);
    const page =
      '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>pqtls s_server</title></head>\n' +
      `<body><h1>pqtls s_server</h1><pre>${escaped(text)}</pre></body></html>\n`;
    send(request, response, 200, 'text/html; charset=utf-8', page);
  };
}

/**
 * Files below the current folder, as it is now: no link leads out of it, nothing that begins with a dot is shown, by no
 * name, nor one of `secrets`, whatever links there are to it.
 *
 * @param isRaw the file is the whole response, with its status line (-HTTP)
 */
export function filesBelow(folder: string, secrets: readonly string[], isRaw: boolean): HttpAnswer {
  const root = realpathSync(folder);
  const hidden = new Set(secrets.map((path) => identityOf(statSync(path))));
  return async (request, response) => {
    if (refuseMethod(request, response)) return;
    const file = await openBelow(root, request.url ?? '', hidden);
    if (file === undefined) {
      send(request, response, 404, 'text/plain; charset=utf-8', 'There is no such file.\n');
      return;
    }
    try {
      await sendFile(request, response, file, isRaw);
    } catch {
      // The client is gone, or the file changed while it was read: what was promised can't be sent.
      request.socket.destroy();
    } finally {
      await file.handle.close();
    }
  };
}

interface OpenFile {
  readonly handle: fs.FileHandle;
  readonly size: number;
  readonly path: string;
}

async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  { handle, size, path }: OpenFile,
  isRaw: boolean,
): Promise<void> {
  if (isRaw && request.method === 'HEAD') {
    await sendRawHeader(request, response, handle);
    return;
  }
  const content = handle.createReadStream({ autoClose: false, end: Math.max(size - 1, 0) });
  if (isRaw) {
    await pipeline(content, request.socket);
    return;
  }
  const type = contentTypes[extname(path).toLowerCase()] ?? 'application/octet-stream';
  response.writeHead(200, { ...safely, 'content-type': type, 'content-length': size });
  if (request.method === 'HEAD' || size === 0) {
    content.destroy();
    response.end();
  } else await pipeline(content, response);
}

// What Node's own client takes.
const longestHeader = 16 * 1024;

/** Of a file that is a whole response, what an answer to HEAD has: all but the content. RFC 9110, Section 9.3.2. */
async function sendRawHeader(request: IncomingMessage, response: ServerResponse, handle: fs.FileHandle): Promise<void> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(longestHeader), 0, longestHeader, 0);
  const header = /^[^]*?\r?\n\r?\n/.exec(buffer.toString('latin1', 0, bytesRead))?.[0];
  if (header === undefined) {
    const text = `The file has no end of a header in its first ${longestHeader} bytes.\n`;
    send(request, response, 500, 'text/plain; charset=utf-8', text);
  } else request.socket.end(header, 'latin1');
}

/** undefined for whatever is not to be shown; which of the reasons it is, nobody is told. */
async function openBelow(root: string, url: string, hidden: ReadonlySet<string>): Promise<OpenFile | undefined> {
  const parts = pathParts(url);
  if (parts === undefined) return undefined;
  let handle: fs.FileHandle | undefined;
  try {
    const path = await fs.realpath(join(root, ...parts));
    if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined;
    // Where a link leads to something that is not to be shown, its name does not help.
    if (relative(root, path).split(sep).some(isHiddenName)) return undefined;
    // A link that was put there just now is not followed, and a pipe is not waited for.
    handle = await fs.open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    const status = await handle.stat();
    if (status.isFile() && !hidden.has(identityOf(status))) return { handle, size: status.size, path };
  } catch {
    // Not there, or not ours to read.
  }
  await handle?.close();
  return undefined;
}

function pathParts(url: string): string[] | undefined {
  const [encoded = ''] = url.split(/[?#]/, 1);
  let path: string;
  try {
    path = decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
  if (!path.startsWith('/') || /[\0\\]/.test(path)) return undefined;
  const parts = path.split('/').filter((part) => part !== '');
  return parts.some((part) => isHiddenName(part) || part.includes(':')) ? undefined : parts;
}

function isHiddenName(name: string): boolean {
  return name.startsWith('.');
}

/** The same for every link to a file. */
function identityOf({ dev, ino }: Pick<Stats, 'dev' | 'ino'>): string {
  return `${dev}:${ino}`;
}

function refuseMethod(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return false;
  response.setHeader('allow', 'GET, HEAD');
  send(request, response, 405, 'text/plain; charset=utf-8', 'GET and HEAD alone.\n');
  return true;
}

function send(request: IncomingMessage, response: ServerResponse, status: number, type: string, body: string): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, { ...safely, 'content-type': type, 'content-length': length });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function escaped(text: string): string {
  return text.replaceAll(/[<>&'"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}
