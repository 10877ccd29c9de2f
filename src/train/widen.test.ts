import { describe, expect, test } from "vitest";
import { tinyBits, tinyNetwork } from "../../test/support/tiny-network.ts";
import { stemmed, stridingStem, tinyGrid, tinyStem } from "../../test/support/tiny-stem.ts";
import {
  type AnnSpec,
  annSpec,
  type ModelSpec,
  requireTransformer,
  type SpikingSpec,
  type StemSpec,
  stemOf,
  transformerSpec,
} from "../experiment/model.ts";
import { foldNetwork } from "../model/fold.ts";
import { drawBlocks, networkBackward, networkForward } from "../model/forward.ts";
import { initialise, type Network, parameterLayout } from "../model/network.ts";
import { pixels } from "../model/stem.ts";
import { stream } from "../numeric/stream.ts";
import { fromAnn, initialParameters, startNotes } from "./initial.ts";
import { widen, widenAnn, withLines } from "./widen.ts";

const size = { width: 8, heads: 2, depth: 1, expansion: 2, position: "learned" } as const;
/** Layers that spike; a low threshold makes every layer fire. */
const neuron = { kind: "lif", beta: 0.5, threshold: 0.25, reset: "hard" } as const;
const spiking = (stem: StemSpec): SpikingSpec => transformerSpec.parse({ kind: "spiking", ...size, neuron, stem });
const ann = (stem: StemSpec) => annSpec.parse({ kind: "ann", ...size, stem });
const network = (stem: StemSpec) => tinyNetwork(spiking(stem), 3, stemmed(stem));
const withChannels = (stem: StemSpec, channels: readonly number[]): StemSpec => ({
  ...stem,
  layers: stem.layers.map((layer, i) => ({ ...layer, channels: channels[i] })),
});
const input = { steps: 3, prompts: 2, values: tinyBits(3, 2, 1, pixels(tinyGrid)).filter((_, i) => i % 6 < 2) };
/** Normal draws of one seed. */
const noise = (seed: number) => {
  const draws = stream(seed);
  return () => draws.normal();
};
const run = (of: Network<SpikingSpec>) =>
  networkForward(of, input, { mode: "eval", draws: drawBlocks(of, input, stream(4)) });

describe("a network that gets more lines per value", () => {
  test.each([
    ["of a stem", network(tinyStem)],
    ["of a token", tinyNetwork(transformerSpec.parse({ kind: "spiking", ...size, neuron }), 3)],
  ])("answers as before, whatever the others are: %s", (_, narrow) => {
    const tokens = narrow.geometry.grid ? pixels(tinyGrid) : narrow.geometry.tokens;
    const values = narrow.geometry.inputs / 2;
    const bits = tinyBits(3, 2, 1, tokens).subarray(0, 3 * 2 * tokens * values * 2);
    const others = tinyBits(9, 2, 2, tokens);
    const shares = [2, 2, 1, 0.5, 0.25].map((worth) => worth / 5.75);
    const wide = withLines(narrow, 5 * values, shares);
    // Two lines of each value, then three more.
    const more = Float64Array.from({ length: (bits.length / 2) * 5 }, (_, i) =>
      i % 5 < 2 ? bits[2 * Math.floor(i / 5) + (i % 5)] : others[i],
    );
    const logits = (of: Network<SpikingSpec>, values: Float64Array) => {
      const input = { steps: 3, prompts: 2, values };
      return networkForward(of, input, { mode: "eval", draws: drawBlocks(of, input, stream(4)) }).logits;
    };
    const before = logits(narrow, bits);
    expect(new Set(before).size).toBeGreaterThan(1);
    expect(logits(wide, more)).toEqual(before);
    const { model, geometry } = wide;
    const started = { model, geometry, lineShares: shares, random: stream(1) };
    const layout = parameterLayout(model, geometry);
    expect(initialParameters(narrow, { ...started, layout })).toEqual(wide.parameters);
    expect(startNotes(narrow, { ...started, layout })).toEqual([expect.stringContaining("reads 2 of 5 lines")]);
    expect(startNotes(wide, { ...started, layout })).toEqual([]);
    expect(withLines(wide, 5 * values, shares)).toBe(wide);
    // The first two of five thresholds differ from those of two.
    const thresholds = { ...started, lineShares: new Array(5).fill(0.2), layout };
    expect(() => initialParameters(narrow, thresholds)).toThrow(/the initial network has/);
    expect(startNotes(narrow, thresholds)).toEqual([]);
  });
});

