/**
 * Which crossbar holds what: every layer is a grid of crossbars drawn to scale, inputs down and outputs to the right, each
 * filled as far as its cells are used and numbered by its tile.
 */
import * as Plot from "@observablehq/plot";
import { printable } from "../markup.ts";
import type { LayoutChart } from "../report.ts";
import { CHARACTER, colour, type Drawing, drawPlot, squareSwatch } from "./drawing.ts";

const WIDTH = 1120;
const GAP = 20;
/** Two lines above each layer: its name, its size. */
const LABEL = 32;
/** Space that a crossbar leaves to its neighbours, pixels. */
const INSET = 1;

export function drawLayout(chart: LayoutChart): Drawing {
  const { layers, crossbar } = chart;
  const count = layers.reduce((sum, { crossbars }) => sum + crossbars.length, 0);
  const side = count <= 64 ? 44 : count <= 256 ? 30 : count <= 800 ? 18 : 10;
  const placed = placeLayers(chart, side);
  const squares = placed.flatMap(({ layer, x, y }) =>
    layer.crossbars.map(({ rowBlock, columnBlock, usedRows, usedColumns, tile }) => {
      const [left, top] = [x + columnBlock * side + INSET, y + LABEL + rowBlock * side + INSET];
      const inner = side - 2 * INSET;
      const used = (usedRows * usedColumns) / (crossbar.rows * crossbar.columns);
      const title = `${layer.name}, rows ${rowBlock}, columns ${columnBlock}, tile ${tile}: ${usedRows} x ${usedColumns} cells, ${(100 * used).toFixed(0)} %`;
      const [right, bottom] = [left + inner, top + inner];
      const usedRight = left + (inner * Math.min(usedColumns, crossbar.columns)) / crossbar.columns;
      const usedBottom = top + (inner * Math.min(usedRows, crossbar.rows)) / crossbar.rows;
      return { left, top, right, bottom, usedRight, usedBottom, tile, title: printable(title) };
    }),
  );
  const identity = { type: "identity", axis: null } as const;
  const height = Math.max(...placed.map(({ bottom }) => bottom)) + 4;
  const frame = { x1: "left", x2: "right", y1: "top", y2: "bottom" } as const;
  const svg = drawPlot(
    {
      width: WIDTH,
      height,
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
        Plot.text(side >= 18 ? squares : [], {
          x: ({ left, right }) => (left + right) / 2,
          y: ({ top, bottom }) => (top + bottom) / 2,
          text: ({ tile }) => String(tile),
          fontSize: 10,
          pointerEvents: "none",
        }),
        Plot.text(placed, { x: "x", y: "y", dy: 7, textAnchor: "start", text: ({ layer }) => printable(layer.name) }),
        Plot.text(placed, {
          x: "x",
          y: "y",
          dy: 22,
          textAnchor: "start",
          fontSize: 11,
          fillOpacity: 0.65,
          text: ({ layer: { inputs, outputs } }) => `${inputs} × ${outputs}`,
        }),
      ],
    },
    `${chart.title}: ${count} crossbars of ${crossbar.rows} x ${crossbar.columns} for ${layers.length} layers.`,
  );
  const legend = [
    {
      name: `cells in use of a ${crossbar.rows} × ${crossbar.columns} crossbar`,
      swatch: squareSwatch(colour(0), 0.45),
    },
  ];
  const remark = side >= 18 ? "The number in a crossbar is its tile." : "Point at a crossbar to read its tile.";
  return { panels: [{ svg }], legend, wide: true, remark };
}

/** Layers from left to right, as lines of text are set: a layer that does not fit starts a new line. */
function placeLayers({ layers }: LayoutChart, side: number) {
  let [x, y, lineHeight] = [0, 0, 0];
  return layers.map((layer) => {
    const columns = 1 + Math.max(...layer.crossbars.map(({ columnBlock }) => columnBlock));
    const rows = 1 + Math.max(...layer.crossbars.map(({ rowBlock }) => rowBlock));
    const width = Math.max(columns * side, layer.name.length * CHARACTER);
    if (x > 0 && x + width > WIDTH) [x, y, lineHeight] = [0, y + lineHeight + GAP, 0];
    const place = { layer, x, y, bottom: y + LABEL + rows * side };
    lineHeight = Math.max(lineHeight, LABEL + rows * side);
    x += width + GAP;
    return place;
  });
}
