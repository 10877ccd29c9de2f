import { describe, expect, test } from "vitest";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { ValueError } from "../errors.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import { requireTransformer, type TransformerSpec } from "../experiment/model.ts";
import { mapNetwork, neuronTrains } from "../mapping/mapping.ts";
import { initialise } from "../model/network.ts";
import { neuronModel, neuronOf } from "../model/neuron/catalogue.ts";
import { stream } from "../numeric/stream.ts";
import { unpackSpikes } from "../spike/train.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { programChip } from "./chip.ts";
import { inspectCrossbar, inspectPrompt } from "./inspect.ts";
import { inspectNeuron } from "./inspect-neuron.ts";
import { integerOffsets, integerPosition } from "./integers.ts";
import { calibrate } from "./reference/simulate.ts";

/** A fresh network that fires, on crossbars that it fills several of. */
function inspected(hardware: object, neuron: object = {}) {
  const experiment = tinyExperiment({
    model: {
      kind: "spiking",
      steps: 4,
      position: "learned",
      neuron: { threshold: 0.1, ...neuron },
      attention: { scoreGain: 2 },
    },
    hardware: { ...hardware, crossbar: { rows: 7, columns: 6 } } as HardwareSpec,
  });
  const task = createTask(experiment);
  const network = initialise(experiment.model as TransformerSpec, networkGeometry(experiment, task), stream(1));
  const plain = { ...network, model: { ...network.model, normalisation: "none" as const } };
  const mapping = mapNetwork(plain, experiment.hardware, experiment.task.coding);
  const blank = programChip(plain, mapping, experiment.hardware, stream(2));
  const chip = calibrate(blank, task.draw(20, stream(3)).spikes!, stream(4));
  return inspectPrompt(chip, task.draw(1, stream(5)).spikes!, stream(6));
}

const FLOATING = { arithmetic: null };
const machines: readonly (readonly [hardware: object, neuron: object])[] = [
  [{}, {}],
  [{}, { reset: "soft" }],
  [{ scaling: "threshold" }, {}],
  [FLOATING, {}],
  [FLOATING, { kind: "alif", reset: "soft" }],
  [{ readOut: { attentionInput: "charge", feedForwardUp: "charge", circuit: { noise: 9 } }, order: "token-major" }, {}],
];

describe("a neuron of an inspected prompt", () => {
  test.each(machines)(
    "has the spikes of the trace, from membranes that follow from step to step: %j %j",
    (hardware, neuron) => {
      const inspection = inspected(hardware, neuron);
      let fired = 0;
      for (const [name, features] of neuronTrains(inspection.chip.mapping)) {
        const train = inspection.trace.rasters[name];
        expect([name, train.features]).toEqual([name, features]);
        const spikes = unpackSpikes(train);
        for (let neuron = 0; neuron < features; neuron++) {
          const view = inspectNeuron(inspection, name, neuron, 3);
          for (let t = 0; t < train.steps; t++) {
            const fires = spikes[(t * train.rows + 3) * features + neuron];
            expect(view.spikes[t]).toBe(fires);
            fired += fires;
            if (t === 0) expect(view.leaked[t]).toBe(0);
            if (fires === 0) expect(view.kept[t]).toBe(view.membrane[t]);
            else if (view.reset === "hard") expect(view.kept[t]).toBe(0);
            expect(view.membrane[t]).toBe(Math.fround(view.leaked[t] + view.input[t]));
          }
        }
      }
      expect(fired).toBeGreaterThan(50);
    },
  );

  test.each(["hard", "soft"] as const)("equals the reference neuron on its inputs: %s reset", (reset) => {
    const inspection = inspected({}, { reset });
    const { model, parameters } = inspection.chip.network;
    const { fractionBits } = inspection.chip.hardware.arithmetic!;
    const one = 2 ** fractionBits;
    let different = 0;
    for (const name of ["blocks.0.input", "blocks.0.qkv", "blocks.0.hidden", "output"]) {
      const spec = neuronOf(model.neuron, name, (parameter) => parameters[parameter].data);
      const { features, steps } = inspection.neurons[name];
      for (let neuron = 0; neuron < features; neuron++) {
        const view = inspectNeuron(inspection, name, neuron, 2);
        const inputs = Float64Array.from(view.input, (input) => input / one);
        // The register's threshold is rounded up to a whole number.
        const reference = neuronModel({ ...spec, threshold: view.threshold[0] / one });
        const { fired } = reference.forward(inputs, steps);
        expect(view.spikes).toEqual(fired);
        different += fired.includes(1) ? 1 : 0;
      }
    }
    expect(different).toBeGreaterThan(20);
  });

  test("adds the codes of its columns, and a constant that is its offset or that of the stream", () => {
    const inspection = inspected({});
    const { chip } = inspection;
    const arithmetic = chip.hardware.arithmetic!;
    const position = integerPosition(chip, "position", arithmetic);
    const { width } = requireTransformer(chip.network.model, "A test");
    for (const [train, sources] of [
      ["blocks.0.hidden", ["blocks.0.up"]],
      ["output", ["embed", "blocks.0.projection", "blocks.0.down"]],
    ] as const) {
      const view = inspectNeuron(inspection, train, 5, 3);
      expect(new Set(view.columns.map(({ layer }) => layer))).toEqual(new Set(sources));
      let constant = train === "output" ? position[3 * width + 5] : 0;
      for (const source of sources) constant += integerOffsets(chip, source, arithmetic)[5];
      for (let t = 0; t < view.input.length; t++) {
        const sum = view.columns.reduce((all, { codes, multiplier }) => all + multiplier * codes![t], 0);
        expect(view.input[t]).toBe(sum + constant);
      }
      for (const { crossbar, column, codes } of view.columns) {
        expect(codes![1]).toBe(inspectCrossbar(inspection, crossbar, 1, 3).codes![column]);
      }
    }
  });

  test("drives the lines of the next layer, or is read by a head", () => {
    const inspection = inspected({});
    const hidden = inspectNeuron(inspection, "blocks.0.hidden", 9, 1);
    expect(hidden.lines.length).toBeGreaterThan(1);
    for (const { crossbar, row } of hidden.lines) {
      for (let t = 0; t < hidden.spikes.length; t++)
        expect(inspectCrossbar(inspection, crossbar, t, 1).lines[row]).toBe(hidden.spikes[t]);
    }
    expect(hidden.heads).toEqual([]);
    const { width, heads } = requireTransformer(inspection.chip.network.model, "A test");
    const { lines, heads: readers } = inspectNeuron(inspection, "blocks.0.qkv", 2 * width + width / heads + 1, 0);
    expect(lines).toEqual([]);
    expect(readers).toEqual([{ block: 0, head: 1, part: "value", feature: 1 }]);
  });

  test("names the trains that neurons send", () => {
    const inspection = inspected({});
    expect(() => inspectNeuron(inspection, "input", 0, 0)).toThrow(ValueError);
    expect(() => inspectNeuron(inspection, "input", 0, 0)).toThrow("blocks.0.hidden");
    expect(() => inspectNeuron(inspection, "output", 999, 0)).toThrow("no neuron 999");
  });
});
