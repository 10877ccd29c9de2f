import { expect, test } from "vitest";
import { expectClose, normals, weighted } from "../../test/support/gradient.ts";
import { ShapeError } from "../errors.ts";
import { centralDifferences } from "./finite-difference.ts";
import { linearBackward, linearForward } from "./linear.ts";

const size = { inputs: 3, outputs: 2 };

test("inputs are the rows of the weight matrix", () => {
  const weight = Float64Array.of(1, 10, 2, 20, 3, 30);
  expect([...linearForward(Float64Array.of(1, 0, 1), weight, Float64Array.of(0.5, 0.25), size)]).toEqual([4.5, 40.25]);
});

test("the backward pass is the gradient with respect to input, weight and offset", () => {
  const [input, weight, offset] = [normals(4 * 3, 1), normals(6, 2), normals(2, 3)];
  const towards = normals(4 * 2, 4);
  const loss = () => weighted(linearForward(input, weight, offset, size), towards);
  const gradient = linearBackward(towards, input, weight, size);
  // The loss is linear in each argument, so differences are exact up to rounding, about 1e-15 / h.
  const tolerance = { absolute: 1e-11 };
  expectClose(gradient.input, centralDifferences(loss, input, 1e-3), tolerance);
  expectClose(gradient.weight, centralDifferences(loss, weight, 1e-3), tolerance);
  expectClose(gradient.offset, centralDifferences(loss, offset, 1e-3), tolerance);
});

test("an input of the wrong width is refused and the error shows the arithmetic", () => {
  expect(() => linearForward(new Float64Array(7), new Float64Array(6), null, size)).toThrow(ShapeError);
  expect(() => linearForward(new Float64Array(6), new Float64Array(5), null, size)).toThrow(
    "weight should hold 3 inputs x 2 outputs = 6 values, but holds 5.",
  );
});
