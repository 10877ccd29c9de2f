/**
 * Linear layers on packed spikes: out = bits weight. Twin: `model/linear.ts`; on the CPU `kernels/assembly/spike-product.ts`.
 *
 *   out_rn = sum over k of bit_rk weight_kn, in the order of k
 *
 * Shapes: bits [rows][bitWords]; weight [features, outputs]; out [rows, outputs]; outputs are a multiple of 4.
 *
 * A group computes a tile of 64 rows and 64 outputs, and a lane 8 rows and 4 outputs of it. 32 features at a time, a word of every row,
 * the group shares their weights. A bit times a weight is exact, so a sum has the same bits with and without fused operations.
 */
import { eachItem, gpuKernel } from "./kernel.ts";

/** Rows, features or outputs of a tile. */
export const TILE = 64;

export const SPIKE_PRODUCT = gpuKernel({
  name: "spike product",
  numbers: {
    bits: "place",
    weight: "place",
    out: "place",
    rows: "u32",
    bitWords: "u32",
    features: "u32",
    outputs: "u32",
  },
  lanes: 128,
  helpers: `
var<workgroup> weights: array<vec4f, 512>;
var<workgroup> spikes: array<u32, 64>;

fn weightAt(feature: u32, output: u32) -> vec4f {
  if (feature >= call.features || output >= call.outputs) { return vec4f(0.0); }
  let at = call.weight + feature * call.outputs + output;
  return vec4f(load(at), load(at + 1u), load(at + 2u), load(at + 3u));
}
`,
  body: `
  let firstRow = 64u * rowOf(group);
  let firstOutput = 64u * group.x;
  let four = lane % 16u;
  let eight = 8u * (lane / 16u);
  var sums: array<vec4f, 8>;
  for (var w = 0u; w < call.bitWords; w++) {
    if (lane < 64u) {
      let row = firstRow + lane;
      spikes[lane] = select(0u, loadWord(call.bits + min(row, call.rows - 1u) * call.bitWords + w), row < call.rows);
    }
    for (var i = lane; i < 512u; i += 128u) {
      weights[i] = weightAt(32u * w + i / 16u, firstOutput + 4u * (i % 16u));
    }
    workgroupBarrier();
    for (var k = 0u; k < 32u; k++) {
      let weight = weights[16u * k + four];
      for (var r = 0u; r < 8u; r++) { sums[r] += f32((spikes[eight + r] >> k) & 1u) * weight; }
    }
    workgroupBarrier();
  }
  let output = firstOutput + 4u * four;
  if (output >= call.outputs) { return; }
  for (var r = 0u; r < 8u; r++) {
    let row = firstRow + eight + r;
    if (row >= call.rows) { return; }
    let at = call.out + row * call.outputs + output;
    for (var i = 0u; i < 4u; i++) { store(at + i, sums[r][i]); }
  }
`,
});

/**
 * The gradient of the weight: dWeight += bits^T dOut.
 *
 *   dWeight_kn += sum over r of bit_rk dOut_rn
 *
 * Shapes: bits [rows][bitWords]; dOut [rows, outputs]; parts [parts, features, outputs]. Rows are split into parts of `partRows`, a
 * multiple of 32, so that there are enough groups; a group sums a tile of 64 features and 64 outputs over the rows of one part, in order,
 * and `SUM_OF_PARTS` adds the parts in order.
 */
export const SPIKE_WEIGHT_GRADIENT = gpuKernel({
  name: "spike weight gradient",
  numbers: {
    bits: "place",
    dOut: "place",
    rows: "u32",
    bitWords: "u32",
    features: "u32",
    outputs: "u32",
    parts: "u32",
    partRows: "u32",
  },
  lanes: 128,
  helpers: `
var<workgroup> gradients: array<vec4f, 512>;
var<workgroup> spikes: array<u32, 64>;

fn gradientAt(row: u32, end: u32, output: u32) -> vec4f {
  if (row >= end || output >= call.outputs) { return vec4f(0.0); }
  let at = call.dOut + row * call.outputs + output;
  return vec4f(load(at), load(at + 1u), load(at + 2u), load(at + 3u));
}

/** Word \`w\` of the two that hold the features of a tile. */
fn spikesAt(row: u32, end: u32, word: u32) -> u32 {
  if (row >= end || word >= call.bitWords) { return 0u; }
  return loadWord(call.bits + row * call.bitWords + word);
}
`,
  body: `
  let part = rowOf(group) % call.parts;
  let firstFeature = 64u * (rowOf(group) / call.parts);
  let firstOutput = 64u * group.x;
  let four = lane % 16u;
  let eight = lane / 16u;
  let end = min(call.rows, (part + 1u) * call.partRows);
  var sums: array<vec4f, 8>;
  for (var first = part * call.partRows; first < end; first += 32u) {
    if (lane < 64u) { spikes[lane] = spikesAt(first + lane / 2u, end, firstFeature / 32u + lane % 2u); }
    for (var i = lane; i < 512u; i += 128u) {
      gradients[i] = gradientAt(first + i / 16u, end, firstOutput + 4u * (i % 16u));
    }
    workgroupBarrier();
    for (var r = 0u; r < 32u; r++) {
      let gradient = gradients[16u * r + four];
      let own = spikes[2u * r + eight / 4u] >> (8u * (eight % 4u));
      for (var f = 0u; f < 8u; f++) { sums[f] += f32((own >> f) & 1u) * gradient; }
    }
    workgroupBarrier();
  }
  let output = firstOutput + 4u * four;
  if (output >= call.outputs) { return; }
  for (var f = 0u; f < 8u; f++) {
    let feature = firstFeature + 8u * eight + f;
    if (feature >= call.features) { return; }
    let at = (part * call.features + feature) * call.outputs + output;
    for (var i = 0u; i < 4u; i++) { storePart(at + i, sums[f][i]); }
  }
`,
});

/** target [count] += sum over parts of parts [parts, count], in order. */
export const SUM_OF_PARTS = eachItem(
  "sum of parts",
  { result: "place", parts: "u32" },
  `
  var sum = 0.0;
  for (var part = 0u; part < call.parts; part++) { sum += loadPart(part * call.count + at); }
  store(call.result + at, load(call.result + at) + sum);
`,
);
