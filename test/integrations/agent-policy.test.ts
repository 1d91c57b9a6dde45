// postQuantum and policy of a request, its Agent, a connector: the strictest wins, whoever asks for it.

import nodeHttps from 'node:https';
import * as net from 'node:net';
import nodeTls, { type TLSSocket } from 'node:tls';
import t, { type Test } from 'tap';
import { Client, request as undiciRequest } from 'undici';
import { connect, createServer, type TlsServerOptions } from 'pqtls';
import { connect as connectHttp2, createSecureServer } from 'pqtls/http2';
import https, { Agent, type AgentOptions, type RequestOptions } from 'pqtls/https';
import { Agent as UndiciAgent, buildConnector, type ConnectorOptions } from 'pqtls/undici';
import { programFolder } from '../support/programs.js';
import { credentials, errorOf } from '../support/tls-server.js';
import { answerOf, listening } from '../support/web.js';

const { authority, leaf } = await credentials();
const ca = authority.cert;
const code = 'ERR_PQTLS_NOT_POST_QUANTUM';

/** An https server that has classical groups only. */
async function classical(t: Test): Promise<string> {
  const server = https.createServer({ ...leaf, groups: 'X25519' }, (_req, res) => res.end('x'));
  return `https://localhost:${await listening(t, server)}/`;
}

function agentOf(t: Test, options: AgentOptions): Agent {
  const agent = new Agent({ ca, ...options });
  t.teardown(() => agent.destroy());
  return agent;
}

const rows: [agent: AgentOptions, request: RequestOptions, fails: boolean][] = [
  [{}, {}, false],
  [{ postQuantum: 'prefer' }, {}, false],
  [{}, { postQuantum: 'require' }, true],
  [{ postQuantum: undefined }, { postQuantum: 'require' }, true],
  [{ postQuantum: 'prefer' }, { postQuantum: 'require' }, true],
  [{ postQuantum: 'off' }, { postQuantum: 'require' }, true],
  [{ postQuantum: 'require' }, { postQuantum: 'off' }, true],
  [{ postQuantum: 'prefer' }, { policy: 'strict' }, true],
  [{ policy: 'strict' }, { postQuantum: 'prefer' }, true],
  [{ policy: 'strict' }, { policy: 'strict-2026-11' }, true],
];

void t.test('https: request and Agent', async (t) => {
  const url = await classical(t);
  for (const [ofAgent, ofRequest, fails] of rows) {
    const name = `${JSON.stringify(ofAgent)} ${JSON.stringify(ofRequest)}`;
    const sent = https.get(url, { ...ofRequest, agent: agentOf(t, ofAgent) });
    if (fails) t.equal((await errorOf(sent)).code, code, name);
    else t.equal((await answerOf(sent)).body, 'x', name);
  }
  const agent = agentOf(t, { policy: 'default' });
  t.throws(() => https.get(url, { agent, policy: 'strict' }), { code: 'ERR_INVALID_ARG_VALUE', message: /at once/ });
});

void t.test('https: sockets of other agents and of createConnection', async (t) => {
  const url = await classical(t);
  const { port } = new URL(url);
  const dial = (): TLSSocket => nodeTls.connect({ port: Number(port), host: 'localhost', ca });
  const bring: Record<string, RequestOptions> = {
    'an agent of node:https': { agent: new nodeHttps.Agent() },
    'one with keep-alive': { agent: new nodeHttps.Agent({ keepAlive: true }) },
    createConnection: { createConnection: dial },
    'createConnection without an agent': { agent: false, createConnection: dial },
    'a plain socket': { createConnection: () => net.connect(Number(port), 'localhost') },
  };
  for (const [name, options] of Object.entries(bring)) {
    const sent = https.get(url, { ca, ...options, postQuantum: 'require' });
    t.equal((await errorOf(sent)).code, code, name);
  }
  t.equal((await answerOf(https.get(url, { ca, agent: new nodeHttps.Agent() }))).body, 'x', 'preferred only');
  const own = https.get(url, { ca, agent: false, postQuantum: 'require' });
  t.match((await errorOf(own)).message, /handshake_failure/, 'agent: false is one of ours');
});

void t.test('a server is not changed by what becomes of the options object', async (t) => {
  const options: TlsServerOptions = {
    ...leaf,
    ca,
    postQuantum: 'require',
    requestCert: true,
    rejectUnauthorized: true,
  };
  const servers = [createServer(options), https.createServer(options), createSecureServer(options)];
  Object.assign(options, { postQuantum: 'prefer', requestCert: false, SNICallback: () => t.fail('called') });
  for (const server of servers) {
    const port = Number(new URL(`https://localhost:${await listening(t, server)}`).port);
    server.on('tlsClientError', () => {});
    const old = nodeTls.connect({ port, host: 'localhost', ca, maxVersion: 'TLSv1.2' });
    t.match(await errorOf(old), { code: /PROTOCOL_VERSION/ });
    const anonymous = connect({ port, host: 'localhost', ca, ALPNProtocols: ['h2', 'http/1.1'] });
    anonymous.resume();
    t.match(await errorOf(anonymous), { alertReceived: 'certificate_required' });
  }
});

