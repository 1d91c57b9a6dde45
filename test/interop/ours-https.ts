// Our end for a browser: a server of pqtls/https with a page whose script sends bytes and gets them back.

import { constants } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'pqtls';
import { createServer } from 'pqtls/https';
import {
  echoedBytes,
  listening,
  observe,
  Queue,
  serverOptions,
  type Observation,
  type OurServer,
  type SideOptions,
} from './ours.js';

/** Serves the page at /, and echoes what is posted to /echo, which is what an observation is made of. */
export async function serveHttps(side: SideOptions, signal: AbortSignal): Promise<OurServer> {
  const seen = new Queue<Observation>();
  // A browser makes a second connection to the page's server when it likes, and would resume the session of the first.
  const secureOptions = constants.SSL_OP_NO_TICKET;
  const server = createServer({ ...serverOptions(side), secureOptions }, (request, response) => {
    if (request.url === '/echo') {
      echo(request, response).then(
        (observation) => seen.push(observation),
        (error: Error) => seen.fail(error),
      );
    } else if (request.url === '/') {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(page);
    } else {
      response.statusCode = 404;
      response.end();
    }
  });
  server.on('tlsClientError', (error) => seen.fail(error));
  return listening(server, seen, signal, () => server.closeAllConnections());
}

async function echo(request: IncomingMessage, response: ServerResponse): Promise<Observation> {
  const chunks: Buffer[] = [];
  let received = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    received += chunk.length;
    if (received > echoedBytes) throw new Error(`more than ${echoedBytes} bytes came`);
    chunks.push(chunk);
  }
  const data = Buffer.concat(chunks);
  if (!(request.socket instanceof TLSSocket)) throw new Error('the request did not come over a TLSSocket of pqtls');
  const observation = observe(request.socket, data, data);
  // The next visit is to make a connection of its own.
  response.setHeader('connection', 'close');
  response.end(data);
  return observation;
}

const page = `<!doctype html>
<title>pqtls interop lab</title>
<link rel="icon" href="data:,">
<script>
const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
const sha256 = async (bytes) => hex(await crypto.subtle.digest('SHA-256', bytes));
window.result = (async () => {
  const data = new Uint8Array(${echoedBytes});
  for (let at = 0; at < data.length; at += 65536) crypto.getRandomValues(data.subarray(at, at + 65536));
  const response = await fetch('/echo', { method: 'POST', body: data });
  return { sent: await sha256(data), received: await sha256(await response.arrayBuffer()) };
})();
</script>
`;
