/**
 * Attention that weighs every pair of tokens, backward. Twins: `model/attention/` `stochastic.ts`, `lif.ts` and `pairs.ts`; on the CPU
 * `kernels/assembly/` `stochastic-attention-backward.ts` and `pair-attention.ts`.
 *
 *   dc_i   from dA_i: through the output neurons, or straight through where a probability is not saturated
 *   E_ij   from dS_ij = dc_i . V_j, where the mask allows: the gradient of |Q_i and K_j|
 *   dK_j = sum_i E_ij Q_i,  dV_j = sum_i w_ij dc_i,  then dQ_i = sum_j E_ij K_j
 *
 * Shapes: dA [steps, prompts tokens, width]; dQkv [steps, prompts tokens, 3 width]; E in the scratch memory, from word `pairsAt`, for
 * `promptsHere` prompts after `promptsBefore`: [steps, promptsHere, heads, tokens, tokens]. dc takes the place of dQ until dQ is known,
 * as the last of all. Sums are in the order of their index.
 */
import { FEATURE_OF_TOKEN, HEAD_NUMBERS, HEADS } from "./heads.ts";
import { eachItem, type GpuKernel, type NumberKind } from "./kernel.ts";
import { backThroughSteps, type GpuNeuron } from "./neurons.ts";
import { PAIR_CURRENT } from "./pair-attention.ts";
import { WEIGHTS, type Weights } from "./pair-weights.ts";
import { SURROGATE, SURROGATE_NUMBERS } from "./surrogates.ts";

/** dc of stochastic attention: dA valueGain / N where the sum (scale 1) is not saturated. A lane is a feature of a token at a step. */
export function stochasticSumsKernel(weights: "sampled" | "expected"): GpuKernel {
  const { numbers, wgsl } = WEIGHTS[weights];
  return eachItem(
    `gradient of ${weights} outputs`,
    { ...HEAD_NUMBERS, ...numbers, scale: "f32", valueGain: "f32", dOut: "place", dQkv: "place" },
    `
  let feature = at % widthOf();
  let row = at / widthOf();
  let i = row % call.tokens;
  let prompt = row / call.tokens % call.prompts;
  let t = row / (call.tokens * call.prompts);
  let isFree = call.valueGain * currentOf(t, prompt, i, feature) <= f32(call.tokens);
  let slope = call.valueGain / f32(call.tokens);
  store(call.dQkv + row * 3u * widthOf() + feature, select(0.0, load(call.dOut + at) * slope, isFree));
`,
    `${HEADS}${wgsl}${PAIR_CURRENT}`,
  );
}

/** dc of attention with neurons: dV of the output neurons, times the scale. A lane is a feature of one token, at all steps. */
export function outputGradientsKernel(weights: Weights, neuron: GpuNeuron, steps: number): GpuKernel {
  const { numbers, wgsl } = WEIGHTS[weights];
  return eachItem(
    `backward through ${steps} steps of neurons on sums of ${weights}`,
    {
      ...HEAD_NUMBERS,
      ...numbers,
      ...neuron.numbers,
      ...SURROGATE_NUMBERS,
      scale: "f32",
      dOut: "place",
      dQkv: "place",
    },
    `${FEATURE_OF_TOKEN}${backThroughSteps(steps, {
      current: "currentOf(t, prompt, i, feature)",
      each: `
    let row = rowAt(t, prompt, i);
    let dV = back(&later, load(call.dOut + row * widthOf() + feature), slope, fired);
    store(call.dQkv + row * 3u * widthOf() + feature, dV * call.scale);`,
    })}`,
    `${HEADS}${wgsl}${PAIR_CURRENT}${neuron.wgsl}${SURROGATE}`,
  );
}

/** Numbers of the kernels that make or read gradients of pairs. */
export type PairNumbers = Readonly<Record<keyof typeof HEAD_NUMBERS | keyof typeof HERE | "dQkv", number>>;

const HERE = { promptsBefore: "u32", promptsHere: "u32", pairsAt: "u32" } as const;

const PAIRS = `
fn pairAt(t: u32, prompt: u32, head: u32, i: u32, j: u32) -> u32 {
  let here = t * call.promptsHere + prompt - call.promptsBefore;
  return call.pairsAt + ((here * call.heads + head) * call.tokens + i) * call.tokens + j;
}
`;

/** dS_ij = dc_i . V_j */
const SCORE_GRADIENT = `
fn scoreGradient(t: u32, prompt: u32, head: u32, i: u32, j: u32) -> f32 {
  let value = headAt(rowAt(t, prompt, j), 2u * widthOf() + head * call.dimension);
  let dc = call.dQkv + rowAt(t, prompt, i) * 3u * widthOf() + head * call.dimension;
  var sum = 0.0;
  for (var c = 0u; c < call.dimension; c++) {
    sum += select(0.0, load(dc + c), ((value[c / 32u] >> (c % 32u)) & 1u) != 0u);
  }
  return sum;
}
`;

/** E from dS and the count, as `gradient`; what it reads. */
interface CountGradient {
  readonly numbers: Readonly<Record<string, NumberKind>>;
  readonly helpers?: string;
  readonly gradient: string;
}

/** Straight through a probability that is not saturated. */
const OF_PROBABILITY: CountGradient = {
  numbers: { slope: "f32", limit: "u32" },
  gradient: "select(0.0, call.slope * dS, count <= call.limit)",
};
const OF_COUNT: CountGradient = { numbers: {}, gradient: "dS" };

