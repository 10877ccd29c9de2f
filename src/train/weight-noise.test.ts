// @module-tag slow
import { expect, test } from "vitest";
import { tinyDocument } from "../../test/support/tiny-training.ts";
import type { ExperimentDocument } from "../experiment/experiment.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { standaloneKernels } from "../kernels/memory.ts";
import { initialise } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { createOptimiser } from "./optimiser.ts";
import { planTraining } from "./plan.ts";
import { createWeightNoise } from "./weight-noise.ts";

/** Every parameter as one step of a stage with devices sees it, next to the exact ones. */
async function seenByStep(
  stuck: { atZero: number; atMaximum: number },
  crossbar: object = {},
  document: ExperimentDocument = tinyDocument({ model: { kind: "spiking", normalisation: "none", width: 32 } }),
): Promise<Seen> {
  const experiment = parseExperiment({
    ...document,
    training: { ...document.training, stages: [{ steps: 1, noise: { devices: { youngest: 1, oldest: 1 } } }] },
    // One crossbar holds a whole matrix, and a pair holds its weight without error.
    hardware: {
      crossbar: {
        device: { kind: "ideal", maxConductance: 25 },
        conductanceBits: null,
        scaling: "column",
        stuck,
        ...crossbar,
      },
    },
  });
  const geometry = networkGeometry(experiment, createTask(experiment));
  const { kernels } = standaloneKernels(planTraining(experiment, geometry, 0, 1).bytes);
  const plan = planTraining(experiment, geometry, kernels.base, 1);
  const exact = initialise(experiment.model, geometry, stream(1)).parameters;
  createOptimiser(kernels, plan, experiment).writeParameters(exact);
  createWeightNoise(kernels, plan, experiment)(experiment.training.stages[0], 0, null);
  return {
    leak: (population) => kernels.f32[plan.noisy[`${population}.leak`] / 4],
    of: (layer) => {
      const { shape, data } = exact[`${layer}.weight`];
      const at = plan.noisy[`${layer}.weight`] / 4;
      return { columns: shape[1], exact: data, seen: kernels.f32.slice(at, at + data.length) };
    },
  };
}

const convolving: ExperimentDocument = {
  task: { kind: "image-classification", data: "fashion-mnist", patch: 1 },
  model: {
    ...{ kind: "spiking", normalisation: "none", width: 32, depth: 1, heads: 2, steps: 2 },
    stem: { layers: [{ channels: 8, pool: 2 }], embedding: { kernel: 3, stride: 2 } },
  },
  training: { batch: 2, shards: 1 },
};

test("what neurons learn is seen without noise", async () => {
  const model = { kind: "spiking", normalisation: "none", width: 32, neuron: { kind: "plif", beta: 0.7 } } as const;
  const noisy = await seenByStep({ atZero: 0.5, atMaximum: 0.1 }, {}, tinyDocument({ model }));
  expect(noisy.leak("blocks.0.hidden")).toBeCloseTo(Math.log(0.7 / 0.3), 6);
  expect(noisy.of("blocks.0.up").seen).not.toEqual(noisy.of("blocks.0.up").exact);
});

interface Seen {
  /** The number from which a population has its leak. */
  leak(population: string): number;
  of(layer: string): { columns: number; exact: Float32Array; seen: Float32Array };
}

test("sharing a weight among lines of the first layer divides the error by the square root of their number, in no other layer", async () => {
  const [one, four, sixteen] = await Promise.all(
    [1, 4, 16].map((linesPerInput) =>
      seenByStep({ atZero: 0, atMaximum: 0 }, { device: { kind: "pcm" }, linesPerInput }),
    ),
  );
  const differences = (a: Seen, b: Seen, of: string) => a.of(of).seen.map((value, i) => value - b.of(of).seen[i]);
  const [near, far] = [differences(four, sixteen, "embed"), differences(one, four, "embed")];
  // An error e appears as e, e / 2 and e / 4, up to the single-precision rounding of weights below 1.
  far.forEach((difference, i) => {
    expect(Math.abs(difference - 2 * near[i])).toBeLessThan(1e-6);
  });
  expect(Math.max(...near.map(Math.abs))).toBeGreaterThan(1e-3);
  expect(one.of("blocks.0.up").seen).toEqual(sixteen.of("blocks.0.up").seen);
});

