import { expect, test } from "vitest";
import { normals } from "../../test/support/gradient.ts";
import { ShapeError } from "../errors.ts";
import { multiHeadBackward, multiHeadForward } from "./heads.ts";

const layout = { steps: 2, prompts: 3, tokens: 4, heads: 2, dimension: 5 };
const width = 10;
const rows = 2 * 3 * 4;

test.each([
  ["query", 0],
  ["key", 1],
  ["value", 2],
] as const)("heads that return their %s give back that third of every row, in place", (part, third) => {
  const qkv = normals(rows * 3 * width, 1);
  const { output, caches } = multiHeadForward(qkv, layout, (head, prompt, index) => ({
    output: head[part],
    cache: [prompt, index],
  }));
  const expected = qkv.filter((_, i) => Math.floor((i % (3 * width)) / width) === third);
  expect(output).toEqual(expected);
  expect(caches[2 * 2 + 1]).toEqual([2, 1]);
});

test("gradients return to the rows and features they came from", () => {
  const outputGradient = normals(rows * width, 2);
  const gradient = multiHeadBackward(outputGradient, layout, new Array(6).fill(0), (dA) => ({
    query: dA,
    key: dA.map((x) => 2 * x),
    value: dA.map((x) => 3 * x),
  }));
  const expected = new Float64Array(rows * 3 * width).map((_, i) => {
    const [row, feature] = [Math.floor(i / (3 * width)), i % (3 * width)];
    return (Math.floor(feature / width) + 1) * outputGradient[row * width + (feature % width)];
  });
  expect(gradient).toEqual(expected);
});

test("rows of the wrong width are refused", () => {
  expect(() =>
    multiHeadForward(new Float64Array(rows * 2 * width), layout, () => ({ output: new Float64Array(0), cache: 0 })),
  ).toThrow(ShapeError);
});
