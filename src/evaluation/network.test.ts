/** What a spiking network's evaluation reports besides its answers: results for fewer time steps, and its spikes. */
import { describe, expect, test } from "vitest";
import { parseExperiment } from "../experiment/parse.ts";
import { foldNetwork } from "../model/fold.ts";
import { drawBlocks, networkForward, spikeInput } from "../model/forward.ts";
import { initialise } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { density } from "../spike/train.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { inlineExecutor } from "../threads/executor.ts";
import { jobs } from "./jobs.ts";
import { evaluateNetwork } from "./network.ts";

const executor = inlineExecutor(jobs);
const PROMPTS = 20;

function networkOf(model: object) {
  const experiment = parseExperiment({
    seed: 9,
    task: { transmitAntennas: 1, receiveAntennas: 1, pilots: 3 },
    model: { width: 16, heads: 2, depth: 2, expansion: 2, steps: 5, neuron: { threshold: 0.4 }, ...model },
  });
  if (experiment.model.kind !== "spiking") throw new Error("the model is spiking");
  const geometry = networkGeometry(experiment, createTask(experiment));
  return { experiment, network: initialise(experiment.model, geometry, stream(3)) };
}

test.each(["lif", "stochastic"] as const)(
  "one run with %s attention answers for every shorter one, in any slices",
  async (neuron) => {
    const { experiment, network } = networkOf({ attention: { neuron } });
    const { spiking, errors } = await evaluateNetwork(executor, experiment, network, { prompts: PROMPTS, slice: 7 });
    expect(spiking!.bySteps).toHaveLength(5);
    expect(spiking!.bySteps[4]).toEqual(errors);
    for (let steps = 1; steps <= 5; steps++) {
      const model = { ...network.model, steps };
      const shorter = await evaluateNetwork(
        executor,
        { ...experiment, model },
        { ...network, model },
        { prompts: PROMPTS },
      );
      expect(spiking!.bySteps[steps - 1], `T = ${steps}`).toEqual(shorter.errors);
    }
    expect(new Set(spiking!.bySteps.map(({ bits }) => bits.rate)).size).toBeGreaterThan(1);
  },
);

describe("densities", () => {
  test("are those of the reference's spike trains", async () => {
    const { experiment, network } = networkOf({ attention: { kind: "lif" } });
    const { spiking } = await evaluateNetwork(executor, experiment, network, { prompts: PROMPTS, slice: 7 });
    const { spikes } = createTask(experiment).draw(PROMPTS, stream(experiment.seed).fork("evaluation"));
    const input = spikeInput(spikes!, network.geometry.tokens);
    const draws = drawBlocks(network, input, stream(1));
    const { trace } = networkForward(foldNetwork(network), input, { mode: "eval", draws });
    expect(spiking!.densities.input).toBeCloseTo(density(spikes!), 12);
    const { input: _, ...layers } = spiking!.densities;
    const trains = Object.keys(trace).filter((name) => !name.endsWith(".scores"));
    expect(Object.keys(layers).toSorted()).toEqual(trains.toSorted());
    for (const [name, share] of Object.entries(layers)) {
      const ones = trace[name].reduce((sum, bit) => sum + bit, 0);
      expect(share, name).toBe(ones / trace[name].length);
      expect(share, name).toBeGreaterThan(0);
    }
  });

  test("a network with real-valued inputs has none", async () => {
    const { experiment, network } = networkOf({});
    const repeated = { ...experiment, task: { ...experiment.task, coding: "repeat" as const } };
    const geometry = networkGeometry(repeated, createTask(repeated));
    const taking = initialise(network.model, geometry, stream(3));
    expect((await evaluateNetwork(executor, repeated, taking, { prompts: 3 })).spiking).toBeNull();
  });
});
