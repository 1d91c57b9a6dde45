// Tables of the report, its figures as text, and a chart with the table behind it.

import { figure as digits } from '../harness/table.js';
import type { Mark } from './charts.js';
import { html, type Html, type Part } from '#src/cli/html-template.js';

export interface Column {
  readonly head: string;
  readonly numeric?: boolean;
}

/** The first cell of a row is its heading. Wider than the page, it scrolls, by keyboard too. */
export function table(caption: string, columns: readonly Column[], rows: readonly (readonly Part[])[]): Html {
  const alignment = (index: number): string => (columns[index]?.numeric === true ? 'number' : 'text');
  return html`<div class="wide" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map(({ head }, index) => html`<th scope="col" class="${alignment(index)}">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, index) =>
                index === 0 ? html`<th scope="row">${cell}</th>` : html`<td class="${alignment(index)}">${cell}</td>`,
              )}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}

export interface FigureParts {
  readonly title: string;
  /** The unit, which direction is better, and what else there is to know. */
  readonly note: string;
  readonly legend?: Html;
  readonly chart: Html;
  readonly table: Html;
}

/** A chart that a screen reader announces by its title, and whose numbers are in the table behind it. */
export function chartFigure({ title, note, legend, chart, table: numbers }: FigureParts): Html {
  return html`<figure>
    <figcaption>
      <h4>${title}</h4>
      <p class="note">${note}</p>
    </figcaption>
    ${legend}
    <div role="img" aria-label="${`${title}. ${note}. The numbers are in the table below.`}">${chart}</div>
    <details>
      <summary>Table</summary>
      ${numbers}
    </details>
  </figure> `;
}

/** What the marks of a chart stand for. */
export function legend(entries: readonly { readonly name: string; readonly mark: Mark }[]): Html {
  return html`<ul class="legend">
    ${entries.map(
      ({ name, mark }) =>
        html`<li><span aria-hidden="true" style="color: ${mark.color}">${mark.symbol}</span> ${name}</li>`,
    )}
  </ul>`;
}

export function directionText(better: 'lower' | 'higher'): string {
  return `${better} is better`;
}

export function unitText(unit: string): string {
  return unit === 'us' ? 'µs' : unit;
}

/** e.g. `722 µs`, `1,241 1/s`. */
export function amount(value: number, unit: string): string {
  return `${plain(value)} ${unitText(unit)}`;
}

/** Three digits, and all those of large ones, in groups. */
export function plain(value: number): string {
  return Math.abs(value) >= 999.5 ? Math.round(value).toLocaleString('en') : value === 0 ? '0' : digits(value);
}

/** e.g. `1.063×`: goals are as fine as that. */
export function times(value: number): string {
  return `${value < 10 ? value.toFixed(3) : plain(value)}×`;
}

/** The same without the zeros at its end: of goals and of axes. */
export function shortTimes(value: number): string {
  return `${Number(value.toPrecision(3))}×`;
}

export function range(low: number, high: number, format: (value: number) => string): string {
  return `${format(low)} – ${format(high)}`;
}
