/**
 * A matrix as shades: strength is opacity over the page, sign is hue, so it reads the same in light and dark. Values stand in the cells
 * where they fit. A matrix of thousands, such as an image, becomes a picture.
 */

import { power } from "../../numeric/power.ts";
import { formatNumber, formatRounded } from "../format.ts";
import { printable } from "../markup.ts";
import type { HeatChart } from "../report.ts";
import { CHARACTER, colour, type Drawing, drawPlot, type Room, squareSwatch } from "./drawing.ts";
import * as Plot from "./plot.ts";
import { greyPicture, pictureMark } from "./png.ts";

/** Characters of a tick's label that are drawn, and of one at the side where the page has room: as many as leave room for cells. */
const LONGEST_TICK = 16;
const sideTick = ({ width }: Room): number => Math.max(LONGEST_TICK, Math.floor((0.55 * width) / CHARACTER));
/** More columns than this take the whole width of the page. */
const MOST_COLUMNS = 80;
/** More cells than this are drawn as one picture, and listed nowhere in the page but in its JSON. */
export const MOST_CELLS = 2048;
const WIDE = 1120;
/** Pixels of a line of text, and between two labels side by side. */
const LINE = 14;
const SPACE = 4;

export const cellsOf = ({ x, y }: HeatChart): number => x.ticks.length * y.ticks.length;

export function drawHeat(chart: HeatChart, room: Room): Drawing {
  const { x, y, values } = chart;
  const wide = x.ticks.length > MOST_COLUMNS;
  const largest = Math.max(...values.flat().map(Math.abs)) || 1;
  // Two digits of the largest; what is 0 with them is left out.
  const decimals = Math.max(0, 2 - Math.ceil(Math.log10(largest)));
  const cells = values.flatMap((row, i) =>
    row.map((value, j) => ({
      i,
      j,
      value,
      text: Math.abs(value) < 0.5 * power(10, -decimals) ? "" : formatNumber(value, decimals),
    })),
  );
  const xTicks = x.ticks.map((tick) => shorten(tick, LONGEST_TICK));
  const yTicks = y.ticks.map((tick) => shorten(tick, sideTick(room)));
  const marginLeft = 34 + longest(yTicks) * CHARACTER;
  const columns = x.ticks.length;
  const side = Math.min(64, ((wide ? WIDE : room.width) - marginLeft - 10) / columns);
  const height = Math.min(side, 30);
  const crowded = !fitsSideBySide(xTicks, side);
  // Every word is shown, upright if need be; of a row of numbers some are enough.
  const upright = crowded && !xTicks.every((tick) => /^\d*$/.test(tick));
  const marginBottom = 30 + (upright ? longest(xTicks) * CHARACTER : 14);
  const numbered = side >= longest(cells.map(({ text }) => text)) * CHARACTER + 2;
  const scales = (horizontal: boolean) => {
    const [ticks, label, spacing] = horizontal
      ? [xTicks, x.label, upright ? LINE / side : crowded ? (longest(xTicks) * CHARACTER + SPACE) / side : 1]
      : [yTicks, y.label, LINE / height];
    return {
      type: "band",
      domain: ticks.map((_, i) => i),
      ticks: thinned(ticks, spacing),
      tickFormat: (i: unknown) => ticks[Number(i)],
      tickRotate: horizontal && upright ? -90 : 0,
      label: printable(label),
      labelArrow: "none",
      labelAnchor: "center",
      labelOffset: horizontal ? marginBottom - 4 : marginLeft - 4,
      tickSize: 0,
      padding: side > 8 ? 0.06 : 0,
    } as const;
  };
  const title = ({ i, j, value }: (typeof cells)[number]) =>
    printable(`${tickAt(y.ticks, i)}, ${tickAt(x.ticks, j)}: ${formatRounded(value)}`);
  const squares = [1, -1].map((sign) =>
    Plot.cell(
      cells.filter(({ value }) => Math.sign(value) === sign),
      {
        x: "j",
        y: "i",
        fill: colour(sign > 0 ? 0 : 1),
        fillOpacity: ({ value }) => Math.abs(value) / largest,
        title,
      },
    ),
  );
  const pictures = [1, -1].map((sign) => {
    const strengths = cells.map(({ value }) => Math.max(0, (sign * value) / largest));
    const id = `heat-${chart.id}-${sign > 0 ? "above" : "below"}`;
    return strengths.some((strength) => strength > 0)
      ? pictureMark(id, greyPicture(columns, values.length, strengths), colour(sign > 0 ? 0 : 1), () => ({
          x: marginLeft,
          y: 8,
          width: side * columns,
          height: height * values.length,
        }))
      : null;
  });
  const numbers = Plot.text(numbered ? cells : [], {
    x: "j",
    y: "i",
    text: "text",
    pointerEvents: "none",
    // Over a strong colour the page's own colour reads better than its ink.
    fill: ({ value }) => (Math.abs(value) > 0.6 * largest ? "var(--page)" : "currentColor"),
  });
  const svg = drawPlot(
    {
      width: marginLeft + side * columns + 10,
      height: height * values.length + 8 + marginBottom,
      marginLeft,
      marginRight: 10,
      marginTop: 8,
      marginBottom,
      x: scales(true),
      y: scales(false),
      opacity: { type: "identity" },
      marks: [...(cellsOf(chart) > MOST_CELLS ? pictures : [...squares, numbers]), Plot.frame({ strokeOpacity: 0.25 })],
    },
    `${chart.title}: ${chart.label} for every ${y.label} and ${x.label}.`,
  );
  const negative = cells.some(({ value }) => value < 0);
  const legend = [{ name: `${chart.label} ${formatRounded(largest)}, fading to 0`, swatch: squareSwatch(colour(0)) }];
  if (negative) legend.push({ name: formatRounded(-largest), swatch: squareSwatch(colour(1)) });
  return { panels: [{ svg }], legend, wide };
}

const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));

function shorten(tick: string, longest: number): string {
  const text = printable(tick);
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}

/** Whether labels have room beside each other; an empty one takes none. */
function fitsSideBySide(ticks: readonly string[], side: number): boolean {
  let right = Number.NEGATIVE_INFINITY;
  return ticks.every((tick, i) => {
    if (tick === "") return true;
    const half = (tick.length * CHARACTER) / 2;
    const left = i * side - half;
    const fits = left >= right;
    right = left + 2 * half + SPACE;
    return fits;
  });
}

/** Indices of labels that are `spacing` cells apart; where few have text, those with text. */
function thinned(ticks: readonly string[], spacing: number): number[] {
  let next = 0;
  return ticks.flatMap((tick, i) => {
    if (tick === "" || i < next) return [];
    next = i + Math.max(1, Math.ceil(spacing));
    return [i];
  });
}

/** The label of a place: its own, or the last one before it where labels stand for groups. */
function tickAt(ticks: readonly string[], index: number): string {
  return ticks.slice(0, index + 1).findLast((tick) => tick !== "") ?? "";
}
