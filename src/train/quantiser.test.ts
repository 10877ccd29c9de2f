// @module-tag slow
/** Training an ANN for few bits: from a network in floating point, with any number of threads, interrupted anywhere. */
import { describe, expect, test } from "vitest";
import { recorded } from "../../test/support/recorded-training.ts";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { jobs } from "../evaluation/jobs.ts";
import { evaluateNetwork } from "../evaluation/network.ts";
import type { AnnSpec, QuantizationSpec } from "../experiment/model.ts";
import { crossEntropyForward, oneHot } from "../model/cross-entropy.ts";
import { networkForward } from "../model/forward.ts";
import type { Network } from "../model/network.ts";
import { passParameters } from "../model/quantization.ts";
import { stream } from "../numeric/stream.ts";
import { createTask } from "../task/create.ts";
import { inlineExecutor, type JobRegistry } from "../threads/executor.ts";
import { type ShardPiece, type ThreadSetup, trainShard } from "./shard.ts";
import { startingSteps } from "./starting-steps.ts";
import { decodeState, encodeState } from "./state.ts";
import { train } from "./train.ts";

const WIDTHS: readonly QuantizationSpec[] = [
  { weights: 8, activations: 8 },
  { weights: 4, activations: 4 },
  { weights: 2, activations: 2 },
  { weights: "ternary", activations: "ternary" },
  { weights: "binary", activations: "binary" },
];
const model = { kind: "ann", width: 16 } as const;
const exact = tinyExperiment({ model, training: { stages: [{ steps: 60, warmup: 5, learningRate: 0.01 }] } });
const fewBits = (quantization: QuantizationSpec, training: object = {}) =>
  tinyExperiment({
    model,
    training: {
      ...{ batch: 8, shards: 2, labels: "symbols", validateEvery: 100, quantization },
      stages: [{ steps: 100, warmup: 5, learningRate: 0.02 }],
      ...training,
    },
  });

describe("training for few bits", () => {
  // Chance is ln 2 = 0.69 nats a symbol. The batch of 8 prompts with 3 symbols each is repeated.
  test.each(WIDTHS)("memorises a batch with %o", async (quantization) => {
    const oneBatch: JobRegistry = {
      "train-shard": async (setup, thread) => {
        const run = await trainShard(setup as ThreadSetup, thread);
        return (piece, alive) => run(Object.assign(piece as ShardPiece, { step: 0 }), alive);
      },
    };
    const { events, network } = await recorded(fewBits(quantization), {}, oneBatch);
    expect(network.model).toMatchObject({ quantization });
    expect(events.at(-1)!.loss).toBeLessThan(events[0].loss / 5);
  });

  test("starts from a network in floating point, whose answers 8 bits keep, and learns steps", async () => {
    const { network: initial } = await recorded(exact);
    const start = fewBits(WIDTHS[0], { stages: [{ steps: 1, warmup: 0, learningRate: 1e-9 }] });
    const { events } = await recorded(start, { initial });
    const same = await recorded(tinyExperiment({ model, training: { ...start.training, quantization: undefined } }), {
      initial,
    });
    expect(Math.abs(events[0].loss - same.events[0].loss)).toBeLessThan(0.02);
    const { network } = await recorded(fewBits(WIDTHS[2]), { initial });
    const values = createTask(start).draw(16, stream(start.seed).fork("starting steps")).values;
    const before = startingSteps(initial as Network<AnnSpec>, network.model as AnnSpec, { prompts: 16, values });
    for (const [name, { data }] of Object.entries(before)) {
      const moved = network.parameters[name].data.some((x, i) => Math.abs(x - data[i]) > 1e-3);
      // The network's own input keeps its step.
      expect(moved || name.endsWith("Shift"), name).toBe(!name.startsWith("embed.inputLog"));
    }
  });

  test("goes on from other bits with new steps, and from the same bits with its own", async () => {
    const { network: initial } = await recorded(fewBits(WIDTHS[1], { stages: [{ steps: 20, learningRate: 0.02 }] }));
    const still = { stages: [{ steps: 1, warmup: 0, learningRate: 1e-9 }] };
    const [same, other] = await Promise.all(
      [WIDTHS[1], WIDTHS[4]].map(
        async (bits) => (await recorded(fewBits(bits, still), { initial })).network.parameters,
      ),
    );
    for (const [name, { data }] of Object.entries(initial.parameters)) {
      for (let i = 0; i < data.length; i++) expect(Math.abs(same[name].data[i] - data[i]), name).toBeLessThan(1e-8);
    }
    expect(other["blocks.0.up.weightLogStep"]).toBeUndefined();
    const step = "blocks.0.up.inputLogStep";
    expect(Math.abs(other[step].data[0] - initial.parameters[step].data[0])).toBeGreaterThan(0.1);
  });

  test("resumes to the same bits after any step, by either optimiser", async () => {
    for (const optimiser of ["adamw", "muon"] as const) {
      const experiment = fewBits(WIDTHS[3], { optimiser, stages: [{ steps: 6, warmup: 1, learningRate: 0.01 }] });
      const whole = await recorded(experiment);
      for (const { state } of whole.states) {
        const read = decodeState(encodeState(state, experiment), experiment);
        const rest = await train(experiment, { executor: inlineExecutor(jobs), state: read });
        expect(rest.network).toEqual(whole.network);
        expect(rest.state).toEqual(whole.state);
      }
    }
  });

  test("learns from a teacher", async () => {
    const { network: teacher } = await recorded(exact);
    const experiment = fewBits(WIDTHS[1], { labels: "teacher" });
    const { events } = await recorded(experiment, { teacher });
    expect(events.at(-1)!.loss).toBeLessThan(0.8 * events[0].loss);
  });
});

test("validation rounds: its loss is that of the reference, from rounded weights", async () => {
  const experiment = fewBits({ weights: "ternary", activations: 4 }, { stages: [{ steps: 3, warmup: 0 }] });
  const { network, events } = await recorded(experiment);
  const { validation } = events.at(-1)!;
  const prompts = experiment.training.validationPrompts;
  const { values, labels } = createTask(experiment).draw(prompts, stream(experiment.seed).fork("validation"));
  const { logits } = networkForward(network as Network<AnnSpec>, { prompts, values });
  const { loss } = crossEntropyForward(logits, oneHot([...labels], 2), 2);
  expect(validation!.loss).toBeCloseTo(loss, 5);
});

test("evaluation rounds: a network with few bits has the error rate of the network with its rounded weights", async () => {
  const experiment = fewBits({ weights: "binary", activations: 8 });
  const { network } = await recorded(experiment);
  const { errors } = await evaluateNetwork(inlineExecutor(jobs), experiment, network, { prompts: 64 });
  const task = createTask(experiment);
  const { values, labels } = task.draw(64, stream(experiment.seed).fork("evaluation"));
  const { logits } = networkForward(network as Network<AnnSpec>, { prompts: 64, values });
  const last = (prompt: number) => 2 * (3 * prompt + 2);
  const wrong = Array.from({ length: 64 }, (_, prompt) => {
    const decision = logits[last(prompt) + 1] > logits[last(prompt)] ? 1 : 0;
    return decision === labels[3 * prompt + 2] ? 0 : 1;
  });
  expect(Array.from(errors.wrong)).toEqual(wrong);
  const seen = passParameters(network)["blocks.0.up.weight"].data;
  expect(seen).not.toEqual(network.parameters["blocks.0.up.weight"].data);
});
