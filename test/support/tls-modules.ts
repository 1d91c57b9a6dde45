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

/** Runs a test once for each module. */
export function onBoth(
  t: Test,
  name: string,
  body: (t: Test, tls: TlsModule, module: ModuleName) => Promise<void> | void,
): void {
  for (const module of Object.keys(modules) as ModuleName[]) {
    void t.test(`${module}: ${name}`, (t) => body(t, modules[module], module));
  }
}
