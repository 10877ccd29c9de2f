/**
 * The backend interface: operations on arrays in one memory, from which the passes of all networks are built.
 *
 * A pass is planned first (numbers only: which array is where) and then bound to a backend, which runs it. There are three
 * backends: WebAssembly (`wasm/`), GPUs (`webgpu/`), and plain TypeScript for tests (`test/support/reference-ops.ts`), which computes
 * the same, slowly. `test/support/backends.ts` lists the first and the last; most suites that run over both run on a GPU too.
 *
 * Arrays are float32, row-major and densely packed. An argument named like an array is its place. `scratch` is a place that the
 * operation may overwrite, with as many words as the function next to the WebAssembly kernel returns (`productScratch`, ...); a
 * backend that needs none ignores it. Rows of layers with spikes have a multiple of 4 features.
 *
 * Additional operations for training and simulated chips: `training-ops.ts`, `simulation-ops.ts`.
 */

import type { AttentionOf, DrawKind } from "../experiment/attention.ts";
import type { Activation, SurrogateSpec } from "../experiment/model.ts";
import type { NeuronSpec } from "../experiment/neuron.ts";
import type { Codes } from "../model/bit-widths.ts";
import type { AnswerKind, Grid } from "../model/geometry.ts";
import type { PoolSize, WindowSize } from "../model/stem.ts";
import type { PackedBits, Place } from "./arena.ts";

/** Reading a memory that is at hand; trainers read with `TrainingOps.read`, which any backend has. */
export interface ReadOps {
  /** A copy of `count` floats. */
  floats(at: Place, count: number): Float32Array;
  /** A copy of `count` words. */
  words(at: Place, count: number): Uint32Array;
}

export interface Ops extends MemoryOps, RowOps, DenseOps, SpikeOps, MapOps, NeuronOps, AttentionOps {}

/** Transfers into and within the memory, which a backend may keep elsewhere. */
export interface MemoryOps {
  write(at: Place, values: Int16Array | Uint16Array | Float32Array | Int32Array | Uint32Array | Uint8Array): void;
  /** Copies words; the two may overlap. */
  copy(from: Place, to: Place, count: number): void;
  fill(target: Place, count: number, value: number): void;
}

/** Vectors, and matrices as rows of vectors. */
export interface RowOps {
  /** target += source */
  add(target: Place, source: Place, count: number): void;
  /** target += factor source */
  addScaled(target: Place, source: Place, count: number, factor: number): void;
  /** target *= source */
  multiply(target: Place, source: Place, count: number): void;
  /** target *= factor */
  scale(target: Place, count: number, factor: number): void;
  /** target [columns] += sum of the rows of source, one after another in float32. */
  sumRows(of: { source: Place; rows: number; columns: number; target: Place }): void;
  /** target [columns] += sum of the rows of source, with an error independent of their number. Scratch: `normalisationScratch`. */
  sumManyRows(of: { source: Place; rows: number; columns: number; target: Place; scratch: Place }): void;
  /** Every row of target = row. */
  broadcastRow(of: { row: Place; rows: number; columns: number; target: Place }): void;
  /** target = source + row; source and target may be the same place. */
  addRow(of: { source: Place; row: Place; rows: number; columns: number; target: Place }): void;
  /** target [rows, columns] += table [period, columns] at row mod period. */
  addPeriodic(of: { table: Place; period: number; rows: number; columns: number; target: Place }): void;
  /** table [period, columns] += the rows of source with that remainder, in order. */
  sumPeriodic(of: { source: Place; rows: number; columns: number; table: Place; period: number }): void;
  /** target [prompts, chosen, width] = the chosen tokens of source [prompts, tokens, width]; words of any kind. */
  gatherTokens(of: TokenRows): void;
  /** target [prompts, tokens, width] = source at the chosen tokens, 0 elsewhere. */
  scatterTokens(of: TokenRows): void;
}

export interface TokenRows {
  readonly source: Place;
  readonly prompts: number;
  readonly tokens: number;
  readonly width: number;
  readonly chosen: ChosenTokens;
  readonly target: Place;
}

