// Text for people: aligned rows, colours only on a terminal, and what a peer sent made harmless.

import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan';
export type Paint = (style: Style, text: string) => string;

/** A stream that text goes to, as far as colours are concerned. */
export interface TextStream {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/** Colours on a terminal that has them, unless NO_COLOR is set (https://no-color.org). */
export function paintFor(stream: TextStream): Paint {
  const { NO_COLOR: noColor = '', TERM: terminal } = process.env;
  const coloured = stream.isTTY === true && noColor === '' && terminal !== 'dumb';
  return coloured ? (style, text) => styleText(style, text) : (_style, text) => text;
}

export type Row = readonly [name: string, value: string];

/** `  name   value`, one a line; a value of several lines stays aligned. */
export function alignedRows(rows: readonly Row[], paint: Paint, indent = '  '): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  const gap = ' '.repeat(indent.length + width + 2);
  return rows
    .map(([name, value]) => `${indent}${paint('dim', name.padEnd(width))}  ${value.replaceAll('\n', `\n${gap}`)}\n`)
    .join('');
}

/** A peer's text must not write to the terminal; too much of it is cut. */
export function printable(text: string, most = 200): string {
  const harmless = text.replaceAll(/[^\P{C}]/gu, '?');
  return harmless.length > most ? `${harmless.slice(0, most)}...` : harmless;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
