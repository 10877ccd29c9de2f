import { expect, test } from "vitest";
import { tinyLayer } from "../../test/support/tiny-layer.ts";
import { hardwareSpec } from "../experiment/hardware.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { machineOf } from "../machine/machine.ts";
import { mapLayer, START } from "../mapping/mapping.ts";
import { countCrossbars, estimateArea } from "./area.ts";
import { experimentWorkload } from "./measured.ts";
import { findCostPreset } from "./presets.ts";
import { resolveTechnology } from "./resolve.ts";
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
    const placed = layers.map(
      ({ inputs, outputs, repeat }) =>
        repeat * mapLayer(tinyLayer("blocks.0.up", { inputs, outputs }), hardware, START).layer.blocks.length,
    );
    expect(countCrossbars(workload, { rows, columns })).toBe(placed.reduce((a, b) => a + b, 0));
  },
);

test.each([{}, { stem: { layers: [{ channels: 8 }], embedding: { kernel: 3 } } }])(
  "crossbars of a first layer with several lines for each input are counted as the mapping places them: %j",
  (stem) => {
    const experiment = parseExperiment({
      task: { kind: "image-classification", data: "fashion-mnist", patch: 4, ...("stem" in stem && { patch: 1 }) },
      model: { kind: "spiking", width: 32, depth: 1, heads: 2, steps: 2, ...stem },
      hardware: { crossbar: { rows: 40, columns: 24, embedRows: 30, linesPerInput: 5 } },
    });
    const workload = experimentWorkload(experiment);
    const { mapping } = machineOf(experiment.hardware, workload);
    expect(mapping.layers[0].lines).toBe(5 * mapping.layers[0].inputs);
    expect(countCrossbars(workload, experiment.hardware.crossbar)).toBe(mapping.totals.blocks);
  },
);

test.each([true, false])(
  "outside a whole machine, LIF units serve the outputs of all layers, and attention has a unit per pair of tokens: %j",
  (outputProjection) => {
    const workload = { ...findWorkload("vit-8-768-imagenet"), outputProjection };
    const { technology } = resolveTechnology(findCostPreset("claim"), { set: { wholeMachine: 0 } });
    const { attention, lif, crossbars } = estimateArea(workload, technology).xpikeformer;
    const outputs = blockLayers(workload).reduce((sum, layer) => sum + layer.repeat * layer.outputs, 0);
    expect(lif / ((outputs / technology.columnsPerConverter) * technology.lifArea)).toBeCloseTo(1, 12);
    const pairs = workload.tokens * workload.tokens;
    expect(attention / (pairs * technology.ssaTiles * technology.sacArea)).toBeCloseTo(1, 12);
    expect(crossbars / (countCrossbars(workload, technology) * technology.crossbarArea)).toBeCloseTo(1, 12);
  },
);
