// @module-tag slow

import { describe, expect, test } from "vitest";
import { recorded } from "../../test/support/recorded-training.ts";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { SpecError } from "../errors.ts";
import { jobs } from "../evaluation/jobs.ts";
import { depthOf, requireTransformer } from "../experiment/model.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { inlineExecutor } from "../threads/executor.ts";
import { deepen } from "./initial.ts";
import { decodeState, encodeState } from "./state.ts";
import { train } from "./train.ts";

const FEW = [
  { name: "one block", steps: 3, warmup: 1, depth: 1 },
  { name: "one block, noisy", steps: 2, warmup: 0, depth: 1, noise: { weights: 0.05 } },
];
const ALL = [
  { name: "two blocks", steps: 2, warmup: 0, depth: 2, optimiser: "muon" as const },
  { name: "three blocks", steps: 3, warmup: 0, noise: { hardware: true } },
];
const growing = tinyExperiment({ model: { kind: "spiking", depth: 3 }, training: { stages: [...FEW, ...ALL] } });

describe("a network that grows during training", () => {
  test("trains with fewer blocks, then continues from the deepened network", async () => {
    const { network, finished, states, events } = await recorded(growing);
    expect([finished, depthOf(network.model)]).toEqual([true, 3]);
    expect(events.map(({ step, stage }) => `${step} ${stage}`)).toEqual([
      ...["1 one block", "2 one block", "3 one block", "4 one block, noisy", "5 one block, noisy"],
      ...["6 two blocks", "7 two blocks", "8 three blocks", "9 three blocks", "10 three blocks"],
    ]);
    const alone = tinyExperiment({ model: { kind: "spiking", depth: 1 }, training: { stages: FEW } });
    const before = await recorded(alone);
    const ofFew = states.filter(({ state }) => state.stage < 2).map(({ state }) => state);
    expect(ofFew).toEqual(before.states.filter(({ state }) => state.stage < 2).map(({ state }) => state));
    // The first two-block state is the one-block network with its block repeated.
    const first = states.find(({ state }) => state.stage === 2)!;
    expect(first).toMatchObject({ stageEnded: true, state: { step: 5, stageStart: 5, best: null, sinceBest: 0 } });
    const { parameters } = deepen(before.network, { ...requireTransformer(growing.model, "A test"), depth: 2 });
    expect(first.state.parameters).toEqual(parameters);
    for (const moments of [first.state.first, first.state.second]) {
      expect(Object.keys(moments).some((name) => name.startsWith("blocks.1."))).toBe(true);
      for (const { data } of Object.values(moments)) expect(data.every((value) => value === 0)).toBe(true);
    }
    // The new blocks have learned something.
    for (const block of [1, 2]) {
      expect(network.parameters[`blocks.${block}.down.gain`].data.some((gain) => gain !== 0)).toBe(true);
    }
  });

  test("resumes from any state as if it had never stopped", async () => {
    const { network, states } = await recorded(growing);
    expect(states).toHaveLength(10);
    for (const { state } of states) {
      const fromFile = decodeState(encodeState(state, growing), growing);
      const again = await train(growing, { executor: inlineExecutor(jobs), state: fromFile });
      expect(again.network, `from step ${state.step}`).toEqual(network);
    }
  });

  test("stops where asked, with its current number of blocks", async () => {
    const stop = new AbortController();
    const stopped = await train(growing, {
      executor: inlineExecutor(jobs),
      signal: stop.signal,
      onStep: ({ step }) => step === 4 && stop.abort(),
    });
    expect([stopped.finished, stopped.state.step, depthOf(stopped.network.model)]).toEqual([false, 4, 1]);
    const { network } = await train(growing, { executor: inlineExecutor(jobs), state: stopped.state });
    expect(network).toEqual((await recorded(growing)).network);
  });

  test("may be an ANN, and may start from an existing network", async () => {
    const stages = [
      { steps: 2, warmup: 0, depth: 2 },
      { steps: 2, warmup: 0 },
    ];
    const experiment = tinyExperiment({ model: { kind: "ann", depth: 4 }, training: { stages } });
    const one = tinyExperiment({ model: { kind: "ann", depth: 1 }, training: { stages: [{ steps: 1, warmup: 0 }] } });
    const { network: initial } = await train(one, { executor: inlineExecutor(jobs) });
    const notes: string[] = [];
    const { network } = await train(experiment, {
      executor: inlineExecutor(jobs),
      initial,
      onNote: (note) => notes.push(note),
    });
    expect(notes).toEqual([expect.stringContaining("has 1 of 2 blocks")]);
    expect(depthOf(network.model)).toBe(4);
    expect(network.geometry).toEqual(networkGeometry(experiment, createTask(experiment)));
  });
});

/** New blocks end with gains of zero; noise that is scaled back by the BatchNorm fold must not be divided by them. */
test.each(
  [{ weights: 0.05 }, { devices: {} }, { hardware: true }].flatMap((noise) =>
    (["column", "crossbar"] as const).map((scaling) => ({ noise, scaling })),
  ),
)("a new block learns under noise from its first step: %j", async ({ noise, scaling }) => {
  const stages = [
    { steps: 1, warmup: 0, depth: 1 },
    { steps: 2, warmup: 0, noise },
  ];
  const experiment = tinyExperiment({
    model: { kind: "spiking", depth: 2 },
    training: { stages },
    hardware: { crossbar: { scaling } },
  });
  const { network } = await train(experiment, { executor: inlineExecutor(jobs) });
  for (const [name, { data }] of Object.entries(network.parameters)) {
    expect(data.every(Number.isFinite), name).toBe(true);
  }
  expect(network.parameters["blocks.1.down.gain"].data.some((gain) => gain !== 0)).toBe(true);
});

test.each([
  [{}, [{ depth: 4 }, {}], 0, "has 4 blocks, the model 3."],
  [{}, [{ depth: 2 }, { depth: 1 }, {}], 1, "has 1 block, the one before 2, but a network cannot lose blocks"],
  [{}, [{}, { depth: 2 }, {}], 1, "the one before 3, but a network cannot lose blocks"],
  [{}, [{ depth: 2 }], 0, "is the last, but the model has 3"],
  [{ residual: "none" }, [{ depth: 2 }, {}], 0, "would change the stream"],
  [{ outputProjection: false }, [{ depth: 2 }, {}], 0, "would change the stream"],
] as const)("blocks that a network cannot have are refused: %j %j", async (model, stages, at, message) => {
  const training = { stages: stages.map((stage) => ({ steps: 2, warmup: 0, ...stage })) };
  const experiment = tinyExperiment({ model: { kind: "spiking", depth: 3, ...model }, training });
  const refused = train(experiment, { executor: inlineExecutor(jobs) });
  await expect(refused).rejects.toThrow(SpecError);
  await expect(refused).rejects.toMatchObject({ path: `training.stages[${at}].depth` });
  await expect(refused).rejects.toThrow(message);
});

test("a stage may name the model's own number of blocks, with and without a shortcut around a block", async () => {
  const stages = [
    { steps: 1, warmup: 0, depth: 2 },
    { steps: 1, warmup: 0 },
  ];
  const experiment = tinyExperiment({ model: { kind: "spiking", depth: 2, residual: "none" }, training: { stages } });
  const { finished } = await train(experiment, { executor: inlineExecutor(jobs) });
  expect(finished).toBe(true);
});
