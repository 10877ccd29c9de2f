// @module-tag page
/**
 * The work of a step that `npm run paper-hours` counts, against a walk over layers by hand; and the table of docs/performance.md against
 * the counts and the record of measurements.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CHOICES, type Measurement, paperExperiments, paperHours, printHours, stepsOf } from "../bench/paper-hours.ts";
import { workOfStep } from "../bench/step-work.ts";
import { linearLayers, parameterLayout } from "../src/model/network.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";

const root = join(import.meta.dirname, "..");
const measured = JSON.parse(readFileSync(join(root, "bench/paper-hours.json"), "utf8")) as Measurement;

test.each(paperExperiments())("the work of a step of $name is that of its layers", async ({ experiment }) => {
  const { model, training } = experiment;
  if (model.kind !== "spiking") throw new Error("the paper's networks are spiking");
  const geometry = networkGeometry(experiment, createTask(experiment));
  const { tokens, queries } = geometry;
  const rows = model.steps * training.batch * tokens;
  const answers = training.batch * queries.length;
  const layers = linearLayers(model, geometry);
  const weights = (chosen: typeof layers) => chosen.reduce((sum, { inputs, outputs }) => sum + inputs * outputs, 0);
  const head = layers.filter(({ answers }) => answers);
  const inner = layers.filter(({ block }) => block !== null);
  const onSpikes = layers.filter(({ answers }) => !answers);
  const work = await workOfStep(experiment);
  // Forward and the gradient of weights read spikes; the gradient of inputs is dense, and the embedding needs none.
  expect(work.spikes).toBe(2 * rows * weights(onSpikes));
  // The head reads a mean over steps: forward, and two gradients.
  expect(work.dense).toBe(2 * rows * weights(inner) + 3 * 2 * answers * weights(head));
  // Two products of all pairs of tokens forward, four back.
  expect(work.attention).toBe(6 * rows * tokens * model.width * model.depth);
  // At least each activation of a layer once written and once read back, each way, and a parameter with its moments.
  const parameters = parameterLayout(model, geometry).reduce(
    (sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1),
    0,
  );
  const outputs = onSpikes.reduce((sum, layer) => sum + layer.outputs, 0);
  expect(work.bytes).toBeGreaterThan(4 * (4 * rows * outputs + 7 * parameters));
  expect(work.bytes).toBeLessThan(5 * 4 * (4 * rows * outputs + 7 * training.shards * parameters));
});

test("an image of 6 blocks of width 512 takes 74 GFLOP", async () => {
  const { experiment } = paperExperiments().find(({ name }) => name === "paper-6-512-cifar10")!;
  const { dense, spikes } = await workOfStep(experiment);
  expect((dense + 2 * spikes) / experiment.training.batch / 1e9).toBeCloseTo(74, 0);
});

test("a recipe has whole epochs of images, and a link the steps of its stages", () => {
  const steps = Object.fromEntries(
    paperExperiments().map(({ name, experiment }) => [name, stepsOf(name, experiment, 200)]),
  );
  expect(steps).toMatchObject({
    "paper-2x2-small": 4000,
    "paper-4-384-cifar10": 78_125,
    "paper-8-768-imagenet": 2_001_824,
  });
});

test("hours on cores and on a GPU are inverse to their number, rate, bandwidth and share", async () => {
  const one = (await paperHours(measured, CHOICES))[4];
  const gpu = { flops: CHOICES.gpu.flops / 2, bandwidth: CHOICES.gpu.bandwidth / 4 };
  const other = (await paperHours(measured, { ...CHOICES, epochs: 100, cores: 2, gpu, share: 0.5 }))[4];
  expect(other.onCores! / one.onCores!).toBeCloseTo(CHOICES.cores / 2 / 2, 3);
  expect(other.byRate / one.byRate).toBeCloseTo(2, 3);
  expect(other.byBandwidth / one.byBandwidth).toBeCloseTo(4, 3);
});

test("the table of docs/performance.md is that of the counts and the recorded measurements", async () => {
  const page = readFileSync(join(root, "docs/performance.md"), "utf8");
  expect(page).toContain(`\n${printHours(await paperHours(measured, CHOICES), measured, CHOICES)}\n`);
});
