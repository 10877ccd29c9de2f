import { describe, expect, test } from "vitest";
import { tinyBits, tinyNetwork } from "../../test/support/tiny-network.ts";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { ShapeError } from "../errors.ts";
import { jobs } from "../evaluation/jobs.ts";
import { annForward } from "../model/ann.ts";
import { foldNetwork } from "../model/fold.ts";
import { initialise, type Network, parameterLayout } from "../model/network.ts";
import { drawBlocks, spikingForward } from "../model/spiking.ts";
import { stream } from "../numeric/stream.ts";
import { annSpec, type SpikingSpec, spikingSpec } from "../spec/model.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { inlineExecutor } from "../threads/executor.ts";
import { deepen } from "./initial.ts";
import { train } from "./train.ts";

const size = { width: 8, heads: 2, depth: 2, expansion: 2, position: "learned" } as const;
const spiking = (settings: Partial<SpikingSpec> = {}) => spikingSpec.parse({ kind: "spiking", ...size, ...settings });
const input = { steps: 3, prompts: 2, values: tinyBits(3, 2, 1) };

/** Layers that spike, in a network whose low threshold gives every layer something to say. */
const neuron = { kind: "lif", beta: 0.5, threshold: 0.25, reset: "hard" } as const;

describe("a network that is given more blocks", () => {
  test.each([
    ["with BatchNorm", tinyNetwork(spiking({ neuron }), 3)],
    ["folded", foldNetwork(tinyNetwork(spiking({ neuron }), 3))],
  ] as const)("spikes as before, and its new blocks on top of that: %s", (_, network) => {
    const deeper = deepen(network, { ...network.model, depth: 5 });
    const layout = parameterLayout(deeper.model, network.geometry);
    expect(Object.keys(deeper.parameters).sort()).toEqual(layout.map(({ name }) => name).sort());
    for (const { name, shape } of layout) expect(deeper.parameters[name].shape).toEqual(shape);

    const draws = drawBlocks(deeper as Network<SpikingSpec>, input, stream(4));
    const before = spikingForward(network, input, { mode: "eval", draws: draws.slice(0, 2) });
    const after = spikingForward(deeper as Network<SpikingSpec>, input, { mode: "eval", draws });
    expect(after.logits).toEqual(before.logits);
    expect(after.trace).toMatchObject(before.trace);
    // A copy of a block is no idle one: it hears the stream, and only its last layers are silent.
    for (const layer of ["input", "qkv", "hidden"]) expect(after.trace[`blocks.4.${layer}`]).toContain(1);
  });

  test("answers as before where it is an ANN", () => {
    const network = tinyNetwork(annSpec.parse({ kind: "ann", ...size }), 3);
    const ofAnn = { prompts: 6, values: input.values };
    const after = annForward(deepen(network, { ...network.model, depth: 3 }) as typeof network, ofAnn);
    expect(after.logits).toEqual(annForward(network, ofAnn).logits);
  });

  test("gets none where a silent block changes the stream", () => {
    for (const settings of [{ residual: "none" }, { outputProjection: false }] as const) {
      const network = tinyNetwork(spiking(), 3);
      expect(deepen(network, { ...spiking(settings), depth: 3 })).toBe(network);
      expect(deepen(network, { ...spiking(), depth: 3 })).not.toBe(network);
    }
  });
});

describe("training that starts from a network of another depth", () => {
  const shallow = tinyExperiment({ model: { kind: "spiking", depth: 1 } });
  const network = initialise(shallow.model, networkGeometry(shallow, createTask(shallow)), stream(1));
  const deep = (optimiser: "adamw" | "muon") =>
    tinyExperiment({
      model: { kind: "spiking", depth: 3 },
      training: { stages: [{ steps: 3, warmup: 0, optimiser }] },
    });

  test.each(["adamw", "muon"] as const)("moves the new blocks by %s", async (optimiser) => {
    const notes: string[] = [];
    const onNote = (note: string) => notes.push(note);
    const { state } = await train(deep(optimiser), { executor: inlineExecutor(jobs), initial: network, onNote });
    expect(notes).toEqual([expect.stringContaining("has 1 of 3 blocks")]);
    for (const block of [1, 2]) {
      for (const layer of ["qkv", "projection", "up", "down"]) {
        const learned = state.parameters[`blocks.${block}.${layer}.weight`].data;
        expect(learned.every(Number.isFinite), `${layer} is finite`).toBe(true);
        expect(learned, `${layer} of block ${block}`).not.toEqual(network.parameters[`blocks.0.${layer}.weight`].data);
      }
      expect(state.parameters[`blocks.${block}.down.gain`].data.some((gain) => gain !== 0)).toBe(true);
    }
  });

  test("refuses a deeper one", async () => {
    const { network: deeper } = await train(deep("adamw"), { executor: inlineExecutor(jobs) });
    const refused = train(shallow, { executor: inlineExecutor(jobs), initial: deeper });
    await expect(refused).rejects.toThrow(ShapeError);
    await expect(refused).rejects.toThrow(/has 3 blocks, the experiment's model 1\./);
  });
});
