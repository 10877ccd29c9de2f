import { describe, expect } from "vitest";
import { gpu, testOnGpu } from "../../test/support/gpu.ts";
import { NIGHTLY } from "../../test/support/nightly.ts";
import { recorded } from "../../test/support/recorded-training.ts";
import { rejection } from "../../test/support/rejection.ts";
import { tinyImageExperiment, tinyImages } from "../../test/support/tiny-images.ts";
import { everyFeature, tinyDocument } from "../../test/support/tiny-training.ts";
import type { ExperimentDocument } from "../experiment/experiment.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { openNodeGpu } from "../node/webgpu.ts";
import { type Openable, openExperiment } from "../task/open.ts";
import { gpuBackend } from "./gpu-training.ts";
import { decodeState, encodeState } from "./state.ts";
import type { TrainOptions } from "./train.ts";

const STEPS = 20;

const KINDS = {
  ANN: { kind: "ann", position: "learned" },
  spiking: { kind: "spiking", width: 16, attention: { kind: "stochastic" } },
} as const satisfies Readonly<Record<string, ExperimentDocument["model"]>>;

/** A small network on a link with two transmitters and two receivers: 16 classes. */
const experimentOf = (kind: keyof typeof KINDS, seed = 1) =>
  parseExperiment({
    ...tinyDocument({
      seed,
      model: KINDS[kind],
      training: {
        ...{ batch: 16, shards: 2, validateEvery: STEPS / 2, validationPrompts: 16, labels: "posterior" },
        stages: [{ steps: STEPS, warmup: 2, learningRate: 0.01 }],
      },
    }),
    task: { transmitAntennas: 2, receiveAntennas: 2, modulation: "qpsk", pilots: 4 },
  });

const onGpu = async (): Promise<Pick<TrainOptions, "backend">> => ({ backend: await gpuBackend(gpu) });
const losses = ({ events }: Awaited<ReturnType<typeof recorded>>) => events.map(({ loss }) => loss);
const meanDifference = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, loss, i) => sum + Math.abs(loss - b[i]), 0) / a.length;

async function expectLosses(subject: Openable): Promise<void> {
  const [cpu, one] = [await recorded(subject), await recorded(subject, await onGpu())];
  const worst = Math.max(...losses(one).map((loss, i) => Math.abs(loss - losses(cpu)[i])));
  // Losses of order 1, of which sums in another order change 1e-7, and which four steps enlarge; no spike comes or goes.
  expect(worst).toBeLessThan(1e-6);
}

describe.each(["ANN", "spiking"] as const)("training a network of the kind %s on a 2x2 link", (kind) => {
  testOnGpu("keeps to WebAssembly's losses, repeats itself, and resumes, bit for bit", async () => {
    const experiment = experimentOf(kind);
    const [cpu, otherSeed] = [await recorded(experiment), await recorded(experimentOf(kind, 2))];
    const [one, again] = [await recorded(experiment, await onGpu()), await recorded(experiment, await onGpu())];
    // Sums in another order differ by 1e-7 of themselves. A spike that this adds or removes costs far more, but not what another seed does.
    expect(meanDifference(losses(one), losses(cpu))).toBeLessThan(meanDifference(losses(otherSeed), losses(cpu)) / 10);
    const bytes = encodeState(one.state, experiment);
    expect(encodeState(again.state, experiment)).toEqual(bytes);
    const state = decodeState(encodeState(one.states[STEPS / 2 + 1].state, experiment), experiment);
    expect(encodeState((await recorded(experiment, { ...(await onGpu()), state })).state, experiment)).toEqual(bytes);
    // Networks that learn nothing would also agree.
    expect(losses(one).at(-1)).toBeLessThan(losses(one)[0]);
  });
});

/** Four steps of a stage. */
const four = (stage: object) => ({ stages: [{ steps: 4, warmup: 1, ...stage }] });
const muon = { optimiser: "muon", clipWeights: 2 } as const;
const devices = { devices: { youngest: 1, oldest: 1000 }, dropConnect: 0.05, outputs: 0.05 };

describe("training on a GPU has WebAssembly's losses", () => {
  for (const [what, document] of Object.entries({
    "with weight noise, a loss at each step and a penalty on rates": everyFeature,
    "with Muon, and clipped weights": { model: { kind: "spiking" }, training: four(muon) },
    "with learned leaks and noise of devices": {
      model: { kind: "spiking", neuron: { kind: "plif" } },
      training: four({ noise: devices }),
      hardware: { crossbar: { stuck: { atZero: 0.05, atMaximum: 0.01 } } },
    },
    "with the noise of the hardware": {
      model: { kind: "spiking" },
      training: four({ noise: { hardware: true } }),
    },
    "with few bits": { model: { kind: "ann", quantization: { weights: 4, activations: 4 } } },
  } satisfies Readonly<Record<string, ExperimentDocument>>)) {
    testOnGpu(what, () => expectLosses(parseExperiment(tinyDocument(document))));
  }

  for (const kind of ["ann", "spiking"]) {
    testOnGpu(`with a stem, of the kind ${kind}`, () => {
      const model = { kind, stem: { layers: [{ channels: 8, pool: 2 }], embedding: { kernel: 3 } } };
      const experiment = tinyImageExperiment(model, { patch: 1 });
      const training = { ...experiment.training, ...parseExperiment(tinyDocument({ training: four({}) })).training };
      return expectLosses(openExperiment({ ...experiment, training }, tinyImages));
    });
  }
});

testOnGpu("what does not fit is refused before it starts, and a lost GPU says so", async () => {
  const experiment = experimentOf("ANN");
  const small = { ...(await gpuBackend(gpu)), largestMemory: 2 ** 16 };
  expect(await rejection(recorded(experiment, { backend: small }))).toMatchObject({ path: "training.shards" });
  const own = await openNodeGpu();
  const backend = await gpuBackend(own);
  const afterStep = async () => own.device.destroy();
  const error = await rejection(recorded(experiment, { backend, afterStep }));
  expect(error).toMatchObject({ path: "backend", message: expect.stringContaining("was lost") });
  own.close();
});

/** A third of a plan's memory is all that this GPU binds at a time. */
async function expectSameInBuffers(model: ExperimentDocument["model"]): Promise<void> {
  const experiment = parseExperiment(tinyDocument({ model, training: four({}) }));
  const backend = await gpuBackend(gpu);
  let bytes = 0;
  const create = (asked: number) => {
    bytes = asked;
    return backend.create(asked);
  };
  const one = await recorded(experiment, { backend: { ...backend, create } });
  const several = await gpuBackend({ ...gpu, largestArray: Math.ceil(bytes / 3) });
  const state = encodeState((await recorded(experiment, { backend: several })).state, experiment);
  expect(state).toEqual(encodeState(one.state, experiment));
}

describe("in a memory of several buffers, a training has the bits of one", () => {
  testOnGpu("of the kind ANN", () => expectSameInBuffers(KINDS.ANN));
  // A driver in software compiles these kernels for 25 s.
  testOnGpu("of the kind spiking", () => expectSameInBuffers(KINDS.spiking), NIGHTLY);
});
