import fc from "fast-check";
import { expect, test } from "vitest";
import { tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { stemmed, tinyStem } from "../../test/support/tiny-stem.ts";
import { hardwareSpec } from "../experiment/hardware.ts";
import { annSpec, type ModelSpec, transformerSpec } from "../experiment/model.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { stream } from "../numeric/stream.ts";
import { programChip } from "../simulation/chip.ts";
import { simulate } from "../simulation/reference/simulate.ts";
import { emptySpikeTrain } from "../spike/train.ts";
import type { Geometry } from "./geometry.ts";
import { inputRows } from "./geometry.ts";
import { followsAttention, type LinearLayer, layersOf } from "./layers.ts";
import { graphOf } from "./transformer.ts";

const BASE = transformerSpec.parse({ width: 16, depth: 1, heads: 2, expansion: 2, steps: 2, normalisation: "none" });

const layersIn = (model: ModelSpec, geometry: Geometry = tinyGeometry) => layersOf(graphOf({ model, geometry }));

/** What a layer reads, and where its sums go. */
function line(layer: LinearLayer): string {
  const { name, trainIn, readsInput, attended, trainOut, ownNeurons, attention, joins, answers } = layer;
  const from = readsInput ? "input " : followsAttention(layer) ? "neurons on attention " : attended ? "attention " : "";
  const to = answers
    ? "the answer"
    : `${ownNeurons ? "its own" : layer.beginsStream ? "the first" : "shared"} ${trainOut}`;
  return `${name}: ${from}${trainIn} to ${to}${attention ? `, read by ${attention}` : ""}${joins ? `, in ${joins}` : ""}`;
}

const lines = (fields: Partial<typeof BASE>, geometry?: Geometry) =>
  layersIn({ ...BASE, ...fields }, geometry).map(line);

test("a block, its surroundings and a convolution, by hand", () => {
  expect(lines({ stem: tinyStem }, stemmed(tinyStem))).toEqual([
    "stem.0: input stem.0.windows to its own stem.0.map",
    "embed: embed.windows to the first blocks.0.input, in blocks.0.attention.sum",
    "blocks.0.qkv: blocks.0.input to its own blocks.0.qkv, read by blocks.0.attention",
    "blocks.0.projection: attention blocks.0.attention to shared blocks.0.middle, in blocks.0.attention.sum",
    "blocks.0.up: blocks.0.middle to its own blocks.0.hidden",
    "blocks.0.down: blocks.0.hidden to shared output, in blocks.0.down.sum",
    "head: output to the answer",
  ]);
});

test("blocks without an output projection, without a feed-forward pair, and without both", () => {
  const inside = (fields: Partial<typeof BASE>) => lines({ depth: 2, ...fields }).slice(1);
  expect(inside({ outputProjection: false }).slice(0, 3)).toEqual([
    "blocks.0.qkv: blocks.0.input to its own blocks.0.qkv, read by blocks.0.attention",
    "blocks.0.up: neurons on attention blocks.0.middle to its own blocks.0.hidden",
    "blocks.0.down: blocks.0.hidden to shared blocks.1.input, in blocks.0.down.sum",
  ]);
  expect(inside({ expansion: 0 })).toEqual([
    "blocks.0.qkv: blocks.0.input to its own blocks.0.qkv, read by blocks.0.attention",
    "blocks.0.projection: attention blocks.0.attention to shared blocks.1.input, in blocks.0.attention.sum",
    "blocks.1.qkv: blocks.1.input to its own blocks.1.qkv, read by blocks.1.attention",
    "blocks.1.projection: attention blocks.1.attention to shared output, in blocks.1.attention.sum",
    "head: output to the answer",
  ]);
  expect(inside({ outputProjection: false, expansion: 0 })).toEqual([
    "blocks.0.qkv: blocks.0.input to its own blocks.0.qkv, read by blocks.0.attention",
    "blocks.1.qkv: neurons on attention blocks.1.input to its own blocks.1.qkv, read by blocks.1.attention",
    "head: neurons on attention output to the answer",
  ]);
});

test("an ANN has the same layers and sums, and no neurons", () => {
  const ann = annSpec.parse({ kind: "ann", width: 16, depth: 1, heads: 2, expansion: 2 });
  const seen = (model: ModelSpec) =>
    layersIn(model).map(({ name, inputs, outputs, attention, attended, joins, readsInput, answers }) => [
      ...[name, inputs, outputs, attention, attended, readsInput, answers, joins !== null],
    ]);
  expect(seen(ann)).toEqual(seen(BASE));
  expect(seen({ ...ann, quantization: { weights: 4, activations: 4 } })).toEqual(seen(BASE));
  expect(layersIn(ann).map(({ trainOut, ownNeurons }) => trainOut === null && !ownNeurons)).not.toContain(false);
});

test("in any network, one layer reads the input, one begins the stream, one answers, and no neurons have two owners", () => {
  const models = fc.record({
    depth: fc.integer({ min: 1, max: 4 }),
    expansion: fc.integer({ min: 0, max: 4 }),
    outputProjection: fc.boolean(),
    residual: fc.constantFrom("membrane" as const, "none" as const, "spikes" as const),
    position: fc.constantFrom("none" as const, "learned" as const),
    stem: fc.constantFrom(undefined, tinyStem),
  });
  fc.assert(
    fc.property(models, ({ stem, ...fields }) => {
      const layers = layersIn({ ...BASE, ...fields, stem }, stem && stemmed(stem));
      expect(layers.map(({ readsInput }) => readsInput)).toEqual(layers.map((_, i) => i === 0));
      expect(layers.map(({ answers }) => answers)).toEqual(layers.map((_, i) => i === layers.length - 1));
      expect(layers.filter((layer) => layer.beginsStream).map(({ name }) => name)).toEqual(["embed"]);
      const owned = layers.filter(({ ownNeurons }) => ownNeurons).map(({ trainOut }) => trainOut);
      expect(new Set(owned).size).toBe(owned.length);
      const onStream = layers.filter(({ readsStream }) => readsStream).map(({ trainIn }) => trainIn);
      expect(onStream.filter((train) => owned.includes(train))).toEqual([]);
    }),
    { seed: 3, numRuns: 100 },
  );
});

test.each([
  ["a whole block", {}, tinyGeometry],
  ["no output projection", { outputProjection: false }, tinyGeometry],
  ["no residual stream", { residual: "none" }, tinyGeometry],
  ["a stem", { stem: tinyStem }, stemmed(tinyStem)],
] as const)(
  "with %s, the trains on all lines and behind all layers are those of a simulation",
  (_, fields, geometry) => {
    const model = { ...BASE, depth: 2, ...fields };
    const network = tinyNetwork(model, 1, geometry);
    const hardware = hardwareSpec.parse({ adc: { bits: null }, arithmetic: null });
    const chip = programChip(network, mapNetwork(network, hardware), hardware, stream(1));
    const input = emptySpikeTrain(model.steps, inputRows(geometry), geometry.inputs);
    const { rasters } = simulate(chip, input, stream(2), { rasters: 1 });
    const trains = layersIn(model, geometry).flatMap(({ trainIn, trainOut }) => [trainIn, trainOut ?? trainIn]);
    // A stem reads windows of the input, and without an output projection no layer reads attention itself.
    const others = ["input", "blocks.0.attention", "blocks.1.attention"];
    expect([...new Set([...trains, ...others])].sort()).toEqual(Object.keys(rasters).sort());
  },
);
