// The report as one page of HTML that needs nothing else: no script, no request, light or dark as the reader has it.

import type { ResultFile } from '../harness/result-file.js';
import { goalSection } from './goals.js';
import { html, htmlPage } from '#src/cli/html-template.js';
import { machineSection } from './machines.js';
import { primitivesSection } from './primitives.js';
import { runsByMachine } from './runs.js';
import { style } from './style.js';
import { tlsSection } from './tls-path.js';

export function page(files: readonly ResultFile[]): string {
  const machines = runsByMachine(files);
  const runs = machines.flatMap((machine) => machine.runs);
  const sections = [
    { id: 'machines', title: 'Machines and runs', content: machineSection(machines) },
    { id: 'goals', title: 'Goals', content: goalSection(runs) },
    { id: 'tls', title: 'The TLS path', content: tlsSection(runs) },
    { id: 'primitives', title: 'Primitives', content: primitivesSection(runs) },
  ].filter(({ content }) => content !== undefined);
  const quick = runs.filter(({ result }) => result.quick).length;
  const body = html`<header>
      <h1>pqtls bench</h1>
      <p>
        ${counted(runs.length, 'run')} of ${counted(machines.length, 'machine')}. What is measured, and how to read it:
        bench/README.md.
      </p>
      ${quick > 0 ? html`<p class="warning">${counted(quick, 'run')} of --quick: those figures are not for comparing.</p>` : ''}
      <nav>
        <ul>
          ${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}
        </ul>
      </nav>
    </header>
    <main>${sections.map(({ content }) => content)}</main>`;
  return htmlPage('pqtls bench', style, body);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
