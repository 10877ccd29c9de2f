/** The drawing of any chart, in the room that the page has for it. */
import type { Chart } from "../report.ts";
import { drawBars } from "./bars.ts";
import { type Drawing, ROOMS, type Room } from "./drawing.ts";
import { drawGantt } from "./gantt.ts";
import { drawHeat } from "./heat.ts";
import { drawLayout } from "./layout.ts";
import { drawLines } from "./lines.ts";
import { drawRaster } from "./raster.ts";

export function drawChart(chart: Chart, room: Room = ROOMS.column): Drawing {
  switch (chart.kind) {
    case "lines":
      return drawLines(chart, room);
    case "bars":
      return drawBars(chart, room);
    case "raster":
      return drawRaster(chart);
    case "heat":
      return drawHeat(chart, room);
    case "layout":
      return drawLayout(chart);
    case "gantt":
      return drawGantt(chart, room);
  }
}
