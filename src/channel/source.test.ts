import { expect, test } from "vitest";
import { channelSpec } from "../experiment/channel.ts";
import { stream } from "../numeric/stream.ts";
import { gridOf } from "./grid.ts";
import { slotOver } from "./slot.ts";
import { givenChannels, slotSource } from "./source.ts";

const spec = channelSpec.parse({
  kind: "file",
  file: "channels.npz",
  subcarriers: 3,
  symbols: 2,
  pilots: { symbols: [0] },
});
const grid = gridOf(spec, 1, 2);
const COUNT = 20;
const given = givenChannels({
  count: COUNT,
  at: (index) => Float64Array.from({ length: 2 * 6 * 2 }, (_, i) => index + i / 32),
});
const request = { grid, points: Float64Array.of(1, 1, 1, -1, -1, 1, -1, -1), noiseVariance: 0.1 };
const source = slotSource(spec, grid, given);
/** Which response a slot went over. */
const responseOf = (index: number, part: "training" | "validation" | "test") =>
  source(request, stream(1), index, part).channel[0];

test("slots go over a file's responses as given, each part over its own", () => {
  const slot = source(request, stream(1), 3, "test");
  const channel = Float64Array.from({ length: 24 }, (_, i) => 19 + i / 32);
  expect(slot).toEqual(slotOver(channel, request, stream(1), 3));
  const first = [0, 1, 2, 3, 4];
  expect(first.map((index) => responseOf(index, "test"))).toEqual([18, 19, 18, 19, 18]);
  expect(first.map((index) => responseOf(index, "validation"))).toEqual([16, 17, 16, 17, 16]);
  const drawn = new Set(Array.from({ length: 200 }, (_, index) => responseOf(index, "training")));
  expect([...drawn].sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, i) => i));
});

test("missing channels, and those of another grid, are refused by name", () => {
  expect(() => slotSource(spec, grid, null)(request, stream(1), 0, "test")).toThrow("a browser draws channels");
  expect(() => slotSource(spec, gridOf({ ...spec, subcarriers: 4 }, 1, 2), given)).toThrow("have 640 numbers, not 480");
});
