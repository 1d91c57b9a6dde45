// Charts as static SVG: bars, and dots, with their intervals. Colours are the page's variables, so that it can be dark.

import { CustomChart, type CustomSeriesOption } from 'echarts/charts';
import { GridComponent, type GridComponentOption } from 'echarts/components';
import { init, use, type ComposeOption } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { Html } from '#src/cli/html-template.js';

export interface Spread {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface Bar extends Spread {
  readonly label: string;
  readonly color: string;
  /** Of what is measured beside the main thing. */
  readonly faint: boolean;
}

/** A line of its own above some rows. */
export interface Heading {
  readonly heading: string;
}

export interface Dot extends Spread {
  readonly mark: Mark;
}

export interface DotRow {
  readonly label: string;
  readonly dots: readonly Dot[];
  /** A line across the row. */
  readonly goal?: number | undefined;
}

/** How a dot is drawn; `symbol` is the same as text, for a legend. */
export interface Mark {
  readonly symbol: string;
  readonly color: string;
}

export interface Axis {
  readonly format: (value: number) => string;
  readonly logarithmic?: boolean;
  /** A line across the chart, e.g. at 1 for ratios. */
  readonly reference?: number;
}

/** The colour with this number; after seven they begin again. The page defines them. */
export function color(index: number): string {
  return `var(--color-${index % 7})`;
}

/** The mark with this number: another symbol as well as another colour, for those who see no colours. */
export function markOf(index: number): Mark {
  return { symbol: symbols[index % symbols.length] ?? '●', color: color(index) };
}

export function barChart(rows: readonly (Bar | Heading)[], format: Axis['format']): Html {
  const extents = rows.map((row) => ('heading' in row ? [] : [0, row.low, row.high, row.value]));
  return draw(rows.map(labelOf), rowHeight, extents, { format }, (row, place) => {
    const bar = rows[row];
    if (bar === undefined) return [];
    if ('heading' in bar) return [headingShape(bar.heading, place.y)];
    const [start, end] = [place.x(0), place.x(bar.value)];
    return [
      {
        type: 'rect',
        shape: { x: Math.min(start, end), y: place.y - 8, width: Math.abs(end - start), height: 16 },
        style: { fill: bar.color, opacity: bar.faint ? 0.5 : 1 },
      },
      ...whisker(bar, place),
      {
        type: 'text',
        x: Math.max(end, place.x(bar.high)) + 7,
        y: place.y,
        style: { ...text, text: format(bar.value), verticalAlign: 'middle' },
      },
    ];
  });
}

export function dotChart(rows: readonly (DotRow | Heading)[], axis: Axis): Html {
  const dotsOf = (row: DotRow | Heading | undefined): readonly Dot[] =>
    row === undefined || 'heading' in row ? [] : row.dots;
  const most = Math.max(1, ...rows.map((row) => dotsOf(row).length));
  // On a linear axis the dots of a row stand for runs, whose values are close: one below the other.
  const step = axis.logarithmic === true ? 0 : 11;
  const height = Math.max(rowHeight, step * most + 12);
  const extents = rows.map((row) => {
    const goal = 'goal' in row && row.goal !== undefined ? [row.goal] : [];
    return [...dotsOf(row).flatMap(({ value, low, high }) => [value, low, high]), ...goal];
  });
  return draw(rows.map(labelOf), height, extents, axis, (index, place) => {
    const row = rows[index];
    if (row !== undefined && 'heading' in row) return [headingShape(row.heading, place.y)];
    const dots = dotsOf(row);
    const goal = row?.goal;
    return [
      ...(goal === undefined
        ? []
        : [upright(place.x(goal), place.y, height - 6, { stroke: 'var(--goal)', lineWidth: 3 })]),
      ...dots.flatMap((dot, position) => {
        const own = { ...place, y: place.y + (position - (dots.length - 1) / 2) * step };
        return [...whisker(dot, own), markShape(dot.mark, own.x(dot.value), own.y)];
      }),
    ];
  });
}

use([CustomChart, GridComponent, SVGRenderer]);

type Option = ComposeOption<CustomSeriesOption | GridComponentOption>;
type Shape =
  NonNullable<CustomSeriesOption['renderItem']> extends (...args: never[]) => infer Result
    ? NonNullable<Result>
    : never;

/** Where a row is in the picture. */
interface Place {
  readonly x: (value: number) => number;
  readonly y: number;
}

const symbols = ['●', '■', '◆', '▲'];
const width = 700;
const rowHeight = 26;
const margin = { right: 84, top: 6, bottom: 28 };
const mostLabelWidth = 270;
const text = { fill: 'var(--ink)', fontSize: 12, fontFamily: 'system-ui, sans-serif' };

/** A heading begins further left than labels do, and is drawn with the row. */
function labelOf(row: { readonly label: string } | Heading): string {
  return 'heading' in row ? '' : row.label;
}

function headingShape(heading: string, y: number): Shape {
  return {
    type: 'text',
    x: 2,
    y,
    style: {
      ...text,
      fontWeight: 'bold',
      stroke: 'var(--paper)',
      lineWidth: 4,
      text: heading,
      verticalAlign: 'middle',
    },
  };
}

/**
 * `extents`: for each row the values that the axis must reach. All is drawn by hand in one custom series, so that bars, dots and
 * whiskers agree on where a row is; ECharts makes the scale, its ticks and the SVG.
 */
function draw(
  labels: readonly string[],
  height: number,
  extents: readonly (readonly number[])[],
  { format, logarithmic = false, reference }: Axis,
  shapes: (row: number, place: Place) => Shape[],
): Html {
  // Nobody measures text here: a generous guess, and what is longer is cut.
  const left = Math.min(mostLabelWidth, 24 + 6.7 * Math.max(...labels.map(({ length }) => length)));
  const total = margin.top + margin.bottom + height * labels.length;
  // A logarithmic axis has no place for 0 and below.
  const reached = extents.map((values) =>
    values.filter((value) => Number.isFinite(value) && (!logarithmic || value > 0)),
  );
  const all = [...reached.flat(), ...(reference === undefined ? [] : [reference])];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const axisText = { color: text.fill, fontSize: text.fontSize, fontFamily: text.fontFamily };
  const option: Option = {
    animation: false,
    grid: { ...margin, left, outerBoundsMode: 'none' },
    xAxis: {
      type: logarithmic ? 'log' : 'value',
      scale: true,
      axisLabel: { ...axisText, formatter: format, hideOverlap: true },
      splitLine: { lineStyle: { color: 'var(--line)' } },
      splitNumber: 4,
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: [...labels],
      axisTick: { show: false },
      axisLine: { lineStyle: { color: 'var(--soft)' } },
      axisLabel: { ...axisText, interval: 0, width: left - 14, overflow: 'truncate' },
    },
    series: {
      type: 'custom',
      silent: true,
      clip: false,
      encode: { x: [1, 2], y: 0 },
      data: labels.map((_, row) => [row, least, most]),
      renderItem(_, api) {
        const row = Number(api.value(0));
        const y = api.coord([least, row])[1] ?? 0;
        const place: Place = {
          x: (value) => api.coord([logarithmic ? Math.max(value, least) : value, row])[0] ?? 0,
          y,
        };
        const line =
          reference === undefined
            ? []
            : [upright(place.x(reference), y, height, { stroke: 'var(--soft)', lineDash: [3, 3] })];
        return { type: 'group', children: [...line, ...shapes(row, place)] };
      },
    },
  };
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height: total });
  try {
    chart.setOption(option);
    return new Html(chart.renderToSVGString());
  } finally {
    chart.dispose();
  }
}