/** Tokens of a prompt, ascending, as `count` int32 numbers. */
export interface ChosenTokens {
  readonly at: Place;
  readonly count: number;
}

export interface DenseOps {
  /**
   * out [m, n] (+)= a b, where a [m, k] may be stored transposed as [k, m], and b [k, n] as [n, k]. Scratch: `productScratch(m, n, k)`.
   */
  product(of: {
    m: number;
    n: number;
    k: number;
    a: Place;
    transposeA?: boolean;
    b: Place;
    transposeB?: boolean;
    out: Place;
    accumulate?: boolean;
    scratch: Place;
  }): void;
  /** Twin: `model/layer-norm.ts`. statistics [rows, 2] receives mean and inverse deviation, which the backward pass reads. */
  layerNorm(of: NormalisedRows & { offset: Place; epsilon: number; target: Place }): void;
  /** Adds to dSource, dGain and dOffset. */
  layerNormBackward(of: NormalisedRows & { dTarget: Place; dSource: Place; dGain: Place; dOffset: Place }): void;
  /** Twin: `model/activation.ts`. */
  activate(of: { activation: Activation; source: Place; count: number; target: Place }): void;
  /** dSource may be dTarget. */
  activateBackward(of: { activation: Activation; source: Place; count: number; dTarget: Place; dSource: Place }): void;
  /**
   * Twin: `model/softmax-attention.ts`. qkv [prompts, tokens, 3 width]; probabilities [prompts, heads, tokens, ceil4(tokens)];
   * mask: `byteMask`; target [prompts, tokens, width]. With `codes`, probabilities are rounded to multiples of 1 / codes. Scratch:
   * `softmaxScratch`.
   */
  softmaxAttention(of: SoftmaxAttention & { mask: Place; codes?: number | undefined; target: Place }): void;
  /** dQkv is overwritten. */
  softmaxAttentionBackward(of: SoftmaxAttention & { dTarget: Place; dQkv: Place }): void;
  /** Twin: `model/quantization.ts`. target = source rounded to codes, both with the same stride; they may be the same place. */
  roundToCodes(of: RoundedBlock & { target: Place }): void;
  /** Replaces d, the gradient of the target, by that of the source, and adds to dStep and dShift, one number each. */
  roundToCodesBackward(of: RoundedBlock & { d: Place; dStep: Place; dShift: Place }): void;
  /**
   * tally += the sum over rows of -sum_c target_c ln softmax(logits)_c, in nats; dLogits = scale (softmax(logits) - targets).
   * Each row of targets sums to 1; `outputs` are classes.
   */
  crossEntropy(of: Answered): void;
  /**
   * tally += the sum over rows and bits of ln(1 + e^logit) - target logit, in nats; dLogits = scale (sigmoid(logits) - targets). `outputs`
   * are bits.
   */
  bitCrossEntropy(of: Answered): void;
  /** tally += the sum of the squares. */
  sumOfSquares(source: Place, count: number, tally: Place): void;
}

/** Logits and their targets, [rows, outputs] each; `dLogits` is overwritten. */
export interface Answered {
  readonly logits: Place;
  readonly targets: Place;
  readonly rows: number;
  readonly outputs: number;
  readonly dLogits: Place;
  readonly scale: number;
  readonly tally: Place;
}

/** Adds the loss of a read-out to a tally, and writes its gradient; twins: `model/loss.ts`. */
export function lossOf(ops: Ops, answers: AnswerKind): Ops["crossEntropy"] {
  if (answers === "joint") return ops.crossEntropy;
  if (answers === "bits") return ops.bitCrossEntropy;
  return ({ logits, targets, rows, outputs, dLogits, scale, tally }) => {
    const count = rows * outputs;
    ops.copy(logits, dLogits, count);
    ops.addScaled(dLogits, targets, count, -1);
    ops.sumOfSquares(dLogits, count, tally);
    ops.scale(dLogits, count, 2 * scale);
  };
}

