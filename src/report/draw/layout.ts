/**
 * Which crossbar holds what: every layer is a grid of crossbars drawn to scale, inputs down and outputs to the right, each
 * filled as far as its cells are used and numbered by its tile.
 */

import { printable } from "../markup.ts";
import type { LayoutChart } from "../report.ts";
import { colour, type Drawing, drawPlot, squareSwatch } from "./drawing.ts";
import * as Plot from "./plot.ts";

/** Space that a crossbar leaves to its neighbours, pixels. */
const INSET = 1;
/** Smallest crossbar that holds a number. */
const NUMBERED = 18;

export function drawLayout(chart: LayoutChart): Drawing {
  const { layers, crossbar } = chart;
  const count = layers.reduce((sum, { crossbars }) => sum + crossbars.length, 0);
  const side = count <= 64 ? 40 : count <= 256 ? 30 : count <= 800 ? NUMBERED : 10;
  const panels = layers.map((layer) => ({
    name: `${layer.name} · ${layer.inputs} × ${layer.outputs}`,
    svg: drawLayer(layer, crossbar, side),
  }));
  const name = `cells in use of a ${crossbar.rows} × ${crossbar.columns} crossbar`;
  const legend = [{ name, swatch: squareSwatch(colour(0), 0.45) }];
  const remark = side >= NUMBERED ? "The number in a crossbar is its tile." : "Point at a crossbar to read its tile.";
  return { panels, legend, wide: true, loose: true, remark };
}

function drawLayer(layer: LayoutChart["layers"][number], crossbar: LayoutChart["crossbar"], side: number) {
  const squares = layer.crossbars.map(({ rowBlock, columnBlock, usedRows, usedColumns, tile }) => {
    const [left, top] = [columnBlock * side + INSET, rowBlock * side + INSET];
    const inner = side - 2 * INSET;
    const used = (usedRows * usedColumns) / (crossbar.rows * crossbar.columns);
    const title = `${layer.name}, rows ${rowBlock}, columns ${columnBlock}, tile ${tile}: ${usedRows} x ${usedColumns} cells, ${(100 * used).toFixed(0)} %`;
    const [right, bottom] = [left + inner, top + inner];
    const usedRight = left + (inner * Math.min(usedColumns, crossbar.columns)) / crossbar.columns;
    const usedBottom = top + (inner * Math.min(usedRows, crossbar.rows)) / crossbar.rows;
    return { left, top, right, bottom, usedRight, usedBottom, tile, title: printable(title) };
  });
  const identity = { type: "identity", axis: null } as const;
  const frame = { x1: "left", x2: "right", y1: "top", y2: "bottom" } as const;
  return drawPlot(
    {
      width: Math.max(...squares.map(({ right }) => right)) + INSET,
      height: Math.max(...squares.map(({ bottom }) => bottom)) + INSET,
      margin: 0,
      x: identity,
      y: identity,
      marks: [
        Plot.rect(squares, { ...frame, x2: "usedRight", y2: "usedBottom", fill: colour(0), fillOpacity: 0.45 }),
        Plot.rect(squares, {
          ...frame,
          fill: "transparent",
          stroke: "currentColor",
          strokeOpacity: 0.45,
          title: "title",
        }),
        Plot.text(side >= NUMBERED ? squares : [], {
          x: ({ left, right }) => (left + right) / 2,
          y: ({ top, bottom }) => (top + bottom) / 2,
          text: ({ tile }) => String(tile),
          fontSize: 10,
          pointerEvents: "none",
        }),
      ],
    },
    `${layer.name}: ${squares.length} crossbars of ${crossbar.rows} x ${crossbar.columns}.`,
  );
}
