/**
 * Attention without a product of tokens: neurons count, and their spikes gate. Twin: `model/attention/gates.ts`; on the CPU
 * `kernels/assembly/gate-attention.ts`.
 *
 *   counts     A_ic = q_ic SN(scale sum_j mask_ij k_jc v_jc)     reads q, k, v
 *   channels   A_ic = k_ic SN(scale sum_j mask_ij q_jc)          reads q, k
 *   tokens     A_ic = k_ic SN(scale sum_c q_ic)                  reads q, k
 *
 * Backward, with G the gradient of the neuron's current times the scale: the gated bits get dA where the neuron fired, and the counted
 * ones sum_i mask_ij G_ic, times k or v for the other one of a product. The gate of a token gets the sum of its features' gradients.
 *
 * Shapes: dA [steps, prompts tokens, width]; dQkv [steps, prompts tokens, rowFloats]; G in the scratch memory, like dA.
 */
import type { Counting } from "../weighing.ts";
import type { Summed } from "./firing-attention.ts";
import { FEATURE_OF_TOKEN, HEAD_NUMBERS, HEADS } from "./heads.ts";
import { eachItem } from "./kernel.ts";
import { backThroughSteps, type GpuNeuron } from "./neurons.ts";
import { SURROGATE, SURROGATE_NUMBERS } from "./surrogates.ts";

/** The sum over the tokens that token i may attend to of a bit of theirs. */
const overTokens = (bit: string): string => `
fn currentOf(t: u32, prompt: u32, i: u32, feature: u32) -> f32 {
  var sum = 0.0;
  for (var w = 0u; w < call.maskWords; w++) {
    var open = openKeys(i, w);
    while (open != 0u) {
      let row = rowAt(t, prompt, 32u * w + firstTrailingBit(open));
      open &= open - 1u;
      if (${bit}) { sum += call.scale; }
    }
  }
  return sum;
}
`;

const passes = (part: "0u" | "widthOf()"): string => `
fn passes(t: u32, prompt: u32, i: u32, feature: u32) -> bool { return bitAt(rowAt(t, prompt, i), ${part} + feature); }
`;

const CURRENTS: Readonly<Record<Counting, string>> = {
  counts: `${overTokens("bitAt(row, widthOf() + feature) && bitAt(row, 2u * widthOf() + feature)")}${passes("0u")}`,
  channels: `${overTokens("bitAt(row, feature)")}${passes("widthOf()")}`,
  tokens: `
fn currentOf(t: u32, prompt: u32, i: u32, feature: u32) -> f32 {
  return call.scale * f32(onesOf(headAt(rowAt(t, prompt, i), feature / call.dimension * call.dimension)));
}
${passes("widthOf()")}`,
};

export const gateSummed = (counted: Counting): Summed => ({
  name: counted,
  numbers: { scale: "f32" },
  wgsl: CURRENTS[counted],
});

/** The gradient of the neuron's spike. */
const SPIKE_GRADIENT = `
fn spikeGradient(t: u32, prompt: u32, i: u32, feature: u32) -> f32 {
  let dA = load(call.dOut + rowAt(t, prompt, i) * widthOf() + feature);
  return select(0.0, dA, passes(t, prompt, i, feature));
}
`;

/** All features of a head have one neuron. */
const TOKEN_SPIKE_GRADIENT = `
fn spikeGradient(t: u32, prompt: u32, i: u32, feature: u32) -> f32 {
  let first = feature / call.dimension * call.dimension;
  var sum = 0.0;
  for (var c = first; c < first + call.dimension; c++) {
    let dA = load(call.dOut + rowAt(t, prompt, i) * widthOf() + c);
    sum += select(0.0, dA, passes(t, prompt, i, c));
  }
  return sum;
}
`;

/** Where G goes, and the gradient of the gated bits, in a row of dQkv or of the scratch memory. */
const STORED: Readonly<Record<Counting, { readonly current: string; readonly gated: string }>> = {
  counts: { current: "storePart(row * widthOf() + feature, g);", gated: "result + feature" },
  channels: { current: "storePart(row * widthOf() + feature, g);", gated: "result + widthOf() + feature" },
  tokens: { current: "store(result + feature, g);", gated: "result + widthOf() + feature" },
};

const GRADIENTS = { dQkv: "place", rowFloats: "u32" } as const;

/** G and the gradient of the gated bits. A lane is a feature of one token, at all steps. */
export const gateGradientsKernel = (counted: Counting, neuron: GpuNeuron, steps: number) =>
  eachItem(
    `backward through ${steps} steps of gates on ${counted}`,
    { ...HEAD_NUMBERS, ...neuron.numbers, ...SURROGATE_NUMBERS, ...GRADIENTS, scale: "f32", dOut: "place" },
    `${FEATURE_OF_TOKEN}${backThroughSteps(steps, {
      current: "currentOf(t, prompt, i, feature)",
      each: `
    let row = rowAt(t, prompt, i);
    let result = call.dQkv + row * call.rowFloats;
    store(${STORED[counted].gated}, select(0.0, load(call.dOut + row * widthOf() + feature), fired));
    let g = call.scale * back(&later, spikeGradient(t, prompt, i, feature), slope, fired);
    ${STORED[counted].current}`,
    })}`,
    `${HEADS}${CURRENTS[counted]}${neuron.wgsl}${SURROGATE}${counted === "tokens" ? TOKEN_SPIKE_GRADIENT : SPIKE_GRADIENT}`,
  );

/** The gradient of the counted bits, from the sum of G over the tokens that attend to theirs. A lane is a feature of a token at a step. */
export const countedGradientsKernel = (counted: "counts" | "channels") =>
  eachItem(
    `gradients of counted ${counted}`,
    { ...HEAD_NUMBERS, ...GRADIENTS },
    `
  let feature = at % widthOf();
  let row = at / widthOf();
  let j = row % call.tokens;
  let result = call.dQkv + row * call.rowFloats;
  var sum = 0.0;
  for (var i = 0u; i < call.tokens; i++) {
    if (isOpen(i, j)) { sum += loadPart((row - j + i) * widthOf() + feature); }
  }
  ${COUNTED[counted]}
`,
    HEADS,
  );

const COUNTED = {
  counts: `
  store(result + widthOf() + feature, select(0.0, sum, bitAt(row, 2u * widthOf() + feature)));
  store(result + 2u * widthOf() + feature, select(0.0, sum, bitAt(row, widthOf() + feature)));`,
  channels: "store(result + feature, sum);",
} as const;
