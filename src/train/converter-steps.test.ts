// @module-tag slow
import { describe, expect, test } from "vitest";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { hardwareSpec } from "../experiment/hardware.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { foldNetwork } from "../model/fold.ts";
import { initialise, type Network } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { programChip } from "../simulation/chip.ts";
import { calibrate, simulate } from "../simulation/reference/simulate.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { columnSteps, measureConverterSteps } from "./converter-steps.ts";

test("by hand: two row blocks, each with its own full scale", () => {
  const hardware = hardwareSpec.parse({ crossbar: { rows: 2, columns: 2 }, adc: { bits: 3, rangeQuantile: 1 } });
  // Three inputs, two columns: the largest weight of each column and block is one line at the largest conductance.
  const weights = Float32Array.from([1, 4, 0.5, -4, 2, 1]);
  const input = Float64Array.from([1, 1, 0, 1, 0, 1]);
  const { steps, spreads } = columnSteps(2, input, weights, 2, hardware);
  // The first block carries 1.5 and 0 lines, then 1 and 1: full scale 1.5, a code of three a step of half a line. The second: one line.
  expect(steps[0]).toBeCloseTo(Math.hypot(0.5 * 1, (1 / 3) * 2), 6);
  expect(steps[1]).toBeCloseTo(Math.hypot(0.5 * 4, (1 / 3) * 1), 6);
  // The columns put out 1.5 and 3, and 0 and 5.
  expect([...spreads]).toEqual([0.75, 2.5]);
  // Both lines of a pair are converted, by unsigned codes: 7 for the largest line of either sign.
  const pairs = { ...hardware, adc: { ...hardware.adc, mode: "pair" as const } };
  expect(columnSteps(2, input, weights, 2, pairs).steps[0]).toBeCloseTo(
    Math.SQRT2 * Math.hypot((1.5 / 7) * 1, (1 / 7) * 2),
    6,
  );
  const fixed = { ...hardware, adc: { ...hardware.adc, fullScale: 3 } };
  expect(columnSteps(2, input, weights, 2, fixed).steps[0]).toBeCloseTo(Math.hypot(1, 2), 6);
});

/** A network whose layers do not divide evenly into row and column blocks, on pairs that hold the exact weights. */
const experimentOf = (adc: object, model: object = {}, inputStride = 1) =>
  tinyExperiment({
    model: { kind: "spiking", width: 24, depth: 2, heads: 3, steps: 4, ...model },
    training: { stages: [{ steps: 1, noise: { hardware: true } }] },
    hardware: {
      crossbar: {
        device: { kind: "ideal", maxConductance: 25 },
        conductanceBits: null,
        clippingQuantile: 1,
        rows: 13,
        columns: 10,
        inputStride,
      },
      adc,
      arithmetic: null,
      compensation: { scope: "none" },
      readTime: 0,
    },
  });

const networkOf = (experiment: ReturnType<typeof experimentOf>) =>
  initialise(experiment.model, networkGeometry(experiment, createTask(experiment)), stream(7)) as Network<SpikingSpec>;

const rootMeanSquare = (values: ArrayLike<number>) =>
  Math.sqrt(Array.from(values, (x) => x * x).reduce((sum, x) => sum + x, 0) / values.length);

