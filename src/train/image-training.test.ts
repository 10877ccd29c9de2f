// @module-tag slow
/** Training on images that a short training can tell apart. */
import { describe, expect, test } from "vitest";
import { tinyImages as images, tinyImageExperiment } from "../../test/support/tiny-images.ts";
import { pickImages, withValidation } from "../data/images.ts";
import { jobs } from "../evaluation/jobs.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { ImageClassificationSpec } from "../experiment/task.ts";
import { openExperiment } from "../task/open.ts";
import { inlineExecutor } from "../threads/executor.ts";
import { decodeState, encodeState, type TrainingState } from "./state.ts";
import { train } from "./train.ts";

const MODELS = {
  "softmax attention": { kind: "ann" },
  "LIF attention": { kind: "spiking", steps: 2, attention: { kind: "lif" } },
  "stochastic attention": { kind: "spiking", steps: 2 },
};

const run = (experiment: Experiment<ImageClassificationSpec>, options = {}) =>
  train(openExperiment(experiment, images), { executor: inlineExecutor(jobs), ...options });

/** Fewer steps than the learning needs. */
const short = (training: object = {}, task: object = {}) => {
  const experiment = tinyImageExperiment(MODELS["stochastic attention"], { crop: 1, flip: true, ...task });
  const stages = [{ ...experiment.training.stages[0], steps: 6 }];
  return { ...experiment, training: { ...experiment.training, validateEvery: 3, stages, ...training } };
};

describe("training on images", () => {
  for (const [name, model] of Object.entries(MODELS)) {
    test.each(["mean", "class-token"])(`teaches ${name} which half is bright, read out by %s`, async (readOut) => {
      const experiment = tinyImageExperiment(model, { readOut });
      // A class token sees the patches only through attention and learns more slowly.
      const stages = [{ ...experiment.training.stages[0], steps: readOut === "mean" ? 200 : 500 }];
      const { state } = await run({ ...experiment, training: { ...experiment.training, stages } });
      // Guessing gives an error rate of 75 %.
      expect(state.best!.errorRate).toBeLessThan(0.4);
      expect(state.best!.bitErrorRate).toBeUndefined();
    });
  }

  test.each(Object.entries(MODELS))("teaches %s behind a stem that reads single pixels", async (_, model) => {
    const stem = { layers: [{ channels: 16, pool: 2 }] };
    const experiment = tinyImageExperiment({ ...model, stem }, { patch: 1 });
    const { state, network } = await run(experiment);
    expect(network.geometry).toMatchObject({
      tokens: 4,
      inputs: model.kind === "ann" ? 1 : 3,
      grid: { rows: 4, columns: 4 },
    });
    expect(state.best!.errorRate).toBeLessThan(0.4);
  });

  test("also trains with the loss at each step", async () => {
    const experiment = tinyImageExperiment(MODELS["LIF attention"], { readOut: "mean" });
    const { state } = await run({ ...experiment, training: { ...experiment.training, stepLoss: 1 } });
    expect(state.best!.errorRate).toBeLessThan(0.4);
  });

  test("resumes from a saved state to the same network, across epochs", async () => {
    // 4 batches are an epoch.
    const experiment = short();
    let saved: TrainingState | undefined;
    const afterStep = async (snapshot: () => Promise<TrainingState>) => {
      const state = await snapshot();
      if (state.step === 3) saved = decodeState(encodeState(state, experiment), experiment);
    };
    const whole = await run(experiment, { afterStep });
    expect(saved!.best).toMatchObject({ step: 3, errorRate: expect.any(Number) });
    const rest = await run(experiment, { state: saved });
    expect(rest.network.parameters).toEqual(whole.network.parameters);
  });

  test("gives another network with label smoothing, with a teacher, and with the loss at each step of either", async () => {
    const teacher = (await run(tinyImageExperiment(MODELS["softmax attention"]))).network;
    const ends = [
      await run(short()),
      await run(short({ labelSmoothing: 0.2 })),
      await run(short({ labels: "teacher" }), { teacher }),
      await run(short({ stepLoss: 1 })),
      await run(short({ stepLoss: 1, labelSmoothing: 0.2 })),
      await run(short({ stepLoss: 1, labels: "teacher" }), { teacher }),
    ].map(({ network }) => network.parameters["head.weight"].data.join());
    expect(new Set(ends).size).toBe(6);
  });

  test("uses all validation images when there are fewer than requested", async () => {
    const all = await run(short({ validationPrompts: 40 }));
    const more = await run(short({ validationPrompts: 1000 }));
    expect(more.state.best!.loss).toBe(all.state.best!.loss);
  });

  test("of classes with one image each reports that none is left for validation", async () => {
    const { train: all } = images;
    const firsts = images.train.classes.map((_, label) => all.labels.indexOf(label)).filter((i) => i >= 0);
    const single = withValidation("one each", pickImages(all, firsts), images.test);
    await expect(train(openExperiment(short(), single), { executor: inlineExecutor(jobs) })).rejects.toMatchObject({
      path: "task.data",
      message: expect.stringContaining("none for validation"),
    });
  });

  test("asks for images when none are given", async () => {
    await expect(train(short(), { executor: inlineExecutor(jobs) })).rejects.toMatchObject({
      tag: "spec",
      path: "task.data",
    });
  });
});
