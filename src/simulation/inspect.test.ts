// @module-tag slow
import { describe, expect, test } from "vitest";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { ValueError } from "../errors.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { convertColumns, converter } from "../hardware/adc.ts";
import { STRAIGHT, type Wiring } from "../hardware/line-order.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { tokensRead } from "../model/geometry.ts";
import { initialise } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { unpackSpikes } from "../spike/train.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { programChip } from "./chip.ts";
import { fullScales } from "./compensation.ts";
import { inspectCrossbar, inspectPrompt, inspectTile } from "./inspect.ts";
import { calibrate, simulate } from "./reference/simulate.ts";

/** A fresh network with a low threshold, so that it fires, on crossbars that it fills several of. */
function inspected(hardware: object, index = 3, wiring: Wiring = STRAIGHT) {
  const experiment = tinyExperiment({
    model: { kind: "spiking", steps: 3, neuron: { threshold: 0.1 }, attention: { scoreGain: 2, valueGain: 4 } },
    hardware: { ...hardware, crossbar: { rows: 7, columns: 6, ...wiring } } as HardwareSpec,
  });
  const task = createTask(experiment);
  const network = initialise(experiment.model as SpikingSpec, networkGeometry(experiment, task), stream(1));
  const plain = { ...network, model: { ...network.model, normalisation: "none" as const } };
  const mapping = mapNetwork(plain, experiment.hardware, experiment.task.coding);
  const blank = programChip(plain, mapping, experiment.hardware, stream(2));
  const chip = calibrate(blank, task.draw(20, stream(3)).spikes!, stream(4));
  const { spikes } = task.draw(1, stream(5), { firstPrompt: index });
  const random = stream(6);
  const inspection = inspectPrompt(chip, spikes!, random, index);
  const plainTrace = simulate(chip, spikes!, random, { firstPrompt: index, rasters: 1 });
  return { chip, inspection, plainTrace };
}

const machines = [
  {},
  { adc: { mode: "pair" } },
  { ssa: { random: "ideal" } },
  { order: "step-major" },
  { ssa: { normaliser: "power-of-two", counterBits: 1, counterOverflow: "saturate" } },
];

describe("an inspected prompt", () => {
  test.each(machines)("runs like any other: %j", (hardware) => {
    const { inspection, plainTrace } = inspected(hardware);
    expect(inspection.trace).toEqual(plainTrace);
    expect(inspection.trace.densities["blocks.0.attention"]).toBeGreaterThan(0);
  });

  test.each(machines)("has tiles with the simulator's bits: %j", (hardware) => {
    const { chip, inspection } = inspected(hardware);
    const [{ heads, tokens, dimension }] = chip.mapping.attention;
    const output = unpackSpikes(inspection.trace.rasters["blocks.0.attention"]);
    let ones = 0;
    for (let step = 0; step < inspection.trace.steps; step++) {
      for (let head = 0; head < heads; head++) {
        const { outputs, scores } = inspectTile(inspection, 0, head, step);
        ones += scores.fires.reduce((sum, fires) => sum + fires, 0);
        for (let n = 0; n < tokens; n++) {
          const first = (step * tokens + n) * heads * dimension + head * dimension;
          expect(outputs.fires.subarray(n * dimension, (n + 1) * dimension)).toEqual(
            output.subarray(first, first + dimension),
          );
        }
      }
    }
    expect(ones).toBe(inspection.trace.spikes["blocks.0.scores"].ones);
    expect(ones).toBeGreaterThan(0);
  });

  test.each([
    ["pair", STRAIGHT],
    ["differential", STRAIGHT],
    ["differential", { inputStride: 5, linesPerInput: 1 }],
    ["pair", { inputStride: 1, linesPerInput: 3 }],
  ] as const)("has crossbar currents that give the summed codes: %s, lines as %j", (mode, wiring) => {
    const { chip, inspection } = inspected({ arithmetic: null, adc: { mode } }, 3, wiring);
    const ranges = fullScales(chip, inspection.readings);
    let codes = 0;
    for (const { name, blocks } of chip.mapping.layers) {
      const read = name === "head" ? tokensRead(chip.network.geometry) : [0, 1, 4];
      for (const { crossbar, columns } of blocks) {
        for (const row of read) {
          const view = inspectCrossbar(inspection, crossbar, 1, row);
          const expected = new Float32Array(columns);
          const converters = converter(mode, chip.hardware.adc.bits!, ranges[crossbar]);
          convertColumns(converters, view.plusCurrents, view.minusCurrents, expected);
          expect(view.codes).toEqual(expected);
          codes += expected.filter((code) => code !== 0).length;
        }
      }
    }
    expect(codes).toBeGreaterThan(50);
  });

  test("drives the lines of its spikes, crossbar by crossbar", () => {
    const { chip, inspection } = inspected({});
    const hidden = unpackSpikes(inspection.trace.rasters["blocks.0.hidden"]);
    const { blocks, inputs } = chip.mapping.layers.find(({ name }) => name === "blocks.0.down")!;
    expect(blocks.length).toBeGreaterThan(2);
    const { rows } = inspection.trace.rasters["blocks.0.hidden"];
    for (const { crossbar, rowStart, rows: lines } of blocks) {
      const view = inspectCrossbar(inspection, crossbar, 2, 1);
      const start = (2 * rows + 1) * inputs + rowStart;
      expect(view.lines).toEqual(hidden.subarray(start, start + lines));
    }
  });

  test("has no codes if converters pass the exact current, nor in the head at tokens that are not read", () => {
    const exact = inspected({ arithmetic: null, adc: { bits: null } });
    expect(inspectCrossbar(exact.inspection, 0, 0, 0).codes).toBeNull();
    const { chip, inspection } = inspected({});
    const head = chip.mapping.layers.find(({ name }) => name === "head")!.blocks[0].crossbar;
    const read = tokensRead(chip.network.geometry);
    expect(read).not.toContain(1);
    expect(inspectCrossbar(inspection, head, 0, 1).codes).toBeNull();
    expect(inspectCrossbar(inspection, head, 0, read[0]).codes).not.toBeNull();
  });

  test("names the available parts", () => {
    const { inspection } = inspected({});
    const refused = (look: () => unknown, path: string) => {
      expect(look).toThrow(ValueError);
      expect(look).toThrow(`no ${path}`);
    };
    refused(() => inspectCrossbar(inspection, 999, 0, 0), "crossbar 999");
    refused(() => inspectCrossbar(inspection, 0, 3, 0), "step 3: there are 3");
    refused(() => inspectCrossbar(inspection, 0, 0, -1), "row -1");
    refused(() => inspectTile(inspection, 1, 0, 0), "block 1");
    refused(() => inspectTile(inspection, 0, 2, 0), "head 2");
    refused(() => inspectTile(inspection, 0, 0, 1.5), "step 1.5");
  });
});
