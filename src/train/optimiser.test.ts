import { expect, test } from "vitest";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import type { TrainingSpec } from "../experiment/training.ts";
import { standaloneKernels } from "../kernels/memory.ts";
import { initialise, type Tensor } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { createOptimiser, orthogonaliseMatrix } from "./optimiser.ts";
import { wholeMemory } from "./own-memory.ts";
import { planTraining } from "./plan.ts";

const experiment = tinyExperiment({
  // One stage uses Muon, so that there is scratch memory for it.
  training: { weightDecay: 0.5, stages: [{ steps: 1 }, { steps: 1, optimiser: "muon" }] },
});
const geometry = networkGeometry(experiment, createTask(experiment));
const [stage] = experiment.training.stages;

/** The optimiser on its own memory: parameters as for a fresh network, gradients and moments zero. */
function freshOptimiser() {
  const { kernels } = standaloneKernels(planTraining(experiment, geometry, 0, 1).bytes);
  const plan = planTraining(experiment, geometry, kernels.base, 1);
  const optimiser = createOptimiser(kernels, plan, experiment);
  const { parameters } = initialise(experiment.model, geometry, stream(1));
  optimiser.writeParameters(parameters);
  return { optimiser, parameters, kernels, plan };
}

/** AdamW requests no matrices. */
const noMatrices = () => Promise.reject(new Error("nothing is to be made orthogonal"));

test("without a gradient, a step shrinks matrices by the weight decay and leaves vectors alone", async () => {
  const { optimiser } = freshOptimiser();
  // Fresh offsets are zero, where decay would not show.
  const before = Object.fromEntries(
    Object.entries(await optimiser.readParameters()).map(([name, { shape, data }]) => [
      name,
      { shape, data: data.fill(2) },
    ]),
  );
  optimiser.writeParameters(before);
  await optimiser.update(stage, 0.1, 1, noMatrices);
  const after = await optimiser.readParameters();
  const expected = (name: string, { shape }: Tensor) =>
    // Running statistics are measured, not learned: they move by a twentieth towards this step's zeros.
    /\.(mean|variance)$/.test(name) ? 2 - 0.05 * 2 : shape.length > 1 ? 2 - 0.1 * 0.5 * 2 : 2;
  for (const [name, tensor] of Object.entries(after)) {
    for (const value of tensor.data) expect(value, name).toBeCloseTo(expected(name, tensor), 6);
  }
  expect(Object.values(after).some(({ shape }) => shape.length === 1)).toBe(true);
});

test("weights, and nothing else, are clipped to a multiple of the root mean square of their column", async () => {
  const { optimiser, parameters } = freshOptimiser();
  optimiser.clipWeights(1.5);
  const clipped = await optimiser.readParameters();
  let changed = 0;
  for (const [name, { shape, data }] of Object.entries(parameters)) {
    if (!name.endsWith(".weight")) {
      expect(clipped[name].data).toEqual(data);
      continue;
    }
    const [rows, columns] = shape;
    for (let c = 0; c < columns; c++) {
      const column = Array.from({ length: rows }, (_, r) => data[r * columns + c]);
      const limit = 1.5 * Math.sqrt(column.reduce((sum, w) => sum + w * w, 0) / rows);
      column.forEach((weight, r) => {
        const kept = Math.sign(weight) * Math.min(Math.abs(weight), limit);
        expect(clipped[name].data[r * columns + c], `${name}[${r}, ${c}]`).toBeCloseTo(kept, 6);
        if (Math.abs(weight) > limit) changed++;
      });
    }
  }
  expect(changed).toBeGreaterThan(10);
});

test("Muon updates the weights of all layers except the head, the costliest first, and AdamW everything else", async () => {
  const orthogonal: string[] = [];
  const stepOf = async (kind: TrainingSpec["optimiser"]) => {
    const { optimiser, kernels, plan } = freshOptimiser();
    for (const { name, shape, learned } of plan.layout) {
      if (!learned) continue;
      const random = stream(7).fork(name);
      const count = shape.reduce((a, b) => a * b, 1);
      kernels.write(
        plan.gradients[0][name],
        Float32Array.from({ length: count }, () => random.normal()),
      );
    }
    await optimiser.update({ ...stage, optimiser: kind }, 0.1, 1, async (names) => {
      for (const name of names) orthogonaliseMatrix(wholeMemory(kernels, plan), plan, name, plan.regions[0].start);
      orthogonal.push(...names);
    });
    return optimiser.readParameters();
  };
  const [adamw, muon] = [await stepOf("adamw"), await stepOf("muon")];
  const layers = ["blocks.0.qkv", "blocks.0.up", "blocks.0.down", "embed", "blocks.0.projection"];
  expect(orthogonal).toEqual(layers.map((layer) => `${layer}.weight`));
  for (const [name, { data }] of Object.entries(adamw)) {
    expect(muon[name].data.join() === data.join(), name).toBe(!orthogonal.includes(name));
  }
});
