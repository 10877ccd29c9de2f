import { expect, test } from "vitest";
import { rateFigure } from "./study.ts";

test("without a single error a rate is bounded by the rule of three, and by 1", () => {
  const figure = (prompts: number) =>
    rateFigure("ber", "BER", { chips: 1, reads: 1, prompts, values: new Float64Array(prompts) });
  expect(figure(300)).toMatchObject({ value: 0, interval: { low: 0, high: 0.01 } });
  expect(figure(2)).toMatchObject({ value: 0, interval: { low: 0, high: 1 } });
});
