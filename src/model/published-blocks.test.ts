// @module-tag slow
/**
 * What published spiking transformers add to ours: overlapping pools, shortcuts around the embedding, sums of spikes, and a mean of the
 * stream.
 */
import { describe, expect, test } from "vitest";
import { expectClose, normals } from "../../test/support/gradient.ts";
import { meanGeometry, tinyBits, tinyNetwork } from "../../test/support/tiny-network.ts";
import { stemmed, tinyGrid } from "../../test/support/tiny-stem.ts";
import { SpecError } from "../errors.ts";
import { type SpikingSpec, transformerSpec } from "../experiment/model.ts";
import { crossEntropyBackward, crossEntropyForward, oneHot } from "./cross-entropy.ts";
import { centralDifferences } from "./finite-difference.ts";
import { networkBackward, networkForward } from "./forward.ts";
import type { Geometry } from "./geometry.ts";
import { maxPoolForward } from "./max-pool.ts";
import { type Network, parameterLayout } from "./network.ts";
import { comparisonsOf, pixels, stemGeometry, stemLayers } from "./stem.ts";

const [steps, prompts] = [3, 2];
const targets = oneHot([2, 0], meanGeometry.classes);
const modelOf = (fields: object) =>
  transformerSpec.parse({ width: 8, heads: 2, depth: 2, expansion: 2, steps, attention: { kind: "lif" }, ...fields });

/** The stem of the Spike-driven Transformer: the last layer pools currents, which go around the embedding. */
const membraneStem = {
  layers: [
    { channels: 8, pool: 2, poolWindow: 3 },
    { channels: 8, pool: 1, poolWindow: 3, poolOf: "currents" },
  ],
  embedding: { shortcut: true },
};
/** That of Spikformer: its last spikes go around the embedding. */
const spikeStem = { layers: [{ channels: 8, pool: 2, poolWindow: 3 }], embedding: { shortcut: true } };
/** That of QKFormer: two layers behind one map. */
const twoTrains = { layers: [{ channels: 8 }], embedding: { trains: 2, stride: 2 } };

function checkGradients(network: Network<SpikingSpec>, values: Float64Array): void {
  const input = { steps, prompts, values };
  const options = { mode: "train", attention: "expected", smooth: true } as const;
  const run = () => {
    const forward = networkForward(network, input, options);
    return { forward, ...crossEntropyForward(forward.logits, targets, meanGeometry.classes) };
  };
  const start = run();
  const gradients = networkBackward(network, crossEntropyBackward(start.cache, meanGeometry.classes), start.forward);
  const learned = parameterLayout(network.model, network.geometry).filter((entry) => entry.learned);
  expect(Object.keys(gradients).sort()).toEqual(learned.map(({ name }) => name).sort());
  for (const { name } of learned) {
    const { data } = network.parameters[name];
    const at = [...new Set(Array.from({ length: 6 }, (_, i) => Math.floor((i * data.length) / 6)))];
    // As in stem.test.ts.
    const numeric = centralDifferences(() => run().loss, data, 2 ** -20, at);
    const pick = (all: Float64Array) => at.map((i) => all[i]);
    expectClose(pick(gradients[name]), pick(numeric), { absolute: 2e-8, relative: 1e-6 }, name);
    expect(Math.max(...pick(gradients[name]).map(Math.abs)), name).toBeGreaterThan(1e-8);
  }
}

const streamMean = (geometry: Geometry): Geometry => ({ ...geometry, readOut: "stream-mean" });

describe("the backward pass is the gradient of the smooth network", () => {
  test.each<[string, object, (geometry: Geometry) => Geometry]>([
    ["sums of spikes", { residual: "spikes" }, (same) => same],
    ["sums of spikes without a projection", { residual: "spikes", outputProjection: false }, (same) => same],
    ["a mean of the stream", {}, streamMean],
  ])("%s", (_, fields, of) => {
    const geometry = of(meanGeometry);
    checkGradients(tinyNetwork(modelOf(fields), 5, geometry), tinyBits(steps, prompts, 1));
  });

  test.each<[string, object, (geometry: Geometry) => Geometry]>([
    ["currents around the embedding", { stem: membraneStem }, streamMean],
    ["spikes around the embedding", { stem: spikeStem, residual: "spikes" }, (same) => same],
    ["two trains of the embedding", { stem: twoTrains, residual: "spikes" }, (same) => same],
  ])("%s", (_, fields, of) => {
    const model = modelOf(fields);
    const geometry = of(stemmed(model.stem!));
    const values = normals(steps * prompts * pixels(tinyGrid) * geometry.inputs, 4);
    checkGradients(tinyNetwork(model, 5, geometry), values);
  });
});

