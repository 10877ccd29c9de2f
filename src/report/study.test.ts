import { expect, test } from "vitest";
import { annSpec } from "../experiment/model.ts";
import { sampleOf } from "../numeric/variance-components.ts";
import { networkSize, rateFigure } from "./study.ts";

test("without a single error a rate is bounded by the rule of three, and by 1", () => {
  const figure = (prompts: number) =>
    rateFigure("ber", "BER", { chips: 1, reads: 1, prompts, values: new Float64Array(prompts) });
  expect(figure(300)).toMatchObject({ value: 0, interval: { low: 0, high: 0.01 } });
  expect(figure(2)).toMatchObject({ value: 0, interval: { low: 0, high: 1 } });
});

test("with nothing but errors a rate is bounded the other way round, and no interval leaves 0 to 1", () => {
  const figure = (...chips: readonly (readonly number[])[]) =>
    rateFigure("ber", "BER", sampleOf(chips.map((row) => Float64Array.from(row))));
  expect(figure(Array<number>(300).fill(1))).toMatchObject({ value: 1, interval: { low: 0.99, high: 1 } });
  expect(figure([1, 1])).toMatchObject({ value: 1, interval: { low: 0, high: 1 } });
  expect(figure([1, 1, 1, 0], [0, 0, 0, 1])).toMatchObject({ value: 0.5, interval: { low: 0, high: 1 } });
});

test("networks that differ in their stems alone do not have the same size", () => {
  const layers = (channels: number[]) => ({ layers: channels.map((each) => ({ channels: each })) });
  const of = (depth: number, stem?: object) =>
    networkSize(annSpec.parse({ kind: "ann", width: 128, depth, ...(stem && { stem }) }));
  expect([of(4), of(1, layers([64, 128])), of(1, layers([128, 128]))]).toEqual([
    "4 blocks of width 128",
    "1 block of width 128 after a stem of 64-128 channels",
    "1 block of width 128 after a stem of 128-128 channels",
  ]);
});
