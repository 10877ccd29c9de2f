import { describe, expect, test } from "vitest";
import { expectClose, normals } from "../../test/support/gradient.ts";
import { copiesGeometry, meanGeometry, tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { annSpec } from "../experiment/model.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import { crossEntropyBackward, crossEntropyForward, oneHot } from "./cross-entropy.ts";
import { centralDifferences } from "./finite-difference.ts";
import { networkBackward, networkForward } from "./forward.ts";
import { askedOnce, type Geometry, tokensRead } from "./geometry.ts";
import { readOutBackward, readOutForward } from "./read-out.ts";

const model = annSpec.parse({ kind: "ann", width: 8, heads: 2, depth: 1, expansion: 2, position: "learned" });

const COLUMNS = 2;
/** Two steps, one prompt, two tokens, two classes. */
const outputs = Float64Array.of(1, 10, 2, 20, 3, 30, 6, 60);
const small = { inputs: 1, tokens: 2, classes: 2, mask: new Uint8Array(4).fill(1) };

describe("a read-out at query tokens", () => {
  const geometry: Geometry = { ...small, queries: Int32Array.of(1) };
  test("is the mean over steps at the query", () => {
    expect([...readOutForward(geometry, outputs, 2, 1, COLUMNS)]).toEqual([(2 + 6) / 2, (20 + 60) / 2]);
  });
  test("sends the gradient to the queries only", () => {
    expect([...readOutBackward(geometry, Float64Array.of(4, 8), 2, 1, COLUMNS)]).toEqual([0, 0, 2, 4, 0, 0, 2, 4]);
  });
});

describe("a mean read-out", () => {
  const geometry: Geometry = { ...small, queries: Int32Array.of(1), readOut: "mean" };
  test("is the mean over steps and tokens", () => {
    expect([...readOutForward(geometry, outputs, 2, 1, COLUMNS)]).toEqual([
      (1 + 2 + 3 + 6) / 4,
      (10 + 20 + 30 + 60) / 4,
    ]);
  });
  test("spreads the gradient evenly", () => {
    expect([...readOutBackward(geometry, Float64Array.of(4, 8), 2, 1, COLUMNS)]).toEqual([1, 2, 1, 2, 1, 2, 1, 2]);
  });
  test("has the gradient of the whole network, against finite differences", () => {
    const tiny = tinyNetwork(model, 2, meanGeometry);
    const input = { prompts: 2, values: normals(2 * meanGeometry.tokens * meanGeometry.inputs, 1) };
    const targets = oneHot([0, 2], meanGeometry.classes);
    const forward = networkForward(tiny, input);
    const { cache } = crossEntropyForward(forward.logits, targets, meanGeometry.classes);
    const gradients = networkBackward(tiny, crossEntropyBackward(cache, meanGeometry.classes), forward);
    const loss = () => crossEntropyForward(networkForward(tiny, input).logits, targets, meanGeometry.classes).loss;
    for (const [name, { data }] of Object.entries(tiny.parameters)) {
      const at = [0, Math.floor(data.length / 2), data.length - 1];
      // As in `ann.test.ts`: truncation is about 1e-11 times third derivatives, rounding about 1e-15 / 2^-18.
      const numeric = centralDifferences(loss, data, 2 ** -18, at);
      const pick = (all: Float64Array) => at.map((i) => all[i]);
      expectClose(pick(gradients[name]), pick(numeric), { absolute: 1e-8 }, name);
    }
  });
});

describe("copies of a query", () => {
  // The first query in one token, the second in two.
  const geometry = {
    ...small,
    tokens: 3,
    mask: new Uint8Array(9),
    queries: Int32Array.of(0, 1),
    copies: Int32Array.of(1, 2),
  };
  test("give the mean of their outputs over steps and copies as logits", () => {
    const outputs = Float64Array.of(1, 10, 2, 20, 3, 30, 6, 60, 7, 70, 9, 90);
    expect([...readOutForward(geometry, outputs, 2, 1, COLUMNS)]).toEqual([3.5, 35, 21 / 4, 210 / 4]);
  });
  test("spread the gradient evenly", () => {
    expect([...readOutBackward(geometry, Float64Array.of(4, 8, 4, 8), 2, 1, COLUMNS)]).toEqual([
      2, 4, 1, 2, 1, 2, 2, 4, 1, 2, 1, 2,
    ]);
  });
  test("give the average of the answers of the same tokens one by one", () => {
    const { copies, ...rest } = copiesGeometry;
    const ofEach = { ...rest, queries: tokensRead(copiesGeometry) };
    expect([...ofEach.queries]).toEqual([0, 2, 3, 5, 6, 7]);
    const random = normals(2 * 3 * 8 * 3, 4);
    const each = readOutForward(ofEach, random, 3, 2, 3);
    const logits = readOutForward(copiesGeometry, random, 3, 2, 3);
    const groups = [[0], [1, 2], [3, 4, 5], [6], [7, 8], [9, 10, 11]];
    const means = groups.flatMap((group) =>
      [0, 1, 2].map((c) => group.reduce((sum, i) => sum + each[i * 3 + c], 0) / group.length),
    );
    expectClose(logits, means, { absolute: 1e-12 });
  });
  test("equal the queries themselves when there is one copy", () => {
    expect(askedOnce(copiesGeometry)).toEqual(tinyGeometry);
    expect(askedOnce(tinyGeometry)).toEqual(tinyGeometry);
  });
});

describe("a checkpoint", () => {
  test.each([meanGeometry, copiesGeometry])("keeps the read-out", (geometry) => {
    const { network } = decodeCheckpoint(encodeCheckpoint(tinyNetwork(model, 2, geometry), {}));
    expect(network.geometry).toEqual(geometry);
  });
  test.each([
    [{ copies: Int32Array.of(1, 2) }, /there are 3 queries, but copies of 2/],
    [{ copies: Int32Array.of(1, 4, 1) }, /query 1 has the tokens 2 to 5, but the next query, or the end, is at 5/],
    [{ copies: Int32Array.of(1, 2, 4) }, /query 2 has the tokens 5 to 8, but the next query, or the end, is at 8/],
    [
      { queries: Int32Array.of(2), copies: Int32Array.of(1), readOut: "mean" as const },
      /mean over all tokens has no copies/,
    ],
  ])("of copies that do not fit is refused: %j", (change, message) => {
    expect(() => encodeCheckpoint(tinyNetwork(model, 2, { ...copiesGeometry, ...change }), {})).toThrow(message);
  });
  test("omits a read-out at query tokens, as it did when there was no other", () => {
    const bytes = encodeCheckpoint(tinyNetwork(model, 2), {});
    expect(new TextDecoder("latin1").decode(bytes)).not.toContain("readOut");
    expect(decodeCheckpoint(bytes).network.geometry).toEqual(tinyGeometry);
  });
  test("with a mean over tokens and several queries is refused", () => {
    const several = tinyNetwork(model, 2, { ...meanGeometry, queries: Int32Array.of(2, 4) });
    expect(() => encodeCheckpoint(several, {})).toThrow(/1 query, but there are 2/);
  });
});
