/**
 * The kernels of the conventional transformer against their plain versions. Bounds are a few units of float32 rounding, 2^-24 = 6e-8.
 */
import { expect, test } from "vitest";
import { ACTIVATIONS } from "../model/activation.ts";
import { bitCrossEntropyBackward, bitCrossEntropyForward } from "../model/bit-cross-entropy.ts";
import { crossEntropyBackward, crossEntropyForward } from "../model/cross-entropy.ts";
import { type HeadLayout, multiHeadBackward, multiHeadForward } from "../model/heads.ts";
import { layerNormBackward, layerNormForward } from "../model/layer-norm.ts";
import { NORM_EPSILON } from "../model/operation.ts";
import { softmaxAttentionBackward, softmaxAttentionForward } from "../model/softmax-attention.ts";
import { stream } from "../numeric/stream.ts";
import { byteMask } from "./masks.ts";
import { standaloneKernels } from "./memory.ts";
import { productScratch } from "./wasm/dense-ops.ts";

const { kernels, arena } = standaloneKernels(4 << 20);
const { run, f32 } = kernels;

/** Copies values into fresh memory. */
function put(values: ArrayLike<number>): number {
  const offset = arena.words(values.length);
  f32.set(values, offset / 4);
  return offset;
}

/** Fresh memory of NaN: anything that a kernel reads before writing it shows in the result. */
const unset = (count: number) => put(new Float32Array(count).fill(Number.NaN));
const get = (offset: number, count: number) => f32.slice(offset / 4, offset / 4 + count);

/** Normal draws, rounded to float32 so that kernel and reference read the same numbers. */
function normals(label: string, count: number, deviation = 1): Float64Array {
  const random = stream(1).fork(label);
  return Float64Array.from({ length: count }, () => Math.fround(deviation * random.normal()));
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, bound: number): void {
  expect(actual.length).toBe(expected.length);
  let worst = { index: -1, actual: 0, expected: 0, error: 0 };
  for (let i = 0; i < actual.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    if (!(error <= worst.error)) worst = { index: i, actual: actual[i], expected: expected[i], error };
  }
  expect(worst.error, JSON.stringify(worst)).toBeLessThanOrEqual(bound);
}

test("the exponential keeps its relative accuracy over the whole range of a softmax", () => {
  const rows = 1601;
  const x = Float32Array.from({ length: rows }, (_, i) => -i / 20);
  const logits = put(Float32Array.from({ length: 2 * rows }, (_, i) => (i % 2 ? x[(i - 1) / 2] : 0)));
  const probabilities = unset(2 * rows);
  // Targets of zero leave the probabilities themselves in the gradient.
  run.crossEntropy(logits, put(new Float32Array(2 * rows)), rows, 2, probabilities, 1);
  const ratios = get(probabilities, 2 * rows)
    .filter((_, i) => i % 2 === 1)
    .map((p, i) => p / (Math.exp(x[i]) / (1 + Math.exp(x[i]))));
  // The exponential itself (3e-7), one sum, one division and one product.
  expectClose(ratios, new Float32Array(rows).fill(1), 6e-7);
});

// |x| reaches 12, where the product rounds to 12 x 2^-24 = 7e-7; the sigmoid adds as much again. The slope is at most 1.13 and its
// argument has a relative rounding error, so its error is at most 1e-6; |dy| is below 4. The exact slope adds two such terms.
test.each([
  ["gelu-tanh", "tanhGelu", 1.5e-6, 4e-6],
  ["gelu", "gelu", 1.5e-6, 4e-6],
  ["relu", "relu", 0, 0],
] as const)(
  "%s and its slope equal the plain version, in and out of place",
  (activation, kernel, bound, slopeBound) => {
    const { forward, backward } = ACTIVATIONS[activation];
    // 1203 values: the last three take the path for the remainder of a vector.
    const x = Float64Array.from({ length: 1203 }, (_, i) => Math.fround((i - 601) / 50));
    const dy = normals("gelu", x.length);
    const source = put(x);
    const target = unset(x.length);
    run[`${kernel}Forward`](source, x.length, target);
    expectClose(get(target, x.length), forward(x), bound);
    const gradient = put(dy);
    run[`${kernel}Backward`](source, x.length, gradient, gradient);
    expectClose(get(gradient, x.length), backward(Float64Array.from(dy, Math.fround), x), slopeBound);
  },
);

