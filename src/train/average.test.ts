import { describe, expect, test } from "vitest";
import { recorded } from "../../test/support/recorded-training.ts";
import { rejection } from "../../test/support/rejection.ts";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { SpecError } from "../errors.ts";
import { initialise } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { decodeState, encodeState } from "./state.ts";

const stages = [
  { steps: 3, warmup: 0, learningRate: 0.02 },
  { steps: 2, warmup: 0, learningRate: 0.02, noise: { weights: 0.05 } },
];
const experimentOf = (training: object) => tinyExperiment({ training: { stages, ...training } });
const experiment = experimentOf({ initialShare: 0.25 });
const initial = initialise(experiment.model, networkGeometry(experiment, createTask(experiment)), stream(11));

describe("averaging the trained network with a share of the initial one", () => {
  test("does not change the training, and averages every parameter it ends with", async () => {
    const without = await recorded(experimentOf({}), { initial });
    const { network, events, state } = await recorded(experiment, { initial });
    expect(events).toEqual(without.events);
    for (const [name, { shape, data }] of Object.entries(without.network.parameters)) {
      const before = initial.parameters[name].data;
      const mean = Float32Array.from(data, (value, i) => 0.25 * before[i] + 0.75 * value);
      expect(network.parameters[name]).toEqual({ shape, data: mean });
    }
    expect(network.parameters).not.toEqual(without.network.parameters);
    expect([state.parameters, state.best!.parameters]).toEqual([network.parameters, network.parameters]);
  });

  test("is validated and reported once", async () => {
    // Without BatchNorm, whose running means would move. The learning rate is so low that no weight moves either, so this
    // validates the initial network.
    const folded = { kind: "spiking", normalisation: "none" } as const;
    const of = (training: object) => tinyExperiment({ model: folded, training: { stages, ...training } });
    const notes: string[] = [];
    const onNote = (note: string) => notes.push(note);
    const { network, events, state } = await recorded(of({ initialShare: 0.25 }), { initial, onNote });
    const still = [{ steps: 1, warmup: 0, learningRate: 1e-30 }];
    const again = await recorded(of({ weightDecay: 0, stages: still }), { initial: network });
    expect(again.network.parameters).toEqual(network.parameters);
    const [before, after] = [events.at(-1)!.validation!, again.events[0].validation!];
    expect(state.best).toMatchObject({ step: 5, loss: after.loss, bitErrorRate: after.bitErrorRate });
    expect(notes).toEqual([
      `Averaged with the initial network: validation loss ${before.loss.toPrecision(4)} to ${after.loss.toPrecision(4)}, ` +
        `BER ${before.bitErrorRate!.toPrecision(4)} to ${after.bitErrorRate!.toPrecision(4)}.`,
    ]);
  });

  test("happens once, wherever training was interrupted", async () => {
    const whole = await recorded(experiment, { initial });
    for (const { state } of whole.states) {
      const saved = decodeState(encodeState(state, experiment), experiment);
      const rest = await recorded(experiment, { initial, state: saved });
      expect(rest.network).toEqual(whole.network);
      expect(rest.state).toEqual(whole.state);
    }
  });

  test("needs an initial network", async () => {
    const error = await rejection(recorded(experiment));
    expect(error).toBeInstanceOf(SpecError);
    expect(error).toMatchObject({ path: "training.initialShare" });
    expect((error as Error).message).toMatch(/0\.25, but there is no initial network\. Set training\.initial/);
  });
});
