// @module-tag slow
/** Images end to end: a run, drift and a sweep with untrained networks, and the paper's sizes. */
import { beforeAll, describe, expect, test } from "vitest";
import { experimentWorkload } from "../src/cost/measured.ts";
import { findWorkload } from "../src/cost/workloads.ts";
import type { ImageData, ImageSet } from "../src/data/images.ts";
import { evaluateChips } from "../src/evaluation/chips.ts";
import { jobs } from "../src/evaluation/jobs.ts";
import { evaluateNetwork } from "../src/evaluation/network.ts";
import { parseDurations } from "../src/experiment/duration.ts";
import type { Experiment } from "../src/experiment/experiment.ts";
import type { SpikingSpec } from "../src/experiment/model.ts";
import { parseExperiment } from "../src/experiment/parse.ts";
import { parseSweep } from "../src/experiment/sweep.ts";
import { mapNetwork } from "../src/mapping/mapping.ts";
import { foldNetwork } from "../src/model/fold.ts";
import { initialise, type Network } from "../src/model/network.ts";
import { mean } from "../src/numeric/statistics.ts";
import { stream } from "../src/numeric/stream.ts";
import { reportHtml } from "../src/report/html.ts";
import { comparableClaims, type Report } from "../src/report/report.ts";
import { evaluateDrift } from "../src/runs/drift.ts";
import { runExperiment } from "../src/runs/experiment.ts";
import { evaluateSweep } from "../src/runs/sweep.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";
import { openExperiment } from "../src/task/open.ts";
import { inlineExecutor } from "../src/threads/executor.ts";
import { tinyImages as images, tinyImageExperiment } from "./support/tiny-images.ts";

const executor = inlineExecutor(jobs);
const experiment = tinyImageExperiment(
  { kind: "spiking", steps: 3, neuron: { threshold: 0.4 } },
  {},
  {
    hardware: { chips: 2, crossbar: { rows: 16, columns: 16 } },
    evaluation: { prompts: 1000, curvePrompts: 16, steps: [1, 3, 4] },
  },
);
const annExperiment = tinyImageExperiment({ kind: "ann" });
function untrained<M extends Experiment["model"]>(of: Experiment, seed: number): Network<M> {
  return initialise(of.model as M, networkGeometry(of, createTask(of)), stream(seed));
}
const given = openExperiment(experiment, images);
const network = untrained<SpikingSpec>(experiment, 1);
const ann = untrained(annExperiment, 2);
const options = { executor, command: "xpike test", versions: {} };
const valuesOf = (report: Report) => Object.fromEntries(report.figures.map(({ id, value }) => [id, value]));

