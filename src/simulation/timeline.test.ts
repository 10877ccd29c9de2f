import { expect, test } from "vitest";
import { tinyNetwork } from "../../test/support/tiny-network.ts";
import { ssaTileCycles } from "../hardware/ssa-tile.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { hardwareSpec } from "../spec/hardware.ts";
import { spikingSpec } from "../spec/model.ts";
import { inferenceTimeline } from "./timeline.ts";

function mappingOf(model: object, hardware: object = {}) {
  const base = { kind: "spiking", normalisation: "none", width: 48, heads: 3, depth: 1, expansion: 1 };
  return mapNetwork(tinyNetwork(spikingSpec.parse({ ...base, ...model }), 1), hardwareSpec.parse(hardware));
}

test("one block of five tokens and two steps, scheduled by hand", () => {
  // Every layer of 48 outputs on 128 x 128 crossbars with 16 readout units takes 3 cycles a vector, qkv (144 > 128) 8, head 1.
  // 10 vectors: embed 0 .. 30 without a gap; qkv takes vector v at 3 + 8 v and ends at 83. Vectors 8 and 9 are the last token's
  // steps: whole at 75 and 83. Windows of d = 16 clocks: 75 .. 91, 91 .. 107, drained 107 .. 123; outputs are written one
  // register later, at 108 and 124. Projection takes the first token's steps at 108 and 124, then 8 vectors: 124 + 9 * 3 = 151.
  // Up and down follow 3 cycles behind each, the head (1 cycle) at 157.
  const mapping = mappingOf({ steps: 2 });
  expect(mapping.layers.map((layer) => layer.multiplexerSteps)).toEqual([3, 8, 3, 3, 3, 1]);
  const { units, cycles } = inferenceTimeline(mapping, 2);
  expect(units.map(({ name, busy }) => [name, ...busy.map(({ start, end }) => `${start}-${end}`)])).toEqual([
    ["embed", "0-30"],
    ["blocks.0.qkv", "3-83"],
    ["blocks.0.attention", "75-123"],
    ["blocks.0.projection", "108-111", "124-151"],
    ["blocks.0.up", "111-114", "127-154"],
    ["blocks.0.down", "114-117", "130-157"],
    ["head", "117-118", "133-134", ...Array.from({ length: 8 }, (_, i) => `${136 + 3 * i}-${137 + 3 * i}`)],
  ]);
  expect(cycles).toBe(158);
});

test.each([{}, { ssa: { tileTokens: 2 } }])("an engine is busy for the clocks of its tiles: %j", (hardware) => {
  const mapping = mappingOf({ depth: 3, steps: 6 }, hardware);
  const { units, cycles } = inferenceTimeline(mapping, 6);
  const { dimension, passes } = mapping.ssa;
  const engines = units.filter(({ kind }) => kind === "attention");
  expect(engines.map(({ busyCycles }) => busyCycles)).toEqual(new Array(3).fill(ssaTileCycles(6, dimension, passes)));
  for (const { busy, busyCycles, name, kind } of units) {
    busy.forEach(({ start, end }, i) => {
      expect(end).toBeGreaterThan(start);
      if (i > 0) expect(start).toBeGreaterThan(busy[i - 1].end);
      expect(end).toBeLessThanOrEqual(cycles);
    });
    const layer = mapping.layers.find((candidate) => candidate.name === name);
    if (kind === "linear") expect(busyCycles).toBe(6 * 5 * layer!.multiplexerSteps);
  }
});
