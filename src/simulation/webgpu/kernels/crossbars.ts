/**
 * A linear layer on crossbars in whole numbers. Twin: `runLinear` of `../../reference/linear.ts`; on the CPU
 * `../../fast/integer-linear.ts`.
 *
 *   line = 2^(s-1) + sum of the conductances of driven rows        s: stepBits of the crossbar
 *   code = clamp(line >> s)                                         of the difference, or of both lines of a pair
 *   out  = offset + sum over row blocks of factor code
 *
 * Shapes: bits [vectors][stride]; blocks [rowBlocks][first word, words, first row]; conductances [signs][rows][outputs], one sign for
 * differences; columns [rowBlocks][outputs][factor, stepBits]; offsets [outputs]; out [vectors][outputs].
 *
 * A group computes 64 columns of one vector. All its lanes walk through the same set bits and read neighbouring conductances.
 */
import { defineKernel } from "../../../webgpu/kernel.ts";

export const CROSSBARS = defineKernel({
  name: "crossbars",
  numbers: {
    vectors: "u32",
    stride: "u32",
    outputs: "u32",
    rows: "u32",
    rowBlocks: "u32",
    pairs: "u32",
    largest: "i32",
    counter: "u32",
  },
  arrays: {
    bits: "read u32",
    blocks: "read u32",
    conductances: "read i32",
    columns: "read i32",
    offsets: "read i32",
    out: "write i32",
  },
  lanes: 64,
  helpers: `
/** A line of a pair saturates at 65535, which every converter clips. */
const HIGHEST = 65535;

var<workgroup> clippedOfGroup: atomic<u32>;
`,
  body: `
  let n = 64u * group.x + lane;
  let v = rowOf(group);
  var clipped = 0u;
  if (n < call.outputs && v < call.vectors) {
    var sum = offsets[n];
    for (var b = 0u; b < call.rowBlocks; b++) {
      let first = blocks[3u * b];
      let words = blocks[3u * b + 1u];
      let factor = columns[2u * (b * call.outputs + n)];
      let stepBits = u32(columns[2u * (b * call.outputs + n) + 1u]);
      let half = (1 << stepBits) >> 1u;
      var plus = half;
      var minus = half;
      for (var w = 0u; w < words; w++) {
        var driven = bits[v * call.stride + first + w];
        let row = blocks[3u * b + 2u] + 32u * w;
        while (driven != 0u) {
          let cell = (row + firstTrailingBit(driven)) * call.outputs + n;
          plus += conductances[cell];
          if (call.pairs != 0u) { minus += conductances[call.rows * call.outputs + cell]; }
          driven &= driven - 1u;
        }
      }
      if (call.pairs != 0u) {
        let a = min(plus, HIGHEST) >> stepBits;
        let b = min(minus, HIGHEST) >> stepBits;
        clipped += u32(a > call.largest) + u32(b > call.largest);
        sum += factor * (min(a, call.largest) - min(b, call.largest));
      } else {
        let a = plus >> stepBits;
        clipped += u32(a > call.largest || a < -call.largest);
        sum += factor * clamp(a, -call.largest, call.largest);
      }
    }
    out[v * call.outputs + n] = sum;
  }
  atomicAdd(&clippedOfGroup, clipped);
  workgroupBarrier();
  if (lane == 0u) { tally(call.counter, atomicLoad(&clippedOfGroup)); }
`,
});