export interface NormalisedRows {
  readonly source: Place;
  readonly rows: number;
  readonly width: number;
  readonly gain: Place;
  readonly statistics: Place;
}

/** Columns of a matrix with rows `stride` values apart, and the places of their step and shift. */
export interface RoundedBlock extends Codes {
  readonly source: Place;
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
  readonly step: Place;
  readonly shift: Place;
}

export interface SoftmaxAttention {
  readonly qkv: Place;
  readonly prompts: number;
  readonly tokens: number;
  readonly heads: number;
  readonly width: number;
  readonly probabilities: Place;
  readonly scratch: Place;
}

export interface SpikeOps {
  /** out [rows, outputs] = bits weight. Scratch: `SPIKE_SCRATCH`. */
  spikeProduct(of: {
    bits: PackedBits;
    rows: number;
    weight: Place;
    outputs: number;
    out: Place;
    scratch: Place;
  }): void;
  /** dWeight [features, outputs] += bits^T dOut. Scratch: `spikeGradientScratch`. */
  spikeWeightGradient(of: {
    bits: PackedBits;
    rows: number;
    dOut: Place;
    outputs: number;
    dWeight: Place;
    scratch: Place;
  }): void;
  /**
   * dInput [rows, inputs] = dOut weight^T. With a gate, at least where its bits are set; elsewhere any value, as it is later
   * multiplied by 0.
   * Scratch: `inputGradientScratch`.
   */
  spikeInputGradient(of: {
    dOut: Place;
    rows: number;
    weight: Place;
    inputs: number;
    outputs: number;
    dInput: Place;
    gate: PackedBits | null;
    scratch: Place;
  }): void;
  /** target [rows, features] += bits as 0 and 1. */
  addBits(of: { bits: PackedBits; rows: number; target: Place }): void;
  /**
   * Penalty on a firing rate above `rate`, with e = max(0, ones / (rows features) - rate): tally += weight e^2, and
   * dSpikes [rows, features] += scale 2 weight e / (rows features). Scratch: a row.
   */
  penaliseRate(of: {
    bits: PackedBits;
    rows: number;
    rate: number;
    weight: number;
    scale: number;
    dSpikes: Place;
    tally: Place;
    scratch: Place;
  }): void;
  /** rates [prompts, chosen, features]: the share of steps in which a neuron fired at a chosen token. Twin: `model/read-out.ts`. */
  spikeRates(of: SpikeRates & { bits: PackedBits; rates: Place }): void;
  /** dSpikes [steps, prompts tokens, features] = dRates / steps at the chosen tokens, 0 elsewhere. */
  spikeRatesBackward(of: SpikeRates & { dRates: Place; features: number; dSpikes: Place }): void;
}

export interface SpikeRates {
  readonly steps: number;
  readonly prompts: number;
  readonly tokens: number;
  readonly chosen: ChosenTokens;
}

