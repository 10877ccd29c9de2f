/**
 * A layer of LIF units in whole numbers. Twin: `runIntegerLifUnits` of `hardware/integer-lif.ts`; on the CPU `fireIntegers` of
 * `kernels/assembly/integer-digital.ts`.
 *
 *   V = sat(floor(V / 2^shift) + current);  fire where V >= threshold;  then V = 0, or V - threshold where `soft`
 *
 * Shapes: currents [steps][rows][features]; thresholds [features], read where `own`; bits [steps][rows][words].
 *
 * A lane is a neuron and keeps its membrane over all steps. 32 lanes write one word.
 */
import { defineKernel } from "../../../webgpu/kernel.ts";

export const NEURONS = defineKernel({
  name: "neurons",
  numbers: {
    steps: "u32",
    rows: "u32",
    features: "u32",
    words: "u32",
    shift: "u32",
    threshold: "i32",
    own: "u32",
    soft: "u32",
    low: "i32",
    high: "i32",
    counter: "u32",
  },
  arrays: { currents: "read i32", thresholds: "read i32", bits: "write u32" },
  lanes: 256,
  helpers: `
var<workgroup> fired: array<atomic<u32>, 8>;
var<workgroup> stopped: atomic<u32>;
`,
  body: `
  let slot = lane >> 5u;
  let word = 8u * rowOf(group) + slot;
  let row = word / call.words;
  let feature = 32u * (word % call.words) + (lane & 31u);
  let isNeuron = row < call.rows && feature < call.features;
  var level = call.threshold;
  if (call.own != 0u && isNeuron) { level = thresholds[feature]; }
  var v = 0;
  for (var t = 0u; t < call.steps; t++) {
    if (isNeuron) {
      let sum = (v >> call.shift) + currents[(t * call.rows + row) * call.features + feature];
      v = clamp(sum, call.low, call.high);
      if (v != sum) { atomicAdd(&stopped, 1u); }
      if (v >= level) {
        atomicOr(&fired[slot], 1u << (lane & 31u));
        v = select(0, v - level, call.soft != 0u);
      }
    }
    workgroupBarrier();
    if ((lane & 31u) == 0u && row < call.rows) {
      bits[t * call.rows * call.words + word] = atomicExchange(&fired[slot], 0u);
    }
    workgroupBarrier();
  }
  if (lane == 0u) { tally(call.counter, atomicLoad(&stopped)); }
`,
});
