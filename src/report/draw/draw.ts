/** The drawing of any chart. */
import type { Chart } from "../report.ts";
import { drawBars } from "./bars.ts";
import type { Drawing } from "./drawing.ts";
import { drawHeat } from "./heat.ts";
import { drawLayout } from "./layout.ts";
import { drawLines } from "./lines.ts";
import { drawRaster } from "./raster.ts";

export function drawChart(chart: Chart): Drawing {
  switch (chart.kind) {
    case "lines":
      return drawLines(chart);
    case "bars":
      return drawBars(chart);
    case "raster":
      return drawRaster(chart);
    case "heat":
      return drawHeat(chart);
    case "layout":
      return drawLayout(chart);
  }
}
