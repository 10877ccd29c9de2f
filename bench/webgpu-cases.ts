/**
 * The operations of a training step one by one, for any backend: what each reads and writes, which gives the bytes that it moves at
 * least, and the operations on numbers that its shapes ask for.
 */
import { attentionSpec } from "../src/experiment/attention.ts";
import { ATTENTION_PARTS } from "../src/experiment/by-attention.ts";
import { neuronSpec } from "../src/experiment/neuron.ts";
import { type Arena, type Place, TALLY_WORDS } from "../src/kernels/arena.ts";
import { bitMask, byteMask, maskStride, maskWords } from "../src/kernels/masks.ts";
import type { FiringSpec } from "../src/kernels/ops.ts";
import type { TrainingOps } from "../src/kernels/training-ops.ts";
import { expectedScratch, sampledScratch, stochasticBackwardScratch } from "../src/kernels/wasm/attention-ops.ts";
import { productScratch, softmaxScratch } from "../src/kernels/wasm/dense-ops.ts";
import { firingScratch } from "../src/kernels/wasm/firing-attention.ts";
import { neuronKernels } from "../src/kernels/wasm/neuron-kernels.ts";
import { NOISE_SCRATCH, normalisationScratch } from "../src/kernels/wasm/neuron-ops.ts";
import { inputGradientScratch, SPIKE_SCRATCH, spikeGradientScratch } from "../src/kernels/wasm/spike-ops.ts";
import { NORM_EPSILON } from "../src/model/operation.ts";
import { stream } from "../src/numeric/stream.ts";
import { muonScratch, orthogonalise } from "../src/train/muon.ts";
import { randomBits } from "./reference-model.ts";

export interface KernelSizes {
  readonly steps: number;
  readonly prompts: number;
  readonly tokens: number;
  readonly width: number;
  readonly heads: number;
  readonly classes: number;
}

type Contents = Float32Array | Uint32Array | Uint8Array;

interface CaseArray {
  readonly contents: Contents;
  /** `change`: reads and writes it. */
  readonly use: "read" | "write" | "change";
}

export interface KernelCase {
  readonly name: string;
  readonly arrays: Readonly<Record<string, CaseArray>>;
  /** Words. */
  readonly scratch: number;
  /** Sums and products, where they are the work; null where moving numbers is, or where numbers are whole. */
  readonly operations: number | null;
  run(ops: TrainingOps, at: Readonly<Record<string, Place>>, scratch: Place): void;
}

/** Bytes that an operation moves at least: what it reads once, and what it writes once. */
export const bytesOf = ({ arrays }: Pick<KernelCase, "arrays">): number =>
  Object.values(arrays).reduce((sum, { contents, use }) => sum + contents.byteLength * (use === "change" ? 2 : 1), 0);

/** Places of a case's arrays, and of its scratch memory. */
export function placeCase({ arrays, scratch }: KernelCase, memory: Pick<Arena, "words">) {
  const at = Object.fromEntries(
    Object.entries(arrays).map(([name, { contents }]) => [name, memory.words(Math.ceil(contents.byteLength / 4))]),
  );
  return { at, scratch: memory.words(scratch) };
}

const read = (contents: Contents): CaseArray => ({ contents, use: "read" });
const change = (contents: Contents): CaseArray => ({ contents, use: "change" });
const written = (words: number): CaseArray => ({ contents: new Float32Array(words), use: "write" });

const root = stream(1);
const numbers = (count: number): Float32Array => {
  const random = root.fork("numbers", count);
  return Float32Array.from({ length: count }, () => 2 * random.uniform() - 1);
};
const positive = (count: number): Float32Array => numbers(count).map((x) => 1 + x / 2);
const spikes = (rows: number, features: number): Uint32Array =>
  randomBits((rows * features) / 32, 0.25, root.fork("spikes", rows, features).word);
const packed = (at: Place, features: number) => ({ at, words: features / 32, features });

const NEURON = neuronSpec.parse({ kind: "lif" });
const SURROGATE = { kind: "sigmoid", alpha: 4 } as const;
const KEY = [3, -4] as const;

export const kernelCases = (sizes: KernelSizes): KernelCase[] => [
  ...spikeCases(sizes),
  ...denseCases(sizes),
  ...neuronCases(sizes),
  ...attentionCases(sizes),
  ...normalisationCases(sizes),
  ...optimiserCases(sizes),
];

const rowsOf = ({ steps, prompts, tokens }: KernelSizes): number => steps * prompts * tokens;

