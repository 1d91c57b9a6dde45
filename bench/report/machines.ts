// The part of the report that says what was measured where: one heading a machine, one a run.

import { basename } from 'node:path';
import { describeFeatures } from '../harness/fingerprint.js';
import { html, type Html } from '#src/cli/html-template.js';
import { dateOf, type MachineRuns, type Run } from './runs.js';

export function machineSection(machines: readonly MachineRuns[]): Html {
  return html`<section id="machines">
    <h2>Machines and runs</h2>
    ${machines.map(machineText)}
  </section> `;
}

function machineText({ name, machine, runs }: MachineRuns): Html {
  const { fingerprint, cpu, cpus, architecture, system, memoryGiB, features } = machine;
  return html`<article>
    <h3>${name}</h3>
    <dl>
      <dt>Fingerprint</dt>
      <dd><code>${fingerprint}</code></dd>
      <dt>CPU</dt>
      <dd>${cpu}, ${cpus} CPUs, ${architecture}, ${memoryGiB} GiB of memory</dd>
      <dt>Features</dt>
      <dd>${describeFeatures({ ...machine, features })}</dd>
      <dt>System</dt>
      <dd>${system}</dd>
    </dl>
    ${runs.map(runText)}
  </article> `;
}

function runText({ path, result }: Run): Html {
  const { versions, quick, seconds, scenarios, goals, targets, series } = result;
  const held = targets.filter(({ goal }) => goal !== undefined);
  const count = (list: readonly { readonly reached?: boolean | undefined }[]): string =>
    `${list.filter(({ reached }) => reached === true).length} of ${list.length} reached`;
  const measured = [...new Set(series.map(({ node }) => node))];
  const commit = versions.commit === undefined ? '' : ` (${versions.commit})`;
  return html`<h4>Run of ${dateOf(result)} UTC${quick ? html` <span class="badge">quick</span>` : ''}</h4>
    ${quick ? html`<p class="warning">This run was made with --quick: its figures show that everything runs, and are not for comparing.</p>` : ''}
    <dl>
      <dt>File</dt>
      <dd><code>${basename(path)}</code></dd>
      <dt>Versions</dt>
      <dd>
        pqtls ${versions.pqtls}${commit}, ${versions.awsLc ?? 'no addon'}, Node ${versions.node} (OpenSSL
        ${versions.openssl}), ${versions.noble}
      </dd>
      ${
        measured.length > 0
          ? html`<dt>TLS path on</dt>
              <dd>Node ${measured.join(', ')}</dd>`
          : ''
      }
      <dt>Scenarios</dt>
      <dd>${scenarios.join(', ')}; ${Math.round(seconds)} s</dd>
      ${
        goals.length > 0
          ? html`<dt>Goals of the TLS path</dt>
              <dd>${count(goals)}</dd>`
          : ''
      }
      ${
        held.length > 0
          ? html`<dt>Goals of primitives</dt>
              <dd>${count(held)}</dd>`
          : ''
      }
    </dl> `;
}
