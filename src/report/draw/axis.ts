/** Numeric axes: linear ones as Plot chooses them, logarithmic ones with ticks at 1, 2 and 5 or at whole decades. */
import * as Plot from "@observablehq/plot";
import { formatNumber } from "../format.ts";
import { printable } from "../markup.ts";
import type { LinesChart } from "../report.ts";

export interface NumericAxis {
  readonly scale: Plot.ScaleOptions;
  readonly marks: readonly Plot.Markish[];
}

/** `values` are all numbers that must be inside; on a logarithmic axis those above 0. */
export function numericAxis(direction: "x" | "y", axis: LinesChart["x"], values: readonly number[]): NumericAxis {
  const horizontal = direction === "x";
  const label = { label: printable(axis.label), labelArrow: "none" } as const;
  const style = horizontal ? ({ ...label, labelAnchor: "center" } as const) : label;
  const text = (value: unknown) => {
    const label = axis.tickLabels?.[axis.ticks?.indexOf(Number(value)) ?? -1];
    return label === undefined ? formatNumber(Number(value)) : printable(label);
  };
  const { domain, ticks } = axis.scale === "log" ? logarithmic(values) : {};
  const shown = axis.ticks ?? ticks;
  if (!shown) {
    const [options, grid] = [{ ...style, ticks: 6, tickFormat: text }, { ticks: 6 }];
    const marks = horizontal ? [Plot.gridX(grid), Plot.axisX(options)] : [Plot.gridY(grid), Plot.axisY(options)];
    return { scale: { type: "linear", nice: !horizontal }, marks };
  }
  // Plot leaves some labels of a logarithmic axis out, unless ticks and labels are given as data.
  const options = { ...style, text };
  const marks = horizontal
    ? [Plot.gridX(shown), Plot.axisX(shown, options)]
    : [Plot.gridY(shown), Plot.axisY(shown, options)];
  return { scale: domain ? { type: "log", domain } : { type: "linear", nice: !horizontal }, marks };
}

/** Ends on ticks; 1, 2 and 5 of each decade are labelled up to three decades, and 1 alone beyond. */
export function logarithmic(values: readonly number[]): { domain: [number, number]; ticks: number[] } {
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) return { domain: [0.1, 1], ticks: [0.1, 1] };
  const [least, most] = [Math.min(...positive), Math.max(...positive)];
  const [first, last] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))];
  // One decade more at both ends, because logarithms of numbers next to a power of ten may be rounded to it.
  const all = Array.from({ length: last - first + 4 }, (_, i) => first - 1 + i).flatMap((power) =>
    [1, 2, 5].map((digit) => Number(`${digit}e${power}`)),
  );
  const low = all.findLast((tick) => tick <= least)!;
  const high = all.find((tick) => tick >= most && tick > low)!;
  const inside = all.filter((tick) => low <= tick && tick <= high);
  const decades = inside.filter((tick) => Number.isInteger(Math.log10(tick)));
  return { domain: [low, high], ticks: high / low > 1000 ? decades : inside };
}