describe("an ANN that gets more channels", () => {
  test.each([
    ["twice as many", tinyStem, [16]],
    ["in both of two layers, four and three times as many", stridingStem, [32, 48]],
    ["in one of two layers", stridingStem, [8, 32]],
  ])("answers as before, with copies that learn unlike each other: %s", (_, stem, channels) => {
    const narrow = initialise(ann(stem), stemmed(stem), stream(1));
    // LayerNorm starts with gains of one; trained ones differ from channel to channel.
    const draw = noise(5);
    for (const { data } of [narrow.parameters["stem.0.norm.gain"], narrow.parameters["stem.0.norm.offset"]]) {
      for (let i = 0; i < data.length; i++) data[i] += 0.3 * draw();
    }
    const model = ann(withChannels(stem, channels));
    const { geometry } = narrow;
    const layout = parameterLayout(model, geometry);
    const started = { model, geometry, layout, random: stream(1) };
    const wide = { ...narrow, model, parameters: initialParameters(narrow, started) };
    expect(startNotes(narrow, started)).toEqual([expect.stringContaining("fewer channels in its stem")]);
    const values = Float64Array.from({ length: 2 * pixels(tinyGrid) * geometry.inputs }, noise(2));
    const answers = (of: Network<AnnSpec>) => networkForward(of, { prompts: 2, values });
    const [before, after] = [answers(narrow), answers(wide)];
    for (let i = 0; i < before.logits.length; i++) expect(after.logits[i]).toBeCloseTo(before.logits[i], 5);
    const data = networkBackward(wide, before.logits, after)["stem.0.weight"];
    const own = stem.layers[0].channels;
    if (channels[0] > own) expect(data[own]).not.toBeCloseTo(data[0], 9);
  });

  test("stays as it is when its channels cannot be repeated equally often", () => {
    const stem = withChannels(tinyStem, [16]);
    const narrow = initialise(ann(stem), stemmed(stem), stream(1));
    expect(widenAnn(narrow, ann(withChannels(stem, [24])))).toBe(narrow);
  });
});

