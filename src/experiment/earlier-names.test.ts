import { expect, test } from "vitest";
import { parseExperiment } from "./parse.ts";

const attentionOf = (attention: object) => {
  const { model } = parseExperiment({ model: { attention } } as object as { model: object });
  return (model as { attention: object }).attention;
};

test("attention of an earlier release, which named its kind `neuron`, is read", () => {
  expect(attentionOf({ neuron: "stochastic", scoreGain: 2 })).toEqual({
    kind: "stochastic",
    scoreGain: 2,
    valueGain: 8,
    draws: "stratified",
  });
  expect(attentionOf({ neuron: "lif", draws: "stratified" })).toEqual({ kind: "lif", scoreGain: 4, valueGain: 8 });
});

test("a kind that nobody knows is refused by name, with the likely meaning", () => {
  expect(() => attentionOf({ neuron: "stochastics" })).toThrow(/attention\.kind.*Did you mean/s);
});