/** For a convolutional stem: `images` maps of pixels, row by row. Twins: `model/convolution.ts` and `model/max-pool.ts`. */
export interface MapOps {
  /** Packed windows [images][windows] of packed maps [images][pixels]. */
  gatherBitWindows(of: Windows & { map: PackedBits; windows: PackedBits }): void;
  /** From each row, bits 0, s, 2 s, ..., then 1, 1 + s, ...; all of it repeated. Twin: `hardware/line-order.ts`. */
  wireBits(of: { source: PackedBits; rows: number; stride: number; repeats: number; target: PackedBits }): void;
  /** windows [images, windows, kernel kernel channels] of a map [images, pixels, channels]. */
  gatherWindows(of: Windows & { map: Place; windows: Place }): void;
  /** dMap += dWindows, each at the pixel that it was copied from. Channels are a multiple of 4. */
  scatterWindows(of: Windows & { dWindows: Place; dMap: Place }): void;
  /** target [16][tiles, channels] = B^T d B of a map (`assembly/winograd.ts`). Scratch: 16 channels. */
  winogradData(of: Tiles & { map: Place; target: Place; scratch: Place }): void;
  /** target [16][count] = G g G^T of weights [3 x 3][count], optionally rotated by 180 degrees. Counts are multiples of 4. */
  winogradKernel(of: { weight: Place; count: number; turned: boolean; target: Place }): void;
  /** map [images, pixels, channels] = A^T m A of a source [16][tiles, channels]. */
  winogradMap(of: Tiles & { source: Place; map: Place }): void;
  /** dWeight [3 x 3][count] += G^T m G of a source [16][count]. */
  winogradKernelBackward(of: { source: Place; count: number; dWeight: Place }): void;
  /** target [16][tiles, channels] = A y A^T of a map. */
  winogradMapBackward(of: Tiles & { map: Place; target: Place }): void;
  /** pooled [images][squares] = OR of the bits of each square. */
  poolBits(of: Squares & { map: PackedBits; pooled: PackedBits }): void;
  /**
   * dMap [images, pixels, channels] = dPooled at the first pixel of a square that fired, or at its first pixel if none fired; 0
   * elsewhere.
   */
  poolBitsBackward(of: Squares & { map: PackedBits; dPooled: Place; dMap: Place }): void;
  /** pooled [images, squares, channels] = largest value of each square. */
  maxPool(of: Squares & { map: Place; pooled: Place }): void;
  /** dMap [images, pixels, channels] = dPooled at the first of the largest values of a square; 0 elsewhere. */
  maxPoolBackward(of: Squares & { map: Place; dPooled: Place; dMap: Place }): void;
}

export interface Windows {
  readonly images: number;
  readonly size: WindowSize;
}

/** For maps covered by tiles of 2 x 2 pixels. */
export interface Tiles {
  readonly images: number;
  readonly grid: Grid;
  readonly channels: number;
}

export interface Squares {
  readonly images: number;
  readonly size: PoolSize;
}

/** Affine map of a layer's columns before its neurons: scale x + shift. */
export interface ColumnMap {
  readonly scale: Place;
  readonly shift: Place;
}

/** Column statistics of a batch. */
export interface ColumnMoments {
  readonly mean: Place;
  readonly variance: Place;
}

export interface NeuronOps {
  /** target = base + scale source + shift by columns; without base if it is null. */
  mapColumns(of: {
    base: Place | null;
    source: Place;
    rows: number;
    columns: number;
    map: ColumnMap;
    target: Place;
  }): void;
  /**
   * BatchNorm with the statistics of these rows: mean and (biased) variance of the columns of source, and the resulting affine
   * map. Twin: `model/batch-norm.ts`. Scratch: `normalisationScratch`.
   */
  normaliseColumns(of: {
    source: Place;
    rows: number;
    columns: number;
    gain: Place;
    offset: Place;
    epsilon: number;
    moments: ColumnMoments;
    map: ColumnMap;
    scratch: Place;
  }): void;
  /**
   * Backward, with x^ = (source - mean) / deviation: dSource = scale (d - mean(d) - x^ mean(d x^)); dGain += sum d x^ and dOffset
   * += sum d. dSource may be d. Scratch: `normalisationScratch`.
   */
  normaliseColumnsBackward(of: {
    d: Place;
    source: Place;
    rows: number;
    columns: number;
    epsilon: number;
    moments: ColumnMoments;
    map: ColumnMap;
    dGain: Place;
    dOffset: Place;
    dSource: Place;
    scratch: Place;
  }): void;
  /** target = factor sqrt(variance + epsilon). */
  columnSpreads(of: { variance: Place; columns: number; epsilon: number; factor: number; target: Place }): void;
  /**
   * target += deviation of the column times the triangular error of two conversions (variance 1), from words of the key under
   * counters with upper half `counter`. Scratch: `NOISE_SCRATCH`.
   */
  addOutputNoise(of: {
    target: Place;
    rows: number;
    columns: number;
    deviations: Place;
    key: readonly [number, number];
    counter: number;
    scratch: Place;
  }): void;
  /**
   * Neurons over all steps: spikes `[steps][rows]` from currents [steps, rows, features]. Twin: `model/neuron/`. `near` receives,
   * packed the same way, where |V - threshold| < reach.
   */
  fire(of: Neurons & { spikes: PackedBits; near?: { readonly bits: PackedBits; readonly reach: number } | null }): void;
  /**
   * target [steps, rows, features] (+)= gradient of the currents; it may be dSpikes. Adds to the gradients of what the neurons learn.
   * Scratch: `neuronKernels`.
   */
  fireBackward(
    of: Neurons & {
      surrogate: SurrogateSpec;
      features: number;
      dSpikes: Place;
      target: Place;
      accumulate?: boolean;
      /** By the names of `NeuronModel.learned`. */
      dLearned: Readonly<Record<string, Place>>;
      scratch: Place;
    },
  ): void;
}

