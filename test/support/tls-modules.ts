// node:tls and pqtls side by side, in one type, for what runs on both.

import nodeTls from 'node:tls';
import type { Test } from 'tap';
import pqtls from 'pqtls';

/** node:tls's types, as a program that changes its import has them, with what those of the oldest Node leave out. */
export type TlsModule = typeof nodeTls & {
  convertALPNProtocols(protocols: unknown, out: { ALPNProtocols?: Buffer }): void;
};

export const modules = {
  'node:tls': nodeTls as TlsModule,
  pqtls: pqtls as unknown as TlsModule,
} as const;

export type ModuleName = keyof typeof modules;

/** Whether the running Node is older than a major or `major.minor`. */
export function isOlderThan(version: number | string): boolean {
  const [wantedMajor = 0, wantedMinor = 0] = String(version).split('.').map(Number);
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}

/**
 * Runs a test once for each module.
 *
 * @param since the first Node whose node:tls behaves so, a major or `major.minor`; pqtls does in all
 */
export function onBoth(
  t: Test,
  name: string,
  body: (t: Test, tls: TlsModule, module: ModuleName) => Promise<void> | void,
  since: number | string = 20,
): void {
  for (const module of Object.keys(modules) as ModuleName[]) {
    const skip = module === 'node:tls' && isOlderThan(since) && `node:tls is not so before Node ${since}`;
    void t.test(`${module}: ${name}`, { skip }, (t) => body(t, modules[module], module));
  }
}
