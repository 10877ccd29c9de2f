/** Horizontal bars with error bars and their values written at the end; those of a waterfall begin where they say. */

import { formatQuantity, formatRounded } from "../format.ts";
import { printable } from "../markup.ts";
import type { BarsChart } from "../report.ts";
import { numericAxis } from "./axis.ts";
import { CHARACTER, colour, type Drawing, drawPlot, ROOMS, type Room, squareSwatch } from "./drawing.ts";
import * as Plot from "./plot.ts";

/** From bar to bar, and how thick one is, pixels. */
const PITCH = 20;
const BAR = 15;
/** A line of text above a bar. */
const LINE = 19;
/** Labels that take more of the width than this stand above their bars. */
const LABELS = 0.5;
const MARGIN_TOP = 8;

type Bar = BarsChart["bars"][number];

export function drawBars(chart: BarsChart, { width }: Room): Drawing {
  const { bars, value: axis } = chart;
  const groups = [...new Set(bars.flatMap(({ group }) => (group === undefined ? [] : [group])))];
  const log = axis.scale === "log";
  const margin = 16 + Math.max(...bars.map(({ label }) => label.length)) * CHARACTER;
  const above = margin > LABELS * width;
  const written = bars.map((bar) => describe(bar).value);
  const marginLeft = above ? 8 : margin;
  const marginRight = 12 + Math.max(...written.map(({ length }) => length)) * CHARACTER;
  const xAxis = numericAxis("x", axis, extent(chart), width - marginLeft - marginRight);
  const start = log ? (xAxis.scale.domain as [number, number])[0] : 0;
  const clip = (value: number) => (log ? Math.max(value, start) : value);
  let bottom = MARGIN_TOP;
  const rows = bars.map((bar, i) => {
    // Bars that share a label stand together, and it is written once.
    const label = bar.label === bars[i - 1]?.label ? "" : printable(bar.label);
    const top = bottom + (above && label ? LINE : 0) + (PITCH - BAR) / 2;
    bottom = top + BAR + (PITCH - BAR) / 2;
    const fill = colour(bar.group === undefined ? 0 : groups.indexOf(bar.group));
    const from = bar.from ?? start;
    return {
      ...bar,
      label,
      from,
      top,
      bottom: top + BAR,
      middle: top + BAR / 2,
      fill,
      ...describe(bar),
      length: bar.value,
    };
  });
  const shown = rows.filter(({ length }) => !log || length > 0);
  const intervals = shown.filter(({ low, high }) => low !== undefined && high !== undefined);
  const ends = shown.map((row) => ({ ...row, end: clip(Math.max(row.from, row.length, row.high ?? row.length)) }));
  const labels = above
    ? Plot.text(rows, { x: start, y: "top", text: "label", textAnchor: "start", dy: 1 - LINE / 2 })
    : Plot.text(rows, { x: start, y: "middle", text: "label", textAnchor: "end", dx: -8 });
  const height = bottom + 52;
  const svg = drawPlot(
    {
      width,
      height,
      marginLeft,
      marginRight,
      marginBottom: 42,
      marginTop: MARGIN_TOP,
      x: xAxis.scale,
      y: { type: "identity", axis: null },
      marks: [
        ...xAxis.marks,
        Plot.rect(shown, {
          x1: ({ from }) => clip(from),
          x2: "length",
          y1: "top",
          y2: "bottom",
          fill: ({ fill }) => fill,
          fillOpacity: 0.8,
          rx: 1,
          title: "title",
        }),
        Plot.ruleY(intervals, {
          y: "middle",
          x1: ({ low }) => clip(low),
          x2: ({ high }) => clip(high),
          strokeWidth: 1.25,
        }),
        Plot.text(ends, { x: "end", y: "middle", text: "value", textAnchor: "start", dx: 5 }),
        labels,
        ...(log ? [] : [Plot.ruleX([0], { strokeOpacity: 0.4 })]),
      ],
    },
    `${chart.title}: ${axis.label} of ${bars.length} bars.`,
  );
  const legend = groups.map((name, i) => ({ name, swatch: squareSwatch(colour(i), 0.8) }));
  const remark = "Values that are not positive cannot be shown on a logarithmic axis.";
  const tall = height > 1.4 * ROOMS.column.height;
  return { panels: [{ svg }], legend, wide: false, tall, ...(shown.length < bars.length ? { remark } : {}) };
}

/**
 * What the axis must hold. Linear bars start at 0; logarithmic ones have no natural start: a fifth of the smallest keeps every bar
 * visible, and less will do where most have a start of their own.
 */
function extent({ bars, value: { scale } }: BarsChart): number[] {
  const ends = bars.flatMap(({ value, from, low, high }) => [value, from ?? value, low ?? value, high ?? value]);
  const positive = bars.flatMap(({ value, from = value }) => [value, from]).filter((value) => value > 0);
  if (scale !== "log") return [...ends, 0];
  const room = bars.some(({ from }) => from !== undefined) ? 1.5 : 5;
  return positive.length > 0 ? [...ends, Math.min(...positive) / room] : [];
}

/** The value as it stands behind the bar, and in full: `blocks.0.qkv, crossbars: 0.112 (0.102 to 0.122)`, `leakage: 2.43 to 2.27`. */
function describe({ label, group, value, from, low, high }: Bar): { value: string; title: string } {
  const known = low !== undefined && high !== undefined;
  const { value: digits, interval } = formatQuantity({ value, unit: "1", interval: known ? { low, high } : undefined });
  const written = known ? digits : formatRounded(value);
  const name = group === undefined ? label : `${label}, ${group}`;
  const begin = from === undefined ? "" : `${formatRounded(from)} to `;
  return { value: written, title: printable(`${name}: ${begin}${written}${interval ? ` (${interval})` : ""}`) };
}
