// A recorded connection between the TypeScript engine and another implementation, and how it lies in a file.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CipherSuiteName } from '#src/protocol/cipher-suites.js';
import type { NamedGroupName } from '#src/protocol/constants.js';
import { projectDir } from '../../support/project.js';

/** What our end is configured with. */
export interface Setup {
  readonly role: 'client' | 'server';
  readonly groups: readonly NamedGroupName[];
  readonly suites: readonly CipherSuiteName[];
  readonly requestCertificate?: boolean;
}

/** One thing that happened to our end, and what it sent for it. */
export interface Step {
  /** Base64, as all bytes here; absent for what we did by ourselves. */
  readonly received?: string;
  /** Text that our program sent, or the end. */
  readonly did?: string;
  readonly sent: string;
}

export interface Connection {
  /** What our end drew of randomness and private keys, in order. */
  readonly draws: readonly string[];
  /** Made with randomness that a signer keeps to itself. */
  readonly signatures: readonly string[];
  readonly steps: readonly Step[];
  readonly resumed: boolean;
  readonly group: number;
}

export interface Transcript {
  readonly peer: string;
  readonly setup: Setup;
  /** What our clock said, in milliseconds. */
  readonly now: number;
  /** A server's, the same for its connections. */
  readonly ticketKeys?: string;
  /** Our certificate, DER; absent where we show none. */
  readonly certificate?: string;
  readonly connections: readonly Connection[];
}

export const transcriptNames = [
  'client',
  'client-retry',
  'client-resumption',
  'client-certificate',
  'client-mldsa44',
  'server',
  'server-retry',
  'server-resumption',
  'server-certificate',
] as const;

export type TranscriptName = (typeof transcriptNames)[number];

export function transcriptPath(name: TranscriptName): string {
  return join(projectDir, 'test/vectors/transcripts', `${name}.json`);
}

export function readTranscript(name: TranscriptName): Transcript {
  return JSON.parse(readFileSync(transcriptPath(name), 'utf8')) as Transcript;
}

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
export const ofBase64 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
