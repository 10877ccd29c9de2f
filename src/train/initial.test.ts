import { describe, expect, test } from "vitest";
import { tinyBits, tinyNetwork } from "../../test/support/tiny-network.ts";
import { stemmed } from "../../test/support/tiny-stem.ts";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { ShapeError } from "../errors.ts";
import { jobs } from "../evaluation/jobs.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { annSpec, requireTransformer, stemSpec, type TransformerSpec, transformerSpec } from "../experiment/model.ts";
import { imageClassificationSpec } from "../experiment/task.ts";
import { foldNetwork } from "../model/fold.ts";
import { drawBlocks, networkForward } from "../model/forward.ts";
import { initialise, type Network, parameterLayout } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { lineShares } from "../task/patches.ts";
import { inlineExecutor } from "../threads/executor.ts";
import { deepen, fromAnn } from "./initial.ts";
import { train } from "./train.ts";

const size = { width: 8, heads: 2, depth: 2, expansion: 2, position: "learned" } as const;
const spiking = (settings: Partial<TransformerSpec> = {}) =>
  transformerSpec.parse({ kind: "spiking", ...size, ...settings });
const input = { steps: 3, prompts: 2, values: tinyBits(3, 2, 1) };

/** Layers that spike; a low threshold makes every layer fire. */
const neuron = { kind: "lif", beta: 0.5, threshold: 0.25, reset: "hard" } as const;

describe("a network that gets more blocks", () => {
  test.each([
    ["with BatchNorm", tinyNetwork(spiking({ neuron }), 3)],
    ["folded", foldNetwork(tinyNetwork(spiking({ neuron }), 3))],
  ] as const)("spikes as before, and its new blocks on top of that: %s", (_, network) => {
    const deeper = deepen(network, { ...requireTransformer(network.model, "A test"), depth: 5 });
    const layout = parameterLayout(deeper.model, network.geometry);
    expect(Object.keys(deeper.parameters).sort()).toEqual(layout.map(({ name }) => name).sort());
    for (const { name, shape } of layout) expect(deeper.parameters[name].shape).toEqual(shape);

    const draws = drawBlocks(deeper as Network<TransformerSpec>, input, stream(4));
    const before = networkForward(network, input, { mode: "eval", draws: draws.slice(0, 2) });
    const after = networkForward(deeper as Network<TransformerSpec>, input, { mode: "eval", draws });
    expect(after.logits).toEqual(before.logits);
    expect(after.trace).toMatchObject(before.trace);
    // A copied block is not idle: it reads the stream, and only its last layers are silent.
    for (const layer of ["input", "qkv", "hidden"]) expect(after.trace[`blocks.4.${layer}`]).toContain(1);
  });

  test("gives the same answers as before if it is an ANN", () => {
    const network = tinyNetwork(annSpec.parse({ kind: "ann", ...size }), 3);
    const ofAnn = { prompts: 6, values: input.values };
    const after = networkForward(deepen(network, { ...network.model, depth: 3 }) as typeof network, ofAnn);
    expect(after.logits).toEqual(networkForward(network, ofAnn).logits);
  });

  test("gets none if a silent block changes the stream", () => {
    for (const settings of [{ residual: "none" }, { outputProjection: false }] as const) {
      const network = tinyNetwork(spiking(), 3);
      expect(deepen(network, { ...spiking(settings), depth: 3 })).toBe(network);
      expect(deepen(network, { ...spiking(), depth: 3 })).not.toBe(network);
    }
  });
});

