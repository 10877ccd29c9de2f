import { expect, test } from "vitest";
import { expectClose, normals, weighted } from "../../test/support/gradient.ts";
import { centralDifferences } from "./finite-difference.ts";
import { softmaxAttentionBackward, softmaxAttentionForward } from "./softmax-attention.ts";

const shape = { steps: 1, tokens: 3, dimension: 4 };
const strictlyCausal = Uint8Array.of(0, 0, 0, 1, 0, 0, 1, 1, 0);
const head = () => ({ query: normals(12, 1), key: normals(12, 2), value: normals(12, 3) });

test("a token without any allowed key gets 0, one with a single key gets its value", () => {
  const inputs = head();
  const { output } = softmaxAttentionForward(inputs, shape, strictlyCausal);
  expect([...output.slice(0, 4)]).toEqual([0, 0, 0, 0]);
  expect(output.slice(4, 8)).toEqual(inputs.value.slice(0, 4));
});

test("equal queries average the values of the allowed keys", () => {
  const inputs = { ...head(), query: new Float64Array(12) };
  const { output } = softmaxAttentionForward(inputs, shape, strictlyCausal);
  for (let d = 0; d < 4; d++) expect(output[8 + d]).toBeCloseTo((inputs.value[d] + inputs.value[4 + d]) / 2, 15);
});

test("the backward pass is the gradient with respect to query, key and value", () => {
  const inputs = head();
  const towards = normals(12, 4);
  const loss = () => weighted(softmaxAttentionForward(inputs, shape, strictlyCausal).output, towards);
  const gradient = softmaxAttentionBackward(towards, softmaxAttentionForward(inputs, shape, strictlyCausal).cache);
  for (const part of ["query", "key", "value"] as const) {
    // h = 1e-5: truncation about h^2, rounding about 1e-15 / h.
    expectClose(gradient[part], centralDifferences(loss, inputs[part], 1e-5), { absolute: 1e-8 }, part);
  }
});