test.each(["tanhGelu", "gelu"] as const)(
  "%s, its slope and softmax leave no subnormal numbers, which would slow the products that read them",
  (kernel) => {
    const subnormal = (x: number) => x !== 0 && Math.abs(x) < 2 ** -126;
    const x = Float64Array.from({ length: 1200 }, (_, i) => (i - 600) / 40);
    const [source, target, gradient] = [put(x), unset(x.length), put(normals("small", x.length, 1e-9))];
    run[`${kernel}Forward`](source, x.length, target);
    run[`${kernel}Backward`](source, x.length, gradient, gradient);
    const [tokens, width] = [8, 16];
    const scores = { tokens, mask: new Uint8Array(tokens * tokens).fill(1) };
    const maskAt = arena.words((tokens * tokens) / 4);
    kernels.write(maskAt, byteMask(scores));
    const [probabilities, output] = [unset(tokens * tokens), unset(tokens * width)];
    const scratch = unset(tokens * tokens + productScratch(width, width, width));
    const qkv = put(normals("sharp", tokens * 3 * width, 6));
    run.softmaxAttentionForward(qkv, 1, tokens, 1, width, maskAt, probabilities, 0, output, scratch);
    const p = get(probabilities, tokens * tokens);
    // Sharp enough to matter: some probabilities are below what single precision holds.
    expect(p.some((share) => share === 0)).toBe(true);
    for (const results of [get(target, x.length), get(gradient, x.length), p]) {
      expect(results.filter(subnormal)).toEqual(new Float32Array(0));
    }
  },
);

test.each([8, 64, 70])("layer normalisation of %i features equals the plain one, forward and backward", (width) => {
  const rows = 9;
  const x = normals("x", rows * width, 3);
  const [gain, offset, dy] = [normals("gain", width), normals("offset", width), normals("dy", rows * width)];
  const reference = layerNormForward(x, gain, offset);
  const source = put(x);
  const [target, statistics, gainAt] = [unset(rows * width), unset(2 * rows), put(gain)];
  run.layerNormForward(source, rows, width, gainAt, put(offset), NORM_EPSILON, target, statistics);
  // Normalised values reach 4 and gains 3: 12 x 2^-24, plus the rounding of mean and deviation.
  expectClose(get(target, rows * width), reference.output, 4e-6);

  const expected = layerNormBackward(dy, gain, reference.cache);
  const before = normals("stream", rows * width);
  const dSource = put(before);
  const [dGain, dOffset] = [put(new Float32Array(width).fill(1)), put(new Float32Array(width).fill(2))];
  run.layerNormBackward(source, rows, width, gainAt, statistics, put(dy), dSource, dGain, dOffset);
  const added = (by: Float64Array, to: (i: number) => number) => by.map((g, i) => g + to(i));
  expectClose(
    get(dSource, rows * width),
    added(expected.input, (i) => before[i]),
    4e-6,
  );
  // Sums over nine rows of products up to 16.
  expectClose(
    get(dGain, width),
    added(expected.gain, () => 1),
    2e-5,
  );
  expectClose(
    get(dOffset, width),
    added(expected.offset, () => 2),
    4e-6,
  );
});

