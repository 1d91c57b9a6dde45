// `pqtls info`: what to paste into a bug report. Names, versions and lists; no path, no secret.

import { release } from 'node:os';
import { Command } from 'commander';
import { getProvider, providers } from '../crypto/index.js';
import pqtls, { defaultGroups, policies, selectEngine, type PostQuantumMode } from '../index.js';
import { readDemand, type Demand } from '../tls/policy.js';
import { availableSignatureSchemes, defaultSignatureSchemes } from '../tls/signature-schemes.js';
import { groupFacts, type GroupFacts } from '../tls/key-exchange-groups.js';
import { cpuFacts, type CpuFacts } from './cpu-features.js';
import { environmentFacts, type VariableFacts } from './environment-facts.js';
import { packageVersion } from './package-version.js';
import { alignedRows, paintFor, printable, type Row } from './terminal-text.js';

interface EngineFacts {
  readonly name: string;
  readonly available: boolean;
  readonly version: string | null;
  readonly fips: boolean;
  /** Why it is not available, or that it is. */
  readonly why: string;
}

interface Info {
  readonly pqtls: string;
  readonly engines: readonly EngineFacts[];
  readonly selectedEngine: string | null;
  readonly capabilities: object;
  readonly cryptoProviders: readonly { readonly name: string; readonly version: string }[];
  readonly node: string;
  readonly openssl: string;
  readonly platform: string;
  readonly cpu: CpuFacts;
  readonly groups: readonly GroupFacts[];
  readonly signatureSchemes: readonly string[];
  readonly cipherSuites: readonly string[];
  readonly policies: readonly PolicyFacts[];
  readonly defaults: Defaults;
  readonly environment: readonly VariableFacts[];
  /** What could not be told, and why: variables with bad values, mostly. */
  readonly problems: readonly string[];
}

interface PolicyFacts {
  /** The short name; null for a dated policy that has none any more. */
  readonly alias: string | null;
  readonly name: string;
  readonly postQuantum: PostQuantumMode;
}

interface Defaults {
  readonly postQuantum: string;
  readonly policy: string | null;
  readonly groups: readonly string[];
  readonly signatureSchemes: readonly string[];
  readonly minVersion: string;
  readonly maxVersion: string;
  readonly ciphers: string;
  readonly trustedCertificates: number;
}

export function infoCommand(): Command {
  return new Command('info')
    .description('Tell what is installed and what it can do: for a bug report.')
    .option('--json', 'as one JSON object')
    .addHelpText('after', '\nExample:\n  pqtls info --json')
    .action(({ json }: { json?: boolean }) => {
      const info = collect();
      process.stdout.write(json === true ? `${JSON.stringify(info, null, 2)}\n` : infoText(info));
    });
}

/** Whatever is wrong with this installation must not keep it from being told. */
function collect(): Info {
  const problems: string[] = [];
  const attempt = <T>(read: () => T, instead: T): T => {
    try {
      return read();
    } catch (error) {
      problems.push((error as Error).message);
      return instead;
    }
  };
  const noEngine = { engine: undefined, fips: false, capabilities: { mlKem: false, mlDsa: false, tls: false } };
  const choice = attempt(selectEngine, { ...noEngine, why: 'the native addon did not load' });
  return {
    pqtls: packageVersion(),
    engines: [
      {
        name: 'aws-lc',
        available: choice.capabilities.tls,
        version: attempt(() => getProvider('aws-lc').version, null),
        fips: choice.fips,
        why: choice.why,
      },
      {
        name: 'typescript',
        available: true,
        version: `pqtls ${packageVersion()}`,
        fips: false,
        why: 'TLS 1.3 alone',
      },
    ],
    selectedEngine: choice.engine ?? null,
    capabilities: choice.capabilities,
    cryptoProviders: attempt(() => providers().map((name) => ({ name, version: getProvider(name).version })), []),
    node: process.versions.node,
    openssl: process.versions.openssl,
    platform: `${process.platform} ${process.arch}, kernel ${release()}, ${libc()}`,
    cpu: cpuFacts(),
    groups: groupFacts(),
    signatureSchemes: availableSignatureSchemes,
    cipherSuites: choice.engine === undefined ? [] : attempt(() => pqtls.getCiphers(), []),
    policies: policyFacts(),
    defaults: defaults(attempt(() => readDemand({}), undefined)),
    environment: environmentFacts(),
    problems,
  };
}

