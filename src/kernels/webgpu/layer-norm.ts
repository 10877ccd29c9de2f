/**
 * Layer normalisation over the last axis on a GPU: twin of `../assembly/layer-norm.ts`.
 *
 *   z = (x - mean) r, r = 1 / sqrt(variance + epsilon), y = gain z + offset
 *
 * Forward and the gradient of the source: a group per row, whose lanes add every 64th number before they are added in a tree. Gradients of
 * gain and offset: sums over columns (`column-sums.ts`).
 */

import { gridOf } from "../../webgpu/kernel.ts";
import type { DenseOps } from "../ops.ts";
import { columnReduction, reduceColumns } from "./column-sums.ts";
import { ROW_LANES } from "./elementary.ts";
import { gpuKernel } from "./kernel.ts";
import type { Recorder } from "./recorder.ts";
import { treeSum } from "./tree-sum.ts";

const eachColumn = (body: string) => `
  for (var i = lane; i < call.width; i += ${ROW_LANES}u) {
${body}
  }`;

const FORWARD = gpuKernel({
  name: "layer norm",
  numbers: {
    source: "place",
    rows: "u32",
    width: "u32",
    gain: "place",
    offset: "place",
    epsilon: "f32",
    result: "place",
    statistics: "place",
  },
  lanes: ROW_LANES,
  helpers: treeSum(ROW_LANES),
  body: `
  let row = rowOf(group);
  if (row >= call.rows) { return; }
  let first = call.source + row * call.width;
  var sum = 0.0;${eachColumn("    sum += load(first + i);")}
  let mean = treeSum(lane, sum) / f32(call.width);
  var squares = 0.0;${eachColumn("    let d = load(first + i) - mean;\n    squares += d * d;")}
  let r = 1.0 / sqrt(treeSum(lane, squares) / f32(call.width) + call.epsilon);
${eachColumn("    store(call.result + row * call.width + i, load(call.gain + i) * ((load(first + i) - mean) * r) + load(call.offset + i));")}
  if (lane == 0u) {
    store(call.statistics + 2u * row, mean);
    store(call.statistics + 2u * row + 1u, r);
  }
`,
});

/** With g = gain dy: dSource += r (g - mean(g) - z mean(g z)). */
const BACKWARD = gpuKernel({
  name: "layer norm: backward",
  numbers: {
    source: "place",
    rows: "u32",
    width: "u32",
    gain: "place",
    statistics: "place",
    dTarget: "place",
    dSource: "place",
  },
  lanes: ROW_LANES,
  helpers: treeSum(ROW_LANES),
  body: `
  let row = rowOf(group);
  if (row >= call.rows) { return; }
  let first = row * call.width;
  let mean = load(call.statistics + 2u * row);
  let r = load(call.statistics + 2u * row + 1u);
  var sum = 0.0;
  var along = 0.0;${eachColumn(`    let g = load(call.dTarget + first + i) * load(call.gain + i);
    sum += g;
    along += g * ((load(call.source + first + i) - mean) * r);`)}
  let gMean = treeSum(lane, sum) / f32(call.width);
  let gzMean = treeSum(lane, along) / f32(call.width);
${eachColumn(`    let z = (load(call.source + first + i) - mean) * r;
    let g = load(call.dTarget + first + i) * load(call.gain + i);
    store(call.dSource + first + i, load(call.dSource + first + i) + r * (g - gMean - z * gzMean));`)}
`,
});

const PARAMETERS = columnReduction(
  "layer norm: gain and offset",
  { source: "place", statistics: "place", dTarget: "place", dGain: "place", dOffset: "place" },
  {
    each: `
      let mean = load(call.statistics + 2u * row);
      let r = load(call.statistics + 2u * row + 1u);
      let dy = load(call.dTarget + at);`,
    terms: ["dy * ((load(call.source + at) - mean) * r)", "dy"],
    finish: `
  store(call.dGain + column, load(call.dGain + column) + sum0);
  store(call.dOffset + column, load(call.dOffset + column) + sum1);`,
  },
);

export function layerNormOps(recorder: Recorder): Pick<DenseOps, "layerNorm" | "layerNormBackward"> {
  return {
    layerNorm: ({ source, rows, width, gain, offset, epsilon, target, statistics }) => {
      if (rows === 0) return;
      const numbers = { source, rows, width, gain, offset, epsilon, result: target, statistics };
      recorder.call(FORWARD, numbers, gridOf(1, rows));
    },
    layerNormBackward: ({ source, rows, width, gain, statistics, dTarget, dSource, dGain, dOffset }) => {
      if (rows === 0) return;
      const parameters = { source, statistics, dTarget, dGain, dOffset };
      reduceColumns(recorder, PARAMETERS, { rows, columns: width }, parameters);
      const numbers = { source, rows, width, gain, statistics, dTarget, dSource };
      recorder.call(BACKWARD, numbers, gridOf(1, rows));
    },
  };
}