describe("a run", () => {
  let report: Report;
  beforeAll(async () => {
    report = await runExperiment(given, { network, ann, spiking: network }, options);
  });

  test("gives the same accuracies as the evaluations", async () => {
    const all = { prompts: 40 };
    const values = valuesOf(report);
    const alone = await evaluateNetwork(executor, given, ann, all);
    expect(values["accuracy.ann"]).toBe(1 - alone.errors.answers.rate);
    const chips = await evaluateChips(executor, given, network, { chips: 2, ...all });
    const accuracy = 1 - mean(chips.map(({ errors }) => errors.answers.rate));
    expect(values["accuracy.xpikeformer"]).toBeCloseTo(accuracy, 12);
    expect(values["gap.ann"]).toBeCloseTo(accuracy - values["accuracy.ann"]!, 12);
    expect(values["accuracy.spiking"]).toBe(values["accuracy.digital"]);
    const [{ confusion }] = chips.map(({ errors }) => errors);
    expect(confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(40);
    const right = confusion.reduce((sum, row, label) => sum + row[label], 0);
    expect(right / 40).toBeCloseTo(1 - chips[0].errors.answers.rate, 12);
  });

  test("notes that there are fewer test images than requested", () => {
    expect(report.notes).toContain("evaluation.prompts is 1000, but halves has 40 test images: all of them are used.");
  });

  test("shows accuracy over time steps, confusion, images, attention, spikes and crossbars, and prices an image", () => {
    const kinds = Object.fromEntries(report.charts.map(({ id, kind }) => [id, kind]));
    expect(kinds).toMatchObject({
      "accuracy-steps": "lines",
      confusion: "heat",
      examples: "heat",
      attention: "heat",
      rasters: "raster",
      layout: "layout",
    });
    const confusion = report.charts.find(({ id }) => id === "confusion");
    if (confusion?.kind !== "heat") throw new Error("the confusion matrix is a heat map");
    for (const row of confusion.values) expect(row.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(confusion.y.ticks).toEqual(images.test.classes);
    const steps = report.charts.find(({ id }) => id === "accuracy-steps");
    if (steps?.kind !== "lines") throw new Error("accuracy over steps is drawn as lines");
    expect(steps.series[0].points.map(({ x }) => x)).toEqual([1, 3, 4]);
    const ids = report.figures.map(({ id }) => id);
    expect(ids).toContain("cost.xpikeformer.energy");
    expect(reportHtml(report)).toContain("Confusion matrix");
  });

  test("shows the gap next to Table III", () => {
    expect(report.claims.find(({ id }) => id === "gap-6-512-cifar-10")).toMatchObject({ paper: -0.0128 });
  });

  test("sets no row of Table III beside a network of another size or other data", async () => {
    expect(comparableClaims(report)).toEqual([]);
    const same = { ...given, data: { ...given.data, name: "cifar-10" } };
    const { claims } = await runExperiment(same, { network, ann }, options);
    const ids = claims.map(({ id }) => id).filter((id) => id.endsWith("cifar-10"));
    expect(ids).toEqual(
      ["4-384", "6-512"].flatMap((size) => ["ann", "xpikeformer", "gap"].map((role) => `${role}-${size}-cifar-10`)),
    );
    expect(comparableClaims({ claims })).toEqual([]);
  });

  test("asks for images when none are given", async () => {
    const run = runExperiment(experiment, { network }, options);
    await expect(run).rejects.toMatchObject({ tag: "spec", path: "task.data" });
  });
});

test("over age and over a field, error rates are those of the chips", async () => {
  const size = { chips: 2, prompts: 40 };
  const drift = await evaluateDrift(given, { network }, parseDurations("1s,1y", "drift"), { ...options, ...size });
  const chips = await evaluateChips(executor, given, network, size);
  const rate = mean(chips.map(({ errors }) => errors.answers.rate));
  expect(valuesOf(drift)["error.drift.hwat.compensated.1s"]).toBeCloseTo(rate, 12);
  expect(drift.summary).toMatch(/reaches an error rate of/);
  const sweep = await evaluateSweep(given, { network }, parseSweep("steps=1..3", experiment), [], {
    ...options,
    ...size,
  });
  expect(valuesOf(sweep)["error.sweep.steps.3.hwat"]).toBeCloseTo(rate, 12);
});

describe("the paper's vision transformers", () => {
  test.each(["4-384-cifar10", "6-512-cifar10", "6-512-imagenet", "8-768-imagenet"])(
    "%s have the shapes of the published workloads",
    (name) => {
      const ours = experimentWorkload(parseExperiment({ preset: `paper-${name}` }));
      const { tokens, depth, width, heads, inputs, classes, result, scores } = findWorkload(`vit-${name}`);
      expect(ours).toMatchObject({ tokens, depth, width, heads, annInputs: inputs, classes, result, scores });
    },
  );

  test("a CIFAR-10 image passes through a block of the smallest one, with the expected crossbars", async () => {
    const of = parseExperiment({ preset: "paper-4-384-cifar10", model: { depth: 1, steps: 1 } });
    const small = untrained<SpikingSpec>(of, 1);
    const { totals } = mapNetwork(foldNetwork(small), of.hardware, "bernoulli");
    // 384 x 1152, 384 x 384, 384 x 1536 and 1536 x 384 weights on crossbars of 128 x 128; embedding 48 x 384, head 384 x 10.
    expect(totals.crossbars).toBe(27 + 9 + 36 + 36 + 3 + 3);
    const random = stream(1);
    const set: ImageSet = {
      ...{ height: 32, width: 32, channels: 3, count: 2, labels: Uint16Array.of(3, 4) },
      classes: Array.from({ length: 10 }, (_, k) => String(k)),
      pixels: Uint8Array.from({ length: 2 * 3072 }, () => random.integer(256)),
    };
    const noise: ImageData = { name: "noise", train: set, validation: set, test: set };
    const { errors, loss } = await evaluateNetwork(executor, openExperiment(of, noise), small, { prompts: 2 });
    expect(errors.prompts).toBe(2);
    expect(loss).toBeGreaterThan(0);
  });
});

test("a run with a stem on all networks gives accuracies, energies and a schedule with its layers", async () => {
  const stem = { layers: [{ channels: 16, pool: 2 }] };
  const of = (model: object) => tinyImageExperiment({ ...model, stem }, { patch: 1 }, { hardware: { chips: 1 } });
  const ofSpiking = of({ kind: "spiking", steps: 2, neuron: { threshold: 0.4 } });
  const networks = {
    network: untrained<SpikingSpec>(ofSpiking, 1),
    ann: untrained(of({ kind: "ann" }), 2),
    spiking: untrained(of({ kind: "spiking", steps: 2, attention: { kind: "lif" }, neuron: { threshold: 0.4 } }), 3),
  };
  const report = await runExperiment(openExperiment(ofSpiking, images), networks, options);
  const values = valuesOf(report);
  const [chip] = await evaluateChips(executor, openExperiment(ofSpiking, images), networks.network, {
    chips: 1,
    prompts: 40,
  });
  expect(values["accuracy.xpikeformer"]).toBe(1 - chip.errors.answers.rate);
  for (const [id, value] of Object.entries(values)) expect(Number.isFinite(value), id).toBe(true);
  const page = reportHtml(report);
  for (const part of ["stem.0", "stem.0.map", "embed.windows"]) expect(page).toContain(part);
});
