/**
 * Cross-entropy of classes and of bits, and sums of squares, on a GPU: twin of `../assembly/cross-entropy.ts`, which has the equations.
 * A row's loss is in single precision; the sum over rows is in two floats (`tally.ts`).
 */
import { gridOf } from "../../webgpu/kernel.ts";
import type { DenseOps } from "../ops.ts";
import { EXPONENTIAL, LOGARITHM, ROW_LANES } from "./elementary.ts";
import { gpuKernel, type NumberKind } from "./kernel.ts";
import type { Recorder } from "./recorder.ts";
import { sumKernel, talliesOf } from "./tally.ts";
import { treeSumAndMost } from "./tree-sum.ts";

const ANSWERED = {
  logits: "place",
  targets: "place",
  dLogits: "place",
  scale: "f32",
} as const satisfies Record<string, NumberKind>;

const eachClass = (body: string) => `
  for (var i = first + lane; i < first + call.outputs; i += ${ROW_LANES}u) {
${body}
  }`;

/** A group per row. */
const CLASSES = gpuKernel({
  name: "cross-entropy",
  numbers: { ...ANSWERED, rows: "u32", outputs: "u32" },
  lanes: ROW_LANES,
  helpers: `${EXPONENTIAL}${LOGARITHM}${treeSumAndMost(ROW_LANES)}`,
  body: `
  let row = rowOf(group);
  if (row >= call.rows) { return; }
  let first = row * call.outputs;
  var most = -3.4e38;${eachClass("    most = max(most, load(call.logits + i));")}
  most = treeMost(lane, most);
  var sum = 0.0;${eachClass(`    let e = exponential(load(call.logits + i) - most);
    sum += e;
    store(call.dLogits + i, e);`)}
  sum = treeSum(lane, sum);
  let logSum = logarithm(sum);
  let inverse = 1.0 / sum;
  var loss = 0.0;${eachClass(`    let wanted = load(call.targets + i);
    loss += wanted * (logSum + (most - load(call.logits + i)));
    store(call.dLogits + i, call.scale * (load(call.dLogits + i) * inverse - wanted));`)}
  loss = treeSum(lane, loss);
  if (lane == 0u) {
    storePart(2u * row, loss);
    storePart(2u * row + 1u, 0.0);
  }
`,
});

const BITS = sumKernel("cross-entropy of bits", ANSWERED, {
  helpers: `${EXPONENTIAL}${LOGARITHM}`,
  each: `
    let z = load(call.logits + at);
    let wanted = load(call.targets + at);
    // e^-|z|, so that nothing overflows: ln(1 + e^z) = max(z, 0) + ln(1 + e^-|z|).
    let e = exponential(-abs(z));
    let p = select(1.0, e, z < 0.0) / (1.0 + e);
    store(call.dLogits + at, call.scale * (p - wanted));`,
  terms: ["max(z, 0.0) + logarithm(1.0 + e) - wanted * z"],
});

const SQUARES = sumKernel(
  "squares",
  { source: "place" },
  { each: "    let x = load(call.source + at);", terms: ["x * x"] },
);

export function lossOps(recorder: Recorder): Pick<DenseOps, "crossEntropy" | "bitCrossEntropy" | "sumOfSquares"> {
  const tallies = talliesOf(recorder);
  return {
    crossEntropy: ({ logits, targets, rows, outputs, dLogits, scale, tally }) => {
      if (rows === 0) return;
      recorder.reserve(2 * rows);
      recorder.call(CLASSES, { logits, targets, rows, outputs, dLogits, scale }, gridOf(1, rows));
      tallies.foldSums(0, rows, tally);
    },
    bitCrossEntropy: ({ logits, targets, rows, outputs, dLogits, scale, tally }) =>
      tallies.sum(BITS, rows * outputs, { logits, targets, dLogits, scale }, tally),
    sumOfSquares: (source, count, tally) => tallies.sum(SQUARES, count, { source }, tally),
  };
}
