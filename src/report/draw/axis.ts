/**
 * Numeric axes: linear ones as Plot chooses them, logarithmic ones with ticks at round digits. Where labels would touch, some are
 * left out and their ticks stay.
 */

import { formatNumber } from "../format.ts";
import { printable } from "../markup.ts";
import type { LinesChart } from "../report.ts";
import { CHARACTER } from "./drawing.ts";
import * as Plot from "./plot.ts";

export interface NumericAxis {
  readonly scale: Plot.ScaleOptions;
  readonly marks: readonly Plot.Markish[];
}

/** Pixels that a label of a vertical axis needs, and that two labels side by side leave between them. */
const LINE = 16;
const SPACE = 10;

/**
 * `values` are all numbers that must be inside, on a logarithmic axis those above 0; `room` is the length of the axis in pixels.
 */
export function numericAxis(
  direction: "x" | "y",
  axis: LinesChart["x"],
  values: readonly number[],
  room: number,
): NumericAxis {
  const horizontal = direction === "x";
  const label = { label: printable(axis.label), labelArrow: "none" } as const;
  const style = horizontal ? ({ ...label, labelAnchor: "center" } as const) : label;
  const text = (value: number) => {
    const label = axis.tickLabels?.[axis.ticks?.indexOf(value) ?? -1];
    return label === undefined ? formatNumber(value) : printable(label);
  };
  const size = (value: number) => (horizontal ? text(value).length * CHARACTER + SPACE : LINE);
  const { domain, ticks } = axis.scale === "log" ? logarithmic(values, room, size) : {};
  const shown = axis.ticks ?? ticks;
  if (!shown) {
    const count = Math.max(2, Math.min(6, Math.floor(room / (horizontal ? 55 : 40))));
    const options = { ...style, ticks: count, tickFormat: (value: unknown) => text(Number(value)) };
    const marks = horizontal
      ? [Plot.gridX({ ticks: count }), Plot.axisX(options)]
      : [Plot.gridY({ ticks: count }), Plot.axisY(options)];
    return { scale: { type: "linear", nice: !horizontal }, marks };
  }
  const [least, most] = domain ?? [Math.min(...values, ...shown), Math.max(...values, ...shown)];
  const forward = (value: number) => (domain ? Math.log(value) : value);
  const place = (value: number) => (room * (forward(value) - forward(least))) / (forward(most) - forward(least) || 1);
  const labelled = new Set(
    withoutOverlap(
      [...shown].sort((a, b) => a - b),
      place,
      size,
    ),
  );
  // Plot leaves some labels of a logarithmic axis out, unless ticks and labels are given as data.
  const options = { ...style, text: (value: number) => (labelled.has(value) ? text(value) : "") };
  const marks = horizontal
    ? [Plot.gridX(shown), Plot.axisX(shown, options)]
    : [Plot.gridY(shown), Plot.axisY(shown, options)];
  return { scale: domain ? { type: "log", domain } : { type: "linear", nice: !horizontal }, marks };
}

/** Digits of a decade that have a tick, from many to few. */
const DIGITS = [[1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 5], [1]];

/**
 * Ends on ticks. Of the sets of digits the fullest is taken whose labels all fit.
 *
 * `size` is the room that a label takes along the axis, pixels.
 */
export function logarithmic(
  values: readonly number[],
  room: number,
  size: (value: number) => number,
): { domain: [number, number]; ticks: number[] } {
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) return { domain: [0.1, 1], ticks: [0.1, 1] };
  const [least, most] = [Math.min(...positive), Math.max(...positive)];
  const [first, last] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))];
  const candidates = DIGITS.map((digits) => {
    // One decade more at both ends, because logarithms of numbers next to a power of ten may be rounded to it.
    const all = Array.from({ length: last - first + 4 }, (_, i) => first - 1 + i).flatMap((power) =>
      digits.map((digit) => Number(`${digit}e${power}`)),
    );
    const low = all.findLast((tick) => tick <= least)!;
    const high = all.find((tick) => tick >= most && tick > low)!;
    return { domain: [low, high] as [number, number], ticks: all.filter((tick) => low <= tick && tick <= high) };
  });
  const fits = ({ domain: [low, high], ticks }: (typeof candidates)[number]) => {
    const place = (value: number) => (room * Math.log(value / low)) / Math.log(high / low);
    return withoutOverlap(ticks, place, size).length === ticks.length;
  };
  return candidates.find(fits) ?? candidates.at(-1)!;
}

/** Ticks whose labels do not touch, both ends among them: from the first on, each that has room. `ticks` ascend. */
function withoutOverlap(
  ticks: readonly number[],
  place: (value: number) => number,
  size: (value: number) => number,
): number[] {
  const apart = (a: number, b: number) => Math.abs(place(b) - place(a)) >= (size(a) + size(b)) / 2;
  const last = ticks[ticks.length - 1];
  const kept: number[] = [];
  for (const tick of ticks) {
    const fitsBefore = kept.length === 0 || apart(kept[kept.length - 1], tick);
    if (fitsBefore && (tick === last || kept.length === 0 || apart(tick, last))) kept.push(tick);
  }
  return kept;
}
