import { describe, expect, test } from "vitest";
import { expectClose, normals } from "../../test/support/gradient.ts";
import { meanGeometry, tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { annSpec } from "../spec/model.ts";
import { annBackward, annForward } from "./ann.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import { crossEntropyBackward, crossEntropyForward, oneHot } from "./cross-entropy.ts";
import { centralDifferences } from "./finite-difference.ts";
import type { Network } from "./network.ts";
import { readOutBackward, readOutForward } from "./read-out.ts";

const model = annSpec.parse({ kind: "ann", width: 8, heads: 2, depth: 1, expansion: 2, position: "learned" });

/** Two steps, one prompt, two tokens, two classes. */
const outputs = Float64Array.of(1, 10, 2, 20, 3, 30, 6, 60);
const small = { inputs: 1, tokens: 2, classes: 2, mask: new Uint8Array(4).fill(1) };
const networkWith = (geometry: Network["geometry"]): Network => ({ model, geometry, parameters: {} });

describe("a read-out at query tokens", () => {
  const network = networkWith({ ...small, queries: Int32Array.of(1) });
  test("is the mean over steps at the query", () => {
    expect([...readOutForward(network, outputs, 2, 1)]).toEqual([(2 + 6) / 2, (20 + 60) / 2]);
  });
  test("sends the gradient there alone", () => {
    expect([...readOutBackward(network, Float64Array.of(4, 8), 2, 1)]).toEqual([0, 0, 2, 4, 0, 0, 2, 4]);
  });
});

describe("a mean read-out", () => {
  const network = networkWith({ ...small, queries: Int32Array.of(1), readOut: "mean" });
  test("is the mean over steps and tokens", () => {
    expect([...readOutForward(network, outputs, 2, 1)]).toEqual([(1 + 2 + 3 + 6) / 4, (10 + 20 + 30 + 60) / 4]);
  });
  test("shares the gradient out evenly", () => {
    expect([...readOutBackward(network, Float64Array.of(4, 8), 2, 1)]).toEqual([1, 2, 1, 2, 1, 2, 1, 2]);
  });
  test("has the gradient of the whole network, against finite differences", () => {
    const tiny = tinyNetwork(model, 2, meanGeometry);
    const input = { prompts: 2, values: normals(2 * meanGeometry.tokens * meanGeometry.inputs, 1) };
    const targets = oneHot([0, 2], meanGeometry.classes);
    const forward = annForward(tiny, input);
    const { cache } = crossEntropyForward(forward.logits, targets, meanGeometry.classes);
    const gradients = annBackward(tiny, crossEntropyBackward(cache, meanGeometry.classes), forward.cache);
    const loss = () => crossEntropyForward(annForward(tiny, input).logits, targets, meanGeometry.classes).loss;
    for (const [name, { data }] of Object.entries(tiny.parameters)) {
      const at = [0, Math.floor(data.length / 2), data.length - 1];
      // As in `ann.test.ts`: truncation is about 1e-11 times third derivatives, rounding about 1e-15 / 2^-18.
      const numeric = centralDifferences(loss, data, 2 ** -18, at);
      const pick = (all: Float64Array) => at.map((i) => all[i]);
      expectClose(pick(gradients[name]), pick(numeric), { absolute: 1e-8 }, name);
    }
  });
});

describe("a checkpoint", () => {
  test("keeps the read-out", () => {
    const { network } = decodeCheckpoint(encodeCheckpoint(tinyNetwork(model, 2, meanGeometry), {}));
    expect(network.geometry).toEqual(meanGeometry);
  });
  test("says nothing of a read-out at query tokens, as before there was another", () => {
    const bytes = encodeCheckpoint(tinyNetwork(model, 2), {});
    expect(new TextDecoder("latin1").decode(bytes)).not.toContain("readOut");
    expect(decodeCheckpoint(bytes).network.geometry).toEqual(tinyGeometry);
  });
  test("of a mean over tokens for several queries is refused", () => {
    const several = tinyNetwork(model, 2, { ...meanGeometry, queries: Int32Array.of(2, 4) });
    expect(() => encodeCheckpoint(several, {})).toThrow(/1 query, but there are 2/);
  });
});
