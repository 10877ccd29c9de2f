import { expect, test } from "vitest";
import { tinyNetwork } from "../../test/support/tiny-network.ts";
import { hardwareSpec } from "../experiment/hardware.ts";
import { transformerSpec } from "../experiment/model.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { packSpikes } from "../spike/train.ts";
import { densitiesChart, layoutChart, rasterChart } from "./machine.ts";
import { chartSpec } from "./report.ts";

const network = tinyNetwork(transformerSpec.parse({ kind: "spiking", normalisation: "none", width: 24, heads: 2 }), 4);

test.each([{}, { embedRows: 5 }, { linesPerInput: 9 }, { rows: 20, columns: 10 }])(
  "every crossbar has a place of its own in the drawing: %j",
  (crossbar) => {
    const mapping = mapNetwork(network, hardwareSpec.parse({ crossbar }));
    const chart = chartSpec.parse(layoutChart(mapping));
    if (chart.kind !== "layout") throw new Error("a layout was asked for");
    chart.layers.forEach(({ crossbars }, i) => {
      const { rowBlocks, columnGroups } = mapping.layers[i];
      const places = new Set(crossbars.map(({ rowBlock, columnBlock }) => `${rowBlock}.${columnBlock}`));
      expect(places.size).toBe(rowBlocks * columnGroups);
      expect(Math.max(...crossbars.map(({ rowBlock }) => rowBlock))).toBe(rowBlocks - 1);
      expect(Math.max(...crossbars.map(({ columnBlock }) => columnBlock))).toBe(columnGroups - 1);
    });
  },
);

test("the deepest network there is fits its charts", () => {
  // What a block's simulation names, and the layers of the longest stem.
  const names = [
    ...Array.from({ length: 64 }, (_, i) =>
      ["input", "qkv", "attention", "middle", "hidden"].map((train) => `blocks.${i}.${train}`),
    ),
    ...Array.from({ length: 16 }, (_, i) => [`stem.${i}`, `stem.${i}.windows`]),
  ].flat();
  const train = packSpikes(new Uint8Array(8).fill(1), 1, 1, 8);
  const rasters = Object.fromEntries(names.map((name) => [name, train]));
  const densities = Object.fromEntries(names.map((name) => [name, 0.5]));
  expect(chartSpec.safeParse(rasterChart(rasters)).success).toBe(true);
  expect(chartSpec.safeParse(densitiesChart([{ densities, clippedShare: 0, registers: null }])).success).toBe(true);
});
