/**
 * Products of dense matrices on a GPU: result [m, n] (+)= a b, for one pair of matrices or for those of all prompts and heads.
 *
 *   a group       64 x 64 results, 4 x 4 of them per lane in registers; 16 columns of a and rows of b at a time pass through memory that
 *                 the group shares
 *   splits        a product with few results but a long sum, such as the gradient of a weight, is cut along k; every split leaves its
 *                 sums in the scratch memory, and `FOLD` adds them one after another
 *
 * Which products are split depends on their sizes alone, so results repeat. Rows and columns may have any number, and any stride.
 */
import { invariant } from "../../errors.ts";
import type { Place } from "../arena.ts";
import { eachItem, type GpuKernel, gpuKernel, type NumberKind } from "./kernel.ts";
import type { Recorder } from "./recorder.ts";

const TILE = 64;
const DEPTH = 16;
/** Vectors of 4 numbers in a row of a tile, and one more: lanes that write a column then reach different banks. */
const PITCH = TILE / 4 + 1;

/** A product is split while it has fewer groups than this, about two for each processor of a large GPU. */
const GROUPS = 256;
/** Least columns of a in a split. */
const SPLIT_DEPTH = 256;

/** Of a dimension of a grid, on every GPU. */
const MOST_GROUPS = 65535;

const NUMBERS = {
  m: "u32",
  n: "u32",
  k: "u32",
  a: "place",
  strideA: "u32",
  b: "place",
  strideB: "u32",
  result: "place",
  strideResult: "u32",
  accumulate: "u32",
  splits: "u32",
  /** Columns of a in a split. */
  depth: "u32",
  heads: "u32",
  /** Words from a prompt, a head or a split to the next. */
  promptA: "u32",
  headA: "u32",
  promptB: "u32",
  headB: "u32",
  promptResult: "u32",
  headResult: "u32",
  splitResult: "u32",
  /** 1 where a, or the result, is in the scratch memory. */
  partsA: "u32",
  partsResult: "u32",
} as const satisfies Record<string, NumberKind>;

type Numbers = keyof typeof NUMBERS;

/** A lane's vector of a tile: `q` is which four rows of a or columns of b, `depth` which column of a or row of b. */
const laneOf = (alongDepth: boolean) =>
  alongDepth
    ? { q: `lane / ${DEPTH}u`, depth: `lane % ${DEPTH}u` }
    : { q: `lane % ${TILE / 4}u`, depth: `lane / ${TILE / 4}u` };

function matrixKernel(transposeA: boolean, transposeB: boolean): GpuKernel<Numbers> {
  const [ofA, ofB] = [laneOf(!transposeA), laneOf(transposeB)];
  const lanes = [0, 1, 2, 3];
  const vector = (of: "a" | "b") =>
    `vec4f(${lanes.map((i) => `${of}At(first${of.toUpperCase()}, ${of}q + ${i}u, ${of}k, end)`).join(", ")})`;
  return gpuKernel({
    name: `product${transposeA ? " aT" : ""}${transposeB ? " bT" : ""}`,
    numbers: NUMBERS,
    lanes: 256,
    helpers: `
var<workgroup> tileA: array<vec4f, ${DEPTH * PITCH}>;
var<workgroup> tileB: array<vec4f, ${DEPTH * PITCH}>;

fn aAt(first: u32, row: u32, depth: u32, end: u32) -> f32 {
  let at = first + ${transposeA ? "depth * call.strideA + row" : "row * call.strideA + depth"};
  var value = 0.0;
  if (call.partsA != 0u) { value = loadPart(at); } else { value = load(at); }
  return select(0.0, value, row < call.m && depth < end);
}
fn bAt(first: u32, column: u32, depth: u32, end: u32) -> f32 {
  let value = load(first + ${transposeB ? "column * call.strideB + depth" : "depth * call.strideB + column"});
  return select(0.0, value, column < call.n && depth < end);
}
fn putFour(first: u32, row: u32, column: u32, sums: vec4f) {
  if (row >= call.m) { return; }
  for (var i = 0u; i < min(4u, call.n - min(call.n, column)); i++) {
    let at = first + row * call.strideResult + column + i;
    if (call.partsResult != 0u) {
      storePart(at, sums[i]);
    } else if (call.accumulate != 0u) {
      store(at, load(at) + sums[i]);
    } else {
      store(at, sums[i]);
    }
  }
}
`,
    body: `
  let pair = group.z / call.splits;
  let split = group.z % call.splits;
  let prompt = pair / call.heads;
  let head = pair % call.heads;
  let firstA = call.a + prompt * call.promptA + head * call.headA;
  let firstB = call.b + prompt * call.promptB + head * call.headB;
  let firstResult = call.result + prompt * call.promptResult + head * call.headResult + split * call.splitResult;
  let begin = split * call.depth;
  let end = min(call.k, begin + call.depth);
  let aq = ${TILE}u * group.y + 4u * (${ofA.q});
  let bq = ${TILE}u * group.x + 4u * (${ofB.q});
  let row = lane / 16u;
  let column = lane % 16u;
  var sum0 = vec4f(0.0);
  var sum1 = vec4f(0.0);
  var sum2 = vec4f(0.0);
  var sum3 = vec4f(0.0);
  for (var from0 = begin; from0 < end; from0 += ${DEPTH}u) {
    let ak = from0 + ${ofA.depth};
    let bk = from0 + ${ofB.depth};
    let nextA = ${vector("a")};
    let nextB = ${vector("b")};
    workgroupBarrier();
    tileA[(${ofA.depth}) * ${PITCH}u + ${ofA.q}] = nextA;
    tileB[(${ofB.depth}) * ${PITCH}u + ${ofB.q}] = nextB;
    workgroupBarrier();
    // Some drivers would unroll a loop of known length, and take seconds to compile it.
    for (var i = 0u; i < ${DEPTH}u + call.zero; i++) {
      let a = tileA[i * ${PITCH}u + row];
      let b = tileB[i * ${PITCH}u + column];
      sum0 += a.x * b;
      sum1 += a.y * b;
      sum2 += a.z * b;
      sum3 += a.w * b;
    }
  }
  let top = ${TILE}u * group.y + 4u * row;
  let left = ${TILE}u * group.x + 4u * column;
  putFour(firstResult, top, left, sum0);
  putFour(firstResult, top + 1u, left, sum1);
  putFour(firstResult, top + 2u, left, sum2);
  putFour(firstResult, top + 3u, left, sum3);
`,
  });
}