describe("a spiking network that starts from an ANN", () => {
  const stem = stemSpec.parse({ layers: [{ channels: 8, pool: 2 }] });
  const ann = tinyNetwork(annSpec.parse({ kind: "ann", ...size, stem }), 3, stemmed(stem, 2));
  const lines = 4;
  const geometry = stemmed(stem, 2 * lines);
  const started = fromAnn(ann, spiking({ stem, depth: 2 }), {
    geometry,
    lineShares: new Array(lines).fill(1 / lines),
    random: stream(1),
  });

  /** One block, with the experiment's geometry. */
  function annOf(sizes: object, experiment: Experiment) {
    const model = annSpec.parse({ kind: "ann", heads: 2, depth: 1, ...sizes });
    return tinyNetwork(model, 3, networkGeometry({ ...experiment, model }, createTask(experiment)));
  }

  test("takes its weights, and everything else from a fresh network", () => {
    const fresh = initialise(spiking({ stem }), geometry, stream(1)).parameters;
    for (const [name, tensor] of Object.entries(started.parameters)) {
      if (name === "stem.0.weight") continue;
      expect(tensor, name).toEqual((name.endsWith(".weight") ? ann : { parameters: fresh }).parameters[name]);
    }
  });

  test("splits each input weight of the ANN over the lines of a thermometer", () => {
    const heights = [3, 1, 0, 4, 2, 2, 1, 0, 4, 3, 0, 1, 2, 4, 3, 3, 0, 2];
    const bits = heights.flatMap((height) => Array.from({ length: lines }, (_, line) => (line < height ? 1 : 0)));
    const { data } = started.parameters["stem.0.weight"];
    const own = ann.parameters["stem.0.weight"].data;
    for (let column = 0; column < 8; column++) {
      const read = (weights: Float32Array, inputs: number[]) =>
        inputs.reduce((sum, x, row) => sum + x * weights[row * 8 + column], 0);
      // Single-precision quarters are exact; the sums are taken in double precision.
      expect(read(data, bits)).toBeCloseTo(read(own, heights) / lines, 12);
    }
  });

  test("takes all weights if it reads the same inputs as the ANN", () => {
    const same = fromAnn(ann, spiking({ stem }), { geometry: ann.geometry, random: stream(1) });
    expect(same.parameters["stem.0.weight"]).toEqual(ann.parameters["stem.0.weight"]);
  });

  test("gives each line of a remainder the part of a threshold that it represents", () => {
    const spec = imageClassificationSpec.parse({
      kind: "image-classification",
      data: "cifar-10",
      coding: "thermometer",
      thresholds: 2,
      remainderBits: 2,
    });
    const shares = lineShares(spec);
    expect(shares).toEqual([1, 1, 0.5, 0.25].map((worth) => worth / 2.75));
    const { data } = fromAnn(ann, spiking({ stem }), { geometry, lineShares: shares, random: stream(1) }).parameters[
      "stem.0.weight"
    ];
    const own = ann.parameters["stem.0.weight"].data;
    const weights = Float32Array.from(
      data,
      (_, i) => own[Math.floor(i / 8 / lines) * 8 + (i % 8)] * shares[Math.floor(i / 8) % lines],
    );
    expect(data).toEqual(weights);
  });

  test("is refused if no BatchNorm removes the scale of its currents, or if sizes differ", async () => {
    expect(() => fromAnn(ann, spiking({ stem, normalisation: "none" }), { geometry, random: stream(1) })).toThrow(
      /Set model.normalisation to `batch`/,
    );
    const experiment = tinyExperiment({ model: { kind: "spiking", width: 16 }, training: { stages: [{ steps: 1 }] } });
    const narrow = annOf({ width: 8 }, experiment);
    const refused = train(experiment, { executor: inlineExecutor(jobs), initial: narrow });
    await expect(refused).rejects.toThrow(/the initial network has shape/);
  });

  test("trains, and reports where it came from", async () => {
    const experiment = tinyExperiment({ model: { kind: "spiking", depth: 2 }, training: { stages: [{ steps: 1 }] } });
    const { width, heads, expansion } = requireTransformer(experiment.model, "A test");
    const shallow = annOf({ width, heads, expansion }, experiment);
    const notes: string[] = [];
    const onNote = (note: string) => notes.push(note);
    await train(experiment, { executor: inlineExecutor(jobs), initial: shallow, onNote });
    expect(notes).toEqual([expect.stringContaining("is an ANN"), expect.stringContaining("has 1 of 2 blocks")]);
  });
});

describe("training that starts from a network with another depth", () => {
  const shallow = tinyExperiment({ model: { kind: "spiking", depth: 1 } });
  const network = initialise(shallow.model, networkGeometry(shallow, createTask(shallow)), stream(1));
  const deep = (optimiser: "adamw" | "muon") =>
    tinyExperiment({
      model: { kind: "spiking", depth: 3 },
      training: { stages: [{ steps: 3, warmup: 0, optimiser }] },
    });

  test.each(["adamw", "muon"] as const)("updates the new blocks with %s", async (optimiser) => {
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
    await expect(refused).rejects.toThrow(/has 3 blocks, but the experiment's model has 1\./);
  });
});