test.each([
  { tokens: 7, heads: 2, dimension: 3 },
  { tokens: 8, heads: 1, dimension: 16 },
  { tokens: 37, heads: 4, dimension: 16 },
])(
  "attention over $tokens tokens equals the plain one; a token without keys gets zero",
  ({ tokens, heads, dimension }) => {
    const prompts = 2;
    const width = heads * dimension;
    const stride = Math.ceil(tokens / 4) * 4;
    const random = stream(2);
    // Row 0 may attend to no token, the last one to all, the others to a random half.
    const mask = Uint8Array.from({ length: tokens * tokens }, (_, i) => {
      const row = Math.floor(i / tokens);
      return row === 0 ? 0 : row === tokens - 1 ? 1 : random.integer(2);
    });
    const maskAt = arena.words((tokens * stride) / 4);
    kernels.write(maskAt, byteMask({ tokens, mask }));
    const qkv = normals("qkv", prompts * tokens * 3 * width, 1.5);
    const dy = normals("dy", prompts * tokens * width);
    const layout: HeadLayout = { steps: 1, prompts, tokens, heads, dimension };
    const reference = multiHeadForward(qkv, layout, (head) => softmaxAttentionForward(head, layout, mask));

    const source = put(qkv);
    const [probabilities, target] = [unset(prompts * heads * tokens * stride), unset(prompts * tokens * width)];
    const longest = Math.max(tokens, dimension);
    const scratch = unset(tokens * stride + productScratch(longest, longest, longest));
    run.softmaxAttentionForward(source, prompts, tokens, heads, width, maskAt, probabilities, 0, target, scratch);
    // Scores reach 10, so they round by 5e-7, and each probability has twice that as relative error; values reach 4.
    expectClose(get(target, prompts * tokens * width), reference.output, 4e-6);
    expect(get(target, width).every((x) => x === 0)).toBe(true);

    const dQkv = unset(prompts * tokens * 3 * width);
    run.softmaxAttentionBackward(source, prompts, tokens, heads, width, probabilities, put(dy), dQkv, scratch);
    const expected = multiHeadBackward(dy, layout, reference.caches, softmaxAttentionBackward);
    // The same relative error, on gradients that sum over up to 37 queries and reach 10.
    expectClose(get(dQkv, expected.length), expected, 1e-5);
  },
);

test.each([2, 16, 19])("cross-entropy over %i classes equals the plain one", (classes) => {
  const rows = 11;
  const logits = normals("logits", rows * classes, 4);
  const targets = normals("targets", rows * classes).map((x) => Math.abs(x));
  for (let r = 0; r < rows; r++) {
    const row = targets.subarray(r * classes, (r + 1) * classes);
    const mass = row.reduce((a, b) => a + b);
    for (let c = 0; c < classes; c++) row[c] = Math.fround(row[c] / mass);
  }
  const { loss, cache } = crossEntropyForward(logits, targets, classes);
  const gradient = unset(rows * classes);
  const sum = run.crossEntropy(put(logits), put(targets), rows, classes, gradient, 0.25);
  // Each row takes the logarithm of a float32 sum: 3e-7 each.
  expect(Math.abs(sum - loss * rows)).toBeLessThan(rows * 5e-7);
  const expected = crossEntropyBackward(cache, classes).map((g) => g * rows * 0.25);
  expectClose(get(gradient, rows * classes), expected, 2e-7);
});

test("cross-entropy of bits equals the plain version, also for confident bits", () => {
  const count = 803;
  const logits = Float64Array.from({ length: count }, (_, i) => Math.fround((i - 401) / (i % 2 ? 2 : 40)));
  const targets = Float64Array.from({ length: count }, (_, i) => (i % 5) / 4);
  const { loss, cache } = bitCrossEntropyForward(logits, targets, 1);
  const gradient = unset(count);
  const sum = run.bitCrossEntropy(put(logits), put(targets), count, gradient, 0.25);
  // The exponential has an error of 3e-7 relative to what is added to the linear part.
  expect(Math.abs(sum - loss * count)).toBeLessThan(count * 3e-7);
  const expected = bitCrossEntropyBackward(cache, 1).map((g) => g * count * 0.25);
  expectClose(get(gradient, count), expected, 2e-7);
});

