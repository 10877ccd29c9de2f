import { describe, expect, test } from "vitest";
import { expectClose, normals, weighted } from "../../test/support/gradient.ts";
import { batchNormBackward, batchNormForward, measureStatistics } from "./batch-norm.ts";
import { centralDifferences } from "./finite-difference.ts";

const [rows, features] = [7, 3];
const gain = Float64Array.of(0.5, 1, 2);
const offset = Float64Array.of(-1, 0, 3);

test("in training, outputs have the offset as mean and the gain as deviation", () => {
  const { output } = batchNormForward(normals(rows * features, 1, 2), gain, offset, null);
  const { mean, variance } = measureStatistics(output, features);
  // The epsilon of 1e-5 takes about 1e-5 / 4 off the variance of inputs with variance 4.
  expectClose(mean, offset, { absolute: 1e-14 });
  expectClose(variance.map(Math.sqrt), gain, { absolute: 0, relative: 1e-5 });
});

test("running statistics equal to those of the batch give the same output", () => {
  const input = normals(rows * features, 2);
  const running = measureStatistics(input, features);
  expect(batchNormForward(input, gain, offset, running).output).toEqual(
    batchNormForward(input, gain, offset, null).output,
  );
});

describe.each(["batch", "running"])("with %s statistics", (kind) => {
  test("the backward pass is the gradient with respect to input, gain and offset", () => {
    const input = normals(rows * features, 3);
    const running =
      kind === "batch" ? null : { mean: Float64Array.of(0.1, 0, -1), variance: Float64Array.of(0.5, 1, 2) };
    const [g, o] = [gain.slice(), offset.slice()];
    const towards = normals(rows * features, 4);
    const loss = () => weighted(batchNormForward(input, g, o, running).output, towards);
    const gradient = batchNormBackward(towards, g, batchNormForward(input, g, o, running).cache);
    // h = 1e-5: truncation about h^2, rounding about 1e-15 / h.
    const tolerance = { absolute: 1e-8 };
    expectClose(gradient.input, centralDifferences(loss, input, 1e-5), tolerance);
    expectClose(gradient.gain, centralDifferences(loss, g, 1e-5), tolerance);
    expectClose(gradient.offset, centralDifferences(loss, o, 1e-5), tolerance);
  });
});