void t.test('https: a connection that was kept alive serves no request that is stricter', async (t) => {
  const url = await classical(t);
  const agent = agentOf(t, { keepAlive: true, postQuantum: 'prefer' });
  await answerOf(https.get(url, { agent }));
  t.equal((await errorOf(https.get(url, { agent, postQuantum: 'require' }))).code, code);
  // One that had to wait for a socket, too.
  const narrow = agentOf(t, { maxSockets: 1, postQuantum: 'prefer' });
  const [first, second] = [1, 2].map(() => https.get(url, { agent: narrow, postQuantum: 'require' }));
  t.strictSame(
    (await Promise.all([first, second].map((sent) => errorOf(sent as NodeJS.EventEmitter)))).map((error) => error.code),
    [code, code],
  );
});

void t.test('inherited options count', async (t) => {
  const url = await classical(t);
  const inherited = Object.create({ postQuantum: 'require' }) as { postQuantum: 'require' };
  const agent = new Agent(Object.assign(Object.create(inherited) as AgentOptions, { ca }));
  t.equal((await errorOf(https.get(url, { agent }))).code, code);
  const own = Object.assign(Object.create(inherited) as RequestOptions, { ca, agent: agentOf(t, {}) });
  t.equal((await errorOf(https.get(url, own))).code, code);
  const h2 = createSecureServer({ ...leaf, groups: 'X25519' });
  const authorityOfH2 = `https://localhost:${await listening(t, h2)}`;
  t.equal(
    (await errorOf(connectHttp2(authorityOfH2, Object.assign(Object.create(inherited) as object, { ca })))).code,
    code,
  );
  const connect = Object.assign(Object.create(inherited) as ConnectorOptions, { ca });
  const dispatcher = new UndiciAgent({ connect });
  await t.rejects(undiciRequest(url, { dispatcher }), { code });
  const client = new Client(url, { connect: buildConnector(connect) });
  await t.rejects(client.request({ path: '/', method: 'GET' }), { code });
  await Promise.all([dispatcher.destroy(), client.destroy()]);
});

void t.test('undici: a connector and one connection', async (t) => {
  const { hostname, port, host } = new URL(await classical(t));
  const connector = buildConnector({ ca, postQuantum: 'prefer' });
  const target = { protocol: 'https:', hostname, host, port, postQuantum: 'require' };
  const error = await new Promise((resolve) => connector(target, (...answer) => resolve(answer[0])));
  t.match(error, { code });
  const other = { ...target, postQuantum: undefined, policy: 'strict' };
  t.throws(() => buildConnector({ ca, policy: 'default' })(other, () => undefined), { code: 'ERR_INVALID_ARG_VALUE' });
});

void t.test("register: Node's own Agent", async (t) => {
  const folder = await programFolder('agent-policy');
  t.teardown(() => folder.remove());
  const source = `
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
const server = https.createServer({ key: fs.readFileSync('key.pem'), cert: fs.readFileSync('cert.pem'), groups: 'X25519' },
  (req, res) => res.end());
server.listen(0, async () => {
  const { port } = server.address();
  const ask = (ofAgent, ofRequest) => new Promise((resolve) => {
    const agent = new https.Agent(ofAgent);
    https.get({ host: 'localhost', port, agent, ...ofRequest }, (res) => { res.resume(); resolve('connected'); })
      .on('error', (error) => resolve(error.code));
  }).catch((error) => error.code);
  console.log(await ask({ postQuantum: 'prefer' }, {}));
  console.log(await ask({ postQuantum: 'prefer' }, { postQuantum: 'require' }));
  console.log(await ask({ postQuantum: 'require' }, { postQuantum: 'prefer' }));
  console.log(await ask({ policy: 'default' }, { policy: 'strict' }));
  const inherited = Object.create({ postQuantum: 'require' });
  console.log(await ask({}, {}), await ask(inherited, {}));
  const sent = (send, ...values) => new Promise((resolve) => {
    send(...values, (res) => { res.resume(); resolve('connected'); }).on('error', (error) => resolve(error.code)).end();
  });
  const target = (postQuantum) => Object.assign(Object.create(Object.create({ postQuantum })), { host: 'localhost', port });
  const all = [https.request, https.get, (...values) => http.request(...values), (...values) => http.get(...values)];
  for (const mode of ['prefer', 'require']) {
    const ends = [];
    for (const send of all) {
      const agent = new https.Agent();
      ends.push(await sent(send, Object.assign(target(mode), { agent, protocol: 'https:' })));
    }
    ends.push(await sent(https.request, 'https://localhost:' + port, Object.create({ postQuantum: mode })));
    ends.push(await sent(https.get, new URL('https://localhost:' + port), Object.create({ policy: mode === 'require' ? 'strict' : undefined })));
    class Mine extends https.Agent {}
    const mine = new Mine(Object.create({ postQuantum: mode }));
    ends.push(await sent(https.get, { host: 'localhost', port, agent: mine }));
    ends.push(mine instanceof https.Agent && mine instanceof Mine && https.Agent(inherited) instanceof http.Agent);
    console.log(...ends);
  }
  process.exit(0);
});`;
  const { stdout, stderr } = await folder.run('agents.mjs', source, ['--import', 'pqtls/register']);
  const lines = ['connected', code, code, 'ERR_INVALID_ARG_VALUE', `connected ${code}`];
  for (const end of ['connected', code]) lines.push([...Array<string>(7).fill(end), true].join(' '));
  t.strictSame(stdout.trim().split('\n'), lines, stderr);
});
