import { expect, test } from "vitest";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { adcSpec, hardwareSpec } from "../experiment/hardware.ts";
import { stageSpec, trainingSpec } from "../experiment/training.ts";
import { standaloneKernels } from "../kernels/memory.ts";
import { outputNoiseOf } from "../kernels/operations/linear.ts";
import { initialise } from "../model/network.ts";
import { mean } from "../numeric/statistics.ts";
import { stream } from "../numeric/stream.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { converterNoise, stageNoise } from "./converter-noise.ts";
import { createOptimiser } from "./optimiser.ts";
import { convertingLayers, planTraining } from "./plan.ts";
import { createWeightNoise } from "./weight-noise.ts";

const rootMeanSquare = (values: ArrayLike<number>) => Math.sqrt(mean(Array.from(values, (x) => x * x)));
const ERRORS = { gainSpread: 0.03, offsetSpread: 0.5, outputNoise: 0.5 };

test("in code steps: offsets left after trimming, and the share of rounding in the noise", () => {
  const adc = adcSpec.parse({ errors: ERRORS });
  expect(converterNoise(adc)).toEqual({ offsets: 0.5, gains: 0.03, outputs: Math.sqrt(0.25 + 1 / 12) });
  expect(converterNoise(adcSpec.parse({ bits: null }))).toBe(null);
  // 64 reads of a rounded code with as much noise, and offsets to an eighth of a step.
  const left = Math.sqrt((0.25 + 1 / 12) / 64 + 1 / (12 * 64));
  expect(converterNoise({ ...adc, trim: { bits: 6, reads: 64 } })!.offsets).toBeCloseTo(left, 9);
});

/** Size of a code step per column, relative to the spread of the column. */
const codeStep = (_: unknown, column: number) => 0.1 + 0.01 * (column % 5);

/** The noisy parameters of a step, next to the exact ones. */
async function seen(normalisation: "batch" | "none", adc: object) {
  const experiment = tinyExperiment({
    model: { kind: "spiking", normalisation, width: 64 },
    training: { stages: [{ steps: 1, noise: { hardware: true } }] },
    hardware: {
      crossbar: { device: { kind: "ideal", maxConductance: 25 }, conductanceBits: null, columns: 32 },
      adc: { sharing: 2, ...adc },
      readTime: 0,
    },
  });
  const geometry = networkGeometry(experiment, createTask(experiment));
  const { kernels } = standaloneKernels(planTraining(experiment, geometry, 0, 1).bytes);
  const plan = planTraining(experiment, geometry, kernels.base, 1);
  const exact = initialise(experiment.model, geometry, stream(1)).parameters;
  createOptimiser(kernels, plan, experiment).writeParameters(exact);
  const steps = Object.fromEntries(
    convertingLayers(plan.layout).map(({ name, outputs }) => [name, Float32Array.from({ length: outputs }, codeStep)]),
  );
  createWeightNoise(kernels, plan, experiment)(experiment.training.stages[0], 0, steps);
  const read = (name: string) => {
    const { data } = exact[name];
    return { exact: data, noisy: kernels.f32.slice(plan.noisy[name] / 4, plan.noisy[name] / 4 + data.length) };
  };
  const outputs = (layer: string, columns: number) => kernels.floats(plan.noisy[outputNoiseOf(layer)], columns);
  return { read, outputs, noise: converterNoise(experiment.hardware.adc)! };
}

test("offsets and gains are those of readout units, on BatchNorm or, folded, on weights; the head has none", async () => {
  const { read, outputs, noise } = await seen("batch", { errors: ERRORS });
  const offsets = read("blocks.0.qkv.offset").noisy;
  expect(outputs("blocks.0.qkv", offsets.length)).toEqual(
    offsets.map((_, c) => noise.outputs * Math.fround(codeStep(0, c))),
  );
  const moved = offsets.map((move, c) => move / codeStep(0, c));
  expect(rootMeanSquare(moved) / noise.offsets).toBeCloseTo(1, 0);
  // Column c of a crossbar of 32 shares its unit with column c + 16.
  for (let c = 0; c < moved.length; c++) if (c % 32 < 16) expect(moved[c]).toBeCloseTo(moved[c + 16], 5);
  expect(new Set(moved.map((move) => Number(move.toFixed(4)))).size).toBe(moved.length / 2);
  const gain = read("blocks.0.qkv.gain");
  expect(rootMeanSquare(gain.noisy.map((x, c) => x / gain.exact[c] - 1)) / 0.03).toBeCloseTo(1, 0);
  expect(read("head.offset").noisy).toEqual(read("head.offset").exact);

  const folded = await seen("none", { errors: { gainSpread: 0.03 } });
  const { exact, noisy } = folded.read("blocks.0.up.weight");
  const columns = 128;
  const ratios = Array.from({ length: columns }, (_, c) => noisy[c] / exact[c]);
  // An ideal device shows the exact weight, up to a few roundings of its 127 levels.
  for (const [i, weight] of exact.entries())
    expect(Math.abs(noisy[i] - weight * ratios[i % columns])).toBeLessThan(1e-4);
  expect(rootMeanSquare(ratios.map((ratio) => ratio - 1)) / 0.03).toBeCloseTo(1, 0);
  const still = await seen("none", {});
  expect(still.read("blocks.0.up.offset").noisy).toEqual(still.read("blocks.0.up.offset").exact);
});

test("a stage takes all of its noise from the hardware or specifies its own", () => {
  const hardware = hardwareSpec.parse({ readTime: 86_400, adc: { errors: ERRORS } });
  const own = stageSpec.parse({ noise: { weights: 0.1, outputs: 0.2 } });
  const said = { weights: 0.1, outputs: 0.2, converters: null, devices: null, dropConnect: 0 };
  expect(stageNoise(own, hardware)).toEqual(said);
  const taken = stageNoise(stageSpec.parse({ noise: { hardware: true, dropConnect: 0.1 } }), hardware);
  expect(taken).toEqual({
    weights: 0,
    outputs: 0,
    converters: converterNoise(hardware.adc),
    devices: { youngest: 1, oldest: 86_400 },
    dropConnect: 0.1,
  });
  const both = { stages: [{ noise: { hardware: true, outputs: 0.1 } }] };
  expect(() => trainingSpec.parse(both)).toThrow("noise.hardware already includes all other noise");
});