/** The layer before attention: width to 3 widths. */
function spikeCases(sizes: KernelSizes): KernelCase[] {
  const [rows, features, outputs] = [rowsOf(sizes), sizes.width, 3 * sizes.width];
  const operations = 2 * rows * features * outputs;
  const [bits, weight, dOut] = [spikes(rows, features), numbers(features * outputs), numbers(rows * outputs)];
  return [
    {
      name: "spike product",
      arrays: { bits: read(bits), weight: read(weight), out: written(rows * outputs) },
      scratch: SPIKE_SCRATCH,
      operations,
      run: (ops, { bits, weight, out }, scratch) =>
        ops.spikeProduct({ bits: packed(bits, features), rows, weight, outputs, out, scratch }),
    },
    {
      name: "spike product, gradient of weights",
      arrays: { bits: read(bits), dOut: read(dOut), dWeight: change(weight) },
      scratch: spikeGradientScratch(features, rows),
      operations,
      run: (ops, { bits, dOut, dWeight }, scratch) =>
        ops.spikeWeightGradient({ bits: packed(bits, features), rows, dOut, outputs, dWeight, scratch }),
    },
    {
      name: "spike product, gradient of inputs",
      arrays: { weight: read(weight), dOut: read(dOut), dInput: written(rows * features) },
      scratch: inputGradientScratch(rows, features, outputs),
      operations,
      run: (ops, { weight, dOut, dInput }, scratch) =>
        ops.spikeInputGradient({ dOut, rows, weight, inputs: features, outputs, dInput, gate: null, scratch }),
    },
  ];
}

/** The same layer of an ANN, and its loss. */
function denseCases(sizes: KernelSizes): KernelCase[] {
  const { prompts, tokens, width: k, classes } = sizes;
  const [m, n] = [prompts * tokens, 3 * sizes.width];
  const answers = m * classes;
  return [
    {
      name: "dense product",
      arrays: { a: read(numbers(m * k)), b: read(numbers(k * n)), out: written(m * n) },
      scratch: productScratch(m, n, k),
      operations: 2 * m * n * k,
      run: (ops, at, scratch) => ops.product({ m, n, k, a: at.a, b: at.b, out: at.out, scratch }),
    },
    {
      name: "loss",
      arrays: {
        logits: read(numbers(answers)),
        targets: read(new Float32Array(answers).fill(1 / classes)),
        dLogits: written(answers),
        tally: change(new Float32Array(TALLY_WORDS)),
      },
      scratch: 0,
      operations: null,
      run: (ops, at) =>
        ops.crossEntropy({
          ...{ logits: at.logits, targets: at.targets, rows: m, outputs: classes },
          ...{ dLogits: at.dLogits, scale: 1 / m, tally: at.tally },
        }),
    },
  ];
}

/** The neurons of the hidden layer, of 4 widths. */
function neuronCases(sizes: KernelSizes): KernelCase[] {
  const { steps, width } = sizes;
  const features = 4 * width;
  const rows = rowsOf(sizes) / steps;
  const count = steps * rows * features;
  const arrays = { currents: read(numbers(count)), scale: read(positive(features)), shift: read(numbers(features)) };
  const neurons = ({ currents, scale, shift }: Readonly<Record<string, Place>>) => ({
    ...{ currents, steps, rows, map: { scale, shift }, neuron: NEURON },
  });
  return [
    {
      name: "LIF neurons",
      arrays: { ...arrays, spikes: written(count / 32) },
      scratch: 0,
      operations: null,
      run: (ops, at) => ops.fire({ ...neurons(at), spikes: packed(at.spikes, features) }),
    },
    {
      name: "LIF neurons, gradient",
      arrays: { ...arrays, dSpikes: read(numbers(count)), result: written(count) },
      scratch: neuronKernels(NEURON).scratch(steps),
      operations: null,
      run: (ops, at, scratch) => {
        const { dSpikes, result: target } = at;
        ops.fireBackward({
          ...neurons(at),
          ...{ surrogate: SURROGATE, features, dSpikes, target, dLearned: {}, scratch },
        });
      },
    },
  ];
}

/** Kinds of attention with neurons. */
const FIRING = [
  "lif",
  "spikformer",
  "sdsa-1",
  "sdsa-3",
  "qk-token",
  "qk-channel",
  "alpha-xnor",
  "binary-map",
  "random",
] as const satisfies readonly FiringSpec["kind"][];