describe("a network that gets more channels", () => {
  test.each([
    ["twice as many", tinyStem, [16]],
    ["four times as many", tinyStem, [32]],
    ["in both of two layers", stridingStem, [16, 64]],
    ["in one of two layers", stridingStem, [8, 32]],
  ])("answers as before while its copies have the level of their original: %s", (_, stem, channels) => {
    for (const narrow of [network(stem), foldNetwork(network(stem))]) {
      const model = { ...narrow.model, stem: withChannels(stem, channels) };
      const wide = widen(narrow, model);
      for (const { name, shape } of parameterLayout(model, wide.geometry)) {
        expect(wide.parameters[name].shape, name).toEqual(shape);
      }
      const before = run(narrow);
      expect(run(wide).logits).not.toEqual(before.logits);
      for (const [i, { channels: own }] of stem.layers.entries()) {
        const { data } = wide.parameters[`stem.${i}.offset`];
        for (let column = own; column < data.length; column++) data[column] = data[column % own];
      }
      // Halves and quarters of single-precision weights have exact sums in double precision.
      const after = run(wide);
      expect(after.logits).toEqual(before.logits);
      expect(after.trace["blocks.0.input"]).toEqual(before.trace["blocks.0.input"]);
    }
  });

  test("reads a channel and its copies with their share of its weight, also with uneven numbers of copies", () => {
    const narrow = network(tinyStem);
    const { shape, data } = widen(narrow, spiking(withChannels(tinyStem, [40]))).parameters["embed.weight"];
    const uneven = widen(network(withChannels(tinyStem, [16])), spiking(withChannels(tinyStem, [24])));
    expect(shape).toEqual([9 * 40, 8]);
    const own = narrow.parameters["embed.weight"].data;
    for (let row = 0; row < 9 * 8; row++) {
      const [pixel, channel] = [Math.floor(row / 8), row % 8];
      for (let copy = 0; copy < 5; copy++) {
        const at = (40 * pixel + 8 * copy + channel) * 8;
        expect(data.slice(at, at + 8)).toEqual(own.slice(row * 8, row * 8 + 8).map((weight) => weight / 5));
      }
    }
    const [before, after] = [network(withChannels(tinyStem, [16])), uneven].map(
      ({ parameters }) => parameters["embed.weight"].data,
    );
    for (const [channel, copies] of [
      [7, 2],
      [8, 1],
    ]) {
      expect(after[channel * 8]).toBe(before[channel * 8] / copies);
    }
  });

  test("has copies that fire at other levels of the same current", () => {
    const narrow = network(tinyStem);
    const wide = widen(narrow, spiking(withChannels(tinyStem, [40])));
    const levels = (channel: number) =>
      [0, 1, 2, 3, 4].map((copy) => {
        const offset = wide.parameters["stem.0.offset"].data[channel + 8 * copy];
        return Math.round((1000 * (offset - narrow.parameters["stem.0.offset"].data[channel])) / neuron.threshold);
      });
    expect(levels(0)).toEqual([0, -500, 500, -1000, 1000]);
    expect(levels(1)).toEqual([0, 500, -500, 1000, -1000]);
    const map = run(wide).trace["stem.0.map"];
    const rates = [0, 1, 2, 3, 4].map(
      (copy) => map.filter((spike, i) => i % 40 === 8 * copy && spike === 1).length / (map.length / 40),
    );
    // The higher the offset, the more spikes: strictly, because the currents of this input differ.
    const [own, lower, upper, lowest, uppermost] = rates;
    expect([lowest, lower, own, upper, uppermost]).toEqual(rates.toSorted((a, b) => a - b));
    expect(lowest).toBeLessThan(uppermost);
  });

  test("is the start of training, also when it must be deepened or converted from an ANN", () => {
    const narrow = network(tinyStem);
    const { geometry } = narrow;
    const model = { ...spiking(withChannels(tinyStem, [16])), depth: 2 };
    const started = { model, geometry, layout: parameterLayout(model, geometry), random: stream(1) };
    const parameters = initialParameters(narrow, started);
    expect(parameters["stem.0.offset"]).toEqual(widen(narrow, model).parameters["stem.0.offset"]);
    expect(parameters["blocks.1.up.weight"]).toEqual(narrow.parameters["blocks.0.up.weight"]);
    expect(startNotes(narrow, started)).toEqual([
      expect.stringContaining("has 1 of 2 blocks"),
      expect.stringContaining("fewer channels"),
    ]);

    const conventional = tinyNetwork(ann(tinyStem), 3, geometry);
    const narrowStart = fromAnn(conventional, { ...requireTransformer(model, "A test"), stem: tinyStem }, started);
    expect(fromAnn(conventional, model, started).parameters).toEqual(narrowStart.parameters);
    expect(initialParameters(conventional, started)).toEqual(initialParameters(narrowStart, started));
    expect(startNotes(conventional, started)).toContainEqual(expect.stringContaining("fewer channels"));
  });

  test("is refused if it has other layers, more channels, or is an ANN with uneven copies", () => {
    const start = (initial: Network, model: ModelSpec) => {
      const geometry = stemmed(stemOf(model)!);
      const layout = parameterLayout(model, geometry);
      return expect(() => initialParameters(initial, { model, geometry, layout, random: stream(1) }));
    };
    const wide = withChannels(tinyStem, [16]);
    const other = /the initial network has/;
    start(network(wide), spiking(tinyStem)).toThrow(other);
    start(network(stridingStem), spiking(wide)).toThrow(other);
    const pooled = { ...tinyStem, layers: [{ ...tinyStem.layers[0], pool: 1 }] };
    start(network(pooled), spiking(wide)).toThrow(other);
    start(network(withChannels(stridingStem, [16, 16])), spiking(withChannels(stridingStem, [8, 24]))).toThrow(other);
    start(tinyNetwork(ann(wide), 3, stemmed(wide)), ann(withChannels(tinyStem, [24]))).toThrow(other);
  });
});