function libc(): string {
  const { glibcVersionRuntime: glibc } = (process.report.getReport() as { header: { glibcVersionRuntime?: string } })
    .header;
  if (glibc !== undefined) return `glibc ${glibc}`;
  return process.platform === 'linux' ? 'no glibc' : 'libc of the system';
}

function policyFacts(): PolicyFacts[] {
  const entries = Object.entries(policies);
  const dated = entries.filter(([key, policy]) => key === policy.name);
  return dated.map(([name, { postQuantum }]) => ({
    alias: entries.find(([key, policy]) => key !== policy.name && policy.name === name)?.[0] ?? null,
    name,
    postQuantum,
  }));
}

/** With the environment: what a program without options gets. */
function defaults(demand: Demand | undefined): Defaults {
  return {
    postQuantum: demand === undefined ? 'unknown' : (demand.postQuantum ?? 'prefer'),
    policy: demand?.policy?.name ?? null,
    groups: defaultGroups,
    signatureSchemes: defaultSignatureSchemes,
    minVersion: pqtls.DEFAULT_MIN_VERSION,
    maxVersion: pqtls.DEFAULT_MAX_VERSION,
    ciphers: pqtls.DEFAULT_CIPHERS,
    trustedCertificates: pqtls.getCACertificates('default').length,
  };
}

function infoText(info: Info): string {
  const paint = paintFor(process.stdout);
  const section = (title: string, rows: readonly Row[]): string =>
    `${paint('bold', title)}\n${alignedRows(rows, paint)}`;
  const { cpu, defaults: byDefault } = info;
  return [
    section('pqtls', [
      ['Version', info.pqtls],
      ...info.engines.map((engine) => [`Engine ${engine.name}`, engineText(engine)] as const),
      ['Providers', info.cryptoProviders.map(({ name, version }) => `${name} (${version})`).join(', ')],
    ]),
    section('Machine', [
      ['Node', `${info.node} (OpenSSL ${info.openssl})`],
      ['Platform', info.platform],
      ['Processor', `${printable(cpu.model)}, ${cpu.available} available`],
      ['Features', cpu.features?.join(' ') ?? 'not told here'],
    ]),
    section('What there is', [
      ['Groups', lines(info.groups.map(groupText))],
      ['Signatures', wrapped(info.signatureSchemes, ', ')],
      ['Cipher suites', info.cipherSuites.length === 0 ? 'none' : wrapped(info.cipherSuites, ', ')],
      ['Policies', lines(info.policies.map((policy) => policyText(policy)))],
    ]),
    section('Defaults, with this environment', [
      ['Post-quantum', byDefault.postQuantum],
      ['Policy', byDefault.policy ?? 'none'],
      ['Versions', `${byDefault.minVersion} to ${byDefault.maxVersion}`],
      ['Groups', wrapped(byDefault.groups, ':')],
      ['Signatures', wrapped(byDefault.signatureSchemes, ':')],
      ['Ciphers', wrapped(byDefault.ciphers.split(':'), ':')],
      ['Trusted CAs', String(byDefault.trustedCertificates)],
    ]),
    section(
      'Environment',
      info.environment.length === 0
        ? [['Variables', 'none that matters is set']]
        : info.environment.map(({ name, value }) => [name, value] as const),
    ),
    ...(info.problems.length === 0
      ? []
      : [
          section(
            'Problems',
            info.problems.map((text) => ['', printable(text)]),
          ),
        ]),
  ].join('\n');
}

function engineText({ available, version, fips, why }: EngineFacts): string {
  return available ? `${version}, ${fips ? 'a FIPS build' : 'no FIPS build'}` : `not available: ${printable(why)}`;
}

function groupText({ name, id, postQuantum, hybrid }: GroupFacts): string {
  const kind = !postQuantum ? 'classical' : hybrid ? 'post-quantum, hybrid' : 'post-quantum';
  return `${name} (0x${id.toString(16).padStart(4, '0')}), ${kind}`;
}

function policyText({ alias, name, postQuantum }: PolicyFacts): string {
  return `${name}${alias === null ? '' : `, which is ${alias}`}: post-quantum ${postQuantum}`;
}

function lines(items: readonly string[]): string {
  return items.join('\n');
}

/** In lines of about a hundred letters. */
function wrapped(items: readonly string[], separator: string): string {
  const result: string[] = [''];
  for (const [at, item] of items.entries()) {
    const text = at === items.length - 1 ? item : item + separator;
    const last = result.at(-1) ?? '';
    if (last.length + text.length > 100) result.push(text);
    else result[result.length - 1] = last + text;
  }
  return result.map((line) => line.trimEnd()).join('\n');
}