describe.each([
  ["pair", 1],
  ["differential", 1],
  ["differential", 4],
] as const)("converters of a simulated chip, %s, with lines in strides of %i", (mode, inputStride) => {
  test("match the rounding error of a first layer's currents", () => {
    // Steps fine enough that errors are uniform.
    const experiment = experimentOf({ bits: 8, mode, rangeQuantile: 0.99 }, {}, inputStride);
    const network = networkOf(experiment);
    const folded = foldNetwork(network);
    const { hardware, task: spec } = experiment;
    const task = createTask(experiment);
    const input = task.draw(256, stream(3)).spikes!;
    const sums = (adc: object) => {
      const own = { ...hardware, adc: { ...hardware.adc, ...adc } };
      const mapping = mapNetwork(folded, own, spec.coding);
      const chip = calibrate(programChip(folded, mapping, own, stream(4)), input, stream(5));
      const { outputs } = mapping.layers[0];
      let total = new Float64Array(0);
      simulate(chip, input, stream(6), {
        onCodes: ({ layer, block: { columns, columnStart }, codes, factors }) => {
          if (layer !== "embed") return;
          if (total.length === 0) total = new Float64Array((codes.length / columns) * outputs);
          codes.forEach((code, i) => {
            const c = i % columns;
            total[((i - c) / columns) * outputs + columnStart + c] += code * factors[c];
          });
        },
      });
      return { total, outputs };
    };
    const coarse = sums({});
    const exact = sums({ bits: 16, rangeQuantile: 1 });
    const steps = measureConverterSteps(network, experiment, 0, null, 0)!.embed;
    const ratios = Array.from(steps, (step, c) => {
      const ofColumn = (values: Float64Array) => values.filter((_, i) => i % coarse.outputs === c);
      const truth = ofColumn(exact.total);
      const mean = truth.reduce((sum, x) => sum + x, 0) / truth.length;
      const spread = rootMeanSquare(truth.map((x) => x - mean));
      const found = ofColumn(coarse.total);
      const error = rootMeanSquare(truth.map((x, i) => found[i] - x));
      return error / (spread * step * Math.sqrt(1 / 12));
    });
    // Currents are sums of few weights, so the errors of a column are not quite uniform; one in a hundred clips.
    ratios.sort((a, b) => a - b);
    expect(ratios[Math.floor(ratios.length / 2)]).toBeGreaterThan(0.8);
    expect(ratios[Math.floor(ratios.length / 2)]).toBeLessThan(1.3);
  });
});

test("every layer except the head has steps; exact converters and other networks have none", () => {
  const experiment = experimentOf({ bits: 5 });
  const network = networkOf(experiment);
  const steps = measureConverterSteps(network, experiment, 0, null, 0)!;
  const layers = ["qkv", "projection", "up", "down"];
  expect(Object.keys(steps)).toEqual(["embed", ...[0, 1].flatMap((i) => layers.map((name) => `blocks.${i}.${name}`))]);
  for (const values of Object.values(steps)) {
    expect(values.every((step) => step > 0 && step <= 2)).toBe(true);
  }
  const exact = experimentOf({ bits: null });
  expect(measureConverterSteps(network, exact, 0, null, 0)).toBe(null);
  const ann = tinyExperiment({ model: { kind: "ann" } });
  const other = initialise(ann.model, networkGeometry(ann, createTask(ann)), stream(1));
  expect(measureConverterSteps(other, ann, 0, null, 0)).toBe(null);
});

test("copies of a query change the steps if a stage sets them, not if the task does", () => {
  const once = experimentOf({ bits: 5 });
  const network = networkOf(once);
  const measure = (task: object, stage: object) => {
    const { training } = once;
    const stages = [{ ...training.stages[0], ...stage }];
    const experiment = { ...once, task: { ...once.task, ...task }, training: { ...training, stages } };
    const { geometry } = networkOf(experiment);
    return measureConverterSteps({ ...network, geometry }, experiment, 0, null, 0);
  };
  expect(measure({ queryCopies: 4 }, {})).toEqual(measure({}, {}));
  expect(measure({ queryCopies: 4 }, { queryCopies: 4 })).toEqual(measure({}, { queryCopies: 4 }));
  expect(measure({}, { queryCopies: 4 })).not.toEqual(measure({}, {}));
});

test("without BatchNorm steps are relative to the threshold", () => {
  const relative = (threshold: number) => {
    const experiment = experimentOf({ bits: 5 }, { normalisation: "none", neuron: { threshold } });
    const network = foldNetwork(networkOf(experimentOf({ bits: 5 })));
    return measureConverterSteps({ ...network, model: experiment.model as SpikingSpec }, experiment, 0, null, 0)!;
  };
  const [one, half] = [relative(1).embed, relative(0.5).embed];
  for (const [c, step] of one.entries()) expect(half[c]).toBeCloseTo(2 * step, 5);
});
