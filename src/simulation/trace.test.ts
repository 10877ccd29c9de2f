import { expect, test } from "vitest";
import { densitiesOf } from "./trace.ts";

test("the density of a train is its fraction of ones; a train without bits has none", () => {
  expect(densitiesOf({ input: { ones: 3, bits: 12 }, scores: { ones: 0, bits: 0 } })).toEqual({
    input: 0.25,
    scores: 0,
  });
});
