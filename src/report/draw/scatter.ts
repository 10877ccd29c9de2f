/** Points in a plane, with a line in steps through those of the front. A point tells its words when pointed at, and may lead somewhere. */

import { type Markup, printable } from "../markup.ts";
import type { LinesChart } from "../report.ts";
import { numericAxis } from "./axis.ts";
import { colour, drawPlot, type Room } from "./drawing.ts";
import * as Plot from "./plot.ts";

export interface ScatterPoint {
  readonly x: number;
  readonly y: number;
  readonly front: boolean;
  readonly title: string;
  /** Where a click leads, within the page. */
  readonly href?: string;
}

export interface Scatter {
  readonly title: string;
  readonly x: LinesChart["x"];
  readonly y: LinesChart["x"];
  readonly points: readonly ScatterPoint[];
}

const MARGIN = { marginLeft: 62, marginRight: 20, marginTop: 28, marginBottom: 42 };

export function drawScatter({ title, x, y, points }: Scatter, { width, height }: Room): Markup {
  const xAxis = numericAxis(
    "x",
    x,
    points.map(({ x }) => x),
    width - MARGIN.marginLeft - MARGIN.marginRight,
  );
  const yAxis = numericAxis(
    "y",
    y,
    points.map(({ y }) => y),
    height - MARGIN.marginTop - MARGIN.marginBottom,
  );
  const named = points.map((point) => ({ ...point, title: printable(point.title) }));
  const front = named.filter(({ front }) => front).sort((a, b) => a.x - b.x || b.y - a.y);
  const others = named.filter(({ front }) => !front);
  const at = { x: "x", y: "y", title: "title", href: "href" } as const;
  return drawPlot(
    {
      width,
      height,
      ...MARGIN,
      x: xAxis.scale,
      y: yAxis.scale,
      marks: [
        Plot.frame({ strokeOpacity: 0.15 }),
        ...xAxis.marks,
        ...yAxis.marks,
        Plot.dot(others, { ...at, fill: colour(6), fillOpacity: 0.45, r: 2.6 }),
        Plot.line(front, { x: "x", y: "y", stroke: colour(0), curve: "step-after", strokeOpacity: 0.6 }),
        Plot.dot(front, { ...at, fill: colour(0), r: 4.2, stroke: "transparent", strokeWidth: 8 }),
      ],
    },
    `${title}: ${y.label} against ${x.label}, ${front.length} points of the front among ${points.length}.`,
  );
}