function attentionCases(sizes: KernelSizes): KernelCase[] {
  const { steps, prompts, tokens, width, heads } = sizes;
  const rows = rowsOf(sizes);
  const dimension = width / heads;
  const mask = new Uint8Array(tokens * tokens).fill(1);
  const bits = (parts: number) => ({ qkv: read(spikes(rows, parts * width)), mask: read(bitMask({ tokens, mask })) });
  const of = (at: Readonly<Record<string, Place>>, parts: number) => ({
    ...{ qkv: packed(at.qkv, parts * width), steps, prompts, tokens, width, heads, mask: at.mask },
  });
  const gradients = (parts: number) => ({ dOut: read(numbers(rows * width)), dQkv: written(rows * parts * width) });
  const gains = { scoreGain: 4, valueGain: 8 };
  const scores = rows * heads * maskWords(tokens);
  const sampled = { scoreNormaliser: dimension, valueNormaliser: tokens, draws: "independent" } as const;
  const scratch = Math.max(
    sampledScratch(tokens),
    expectedScratch(tokens, dimension),
    stochasticBackwardScratch(tokens, dimension),
  );
  const stochastic: KernelCase[] = [
    {
      name: "attention: stochastic",
      arrays: { ...bits(3), scores: written(scores), attended: written((rows * width) / 32) },
      scratch,
      operations: null,
      run: (ops, at, scratch) =>
        ops.sampledAttention({
          ...{ ...of(at, 3), ...gains, ...sampled, key: KEY, firstPrompt: 0, scratch },
          ...{ scores: at.scores, out: packed(at.attended, width) },
        }),
    },
    {
      name: "attention: stochastic, gradient",
      arrays: { ...bits(3), scores: read(new Uint32Array(scores)), ...gradients(3) },
      scratch,
      operations: null,
      run: (ops, at, scratch) => {
        const { scores, dOut, dQkv } = at;
        ops.stochasticAttentionBackward({ ...of(at, 3), ...gains, scores, dOut, dQkv, scratch });
      },
    },
  ];
  const firing = FIRING.flatMap((kind): KernelCase[] => {
    const attention = attentionSpec.parse({ kind }) as FiringSpec;
    const parts = ATTENTION_PARTS[kind].length;
    const neurons = { attention, neuron: NEURON };
    const common = { scratch: firingScratch(steps, tokens, dimension), operations: null };
    return [
      {
        name: `attention: ${kind}`,
        arrays: { ...bits(parts), attended: written((rows * width) / 32) },
        ...common,
        run: (ops, at, scratch) =>
          ops.firingAttention({ ...of(at, parts), ...neurons, out: packed(at.attended, width), scratch }),
      },
      {
        name: `attention: ${kind}, gradient`,
        arrays: { ...bits(parts), ...gradients(parts) },
        ...common,
        run: (ops, at, scratch) => {
          const { dOut, dQkv } = at;
          ops.firingAttentionBackward({ ...of(at, parts), ...neurons, surrogate: SURROGATE, dOut, dQkv, scratch });
        },
      },
    ];
  });
  return [...softmaxCases(sizes, mask), ...stochastic, ...firing];
}

function softmaxCases({ prompts, tokens, width, heads }: KernelSizes, mask: Uint8Array): KernelCase[] {
  const count = prompts * tokens * width;
  const stride = maskStride(tokens);
  const kept = prompts * heads * tokens * stride;
  // The columns beyond the last token are 0.
  const even = Float32Array.from({ length: kept }, (_, i) => (i % stride < tokens ? 1 / tokens : 0));
  const common = { scratch: softmaxScratch(tokens, width / heads) };
  const of = ({ qkv, probabilities }: Readonly<Record<string, Place>>, scratch: Place) => ({
    ...{ qkv, prompts, tokens, heads, width, probabilities, scratch },
  });
  /** A product of two matrices for each head. */
  const product = 2 * prompts * tokens * tokens * width;
  const qkv = read(numbers(3 * count));
  return [
    {
      name: "attention: softmax",
      arrays: {
        ...{ qkv, mask: read(byteMask({ tokens, mask })) },
        ...{ probabilities: written(kept), result: written(count) },
      },
      ...common,
      operations: 2 * product,
      run: (ops, at, scratch) => ops.softmaxAttention({ ...of(at, scratch), mask: at.mask, target: at.result }),
    },
    {
      name: "attention: softmax, gradient",
      arrays: {
        ...{ qkv, probabilities: read(even) },
        ...{ dTarget: read(numbers(count)), dQkv: written(3 * count) },
      },
      ...common,
      operations: 4 * product,
      run: (ops, at, scratch) =>
        ops.softmaxAttentionBackward({ ...of(at, scratch), dTarget: at.dTarget, dQkv: at.dQkv }),
    },
  ];
}