const COUNT_GRADIENTS: Readonly<Record<Exclude<Weights, "neurons">, CountGradient>> = {
  sampled: OF_PROBABILITY,
  expected: OF_PROBABILITY,
  ones: OF_COUNT,
  equal: OF_COUNT,
  cut: {
    numbers: { constant: "f32", ...SURROGATE_NUMBERS },
    helpers: SURROGATE,
    gradient: "dS * slopeAt((f32(count) - call.constant) / call.constant) / call.constant",
  },
  frozen: { numbers: {}, gradient: "0.0" },
};

/** E, for weights that depend on one step. A lane is a pair of tokens at one step. */
export function pairGradientsKernel(weights: Exclude<Weights, "neurons">): GpuKernel {
  const { numbers, helpers = "", gradient } = COUNT_GRADIENTS[weights];
  return eachItem(
    `gradients of pairs weighed by ${weights}`,
    { ...HEAD_NUMBERS, ...HERE, ...numbers, dQkv: "place" },
    `
  let j = at % call.tokens;
  let i = at / call.tokens % call.tokens;
  let head = at / (call.tokens * call.tokens) % call.heads;
  let here = at / (call.tokens * call.tokens * call.heads);
  let prompt = call.promptsBefore + here % call.promptsHere;
  let t = here / call.promptsHere;
  if (!isOpen(i, j)) { return; }
  let dS = scoreGradient(t, prompt, head, i, j);
  let count = countOf(t, prompt, head, i, j);
  storePart(call.pairsAt + at, ${gradient});
`,
    `${HEADS}${SCORE_GRADIENT}${helpers}`,
  );
}

/** E, through neurons on scores: constant dV. A lane is a pair of tokens, at all steps. */
export const scoreGradientsKernel = (neuron: GpuNeuron, steps: number): GpuKernel =>
  eachItem(
    `backward through ${steps} steps of neurons on scores`,
    { ...HEAD_NUMBERS, ...HERE, ...neuron.numbers, ...SURROGATE_NUMBERS, constant: "f32", dQkv: "place" },
    `
  let j = at % call.tokens;
  let i = at / call.tokens % call.tokens;
  let head = at / (call.tokens * call.tokens) % call.heads;
  let prompt = call.promptsBefore + at / (call.tokens * call.tokens * call.heads);
  if (!isOpen(i, j)) { return; }
${backThroughSteps(steps, {
  current: "call.constant * f32(countOf(t, prompt, head, i, j))",
  each: `
    let dV = back(&later, scoreGradient(t, prompt, head, i, j), slope, fired);
    storePart(pairAt(t, prompt, head, i, j), call.constant * dV);`,
})}`,
    `${HEADS}${PAIRS}${SCORE_GRADIENT}${neuron.wgsl}${SURROGATE}`,
  );

/** What a lane is in the last two kernels: a feature of one token at one step. A bit that is 0 counts `cold` in a sum over bits. */
const FEATURES = `
  let feature = at % widthOf();
  let head = feature / call.dimension;
  let token = at / widthOf() % call.tokens;
  let here = at / (widthOf() * call.tokens);
  let prompt = call.promptsBefore + here % call.promptsHere;
  let t = here / call.promptsHere;
  let result = call.dQkv + rowAt(t, prompt, token) * 3u * widthOf() + feature;
`;

/** dK and dV of a token, from all that may attend to it. */
export function keyGradientsKernel(weights: Weights): GpuKernel {
  const { numbers, wgsl } = WEIGHTS[weights];
  return eachItem(
    `gradients of keys and values weighed by ${weights}`,
    { ...HEAD_NUMBERS, ...HERE, ...numbers, cold: "f32", dQkv: "place" },
    `${FEATURES}
  var dK = 0.0;
  var dV = 0.0;
  for (var i = 0u; i < call.tokens; i++) {
    if (!isOpen(i, token)) { continue; }
    let row = rowAt(t, prompt, i);
    dK += select(call.cold, 1.0, bitAt(row, feature)) * loadPart(pairAt(t, prompt, head, i, token));
    if (((chosenKeys(t, prompt, head, i, token / 32u) >> (token % 32u)) & 1u) != 0u) {
      dV += weightOf(t, prompt, head, i, token) * load(call.dQkv + row * 3u * widthOf() + feature);
    }
  }
  store(result + widthOf(), dK);
  store(result + 2u * widthOf(), dV);
`,
    `${HEADS}${PAIRS}${wgsl}`,
  );
}

/** dQ of a token, in place of its dc. */
export const QUERY_GRADIENTS = eachItem(
  "gradients of queries",
  { ...HEAD_NUMBERS, ...HERE, cold: "f32", dQkv: "place" },
  `${FEATURES}
  var dQ = 0.0;
  for (var w = 0u; w < call.maskWords; w++) {
    var open = openKeys(token, w);
    while (open != 0u) {
      let j = 32u * w + firstTrailingBit(open);
      open &= open - 1u;
      let key = select(call.cold, 1.0, bitAt(rowAt(t, prompt, j), widthOf() + feature));
      dQ += key * loadPart(pairAt(t, prompt, head, token, j));
    }
  }
  store(result, dQ);
`,
  `${HEADS}${PAIRS}`,
);
