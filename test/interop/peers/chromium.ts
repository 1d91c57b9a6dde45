// Chromium, headless: opens a page of pqtls/https, and tells what its security panel would show.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanEnvironment } from '../../support/project.js';
import { command, findCommand } from '../build-steps.js';
import {
  lacksGroups,
  lacksSignatures,
  PeerUnavailableError,
  type Conversation,
  type Peer,
  type PeerConfig,
} from '../peer.js';
import { PeerError } from '../program.js';
import { Browser } from './devtools.js';

const binary = () => findCommand('chromium') ?? findCommand('chromium-browser');

export const chromium: Peer = {
  name: 'chromium',
  title: 'Chromium',
  pin: 'the installed package (Debian: chromium)',
  optional: true,
  carries: 'https',
  limits: [
    { reason: 'a browser is no server', excludes: ({ role }) => role === 'server' },
    lacksGroups(
      ['SecP256r1MLKEM768', 'SecP384r1MLKEM1024', 'MLKEM768', 'MLKEM1024', 'secp521r1'],
      'Chromium offers X25519MLKEM768, X25519, secp256r1 and secp384r1',
    ),
    lacksSignatures(['ed25519', 'mldsa44', 'mldsa65', 'mldsa87'], 'Chromium offers neither Ed25519 nor ML-DSA'),
    {
      reason: 'Chromium makes and resumes connections as it sees fit: no flag and no command of DevTools asks for it',
      excludes: ({ resumption }) => resumption,
    },
    { reason: 'a client certificate has to be in the store of the system', excludes: ({ clientAuth }) => clientAuth },
    {
      reason: 'Chromium sends shares for X25519MLKEM768 and X25519, whatever is wanted',
      excludes: ({ version, group, helloRetry }) => version === 'TLSv1.3' && helloRetry === group.startsWith('X25519'),
    },
  ],
  missing: () => (binary() === undefined ? 'chromium is not installed. Debian: apt-get install chromium' : undefined),
  async prepare() {
    const reason = chromium.missing();
    if (reason !== undefined) throw new PeerUnavailableError(reason);
  },
  version: async () => /[\d.]{5,}/.exec(await command(binary() ?? 'chromium', ['--version']))?.[0] ?? 'unknown',
  start,
};

async function start(config: PeerConfig): Promise<Conversation> {
  const profile = mkdtempSync(join(tmpdir(), 'pqtls-chromium-'));
  // As in build-steps.ts: it does not start under the sanitizers.
  const env = cleanEnvironment({ LD_PRELOAD: undefined });
  const browser = new Browser(binary() ?? 'chromium', flags(profile, config.trustedKey), env);
  const failed = new Promise<never>((_resolve, reject) => browser.once('failed', reject));
  // Whoever waits is told; nobody may be waiting.
  failed.catch(() => {});
  let session: Promise<string> | undefined;
  return {
    port: undefined,
    async report() {
      session ??= openTab(browser);
      return Promise.race([visit(browser, await session, config), failed]);
    },
    async end() {
      await browser.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function flags(profile: string, trusted: string): string[] {
  return [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
    '--no-default-browser-check',
    // Nothing leaves this machine.
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
    `--user-data-dir=${profile}`,
    `--ignore-certificate-errors-spki-list=${trusted}`,
  ];
}

async function openTab(browser: Browser): Promise<string> {
  const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true });
  if (typeof sessionId !== 'string') throw new PeerError('DevTools gave no session');
  await browser.send('Network.enable', {}, sessionId);
  await browser.send('Page.enable', {}, sessionId);
  return sessionId;
}

interface ResponseReceived {
  readonly type: string;
  readonly response: {
    readonly securityDetails?: {
      readonly protocol: string;
      readonly keyExchange: string;
      readonly keyExchangeGroup?: string;
      readonly cipher: string;
      readonly serverSignatureAlgorithm?: number;
    };
  };
}

async function visit(browser: Browser, session: string, config: PeerConfig) {
  const origin = `https://localhost:${config.port}`;
  const document = new Promise<ResponseReceived>((resolve) => {
    const listen = (event: ResponseReceived): void => {
      if (event.type !== 'Document') return;
      browser.off(`${session} Network.responseReceived`, listen);
      resolve(event);
    };
    browser.on(`${session} Network.responseReceived`, listen);
  });
  const loaded = once(browser, `${session} Page.loadEventFired`);
  const { errorText } = await browser.send('Page.navigate', { url: `${origin}/` }, session);
  if (typeof errorText === 'string') throw new PeerError(`Chromium cannot open the page: ${errorText}`);
  const details = (await document).response.securityDetails;
  if (details === undefined) throw new PeerError('Chromium tells no security details');
  await loaded;
  const { result } = await browser.send(
    'Runtime.evaluate',
    { expression: 'window.result', awaitPromise: true, returnByValue: true },
    session,
  );
  const { value } = result as { value?: { sent: string; received: string } };
  if (value === undefined) throw new PeerError(`the script of the page failed: ${JSON.stringify(result)}`);
  const { tableNames } = await browser.send('Network.getCertificate', { origin }, session);
  const [leaf] = tableNames as string[];
  return {
    protocol: details.protocol.replace(/^TLS /, 'TLSv'),
    group: details.keyExchangeGroup ?? null,
    peerSignatureScheme: details.serverSignatureAlgorithm ?? null,
    peerCertificate: leaf === undefined ? '' : createHash('sha256').update(Buffer.from(leaf, 'base64')).digest('hex'),
    ...value,
  };
}
