import { expect, test } from "vitest";
import { mapLayer, START } from "../mapping/mapping.ts";
import { hardwareSpec } from "../spec/hardware.ts";
import { countCrossbars } from "./area.ts";
import { blockLayers, outerLayers } from "./workload.ts";
import { findWorkload } from "./workloads.ts";

test.each([
  [128, 128],
  [100, 100],
  [96, 130],
])(
  "crossbars of %i x %i are counted as the mapping places them, also where layers do not fill them",
  (rows, columns) => {
    const workload = findWorkload("vit-8-768-imagenet");
    const hardware = hardwareSpec.parse({ crossbar: { rows, columns } });
    const layers = [...blockLayers(workload), ...outerLayers(workload)];
    const placed = layers.map((layer) => layer.repeat * mapLayer(layer, hardware, START).layer.blocks.length);
    expect(countCrossbars(workload, { rows, columns })).toBe(placed.reduce((a, b) => a + b, 0));
  },
);
