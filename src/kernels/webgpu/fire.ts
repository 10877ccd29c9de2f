/**
 * A population of neurons over all steps, forward and backward. Twins: `model/neuron/`; on the CPU `kernels/assembly/` `lif.ts`,
 * `plif.ts` and `alif.ts`.
 *
 * Shapes: currents, dSpikes, target [steps, rows, features]; scale, shift [features]; spikes and near [steps][rows][bitWords].
 *
 * A lane is a neuron and keeps its state in registers over all steps. The equations are in `neurons.ts`.
 */
import { gpuKernel } from "./kernel.ts";
import { backThroughSteps, type GpuNeuron } from "./neurons.ts";
import { PACKED_STEPS, packing } from "./packing.ts";
import { SURROGATE, SURROGATE_NUMBERS } from "./surrogates.ts";
import { treeSum } from "./tree-sum.ts";

const CURRENTS = {
  currents: "place",
  steps: "u32",
  rows: "u32",
  features: "u32",
  mapped: "u32",
  scale: "place",
  shift: "place",
} as const;

/** A current as it reaches the neuron: scale x + shift of its column, if the columns are mapped. */
const CURRENT = `
fn currentAt(t: u32, row: u32, feature: u32) -> f32 {
  let x = load(call.currents + (t * call.rows + row) * call.features + feature);
  if (call.mapped == 0u) { return x; }
  return load(call.scale + feature) * x + load(call.shift + feature);
}
`;

/** Spikes and, where `gated`, where |V - threshold| < reach. A group makes 8 words of every step. */
export const fireKernel = ({ name, numbers, wgsl }: GpuNeuron) =>
  gpuKernel({
    name: `fire ${name}`,
    numbers: {
      ...numbers,
      ...CURRENTS,
      bits: "place",
      bitWords: "u32",
      gated: "u32",
      near: "place",
      reach: "f32",
    },
    lanes: 256,
    helpers: `${wgsl}${CURRENT}${packing("fired", 256)}${packing("close", 256)}`,
    body: `
  let slot = lane / 32u;
  let word = 8u * rowOf(group) + slot;
  let row = word / call.bitWords;
  let feature = 32u * (word % call.bitWords) + lane % 32u;
  let isNeuron = row < call.rows && feature < call.features;
  var neuron = Neuron();
  for (var first = 0u; first < call.steps; first += ${PACKED_STEPS}u) {
    let count = min(${PACKED_STEPS}u, call.steps - first);
    var spikes = 0u;
    var nears = 0u;
    if (isNeuron) {
      for (var t = 0u; t < count; t++) {
        let x = distance(&neuron, currentAt(first + t, row, feature));
        spikes |= u32(x >= 0.0) << t;
        nears |= u32(abs(x) < call.reach) << t;
        reset(&neuron, x >= 0.0);
      }
    }
    fired[lane] = spikes;
    close[lane] = nears;
    workgroupBarrier();
    let step = lane % 32u;
    if (step < count && row < call.rows) {
      let at = (first + step) * call.rows * call.bitWords + word;
      storeWord(call.bits + at, firedPacked(slot, step));
      if (call.gated != 0u) { storeWord(call.near + at, closePacked(slot, step)); }
    }
    workgroupBarrier();
  }
`,
  });

/**
 * target (+)= dV, the gradient of the currents as they reach the neurons; target may be dSpikes. Membranes are computed again.
 *
 * Where the leak is learned, a group leaves its part of sum over t and neurons of dV_t V'_(t-1) in the scratch memory, summed in a fixed
 * tree, for `leakGradient`.
 */
export const fireBackwardKernel = ({ name, numbers, wgsl, leakGradient }: GpuNeuron, steps: number) => {
  const learns = leakGradient !== null;
  return gpuKernel({
    name: `backward through ${steps} steps of ${name}`,
    numbers: { ...numbers, ...CURRENTS, ...SURROGATE_NUMBERS, dSpikes: "place", result: "place", accumulate: "u32" },
    lanes: 256,
    helpers: `${wgsl}${CURRENT}${SURROGATE}${learns ? treeSum(256) : ""}`,
    body: `
  let at = itemOf(group, lane);
  let row = at / call.features;
  let feature = at % call.features;
  let isNeuron = row < call.rows;
  var leaked = 0.0;
  if (isNeuron) {
    ${learns ? `var before: array<f32, ${steps}>;` : ""}
${backThroughSteps(steps, {
  before: learns ? "before[t] = neuron.v;" : "",
  current: "currentAt(t, row, feature)",
  each: `
    let place = (t * call.rows + row) * call.features + feature;
    let dV = back(&later, load(call.dSpikes + place), slope, fired);
    let kept = select(0.0, load(call.result + place), call.accumulate != 0u);
    store(call.result + place, kept + dV);
    ${learns ? "leaked += dV * before[t];" : ""}`,
})}
  }
  ${learns ? "let sum = treeSum(lane, leaked);\n  if (lane == 0u) { storePart(rowOf(group), sum); }" : ""}
`,
  });
};