/** result (+)= the sum of the splits. */
const FOLD = eachItem(
  "product: fold",
  { n: "u32", splits: "u32", result: "place", strideResult: "u32", accumulate: "u32" },
  `
  var sum = 0.0;
  for (var split = 0u; split < call.splits; split++) { sum += loadPart(split * call.count + at); }
  let to = call.result + at / call.n * call.strideResult + at % call.n;
  if (call.accumulate != 0u) { sum += load(to); }
  store(to, sum);`,
);

/** By whether a, and b, are transposed. */
const KERNELS = [false, true].map((a) => [false, true].map((b) => matrixKernel(a, b)));

/** Where the matrices of a factor are: the first one's place, words from a row to the next, from a prompt, and from a head. */
export interface Matrices {
  readonly at: Place;
  readonly stride: number;
  readonly prompt?: number;
  readonly head?: number;
  /** In the scratch memory. */
  readonly parts?: boolean;
}

/** a [m, k] is stored transposed as [k, m], and b [k, n] as [n, k], where it says so. */
export interface MatrixProduct {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: Matrices;
  readonly transposeA?: boolean | undefined;
  readonly b: Matrices;
  readonly transposeB?: boolean | undefined;
  readonly result: Matrices;
  readonly accumulate?: boolean | undefined;
  /** Pairs of matrices; one each unless given. */
  readonly prompts?: number;
  readonly heads?: number;
}

export function multiply(recorder: Recorder, of: MatrixProduct): void {
  const { m, n, k, a, b, result, prompts = 1, heads = 1 } = of;
  if (m * n * prompts * heads === 0) return;
  const accumulate = of.accumulate ? 1 : 0;
  const [rows, columns] = [Math.ceil(m / TILE), Math.ceil(n / TILE)];
  const splits = prompts * heads > 1 || a.parts || result.parts ? 1 : splitsOf(rows * columns, k);
  const depth = DEPTH * Math.ceil(k / splits / DEPTH);
  invariant(
    rows <= MOST_GROUPS && prompts * heads * splits <= MOST_GROUPS,
    "a product has as many groups as a grid has",
  );
  if (splits > 1) recorder.reserve(splits * m * n);
  const kernel = KERNELS[of.transposeA ? 1 : 0][of.transposeB ? 1 : 0];
  const to = splits > 1 ? { at: 0, stride: n } : result;
  const numbers = {
    ...{ m, n, k, a: a.at, strideA: a.stride, b: b.at, strideB: b.stride, result: to.at, strideResult: to.stride },
    ...{ accumulate, splits, depth, heads, splitResult: m * n },
    ...{ promptA: a.prompt ?? 0, headA: a.head ?? 0, promptB: b.prompt ?? 0, headB: b.head ?? 0 },
    ...{ partsA: a.parts ? 1 : 0, partsResult: splits > 1 || result.parts ? 1 : 0 },
    ...{ promptResult: result.prompt ?? 0, headResult: result.head ?? 0 },
  };
  recorder.call(kernel, numbers, [columns, rows, prompts * heads * splits]);
  if (splits > 1) {
    recorder.each(FOLD, m * n, { n, splits, result: result.at, strideResult: result.stride, accumulate });
  }
}

const splitsOf = (groups: number, k: number): number =>
  Math.max(1, Math.min(Math.floor(GROUPS / groups), Math.floor(k / SPLIT_DEPTH)));
