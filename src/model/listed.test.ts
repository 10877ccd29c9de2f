/** Networks that list their operations: the graph of a transformer's block written out, and errors that name the operation. */
import { describe, expect, test } from "vitest";
import { meanGeometry, tinyGeometry } from "../../test/support/tiny-network.ts";
import { type GraphSpec, graphSpec, type TransformerSpec, transformerSpec } from "../experiment/model.ts";
import { stream } from "../numeric/stream.ts";
import { networkForward } from "./forward.ts";
import { listedGeometry } from "./listed.ts";
import { initialise, type Network } from "./network.ts";
import { graphOf } from "./transformer.ts";

const list = (operations: object[], fields: object = {}): GraphSpec =>
  graphSpec.parse({ kind: "graph", steps: 2, operations, ...fields });

test("a block of a transformer, written out, gives the same logits", () => {
  const attention = { kind: "lif" };
  const neuron = { kind: "lif", beta: 0.5, threshold: 0.25 };
  const common = { steps: 2, normalisation: "none", attention, neuron };
  const block = transformerSpec.parse({ width: 8, heads: 2, depth: 1, expansion: 2, ...common });
  const listed = list(
    [
      { kind: "linear", name: "embed", features: 8 },
      { kind: "neurons", name: "first" },
      { kind: "linear", name: "qkv", features: 24 },
      { kind: "neurons", name: "bits" },
      { kind: "attention", name: "mix", heads: 2 },
      { kind: "linear", name: "projection", features: 8 },
      { kind: "add", name: "stream", reads: ["embed", "projection"] },
      { kind: "neurons", name: "middle" },
      { kind: "linear", name: "up", features: 16 },
      { kind: "neurons", name: "hidden" },
      { kind: "linear", name: "down", features: 8 },
      { kind: "add", name: "sum", reads: ["stream", "down"] },
      { kind: "neurons", name: "output" },
      { kind: "read-out", name: "head" },
    ],
    common,
  );
  const theirs = initialise<TransformerSpec>(block, tinyGeometry, stream(3));
  const parameters = Object.fromEntries(
    Object.entries(theirs.parameters).map(([name, tensor]) => [name.replace("blocks.0.", ""), tensor]),
  );
  const ours: Network = { model: listed, geometry: tinyGeometry, parameters };
  const { tokens, inputs } = tinyGeometry;
  const draws = stream(4);
  const values = Float64Array.from({ length: 2 * 3 * tokens * inputs }, () => Number(draws.uniform() < 0.5));
  const input = { steps: 2, prompts: 3, values };
  const [a, b] = [networkForward(ours, input), networkForward(theirs, input)];
  expect(a.logits).toEqual(b.logits);
  expect(new Set(a.logits).size).toBeGreaterThan(1);
});

describe("a list is refused, at the operation,", () => {
  const first = { kind: "linear", name: "first", features: 8 };
  const spikes = { kind: "neurons", name: "spikes" };
  const head = { kind: "read-out", name: "head" };
  test.each<[string, object[], string, RegExp]>([
    [
      "for an unknown value",
      [first, { ...spikes, reads: "frist" }, head],
      "spikes",
      /reads frist, but no operation writes it/,
    ],
    [
      "for a cycle",
      [{ ...first, reads: "spikes" }, spikes, head],
      "first",
      /A graph has no cycles: list spikes before first/,
    ],
    [
      "for a value nobody reads",
      [first, spikes, { ...first, name: "more" }, { ...head, reads: "spikes" }],
      "more",
      /Nobody reads more/,
    ],
    [
      "without neurons",
      [first, { ...first, name: "second" }, spikes, head],
      "second",
      /reads the currents of first.currents, but it takes spikes/,
    ],
    ["without a read-out", [first, spikes], "spikes", /a network ends in a `read-out`/],
    [
      "for a sum of unlike features",
      [
        first,
        spikes,
        { ...first, name: "wide", features: 16 },
        { kind: "add", name: "sum", reads: ["first", "wide"] },
        { ...spikes, name: "last" },
        head,
      ],
      "sum",
      /reads 8 features, but wide.currents has 16/,
    ],
    [
      "for heads that do not divide",
      [{ ...first, features: 24 }, spikes, { kind: "attention", name: "mix", heads: 3 }, head],
      "mix",
      /24 \/ 3 = 8 of each/,
    ],
  ])("%s", (_, operations, at, message) => {
    const model = list(operations, { normalisation: "none" });
    expect(() => graphOf({ model, geometry: tinyGeometry })).toThrow(
      expect.objectContaining({ path: `model.operations.${at}`, message: expect.stringMatching(message) }),
    );
  });

  test("for attention over a mean of the tokens", () => {
    const mean = { kind: "token-mean", name: "mean" };
    const list24 = [{ ...first, features: 24 }, mean, spikes, { kind: "attention", name: "mix", heads: 1 }, head];
    const geometry = { ...meanGeometry, readOut: "stream-mean" as const };
    expect(() => graphOf({ model: list(list24, { normalisation: "none" }), geometry })).toThrow(
      expect.objectContaining({
        path: "model.operations.mix",
        message: expect.stringMatching(/5 tokens .* spikes has 1/),
      }),
    );
  });

  test("for a convolution of tokens that are no pixels", () => {
    const model = list([{ kind: "convolution", name: "map", channels: 8 }, spikes, head]);
    expect(() => listedGeometry(model, tinyGeometry, undefined)).toThrow(
      expect.objectContaining({ path: "model.operations.map", message: expect.stringMatching(/neighbouring pixels/) }),
    );
  });
});