function normalisationCases(sizes: KernelSizes): KernelCase[] {
  const { prompts, tokens, width } = sizes;
  const [rows, columns] = [rowsOf(sizes), 4 * width];
  const count = rows * columns;
  const inAnn = prompts * tokens;
  const perColumn = () => written(columns);
  const source = read(numbers(count));
  return [
    {
      name: "BatchNorm",
      arrays: {
        ...{ source, gain: read(positive(columns)), offset: read(numbers(columns)) },
        ...{ mean: perColumn(), variance: perColumn(), scale: perColumn(), shift: perColumn() },
      },
      scratch: normalisationScratch(columns),
      operations: null,
      run: (ops, at, scratch) => {
        const { source, gain, offset, mean, variance, scale, shift } = at;
        const result = { moments: { mean, variance }, map: { scale, shift } };
        ops.normaliseColumns({ source, rows, columns, gain, offset, epsilon: NORM_EPSILON, ...result, scratch });
      },
    },
    {
      name: "BatchNorm, gradient",
      arrays: {
        ...{ source, d: read(numbers(count)), mean: read(numbers(columns)), variance: read(positive(columns)) },
        ...{ scale: read(positive(columns)), shift: read(numbers(columns)) },
        ...{ dGain: change(numbers(columns)), dOffset: change(numbers(columns)), dSource: written(count) },
      },
      scratch: normalisationScratch(columns),
      operations: null,
      run: (ops, at, scratch) => {
        const { d, source, mean, variance, scale, shift, dGain, dOffset, dSource } = at;
        ops.normaliseColumnsBackward({
          ...{ d, source, rows, columns, epsilon: NORM_EPSILON, moments: { mean, variance }, map: { scale, shift } },
          ...{ dGain, dOffset, dSource, scratch },
        });
      },
    },
    {
      name: "LayerNorm",
      arrays: {
        ...{ source: read(numbers(inAnn * width)), gain: read(positive(width)), offset: read(numbers(width)) },
        ...{ result: written(inAnn * width), statistics: written(2 * inAnn) },
      },
      scratch: 0,
      operations: null,
      run: (ops, { source, gain, offset, result: target, statistics }) =>
        ops.layerNorm({ source, rows: inAnn, width, gain, offset, statistics, epsilon: NORM_EPSILON, target }),
    },
    {
      name: "LayerNorm, gradient",
      arrays: {
        ...{ source: read(numbers(inAnn * width)), gain: read(positive(width)), statistics: read(numbers(2 * inAnn)) },
        ...{ dTarget: read(numbers(inAnn * width)), dSource: change(numbers(inAnn * width)) },
        ...{ dGain: change(numbers(width)), dOffset: change(numbers(width)) },
      },
      scratch: 0,
      operations: null,
      run: (ops, { source, gain, statistics, dTarget, dSource, dGain, dOffset }) =>
        ops.layerNormBackward({ source, rows: inAnn, width, gain, statistics, dTarget, dSource, dGain, dOffset }),
    },
  ];
}

/** The weights of the hidden layer: width to 4 widths. */
function optimiserCases({ width }: KernelSizes): KernelCase[] {
  const [rows, columns] = [width, 4 * width];
  const count = rows * columns;
  // Five iterations: X X^T, its square, and their sum times X.
  const muon = 5 * (2 * rows * rows * columns + 2 * rows ** 3 + 2 * rows * rows * columns);
  return [
    {
      name: "AdamW",
      arrays: {
        ...{ parameter: change(numbers(count)), gradient: read(numbers(count)) },
        ...{ first: change(new Float32Array(count)), second: change(new Float32Array(count)) },
      },
      scratch: 0,
      operations: null,
      run: (ops, { parameter, gradient, first, second }) =>
        ops.adamw({
          ...{ parameter, gradient, first, second, count, learningRate: 1e-3, beta1: 0.9, beta2: 0.99 },
          ...{ epsilon: 1e-8, decay: 0.01, correction1: 0.1, correction2: 0.01 },
        }),
    },
    {
      name: "Muon, orthogonalisation",
      arrays: { source: read(numbers(count)), result: written(count) },
      scratch: muonScratch(rows, columns),
      operations: muon,
      run: (ops, { source, result: target }, scratch) => orthogonalise(ops, { rows, columns, source, target, scratch }),
    },
    {
      name: "Threefry, noise on weights",
      arrays: {
        ...{ source: read(numbers(count)), deviations: read(positive(columns)), result: written(count) },
      },
      scratch: NOISE_SCRATCH,
      operations: null,
      run: (ops, { source, deviations, result: target }, scratch) =>
        ops.addNoise({ source, rows, columns, deviations, key: KEY, target, scratch }),
    },
  ];
}
