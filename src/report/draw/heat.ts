/** A matrix as shades: strength is opacity over the page, sign is hue, so it reads the same in light and dark. */
import * as Plot from "@observablehq/plot";
import { formatNumber } from "../format.ts";
import { printable } from "../markup.ts";
import type { HeatChart } from "../report.ts";
import { CHARACTER, colour, type Drawing, drawPlot, squareSwatch } from "./drawing.ts";

const WIDTH = 560;
/** Characters of a tick's label that are drawn. */
const LONGEST_TICK = 16;

export function drawHeat(chart: HeatChart): Drawing {
  const { x, y, values } = chart;
  const cells = values.flatMap((row, i) => row.map((value, j) => ({ i, j, value })));
  const largest = Math.max(...cells.map(({ value }) => Math.abs(value))) || 1;
  const longest = Math.min(LONGEST_TICK, Math.max(...y.ticks.map((tick) => tick.length)));
  const marginLeft = 34 + longest * CHARACTER;
  const side = Math.min(40, (WIDTH - marginLeft - 10) / x.ticks.length);
  const ordinal = (ticks: readonly string[], label: string, spacing: number) => {
    const every = Math.max(1, Math.ceil(spacing / side));
    return {
      type: "band",
      domain: ticks.map((_, i) => i),
      ticks: ticks.map((_, i) => i).filter((i) => i % every === 0),
      tickFormat: (i: unknown) => printable(ticks[Number(i)]).slice(0, LONGEST_TICK),
      label: printable(label),
      labelArrow: "none",
      labelAnchor: "center",
      tickSize: 0,
      padding: side > 8 ? 0.06 : 0,
    } as const;
  };
  const tickWidth = Math.min(LONGEST_TICK, Math.max(...x.ticks.map((tick) => tick.length))) * CHARACTER + 6;
  const marks = [1, -1].map((sign) =>
    Plot.cell(
      cells.filter(({ value }) => Math.sign(value) === sign),
      {
        x: "j",
        y: "i",
        fill: colour(sign > 0 ? 0 : 1),
        fillOpacity: ({ value }) => Math.abs(value) / largest,
        title: ({ i, j, value }) => printable(`${y.ticks[i]}, ${x.ticks[j]}: ${formatNumber(value)}`),
      },
    ),
  );
  const svg = drawPlot(
    {
      width: marginLeft + side * x.ticks.length + 10,
      height: side * y.ticks.length + 50,
      marginLeft,
      marginRight: 10,
      marginTop: 8,
      marginBottom: 42,
      x: ordinal(x.ticks, x.label, tickWidth),
      y: ordinal(y.ticks, y.label, 13),
      opacity: { type: "identity" },
      marks: [...marks, Plot.frame({ strokeOpacity: 0.25 })],
    },
    `${chart.title}: ${chart.label} for every ${y.label} and ${x.label}.`,
  );
  const negative = cells.some(({ value }) => value < 0);
  const legend = [{ name: `${chart.label} ${formatNumber(largest)}, fading to 0`, swatch: squareSwatch(colour(0)) }];
  if (negative) legend.push({ name: `${formatNumber(-largest)}`, swatch: squareSwatch(colour(1)) });
  return { panels: [{ svg }], legend, wide: false };
}
