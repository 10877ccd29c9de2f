/**
 * Sums and counts that a pass adds to and the host reads once per step, in a fixed order, so that a device repeats itself bit for bit.
 *
 *   sum     two floats, the sum and what rounding left out of it (Knuth's two-sum); its value is their sum
 *   count   64 bits, lower word first
 *
 * A kernel leaves one part per group in the scratch memory, and another kernel adds the parts to a place. There are no atomic operations
 * in the memory, because it is not an array of atomic words.
 */
import type { Place } from "../arena.ts";
import { type GpuKernel, gpuKernel, type NumberKind } from "./kernel.ts";
import type { CallNumbers, Recorder } from "./recorder.ts";

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

/** Adds the sums of all groups, parts [parts, 2] from `first`. */
const foldOf = (name: string, finish: string) =>
  gpuKernel({
    name,
    numbers: { first: "u32", count: "u32", tally: "place" },
    lanes: SUM_LANES,
    helpers: PAIRS,
    body: `
  var own = vec2f(0.0, 0.0);
  for (var i = call.first + lane; i < call.first + call.count; i += ${SUM_LANES}u) {
    own = plus(own, vec2f(loadPart(2u * i), loadPart(2u * i + 1u)));
  }
  let sum = sumOfPairs(lane, own);
  if (lane > 0u) { return; }
${finish}
`,
  });

const FOLD_SUMS = foldOf(
  "fold sums",
  `
  let next = plus(vec2f(load(call.tally), load(call.tally + 1u)), sum);
  store(call.tally, next.x);
  store(call.tally + 1u, next.y);`,
);

/** To a single number of the memory. */
const FOLD_NUMBER = foldOf("fold sums to a number", "  store(call.tally, load(call.tally) + (sum.x + sum.y));");

/** Adds 32-bit counts of all groups to a count. Shapes: parts [parts]. */
const FOLD_COUNTS = gpuKernel({
  name: "fold counts",
  numbers: { first: "u32", count: "u32", tally: "place" },
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
  for (var i = lane; i < call.count; i += ${SUM_LANES}u) { own = plus(own, vec2u(parts[call.first + i], 0u)); }
  counts[lane] = own;
  for (var half = ${SUM_LANES / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { counts[lane] = plus(counts[lane], counts[lane + half]); }
  }
  if (lane == 0u) {
    let next = plus(vec2u(loadWord(call.tally), loadWord(call.tally + 1u)), counts[0]);
    storeWord(call.tally, next.x);
    storeWord(call.tally + 1u, next.y);
  }
`,
});

/**
 * A kernel that sums numbers of items over `count` items, to one sum per group and term.
 *
 * @param each   computes with `at`, the item
 * @param terms  what is summed
 */
export function sumKernel<N extends string>(
  name: string,
  numbers: Readonly<Record<N, NumberKind>>,
  {
    each = "",
    terms,
    helpers = "",
  }: { readonly each?: string; readonly terms: readonly string[]; readonly helpers?: string },
): GpuKernel<N | "count" | "groups"> {
  const lines = (of: (term: string, i: number) => string) => terms.map(of).join("\n");
  return gpuKernel({
    name,
    numbers: { count: "u32", groups: "u32", ...numbers } as Readonly<Record<N | "count" | "groups", NumberKind>>,
    lanes: SUM_LANES,
    helpers: `${PAIRS}${helpers}`,
    body: `
${lines((_, i) => `  var own${i} = vec2f(0.0, 0.0);`)}
  for (var at = itemOf(group, lane); at < call.count; at += call.groups * ${SUM_LANES}u) {
${each}
${lines((term, i) => `    own${i} = plus(own${i}, vec2f(${term}, 0.0));`)}
  }
${lines(
  (_, i) => `  let sum${i} = sumOfPairs(lane, own${i});
  if (lane == 0u) {
    storePart(2u * (${i}u * call.groups + rowOf(group)), sum${i}.x);
    storePart(2u * (${i}u * call.groups + rowOf(group)) + 1u, sum${i}.y);
  }
  workgroupBarrier();`,
)}
`,
  });
}

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
  /** Adds parts of sums in the scratch memory, from number `first`, to a sum. */
  foldSums(first: number, parts: number, tally: Place): void;
  /** To a number in single precision. */
  foldNumber(first: number, parts: number, number: Place): void;
  foldCounts(first: number, parts: number, tally: Place): void;
  /** Runs a kernel of `sumKernel` over `count` items and adds its only term to a sum. */
  sum<N extends string>(kernel: Summing<N>, count: number, numbers: CallNumbers<N>, tally: Place): void;
  /** Adds its terms to numbers in single precision. */
  numbers<N extends string>(kernel: Summing<N>, count: number, numbers: CallNumbers<N>, places: readonly Place[]): void;
  /** Runs a kernel of `countKernel` over `count` items and adds to a count. */
  count<N extends string>(kernel: Summing<N>, count: number, numbers: CallNumbers<N>, tally: Place): void;
}

type Summing<N extends string> = GpuKernel<N | "count" | "groups">;

export function talliesOf(recorder: Recorder): Tallies {
  const foldBy = (kernel: typeof FOLD_SUMS) => (first: number, count: number, tally: Place) =>
    recorder.call(kernel, { first, count, tally }, [1, 1, 1]);
  const [foldSums, foldNumber, foldCounts] = [FOLD_SUMS, FOLD_NUMBER, FOLD_COUNTS].map(foldBy);
  /** Runs a kernel with so many terms; returns its groups. */
  function run(
    kernel: Summing<string>,
    count: number,
    numbers: Readonly<Record<string, number>>,
    terms: number,
  ): number {
    const groups = partsOf(count);
    recorder.reserve(2 * terms * groups);
    recorder.call(kernel, { ...numbers, count, groups }, [1, groups, 1]);
    return groups;
  }
  return {
    foldSums,
    foldNumber,
    foldCounts,
    sum: (kernel, count, numbers, tally) => foldSums(0, run(kernel as Summing<string>, count, numbers, 1), tally),
    numbers: (kernel, count, numbers, places) => {
      const groups = run(kernel as Summing<string>, count, numbers, places.length);
      for (const [i, place] of places.entries()) foldNumber(i * groups, groups, place);
    },
    count: (kernel, count, numbers, tally) => foldCounts(0, run(kernel as Summing<string>, count, numbers, 1), tally),
  };
}