export interface Neurons {
  readonly currents: Place;
  readonly steps: number;
  readonly rows: number;
  /** For the currents' columns, before they reach the neurons; null leaves them unchanged. */
  readonly map: ColumnMap | null;
  readonly neuron: NeuronSpec;
  /** Places of the values that the population has learned, by the names of `NeuronModel.learned`. Default: those of `neuron`. */
  readonly learned?: Readonly<Record<string, Place>> | undefined;
}

/** Attention of one block over all steps and heads. */
export interface BitAttention {
  /** `[steps][prompts tokens]` with `width` features for each part: queries, keys, values, or those that the attention reads. */
  readonly qkv: PackedBits;
  readonly steps: number;
  readonly prompts: number;
  readonly tokens: number;
  readonly width: number;
  readonly heads: number;
  /** Written by `bitMask`. */
  readonly mask: Place;
  readonly scratch: Place;
}

export interface GainedAttention extends BitAttention {
  readonly scoreGain: number;
  readonly valueGain: number;
}

/** Attention with neurons, of the network's kind. */
export interface FiringAttention extends BitAttention {
  readonly attention: FiringSpec;
  readonly neuron: NeuronSpec;
}

/** The kinds that put neurons on sums. */
export type FiringSpec = AttentionOf<
  "lif" | "spikformer" | "sdsa-1" | "sdsa-3" | "qk-token" | "qk-channel" | "alpha-xnor" | "binary-map" | "random"
>;

/** The draws of sampled scores `[steps][prompts][heads][tokens]` and outputs. */
export interface SampledAttention extends GainedAttention {
  /** Counts that mean probability 1 at gain 1: features of a head and tokens, unless the hardware normalises differently. */
  readonly scoreNormaliser: number;
  readonly valueNormaliser: number;
  readonly draws: DrawKind;
  /** Rows of `maskWords` words, which the backward pass reads. */
  readonly scores: Place;
  readonly out: PackedBits;
}

export interface AttentionOps {
  /**
   * Twin: `model/attention/stochastic.ts`, with the words of `draws.ts`. Heads have up to 64 features. Scratch: `sampledScratch`.
   */
  sampledAttention(of: SampledAttention & { key: readonly [number, number]; firstPrompt: number }): void;
  /** Unsampled probabilities: out [steps, prompts tokens, width]. Scratch: `expectedScratch`. */
  expectedAttention(of: GainedAttention & { out: Place }): void;
  /**
   * dQkv [steps, prompts tokens, 3 width] from dOut [steps, prompts tokens, width]; `scores` as sampled, or null for unsampled
   * probabilities.
   * Scratch: `stochasticBackwardScratch`.
   */
  stochasticAttentionBackward(of: GainedAttention & { scores: Place | null; dOut: Place; dQkv: Place }): void;
  /** Twins: `model/attention/`. Scratch: `firingScratch`. */
  firingAttention(of: FiringAttention & { out: PackedBits }): void;
  /** dQkv [steps, prompts tokens, parts width]. */
  firingAttentionBackward(of: FiringAttention & { surrogate: SurrogateSpec; dOut: Place; dQkv: Place }): void;
}