describe("with the residual `spikes`", () => {
  const network = tinyNetwork(modelOf({ residual: "spikes", neuron: { threshold: 0.25 } }), 5, meanGeometry);
  const input = { steps, prompts, values: tinyBits(steps, prompts, 1) };
  const { trace, rates } = networkForward(network, input, { mode: "eval" });

  test("layers read the sums of all spikes before them", () => {
    const sum = (...names: string[]) =>
      trace[names[0]].map((_, i) => names.reduce((all, name) => all + trace[name][i], 0));
    const first = ["embed", "blocks.0.projection"];
    const second = [...first, "blocks.0.down", "blocks.1.projection"];
    expect(trace["blocks.0.input"]).toEqual(trace.embed);
    expect(trace["blocks.0.middle"]).toEqual(sum(...first));
    expect(trace["blocks.1.input"]).toEqual(sum(...first, "blocks.0.down"));
    expect(trace.output).toEqual(sum(...second, "blocks.1.down"));
    expect(Math.max(...trace.output)).toBeGreaterThan(2);
  });

  test("rates are those of neurons, not of sums", () => {
    const outside = Object.keys(trace).filter((name) => !/attention|scores|input|middle|output/.test(name));
    expect(Object.keys(rates)).toEqual(outside);
  });
});

test("overlapping squares are centred on every second pixel, and end at the edges", () => {
  const size = {
    windows: { rows: 3, columns: 4 },
    outputs: 1,
    pool: 2,
    poolWindow: 3,
    pooled: { rows: 2, columns: 2 },
  };
  const map = Float64Array.of(1, 5, 2, 3, 0, 4, 9, 8, 7, 6, 0, 1);
  // Columns 0-1 and 1-3 of rows 0-1 and 1-2.
  expect([...maxPoolForward(map, size, 1).output]).toEqual([5, 9, 7, 9]);
  const two = Float64Array.of(...map, ...map.map((value) => 0 - value));
  expect([...maxPoolForward(two, size, 2).output]).toEqual([5, 9, 7, 9, 0, -2, 0, 0]);
});

test("the comparisons of overlapping squares, counted by hand", () => {
  // Sides 2 and 2 by 2 and 3: squares of 4, 6, 4 and 6 pixels, each with one comparison less.
  const model = modelOf({ stem: { layers: [{ channels: 8, pool: 2, poolWindow: 3 }] } });
  const [layer] = stemLayers(model, stemGeometry(model.stem!, meanGeometry, { rows: 3, columns: 4 }));
  expect(comparisonsOf(layer)).toBe((3 + 5 + 3 + 5) * 8);
});

describe("refuses", () => {
  test.each<[string, object, string]>([
    ["windows that miss pixels", { layers: [{ channels: 8, pool: 4, poolWindow: 3 }] }, "layers[0].poolWindow"],
    ["two trains in a membrane stream", { layers: [], embedding: { trains: 2 } }, "embedding.trains"],
    [
      "a shortcut from another number of channels",
      { layers: [{ channels: 16 }], embedding: { shortcut: true } },
      "embedding.shortcut",
    ],
    ["a shortcut of currents that are not one for each token", { ...spikeStem }, "layers[0].poolOf"],
    [
      "a shortcut past a stride",
      { layers: [{ channels: 8 }], embedding: { shortcut: true, stride: 2 } },
      "embedding.stride",
    ],
  ])("%s", (_, stem, path) => {
    const model = modelOf({ stem });
    const geometry: Geometry = { ...meanGeometry, grid: tinyGrid };
    expect(() => stemLayers(model, geometry)).toThrow(
      expect.toSatisfy((error) => error instanceof SpecError && error.path === `model.stem.${path}`),
    );
  });
});