test.each([
  ["the embedding", undefined, "embed", "blocks.0.up"],
  ["a stem's first convolution", convolving, "stem.0", "embed"],
])("a stuck device among lines that share a weight takes away its share: %s", async (_, document, first, other) => {
  const seen = await seenByStep({ atZero: 0.3, atMaximum: 0 }, { linesPerInput: 2 }, document);
  const shares = (layer: string) => {
    const { exact, seen: shown } = seen.of(layer);
    return new Set(Array.from(exact, (weight, i) => Math.round((1000 * shown[i]) / weight) / 1000));
  };
  expect([...shares(first)].sort()).toEqual([0, 0.5, 1]);
  expect([...shares(other)].sort()).toEqual([0, 1]);
});

/** The weight that a pair shows with its devices at `plus` and `minus`, in the weight's unit. */
const pair = (weight: number) => ({ plus: Math.max(0, weight), minus: Math.max(0, -weight) });

function largestByColumn(weights: Float32Array, columns: number): Float64Array {
  const largest = new Float64Array(columns);
  weights.forEach((weight, i) => {
    largest[i % columns] = Math.max(largest[i % columns], Math.abs(weight));
  });
  return largest;
}

/** Counts how each weight changed, among the outcomes that stuck devices of either sign can cause. */
async function countChanges(stuck: { atZero: number; atMaximum: number }) {
  const { columns, exact, seen } = (await seenByStep(stuck)).of("blocks.0.up");
  const largest = largestByColumn(exact, columns);
  const counts = { unchanged: 0, lost: 0, plusFull: 0, minusFull: 0, other: 0 };
  exact.forEach((weight, i) => {
    const { plus, minus } = pair(weight);
    const full = largest[i % columns];
    // Levels are a 127th of the largest weight, and lines lie between them; only single-precision rounding is lost.
    const shows = (value: number) => Math.abs(seen[i] - value) < 1e-5 * full;
    if (shows(weight)) counts.unchanged++;
    else if (shows(0)) counts.lost++;
    else if (shows(full - minus)) counts.plusFull++;
    else if (shows(plus - full)) counts.minusFull++;
    else counts.other++;
  });
  return counts;
}

test("without faults an ideal device shows the exact weight", async () => {
  expect(await countChanges({ atZero: 0, atMaximum: 0 })).toMatchObject({
    lost: 0,
    plusFull: 0,
    minusFull: 0,
    other: 0,
  });
});

test("a device stuck at zero removes what it held, and nothing if the other device holds the weight", async () => {
  const { unchanged, lost, ...others } = await countChanges({ atZero: 0.25, atMaximum: 0 });
  expect(others).toEqual({ plusFull: 0, minusFull: 0, other: 0 });
  // Four standard errors: a pair loses its weight when the one device that holds it is stuck.
  const weights = unchanged + lost;
  expect(Math.abs(lost / weights - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / weights));
});

test("a device stuck at its largest leaves what the other device holds", async () => {
  const { plusFull, minusFull, lost, other } = await countChanges({ atZero: 0, atMaximum: 0.02 });
  expect(plusFull).toBeGreaterThan(10);
  expect(minusFull).toBeGreaterThan(10);
  // Both devices of a pair at their largest show zero: 0.02^2 of the pairs.
  expect(lost).toBeLessThan(10);
  expect(other).toBe(0);
});

test("among parallel devices a stuck one removes or adds its share", async () => {
  const stuck = { atZero: 0.2, atMaximum: 0.1 };
  const { columns, exact, seen } = (await seenByStep(stuck, { parallelDevices: 2 })).of("blocks.0.up");
  const largest = largestByColumn(exact, columns);
  // For either sign, each of two devices works, is stuck at zero, or is stuck at half of the largest weight.
  const shares = (held: number, full: number) => {
    const [works, zero, most] = [held / 2, 0, full / 2];
    const first = [works, zero, most];
    return first.flatMap((one) => first.map((other) => one + other));
  };
  const counts = { unchanged: 0, other: 0 };
  exact.forEach((weight, i) => {
    const { plus, minus } = pair(weight);
    const full = largest[i % columns];
    const near = (value: number) => Math.abs(seen[i] - value) < 1e-5 * full;
    const possible = shares(plus, full).flatMap((p) => shares(minus, full).map((m) => p - m));
    if (near(weight)) counts.unchanged++;
    if (!possible.some(near)) counts.other++;
  });
  expect(counts.other).toBe(0);
  // A pair is unchanged if both devices that hold it work, and the two at zero either work or are stuck there: 0.7^2 0.9^2. Some
  // others are close by chance. Four standard errors.
  const share = 0.7 ** 2 * 0.9 ** 2;
  expect(counts.unchanged / exact.length).toBeGreaterThan(share - 4 * Math.sqrt((share * (1 - share)) / exact.length));
  expect(counts.unchanged / exact.length).toBeLessThan(share + 0.05);
});
