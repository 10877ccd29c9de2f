/** When each unit works: a row per unit, time to the right. The less of a stretch a unit works in, the paler it is. */

import { formatNumber, formatRounded } from "../format.ts";
import { printable } from "../markup.ts";
import type { GanttChart } from "../report.ts";
import { numericAxis } from "./axis.ts";
import { CHARACTER, COLOURS, colour, type Drawing, drawPlot, ROOMS, type Room, squareSwatch } from "./drawing.ts";
import * as Plot from "./plot.ts";

/** From row to row, and how much of it a stretch takes, pixels. */
const PITCH = 16;
const THICK = 11;
const MARGIN = { marginTop: 8, marginRight: 20, marginBottom: 42 };
/** Opacity of a stretch in which a unit hardly works, and in which it always does. */
const PALE = 0.25;
const FULL = 0.9;

export function drawGantt(chart: GanttChart, { width }: Room): Drawing {
  const { rows, time } = chart;
  const groups = [...new Set(rows.flatMap(({ stretches }) => stretches.map(({ group }) => group)))];
  const marginLeft = 16 + Math.max(...rows.map(({ name }) => name.length)) * CHARACTER;
  const stretches = rows.flatMap(({ name, stretches }, row) =>
    stretches.map((stretch) => ({ ...stretch, name, middle: MARGIN.marginTop + (row + 0.5) * PITCH })),
  );
  const ends = stretches.flatMap(({ from, to }) => [from, to]);
  const xAxis = numericAxis("x", time, ends, width - marginLeft - MARGIN.marginRight);
  const bottom = MARGIN.marginTop + rows.length * PITCH;
  const height = bottom + MARGIN.marginBottom;
  const labels = rows.map(({ name }, row) => ({
    name: printable(name),
    middle: MARGIN.marginTop + (row + 0.5) * PITCH,
  }));
  const svg = drawPlot(
    {
      width,
      height,
      marginLeft,
      ...MARGIN,
      x: xAxis.scale,
      y: { type: "identity", axis: null },
      marks: [
        ...xAxis.marks,
        Plot.rect(stretches, {
          x1: "from",
          x2: "to",
          y1: ({ middle }) => middle - THICK / 2,
          y2: ({ middle }) => middle + THICK / 2,
          fill: ({ group }) => shade(groups.indexOf(group)),
          fillOpacity: ({ busy }) => PALE + (FULL - PALE) * busy,
          // What is shorter than a pixel is still there.
          stroke: ({ group }) => shade(groups.indexOf(group)),
          strokeWidth: 0.5,
          title: ({ name, group, from, to, busy }) =>
            printable(
              `${name}, ${group}: ${formatNumber(from)} to ${formatNumber(to)}, at work ${formatRounded(100 * busy)} %`,
            ),
        }),
        Plot.text(labels, { x: () => xAxisStart(ends), y: "middle", text: "name", textAnchor: "end", dx: -8 }),
      ],
      opacity: { type: "identity" },
    },
    `${chart.title}: when each of ${rows.length} units works, ${time.label}.`,
  );
  const legend = groups.map((name, i) => ({ name, swatch: squareSwatch(shade(i), FULL) }));
  const tall = height > 1.4 * ROOMS.column.height;
  return { panels: [{ svg }], legend, wide: false, tall };
}

/** The first group stands out; the next are grey, and what follows. */
const shade = (index: number): string => colour(index === 0 ? 0 : COLOURS - index);

const xAxisStart = (ends: readonly number[]): number => Math.min(...ends);
