import fc from "fast-check";
import { expect, test } from "vitest";
import { tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { stemmed, tinyStem } from "../../test/support/tiny-stem.ts";
import { hardwareSpec } from "../experiment/hardware.ts";
import { spikingSpec } from "../experiment/model.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { stream } from "../numeric/stream.ts";
import { programChip } from "../simulation/chip.ts";
import { simulate } from "../simulation/reference/simulate.ts";
import { emptySpikeTrain } from "../spike/train.ts";
import { inputRows } from "./geometry.ts";
import { type Layer, type LayerPattern, layersOf, patternOf } from "./layers.ts";

const PATTERN: LayerPattern = {
  depth: 1,
  expansion: 4,
  outputProjection: true,
  hasStream: true,
  parts: 3,
  convolutions: null,
};

const lines = (pattern: Partial<LayerPattern>) =>
  layersOf({ ...PATTERN, ...pattern }).map(
    ({ name, role, source, follows, trainIn, trainOut }) =>
      `${name}: ${role}, ${source} ${trainIn} to ${follows} ${trainOut}`,
  );

test("a block, its surroundings and a convolution, by hand", () => {
  expect(lines({ convolutions: 1 })).toEqual([
    "stem.0: convolution, input stem.0.windows to neurons stem.0.map",
    "embed: embedding, spikes embed.windows to stream blocks.0.input",
    "blocks.0.qkv: attention input, spikes blocks.0.input to neurons blocks.0.qkv",
    "blocks.0.projection: attention output, attention blocks.0.attention to stream blocks.0.middle",
    "blocks.0.up: feed-forward up, spikes blocks.0.middle to neurons blocks.0.hidden",
    "blocks.0.down: feed-forward down, spikes blocks.0.hidden to stream output",
    "head: head, spikes output to read-out null",
  ]);
});

test("blocks without an output projection, without a feed-forward pair, and without both", () => {
  const inside = (pattern: Partial<LayerPattern>) => lines({ depth: 2, ...pattern }).slice(1);
  expect(inside({ outputProjection: false }).slice(0, 3)).toEqual([
    "blocks.0.qkv: attention input, spikes blocks.0.input to neurons blocks.0.qkv",
    "blocks.0.up: feed-forward up, shortcut blocks.0.middle to neurons blocks.0.hidden",
    "blocks.0.down: feed-forward down, spikes blocks.0.hidden to stream blocks.1.input",
  ]);
  expect(inside({ expansion: 0 })).toEqual([
    "blocks.0.qkv: attention input, spikes blocks.0.input to neurons blocks.0.qkv",
    "blocks.0.projection: attention output, attention blocks.0.attention to stream blocks.1.input",
    "blocks.1.qkv: attention input, spikes blocks.1.input to neurons blocks.1.qkv",
    "blocks.1.projection: attention output, attention blocks.1.attention to stream output",
    "head: head, spikes output to read-out null",
  ]);
  expect(inside({ outputProjection: false, expansion: 0 })).toEqual([
    "blocks.0.qkv: attention input, spikes blocks.0.input to neurons blocks.0.qkv",
    "blocks.1.qkv: attention input, shortcut blocks.1.input to neurons blocks.1.qkv",
    "head: head, shortcut output to read-out null",
  ]);
});

test("without a residual stream, neurons follow every layer but the head", () => {
  expect(layersOf({ ...PATTERN, hasStream: false }).map(({ follows }) => follows)).toEqual([
    ...new Array<string>(5).fill("neurons"),
    "read-out",
  ]);
});

test("in any network, a layer reads what the one before it fires, except around attention and windows", () => {
  const patterns = fc.record({
    depth: fc.integer({ min: 1, max: 4 }),
    expansion: fc.integer({ min: 0, max: 4 }),
    outputProjection: fc.boolean(),
    hasStream: fc.boolean(),
    parts: fc.constantFrom(1, 2, 3),
    convolutions: fc.constantFrom(null, 0, 1, 3),
  });
  const follows = (before: Layer, { trainIn, source, block }: Layer) => {
    if (before.role === "convolution") return trainIn.endsWith(".windows");
    if (before.role !== "attention input") return source === "spikes" && trainIn === before.trainOut;
    return source === "attention" ? trainIn === `blocks.${block}.attention` : source === "shortcut";
  };
  fc.assert(
    fc.property(patterns, (pattern) => {
      const layers = layersOf(pattern);
      expect(layers.map(({ source }) => source === "input")).toEqual(layers.map((_, i) => i === 0));
      expect(layers.slice(1).filter((layer, i) => !follows(layers[i], layer))).toEqual([]);
      expect(new Set(layers.map(({ name }) => name)).size).toBe(layers.length);
    }),
    { seed: 3, numRuns: 100 },
  );
});

test.each([
  ["a whole block", {}, tinyGeometry],
  ["no output projection", { outputProjection: false }, tinyGeometry],
  ["no residual stream", { residual: "none" }, tinyGeometry],
  ["a stem", { stem: tinyStem }, stemmed(tinyStem)],
])("with %s, the trains on all lines and behind all layers are those of a simulation", (_, fields, geometry) => {
  const model = spikingSpec.parse({
    width: 16,
    depth: 2,
    heads: 2,
    expansion: 2,
    steps: 2,
    normalisation: "none",
    ...fields,
  });
  const network = tinyNetwork(model, 1, geometry);
  const hardware = hardwareSpec.parse({ adc: { bits: null }, arithmetic: null });
  const chip = programChip(network, mapNetwork(network, hardware), hardware, stream(1));
  const input = emptySpikeTrain(model.steps, inputRows(geometry), geometry.inputs);
  const { rasters } = simulate(chip, input, stream(2), { rasters: 1 });
  const trains = layersOf(patternOf(model)).flatMap(({ trainIn, trainOut }) => [trainIn, trainOut ?? trainIn]);
  // A stem reads windows of the input, and without an output projection no layer reads attention itself.
  const others = ["input", "blocks.0.attention", "blocks.1.attention"];
  expect([...new Set([...trains, ...others])].sort()).toEqual(Object.keys(rasters).sort());
});
