/**
 * Sums and counts that a pass adds to and the host reads once per step, in a fixed order, so that a device repeats itself bit for bit.
 *
 *   sum     two floats, the sum and what rounding left out of it (Knuth's two-sum); its value is their sum
 *   count   64 bits, lower word first
 *
 * A kernel leaves one part per group in the scratch memory, and `FOLD_SUMS` or `FOLD_COUNTS` adds the parts to a place. There are no
 * atomic operations, because the memory is not an array of atomic words.
 */
import { gpuKernel, type NumberKind } from "./kernel.ts";
import type { Recorder } from "./recorder.ts";

/** Lanes of kernels that sum. */
export const SUM_LANES = 256;
/** Most parts of a sum. */
const MOST_PARTS = 1024;
/** Items of a lane before there are more groups. */
const ITEMS = 8;

/** Groups, and thus parts, for so many items. */
export const partsOf = (items: number): number =>
  Math.max(1, Math.min(MOST_PARTS, Math.ceil(items / (SUM_LANES * ITEMS))));

/**
 * Sums in two floats. A compiler that reorders additions would find the error of one to be 0; it cannot where a result passes through an
 * exclusive or with a number that it does not know.
 */
export const PAIRS = `
fn opaque(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) ^ call.zero); }
fn plus(a: vec2f, b: vec2f) -> vec2f {
  let sum = opaque(a.x + b.x);
  let second = opaque(sum - a.x);
  let error = opaque(a.x - opaque(sum - second)) + opaque(b.x - second);
  let low = error + (a.y + b.y);
  let high = opaque(sum + low);
  return vec2f(high, opaque(low - opaque(high - sum)));
}
var<workgroup> pairs: array<vec2f, ${SUM_LANES}>;
/** The sum over the lanes of a group: neighbours at distance 128, 64, ..., 1. */
fn sumOfPairs(lane: u32, own: vec2f) -> vec2f {
  pairs[lane] = own;
  for (var half = ${SUM_LANES / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { pairs[lane] = plus(pairs[lane], pairs[lane + half]); }
  }
  workgroupBarrier();
  return pairs[0];
}
`;

/** Adds the sums of all groups to a sum. Shapes: parts [parts, 2]. */
const FOLD_SUMS = gpuKernel({
  name: "fold sums",
  numbers: { count: "u32", tally: "place" },
  lanes: SUM_LANES,
  helpers: PAIRS,
  body: `
  var own = vec2f(0.0, 0.0);
  for (var i = lane; i < call.count; i += ${SUM_LANES}u) {
    own = plus(own, vec2f(loadPart(2u * i), loadPart(2u * i + 1u)));
  }
  let sum = sumOfPairs(lane, own);
  if (lane == 0u) {
    let next = plus(vec2f(load(call.tally), load(call.tally + 1u)), sum);
    store(call.tally, next.x);
    store(call.tally + 1u, next.y);
  }
`,
});

/** Adds 32-bit counts of all groups to a count. Shapes: parts [parts]. */
const FOLD_COUNTS = gpuKernel({
  name: "fold counts",
  numbers: { count: "u32", tally: "place" },
  lanes: SUM_LANES,
  helpers: `
var<workgroup> counts: array<vec2u, ${SUM_LANES}>;
fn plus(a: vec2u, b: vec2u) -> vec2u {
  let low = a.x + b.x;
  return vec2u(low, a.y + b.y + select(0u, 1u, low < a.x));
}
`,
  body: `
  var own = vec2u(0u, 0u);
  for (var i = lane; i < call.count; i += ${SUM_LANES}u) { own = plus(own, vec2u(parts[i], 0u)); }
  counts[lane] = own;
  for (var half = ${SUM_LANES / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { counts[lane] = plus(counts[lane], counts[lane + half]); }
  }
  if (lane == 0u) {
    let next = plus(vec2u(words[call.tally], words[call.tally + 1u]), counts[0]);
    words[call.tally] = next.x;
    words[call.tally + 1u] = next.y;
  }
`,
});

/** A kernel that sums `term`, a number of item `at`, over `count` items, to one sum per group. */
export const sumKernel = <N extends string>(
  name: string,
  numbers: Readonly<Record<N, NumberKind>>,
  term: string,
  helpers = "",
) =>
  gpuKernel({
    name,
    numbers: { count: "u32", groups: "u32", ...numbers } as Readonly<Record<N | "count" | "groups", NumberKind>>,
    lanes: SUM_LANES,
    helpers: `${PAIRS}${helpers}`,
    body: `
  var own = vec2f(0.0, 0.0);
  for (var at = itemOf(group, lane); at < call.count; at += call.groups * ${SUM_LANES}u) {
    own = plus(own, vec2f(${term}, 0.0));
  }
  let sum = sumOfPairs(lane, own);
  if (lane == 0u) {
    storePart(2u * rowOf(group), sum.x);
    storePart(2u * rowOf(group) + 1u, sum.y);
  }
`,
  });

/** The same for whole numbers, to a 32-bit count per group. */
export const countKernel = <N extends string>(
  name: string,
  numbers: Readonly<Record<N, NumberKind>>,
  term: string,
  helpers = "",
) =>
  gpuKernel({
    name,
    numbers: { count: "u32", groups: "u32", ...numbers } as Readonly<Record<N | "count" | "groups", NumberKind>>,
    lanes: SUM_LANES,
    helpers: `
var<workgroup> counted: atomic<u32>;
${helpers}`,
    body: `
  var own = 0u;
  for (var at = itemOf(group, lane); at < call.count; at += call.groups * ${SUM_LANES}u) { own += ${term}; }
  atomicAdd(&counted, own);
  workgroupBarrier();
  if (lane == 0u) { parts[rowOf(group)] = atomicLoad(&counted); }
`,
  });

export interface Tallies {
  /** Adds parts of sums in the scratch memory to a sum. */
  foldSums(parts: number, tally: number): void;
  foldCounts(parts: number, tally: number): void;
  /** Runs a kernel of `sumKernel` over `count` items and adds to a sum. */
  sum<N extends string>(
    kernel: ReturnType<typeof sumKernel<N>>,
    count: number,
    numbers: Readonly<Record<NoInfer<N>, number>>,
    tally: number,
  ): void;
  /** Runs a kernel of `countKernel` over `count` items and adds to a count. */
  count<N extends string>(
    kernel: ReturnType<typeof countKernel<N>>,
    count: number,
    numbers: Readonly<Record<NoInfer<N>, number>>,
    tally: number,
  ): void;
}

export function talliesOf(recorder: Recorder): Tallies {
  const fold = (kernel: typeof FOLD_SUMS, parts: number, tally: number) =>
    recorder.call(kernel, { count: parts, tally }, [1, 1, 1]);
  const reduce = (
    kernel: ReturnType<typeof sumKernel>,
    folding: typeof FOLD_SUMS,
    count: number,
    numbers: Readonly<Record<string, number>>,
    tally: number,
  ) => {
    if (count === 0) return;
    const groups = partsOf(count);
    recorder.reserve(2 * groups);
    recorder.call(kernel, { ...numbers, count, groups }, [1, groups, 1]);
    fold(folding, groups, tally);
  };
  return {
    foldSums: (parts, tally) => fold(FOLD_SUMS, parts, tally),
    foldCounts: (parts, tally) => fold(FOLD_COUNTS, parts, tally),
    sum: (kernel, count, numbers, tally) => reduce(kernel, FOLD_SUMS, count, numbers, tally),
    count: (kernel, count, numbers, tally) => reduce(kernel, FOLD_COUNTS, count, numbers, tally),
  };
}
