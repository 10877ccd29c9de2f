/** Drawings of the machine: its crossbars, and what one prompt's spikes look like on their way through it. */
import type { Mapping } from "../mapping/mapping.ts";
import type { SpikeTrain } from "../spike/train.ts";
import { rasterLayer } from "./measured.ts";
import type { ChartDraft } from "./report.ts";

export function layoutChart({ crossbar, layers, totals }: Mapping): ChartDraft {
  const loads =
    totals.loads === 1
      ? ""
      : ` The chip has ${totals.crossbars} crossbars, so one inference takes ${totals.loads} loads, in the order of the layers.`;
  return {
    kind: "layout",
    id: "layout",
    title: "Crossbars by layer",
    caption:
      `Each square is a crossbar of ${crossbar.rows} x ${crossbar.columns} differential cells, filled as far as it holds weights. Row ` +
      `blocks of one column group share a tile, whose adder sums them.${loads}`,
    crossbar,
    layers: layers.map(({ name, inputs, outputs, blocks }) => ({
      name,
      inputs,
      outputs,
      crossbars: blocks.map((block) => ({
        // The first block is a full one, and the embedding's may be cut finer than the crossbars.
        rowBlock: block.rowStart / blocks[0].rows,
        columnBlock: block.columnStart / crossbar.columns,
        usedRows: block.rows,
        usedColumns: block.columns,
        tile: block.tile,
      })),
    })),
  };
}

/** Spike trains of one prompt. */
export function rasterChart(rasters: Readonly<Record<string, SpikeTrain>>): ChartDraft {
  return {
    kind: "raster",
    id: "rasters",
    title: "Spikes of one prompt, layer by layer",
    caption:
      "Every dot is a spike on the first chip: tokens from left to right within each time step, features from the top.",
    layers: Object.entries(rasters).map(([name, train]) => rasterLayer(name, train)),
  };
}