test("three steps of AdamW equal Loshchilov and Hutter's algorithm in double precision", () => {
  const count = 21;
  const [rate, beta1, beta2, epsilon, decay] = [0.01, 0.9, 0.99, 1e-8, 0.1];
  const parameter = normals("parameter", count);
  const [first, second] = [new Float64Array(count), new Float64Array(count)];
  const at = { parameter: put(parameter), first: put(first), second: put(second) };
  for (let t = 1; t <= 3; t++) {
    const gradient = normals(`gradient ${t}`, count);
    const [correction1, correction2] = [1 - beta1 ** t, 1 - beta2 ** t];
    for (let i = 0; i < count; i++) {
      first[i] = beta1 * first[i] + (1 - beta1) * gradient[i];
      second[i] = beta2 * second[i] + (1 - beta2) * gradient[i] ** 2;
      const direction = first[i] / correction1 / (Math.sqrt(second[i] / correction2) + epsilon);
      parameter[i] -= rate * (direction + decay * parameter[i]);
    }
    const { parameter: p, first: m, second: v } = at;
    run.adamw(p, put(gradient), m, v, count, rate, beta1, beta2, epsilon, decay, correction1, correction2);
  }
  // 1 - beta2 in float32 has a relative error of 6e-8 / 0.01 = 6e-6, and so has the direction (half of it, by the root); the rate
  // is 0.01.
  expectClose(get(at.parameter, count), parameter, 6e-7);
  expectClose(get(at.first, count), first, 3e-7);
  expectClose(get(at.second, count), second, 1e-6);
});

test("vectors and rows add, scale and sum as documented", () => {
  // Small integers: every float32 result is exact.
  const count = 11;
  const x = Float32Array.from({ length: count }, (_, i) => i - 4);
  const y = Float32Array.from({ length: count }, (_, i) => 3 * i);
  const [source, target] = [put(x), put(y)];
  run.add(target, source, count);
  expect(get(target, count)).toEqual(x.map((v, i) => v + y[i]));
  run.axpy(target, source, count, -3);
  expect(get(target, count)).toEqual(x.map((v, i) => y[i] - 2 * v));
  run.scale(target, count, 0.5);
  expect(get(target, count)).toEqual(x.map((v, i) => (y[i] - 2 * v) / 2));
  expect(run.sumOfSquares(source, count)).toBe(x.reduce((sum, v) => sum + v * v, 0));
  run.fill(target, count, 7);
  expect(get(target, count)).toEqual(new Float32Array(count).fill(7));

  const matrix = Float32Array.from({ length: 3 * count }, (_, i) => i);
  const rows = unset(3 * count);
  run.addRow(put(matrix), source, 3, count, rows);
  expect(get(rows, 3 * count)).toEqual(matrix.map((v, i) => v + x[i % count]));
  run.sumRows(rows, 3, count, target);
  // 7 from before, 3 x from the rows, and i + (i + 11) + (i + 22) from the matrix.
  expect(get(target, count)).toEqual(x.map((v, i) => 7 + 3 * v + 3 * i + 33));
  run.broadcastRow(source, 3, count, rows);
  expect(get(rows, 3 * count)).toEqual(matrix.map((_, i) => x[i % count]));
});

test("scattered tokens return to their places, with zeros elsewhere", () => {
  const [prompts, tokens, width] = [2, 5, 3];
  const x = Float32Array.from({ length: prompts * tokens * width }, (_, i) => i + 1);
  const queries = Int32Array.of(1, 4);
  const indices = arena.words(queries.length);
  kernels.write(indices, queries);
  const [gathered, scattered] = [unset(prompts * queries.length * width), unset(x.length)];
  run.gatherTokens(put(x), prompts, tokens, width, indices, queries.length, gathered);
  expect([...get(gathered, 6)]).toEqual([4, 5, 6, 13, 14, 15]);
  run.scatterTokens(gathered, prompts, tokens, width, indices, queries.length, scattered);
  expect(get(scattered, x.length)).toEqual(x.map((v, i) => (queries.includes(Math.floor(i / width) % tokens) ? v : 0)));
});
