import { expect, test } from "vitest";
import { expectClose, normals, weighted } from "../../test/support/gradient.ts";
import { centralDifferences } from "./finite-difference.ts";
import { layerNormBackward, layerNormForward } from "./layer-norm.ts";

const gain = Float64Array.of(0.5, 1, 2, -1);
const offset = Float64Array.of(-1, 0, 3, 0.5);

test("a row by hand: (1, 3, 1, 3) has mean 2 and variance 1", () => {
  const { output } = layerNormForward(Float64Array.of(1, 3, 1, 3), gain, offset);
  const one = 1 / Math.sqrt(1 + 1e-5);
  expectClose(output, [-0.5 * one - 1, one, -2 * one + 3, -one + 0.5], { absolute: 1e-15 });
});

test("shifting a row changes nothing", () => {
  const input = normals(3 * 4, 1);
  const shifted = input.map((x, i) => x + Math.floor(i / 4) * 8);
  // Adding 16 costs up to four bits of double precision.
  expectClose(layerNormForward(shifted, gain, offset).output, layerNormForward(input, gain, offset).output, {
    absolute: 1e-13,
  });
});

test("the backward pass is the gradient with respect to input, gain and offset", () => {
  const input = normals(3 * 4, 2);
  const [g, o] = [gain.slice(), offset.slice()];
  const towards = normals(3 * 4, 3);
  const loss = () => weighted(layerNormForward(input, g, o).output, towards);
  const gradient = layerNormBackward(towards, g, layerNormForward(input, g, o).cache);
  // h = 1e-5: truncation about h^2 times the third derivative (rows of small variance bend most), rounding about 1e-15 / h.
  const tolerance = { absolute: 1e-8 };
  expectClose(gradient.input, centralDifferences(loss, input, 1e-5), tolerance);
  expectClose(gradient.gain, centralDifferences(loss, g, 1e-5), tolerance);
  expectClose(gradient.offset, centralDifferences(loss, o, 1e-5), tolerance);
  expect(gradient.input.some((dx) => Math.abs(dx) > 0.1)).toBe(true);
});
