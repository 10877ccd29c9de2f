import { expect, test } from "vitest";
import { tinyNetwork } from "../../test/support/tiny-network.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { hardwareSpec } from "../spec/hardware.ts";
import { spikingSpec } from "../spec/model.ts";
import { layoutChart } from "./machine.ts";
import { chartSpec } from "./report.ts";

const network = tinyNetwork(spikingSpec.parse({ kind: "spiking", normalisation: "none", width: 24, heads: 2 }), 4);

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
