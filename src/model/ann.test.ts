import { describe, expect, test } from "vitest";
import { expectClose, normals } from "../../test/support/gradient.ts";
import { tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { ShapeError } from "../errors.ts";
import { annSpec } from "../experiment/model.ts";
import { crossEntropyBackward, crossEntropyForward, oneHot } from "./cross-entropy.ts";
import { centralDifferences } from "./finite-difference.ts";
import { networkBackward, networkForward } from "./forward.ts";

const prompts = 2;
const { tokens, inputs, classes } = tinyGeometry;
const values = normals(prompts * tokens * inputs, 1);
const input = { prompts, values };
const model = annSpec.parse({ kind: "ann", width: 8, heads: 2, depth: 2, expansion: 2, position: "learned" });
const network = tinyNetwork(model, 2);

test.each([undefined, "gelu", "relu"] as const)(
  "the backward pass is the gradient with respect to every parameter, with activation %s",
  (activation) => {
    const network = tinyNetwork({ ...model, activation }, 2);
    const targets = oneHot([0, 1, 2, 1, 1, 0], classes);
    const forward = networkForward(network, input);
    const { cache } = crossEntropyForward(forward.logits, targets, classes);
    const gradients = networkBackward(network, crossEntropyBackward(cache, classes), forward);
    expect(Object.keys(gradients).sort()).toEqual(Object.keys(network.parameters).sort());
    const loss = () => crossEntropyForward(networkForward(network, input).logits, targets, classes).loss;
    for (const [name, { data }] of Object.entries(network.parameters)) {
      const probes = Array.from({ length: Math.min(8, data.length) }, (_, i) => Math.floor((i * data.length) / 8));
      const at = [...new Set(probes)];
      // 2^-18: the quotient uses the step that single precision really made. Truncation is about h^2 = 1e-11 times third
      // derivatives, rounding about 1e-15 / h.
      const numeric = centralDifferences(loss, data, 2 ** -18, at);
      const pick = (all: Float64Array) => at.map((i) => all[i]);
      expectClose(pick(gradients[name]), pick(numeric), { absolute: 1e-8 }, name);
    }
    expect(gradients["embed.weight"].some((g) => Math.abs(g) > 0.01)).toBe(true);
  },
);

describe("a query", () => {
  const query = (logits: Float64Array, index: number) => logits.slice(index * classes, (index + 1) * classes);
  const changed = (token: number) => {
    const moved = values.slice();
    moved[token * inputs] += 1;
    return networkForward(network, { prompts, values: moved }).logits;
  };
  const before = networkForward(network, input).logits;

  test("reads earlier contexts, and nothing that the mask hides", () => {
    // Token 1 is a context that queries 1 and 2 (tokens 2 and 4) may attend to; token 2 is a query that no token may attend to.
    expect(query(changed(1), 0)).toEqual(query(before, 0));
    expect(query(changed(1), 1)).not.toEqual(query(before, 1));
    expect(query(changed(1), 2)).not.toEqual(query(before, 2));
    expect(query(changed(2), 2)).toEqual(query(before, 2));
  });

  test("of another prompt does not change", () => {
    expect(changed(1).slice(3 * classes)).toEqual(before.slice(3 * classes));
  });
});

test("an input that does not fit the geometry is refused", () => {
  expect(() => networkForward(network, { prompts: 3, values })).toThrow(ShapeError);
});
