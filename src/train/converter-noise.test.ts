import { expect, test } from "vitest";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { converter } from "../hardware/adc.ts";
import { convertWithErrors, drawConversionNoise, drawConverterErrors } from "../hardware/converter-errors.ts";
import { standaloneKernels } from "../kernels/memory.ts";
import { initialise } from "../model/network.ts";
import { quantile } from "../numeric/quantile.ts";
import { mean } from "../numeric/statistics.ts";
import { stream } from "../numeric/stream.ts";
import { adcSpec, hardwareSpec } from "../spec/hardware.ts";
import { stageSpec, trainingSpec } from "../spec/training.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { converterNoise, stageNoise } from "./converter-noise.ts";
import { createOptimiser } from "./optimiser.ts";
import { planTraining } from "./plan.ts";
import { createWeightNoise } from "./weight-noise.ts";

const rootMeanSquare = (values: ArrayLike<number>) => Math.sqrt(mean(Array.from(values, (x) => x * x)));
const ERRORS = { gainSpread: 0.03, offsetSpread: 0.5, outputNoise: 0.5 };

test("a hand case: 5 bits, differential, a range of two deviations", () => {
  // A share of 0.9545 of all sizes is within two deviations, of which the largest code, 15, has 2 / 15 a step.
  const adc = adcSpec.parse({ rangeQuantile: 0.9545, errors: ERRORS });
  const { offsets, gains, outputs } = converterNoise(adc);
  expect(offsets).toBeCloseTo((0.5 * 2) / 15, 4);
  expect(gains).toBe(0.03);
  expect(outputs).toBeCloseTo((2 / 15) * Math.sqrt(0.25 + 1 / 12), 4);
  expect(converterNoise(adcSpec.parse({ bits: null })).outputs).toBe(0);
  expect(converterNoise({ ...adc, trim: { bits: 6, reads: 64 } }).offsets).toBeCloseTo((0.081 * 2) / 15, 3);
});

test.each(["pair", "differential"] as const)("normal currents err by as much behind erring converters: %s", (mode) => {
  const [vectors, columns] = [1024, 32];
  const adc = adcSpec.parse({ mode, rangeQuantile: 0.999, errors: ERRORS });
  const draws = stream(1);
  const differences = Float32Array.from({ length: vectors * columns }, () => draws.normal());
  // Lines of a pair share what they have in common; only lines below 0, which none is, would clip.
  const [plus, minus] = [1, -1].map((sign) => differences.map((x) => (mode === "pair" ? 1.7 : 4) + (sign * x) / 2));
  const sizes = mode === "pair" ? Float32Array.from([...plus, ...minus]) : differences.map(Math.abs);
  const setting = converter(mode, 5, quantile(sizes, adc.rangeQuantile));
  const errors = drawConverterErrors(columns, columns, adc.errors, stream(2));
  const size = { steps: 1, firstPrompt: 0, prompts: 1, perPrompt: vectors };
  const codes = new Float32Array(differences.length);
  convertWithErrors(setting, errors, drawConversionNoise(columns, adc.errors, [1, 2], size), plus, minus, codes);
  const left = codes.map((code, i) => code * setting.step - differences[i]);
  const { offsets, gains, outputs } = converterNoise(adc);
  const expected = Math.hypot(offsets, gains, outputs);
  // 32 columns' offsets are an eighth uncertain; the range of lines of pairs is that of other sums than of their difference.
  expect(rootMeanSquare(left) / expected).toBeGreaterThan(0.75);
  expect(rootMeanSquare(left) / expected).toBeLessThan(1.3);
});

/** What a step shows of the parameters, beside the exact ones. */
function seen(normalisation: "batch" | "none", adc: object) {
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
  createWeightNoise(kernels, plan, experiment)(experiment.training.stages[0], 0);
  const read = (name: string) => {
    const { data } = exact[name];
    return { exact: data, noisy: kernels.f32.slice(plan.noisy[name] / 4, plan.noisy[name] / 4 + data.length) };
  };
  return { read, noise: converterNoise(experiment.hardware.adc) };
}

test("offsets and gains are those of readout units, on BatchNorm or, folded, on weights; the head has none", () => {
  const { read, noise } = seen("batch", { errors: ERRORS });
  const moved = read("blocks.0.qkv.offset").noisy;
  expect(rootMeanSquare(moved) / noise.offsets).toBeCloseTo(1, 0);
  // Column c of a crossbar of 32 shares its unit with column c + 16.
  for (let c = 0; c < moved.length; c++) if (c % 32 < 16) expect(moved[c]).toBe(moved[c + 16]);
  expect(new Set(moved).size).toBe(moved.length / 2);
  const gain = read("blocks.0.qkv.gain");
  expect(rootMeanSquare(gain.noisy.map((x, c) => x / gain.exact[c] - 1)) / 0.03).toBeCloseTo(1, 0);
  expect(read("head.offset").noisy).toEqual(read("head.offset").exact);

  const folded = seen("none", { errors: { gainSpread: 0.03 } });
  const { exact, noisy } = folded.read("blocks.0.up.weight");
  const columns = 128;
  const ratios = Array.from({ length: columns }, (_, c) => noisy[c] / exact[c]);
  // An ideal device shows the very weight, to a few roundings of its 127 levels' lines.
  for (const [i, weight] of exact.entries())
    expect(Math.abs(noisy[i] - weight * ratios[i % columns])).toBeLessThan(1e-4);
  expect(rootMeanSquare(ratios.map((ratio) => ratio - 1)) / 0.03).toBeCloseTo(1, 0);
  const still = seen("none", {});
  expect(still.read("blocks.0.up.offset").noisy).toEqual(still.read("blocks.0.up.offset").exact);
});

test("a stage takes all of its noise from the hardware, or says its own", () => {
  const hardware = hardwareSpec.parse({ readTime: 86_400, adc: { errors: ERRORS } });
  const own = stageSpec.parse({ noise: { weights: 0.1, outputs: 0.2 } });
  expect(stageNoise(own, hardware)).toEqual({
    weights: 0.1,
    outputs: 0.2,
    offsets: 0,
    gains: 0,
    devices: null,
    dropConnect: 0,
  });
  const taken = stageNoise(stageSpec.parse({ noise: { hardware: true, dropConnect: 0.1 } }), hardware);
  expect(taken).toMatchObject({
    ...converterNoise(hardware.adc),
    devices: { youngest: 1, oldest: 86_400 },
    dropConnect: 0.1,
  });
  const both = { stages: [{ noise: { hardware: true, outputs: 0.1 } }] };
  expect(() => trainingSpec.parse(both)).toThrow("The hardware brings all noise of its own");
});
