/** Horizontal bars with error bars and their values written at the end. */
import * as Plot from "@observablehq/plot";
import { formatNumber } from "../format.ts";
import { printable } from "../markup.ts";
import type { BarsChart } from "../report.ts";
import { numericAxis } from "./axis.ts";
import { CHARACTER, colour, type Drawing, drawPlot, squareSwatch } from "./drawing.ts";

const WIDTH = 560;
const BAR = 20;

export function drawBars(chart: BarsChart): Drawing {
  const { bars, value: axis } = chart;
  const groups = [...new Set(bars.flatMap(({ group }) => (group === undefined ? [] : [group])))];
  const log = axis.scale === "log";
  const positive = bars.map(({ value }) => value).filter((value) => value > 0);
  // Bars on a logarithmic axis have no natural start: a tenth below the smallest keeps every bar visible.
  const start = log ? Math.min(...(positive.length ? positive : [1])) / 10 : 0;
  const rows = bars.map((bar, i) => ({
    ...bar,
    i,
    fill: colour(bar.group === undefined ? 0 : groups.indexOf(bar.group)),
  }));
  const shown = rows.filter(({ value }) => !log || value > 0);
  const clip = (value: number) => (log ? Math.max(value, start) : value);
  const intervals = shown.filter(({ low, high }) => low !== undefined && high !== undefined);
  const longest = Math.max(...bars.map(({ label }) => label.length));
  const ends = shown.map(({ value, high, ...bar }) => ({ ...bar, value, end: Math.max(value, high ?? value, start) }));
  const lengths = rows.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]);
  const xAxis = numericAxis("x", axis, [...lengths, start]);
  const svg = drawPlot(
    {
      width: WIDTH,
      height: bars.length * BAR + 60,
      marginLeft: Math.min(220, 16 + longest * CHARACTER),
      marginRight: 60,
      marginBottom: 42,
      marginTop: 8,
      x: xAxis.scale,
      y: {
        domain: bars.map((_, i) => i),
        label: null,
        padding: 0.25,
        tickSize: 0,
        tickFormat: (i: unknown) => shorten(bars[Number(i)].label),
      },
      marks: [
        ...xAxis.marks,
        ...shown.map((bar) =>
          Plot.barX([bar], { x1: start, x2: "value", y: "i", fill: bar.fill, fillOpacity: 0.8, rx: 1 }),
        ),
        Plot.ruleY(intervals, { y: "i", x1: ({ low }) => clip(low), x2: ({ high }) => clip(high), strokeWidth: 1.25 }),
        Plot.text(ends, { x: "end", y: "i", text: ({ value }) => formatNumber(value), textAnchor: "start", dx: 5 }),
        ...(log ? [] : [Plot.ruleX([0], { strokeOpacity: 0.4 })]),
      ],
    },
    `${chart.title}: ${axis.label} of ${bars.length} bars.`,
  );
  const legend = groups.map((name, i) => ({ name, swatch: squareSwatch(colour(i), 0.8) }));
  const remark = "Values that are not positive cannot be shown on a logarithmic axis.";
  return { panels: [{ svg }], legend, wide: false, ...(shown.length < bars.length ? { remark } : {}) };
}

/** Labels stay within the margin; the table of data has them in full. */
function shorten(label: string): string {
  const text = printable(label);
  return text.length <= 32 ? text : `${text.slice(0, 31)}…`;
}
