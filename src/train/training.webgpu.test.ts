import { describe, expect } from "vitest";
import { gpu, testOnGpu } from "../../test/support/gpu.ts";
import { recorded } from "../../test/support/recorded-training.ts";
import { tinyDocument } from "../../test/support/tiny-training.ts";
import type { ExperimentDocument } from "../experiment/experiment.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { gpuBackend } from "./gpu-training.ts";
import { decodeState, encodeState } from "./state.ts";

const STEPS = 20;

const KINDS = {
  ANN: { kind: "ann", position: "learned" },
  spiking: { kind: "spiking", width: 16, attention: { kind: "stochastic" } },
} as const satisfies Readonly<Record<string, ExperimentDocument["model"]>>;

/** A small network on a link with two transmitters and two receivers, 16 classes. */
function experimentOf(kind: keyof typeof KINDS, training: ExperimentDocument["training"] = {}) {
  const document = tinyDocument({
    model: KINDS[kind],
    training: {
      ...{ batch: 16, shards: 2, validateEvery: STEPS / 2, validationPrompts: 16, labels: "posterior" },
      stages: [{ steps: STEPS, warmup: 2, learningRate: 0.01 }],
      ...training,
    },
  });
  return parseExperiment({
    ...document,
    task: { transmitAntennas: 2, receiveAntennas: 2, modulation: "qpsk", pilots: 4 },
  });
}

const backend = () => gpuBackend(gpu);

const LOSSES = {
  // Sums of some hundred terms in another order, and fused: relative errors near 1e-7 a step, which AdamW's first steps enlarge.
  ANN: 1e-6,
  spiking: 0.1,
};

describe.each(["ANN", "spiking"] as const)("training a network of the kind %s on a 2x2 link", (kind) => {
  testOnGpu("keeps to the losses of WebAssembly, and repeats itself bit for bit", async () => {
    const experiment = experimentOf(kind);
    const cpu = await recorded(experiment);
    const [one, again] = [
      await recorded(experiment, { backend: backend() }),
      await recorded(experiment, { backend: backend() }),
    ];
    const losses = ({ events }: typeof one) => events.map(({ loss }) => loss);
    const differences = losses(one).map((loss, i) => Math.abs(loss - losses(cpu)[i]));
    expect(Math.max(...differences)).toBeLessThan(LOSSES[kind]);
    expect(encodeState(again.state, experiment)).toEqual(encodeState(one.state, experiment));
    // A network that learns nothing would also agree.
    expect(losses(one).at(-1)).toBeLessThan(losses(one)[0]);
    const { state } = one.states[6];
    const rest = await recorded(experiment, {
      backend: backend(),
      state: decodeState(encodeState(state, experiment), experiment),
    });
    expect(encodeState(rest.state, experiment)).toEqual(encodeState(one.state, experiment));
  });
});