function upright(x: number, y: number, length: number, style: object): Shape {
  return { type: 'line', shape: { x1: x, x2: x, y1: y - length / 2, y2: y + length / 2 }, style };
}

/** The interval, with an end on both sides. */
function whisker({ low, high }: Spread, { x, y }: Place): Shape[] {
  const style = { stroke: 'var(--ink)', lineWidth: 1.5 };
  const [from, to] = [x(low), x(high)];
  if (!Number.isFinite(from) || !Number.isFinite(to) || from === to) return [];
  return [
    { type: 'line', shape: { x1: from, x2: to, y1: y, y2: y }, style },
    upright(from, y, 8, style),
    upright(to, y, 8, style),
  ];
}

function markShape({ symbol, color: fill }: Mark, x: number, y: number): Shape {
  const style = { fill, stroke: 'var(--paper)', lineWidth: 1 };
  const points = (...corners: [number, number][]): Shape => ({
    type: 'polygon',
    shape: { points: corners.map(([right, down]) => [x + right, y + down]) },
    style,
  });
  switch (symbol) {
    case '■':
      return { type: 'rect', shape: { x: x - 5, y: y - 5, width: 10, height: 10 }, style };
    case '◆':
      return points([0, -7], [7, 0], [0, 7], [-7, 0]);
    case '▲':
      return points([0, -6], [6, 5], [-6, 5]);
    default:
      return { type: 'circle', shape: { cx: x, cy: y, r: 5.5 }, style };
  }
}
