/**
 * The spiking transformer on packed spikes, forward and backward through time: fast twin of `model/spiking.ts`.
 *
 * Rows are time-major `[T][B][N]`. The residual stream R is float32; every matrix product has binary input. A pass is
 * planned once and never allocates afterwards. While the network carries BatchNorm, its statistics are those of the
 * micro-batch; evaluation runs on the folded network.
 */

import { NORM_EPSILON } from "../model/network.ts";
import type { SpikingSpec } from "../spec/model.ts";
import type { SpikeRateSpec } from "../spec/training.ts";
import type { Geometry } from "../task/task.ts";
import { type AttentionPass, createAttention } from "./attention.ts";
import { gemmScratchWords } from "./gemm.ts";
import type { Arena, Kernels } from "./memory.ts";
import { createNormalised, type Normalised } from "./normalised.ts";
import type { ParameterOffsets, Pass, PassOptions } from "./pass.ts";
import { createSpikeLinear, type PackedBits, reserveBits } from "./spike-linear.ts";
import { createSpikeRatePenalty } from "./spike-rate.ts";
import { createSpikingReadOut, readOutScratchWords } from "./spiking-read-out.ts";

export interface SpikingPassOptions extends PassOptions {
  /** `expected` passes attention probabilities on unsampled. */
  readonly attention: "sampled" | "expected";
  /** Standard deviation of the noise on pre-activations, relative to what their column varies by. Default 0. */
  readonly outputNoise?: number;
  /** Inputs are real values [B N, inputs], the same at every step, instead of packed spikes. */
  readonly realInputs: boolean;
  /** Share of the loss that is taken at each time step instead of at the mean over them. Default 0. */
  readonly stepLoss?: number;
  /** A penalty on firing rates. Default none. */
  readonly spikeRate?: SpikeRateSpec | undefined;
}

/** Where the attention draws of the next call come from: a stream's key, and the number of the first prompt in it. */
export interface DrawSource {
  key: readonly [number, number];
  firstPrompt: number;
}

export interface PassDraws extends DrawSource {
  /** Of the noise on pre-activations; layer i draws from the counters whose upper half is i. */
  noiseKey: readonly [number, number];
}

export interface SpikingPass extends Pass {
  readonly draws: PassDraws;
  /** Packed spikes of each layer `[T][B N][words]`, by the names of `model/spiking.ts`. */
  readonly spikes: Readonly<Record<string, PackedBits>>;
  /** BatchNorm statistics of the last micro-batch, by layer name. */
  readonly statistics: Readonly<Record<string, { mean: number; variance: number }>>;
  /** Byte offset of the logits of each step, `[T, prompts, queries, classes]`; null where the loss asks for none. */
  readonly stepLogits: number | null;
}

/** A linear layer between two places of the network: its normalisation and its raw output y [T B N, n]. */
interface Layer {
  readonly name: string;
  readonly index: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly norm: Normalised;
  readonly y: number;
}

export function createSpikingPass(
  kernels: Kernels | null,
  arena: Arena,
  network: { model: SpikingSpec; geometry: Geometry },
  offsets: ParameterOffsets,
  options: SpikingPassOptions,
): SpikingPass {
  const { model, geometry } = network;
  const { width: D, depth, expansion, steps: T, neuron, surrogate } = model;
  const { training, maxPrompts, realInputs, outputNoise = 0, stepLoss = 0, spikeRate } = options;
  const F = expansion * D;
  const N = geometry.tokens;
  const maxRows = T * maxPrompts * N;
  const batch = model.normalisation === "batch";
  const membrane = model.residual === "membrane";
  const soft = neuron.reset === "soft" ? 1 : 0;
  const surrogateKind = { sigmoid: 0, triangular: 1, rectangular: 2 }[surrogate.kind];
  const surrogateParameter = surrogate.kind === "sigmoid" ? surrogate.alpha : surrogate.width;
  const weight = (name: string) => offsets.value[`${name}.weight`];
  const dWeight = (name: string) => offsets.gradient![`${name}.weight`];

  // What the backward pass reads is kept per layer when training, and shared between layers otherwise.
  const shared = new Map<string, number>();
  function kept(kind: string, count: number): number {
    if (training) return arena.words(count);
    if (!shared.has(kind)) shared.set(kind, arena.words(count));
    return shared.get(kind)!;
  }
  const statistics: Record<string, { mean: number; variance: number }> = {};
  let layers = 0;
  function layer(name: string, inputs: number, outputs: number): Layer {
    const norm = createNormalised(kernels, arena, offsets, name, outputs, batch);
    if (norm.statistics) statistics[name] = norm.statistics;
    const index = layers++;
    return { name, index, inputs, outputs, norm, y: kept("y", maxRows * Math.max(3 * D, F)) };
  }
  const spikes: Record<string, PackedBits> = {};
  function bits(name: string, features: number): PackedBits {
    spikes[name] = reserveBits(arena, maxRows, features);
    return spikes[name];
  }
  // Where a neuron's membrane is within the surrogate's compact support. Elsewhere its spikes need no gradient.
  const gated = training && surrogate.kind !== "sigmoid";
  const gate = (features: number) => (gated ? reserveBits(arena, maxRows, features) : null);

  const linear = createSpikeLinear(kernels, arena, {
    maxRows,
    maxFeatures: Math.max(F, D, geometry.inputs),
    gemmScratch: Math.max(
      gemmScratchWords(maxRows, F, D),
      gemmScratchWords(maxRows, D, F),
      gemmScratchWords(maxRows, D, 3 * D),
      gemmScratchWords(geometry.inputs, D, maxPrompts * N),
    ),
    training,
  });
  const denseScratch = arena.words(
    Math.max(
      gemmScratchWords(maxRows, D, Math.max(D, geometry.inputs)),
      gemmScratchWords(D, D, maxRows),
      readOutScratchWords(network, { maxPrompts, training, stepLoss }),
      gemmScratchWords(geometry.inputs, D, maxPrompts * N),
    ),
  );
  const lifScratch = arena.words(64 * T + 32);
  const input: PackedBits = realInputs
    ? { at: arena.words(maxPrompts * N * geometry.inputs), words: 0, features: geometry.inputs }
    : bits("input", geometry.inputs);
  const embed = layer("embed", geometry.inputs, D);
  const blocks = Array.from({ length: depth }, (_, i) => {
    const name = `blocks.${i}`;
    return {
      stream: kept("stream", maxRows * D),
      input: bits(`${name}.input`, D),
      inputGate: gate(D),
      qkv: layer(`${name}.qkv`, D, 3 * D),
      qkvBits: bits(`${name}.qkv`, 3 * D),
      attention: createAttention(kernels, arena, network, { maxPrompts, training, mode: options.attention, block: i }),
      projection: model.outputProjection ? layer(`${name}.projection`, D, D) : null,
      middleStream: kept("middle", maxRows * D),
      middle: bits(`${name}.middle`, D),
      middleGate: gate(D),
      up: layer(`${name}.up`, D, F),
      hidden: bits(`${name}.hidden`, F),
      hiddenGate: gate(F),
      down: layer(`${name}.down`, F, D),
    };
  });
  for (const [i, block] of blocks.entries()) {
    if (block.attention.bits) spikes[`blocks.${i}.attention`] = block.attention.bits;
  }
  const lastStream = kept("stream", maxRows * D);
  const output = bits("output", D);
  const readOut = createSpikingReadOut(
    kernels,
    arena,
    network,
    offsets,
    { maxPrompts, training, stepLoss },
    denseScratch,
  );
  const dStream = training ? arena.words(maxRows * D) : 0;
  const wide = training ? arena.words(maxRows * Math.max(F, 3 * D)) : 0;
  const narrow = training ? arena.words(maxRows * D) : 0;
  const penalised = training && spikeRate && spikeRate.weight > 0;
  const penalty = penalised ? createSpikeRatePenalty(kernels, arena, spikeRate, Math.max(3 * D, F)) : null;
  const noiseDeviations = outputNoise > 0 ? arena.words(Math.max(3 * D, F)) : 0;
  const noiseWords = outputNoise > 0 ? arena.words(256) : 0;
  const draws: PassDraws = { key: [0, 0], firstPrompt: 0, noiseKey: [0, 0] };

  function fire(
    x: number,
    rows: number,
    n: number,
    norm: Normalised | null,
    out: PackedBits,
    near: PackedBits | null = null,
  ) {
    const { run } = kernels!;
    const { beta, threshold } = neuron;
    const scale = norm ? norm.scale : 0;
    const shift = norm ? norm.shift : 0;
    if (near) {
      const { at, words } = out;
      run.lifForwardGated(x, T, rows, n, scale, shift, beta, threshold, soft, at, words, surrogateParameter, near.at);
    } else run.lifForward(x, T, rows, n, scale, shift, beta, threshold, soft, out.at, out.words);
  }

  function apply(to: Layer, from: PackedBits, rows: number) {
    linear.forward(from, rows, weight(to.name), to.outputs, to.y);
    settle(to, rows);
  }

  /** From a layer's raw output on: noise, then the statistics, of which it is a part as it is on a chip. */
  function settle({ name, index, outputs, norm, y }: Layer, rows: number) {
    if (outputNoise > 0) {
      const { f32, run } = kernels!;
      const variance = offsets.value[`${name}.variance`];
      for (let n = 0; n < outputs; n++) {
        const spread = variance === undefined ? neuron.threshold : Math.sqrt(f32[variance / 4 + n] + NORM_EPSILON);
        f32[noiseDeviations / 4 + n] = outputNoise * spread;
      }
      const [key0, key1] = draws.noiseKey;
      run.addOutputNoise(y, rows, outputs, noiseDeviations, key0, key1, index, noiseWords);
    }
    norm.measure(y, rows);
  }

  /** Adds a branch to the stream (membrane shortcut), or puts it in the stream's place. */
  function join(base: number, branch: Layer, rows: number, out: number) {
    const { norm, y } = branch;
    kernels!.run.affineAdd(membrane ? base : 0, y, rows, D, norm.scale, norm.shift, out);
  }

  function embedInputs(prompts: number, rows: number, out: number) {
    const { run } = kernels!;
    if (realInputs) {
      const perStep = prompts * N;
      for (let t = 0; t < T; t++) {
        const y = embed.y + t * perStep * D * 4;
        run.gemm(0, 0, perStep, D, embed.inputs, input.at, embed.inputs, weight("embed"), D, y, D, 0, denseScratch);
      }
      settle(embed, rows);
    } else apply(embed, input, rows);
    run.affineAdd(0, embed.y, rows, D, embed.norm.scale, embed.norm.shift, out);
    if (model.position === "learned") run.addPeriodic(out, rows, N, D, offsets.value.position!);
  }

  function forward(prompts: number) {
    const { run } = kernels!;
    const rows = T * prompts * N;
    const perStep = prompts * N;
    embedInputs(prompts, rows, blocks[0]?.stream ?? lastStream);
    for (const [i, block] of blocks.entries()) {
      const next = blocks[i + 1]?.stream ?? lastStream;
      fire(block.stream, perStep, D, null, block.input, block.inputGate);
      apply(block.qkv, block.input, rows);
      fire(block.qkv.y, perStep, 3 * D, block.qkv.norm, block.qkvBits);
      block.attention.forward(block.qkvBits, prompts, draws);
      if (block.projection) {
        const { projection } = block;
        if (block.attention.bits) linear.forward(block.attention.bits, rows, weight(projection.name), D, projection.y);
        else {
          const values = block.attention.values;
          run.gemm(0, 0, rows, D, D, values, D, weight(projection.name), D, projection.y, D, 0, denseScratch);
        }
        settle(projection, rows);
        join(block.stream, projection, rows, block.middleStream);
      } else joinAttention(block.stream, block.attention, rows, block.middleStream);
      fire(block.middleStream, perStep, D, null, block.middle, block.middleGate);
      apply(block.up, block.middle, rows);
      fire(block.up.y, perStep, F, block.up.norm, block.hidden, block.hiddenGate);
      apply(block.down, block.hidden, rows);
      join(block.middleStream, block.down, rows, next);
    }
    fire(lastStream, perStep, D, null, output);
    readOut.forward(output, prompts);
  }

  /** Without W_O the attention's output itself joins the stream. */
  function joinAttention(base: number, attention: AttentionPass, rows: number, out: number) {
    const { run, u8 } = kernels!;
    if (membrane) u8.copyWithin(out, base, base + rows * D * 4);
    else u8.fill(0, out, out + rows * D * 4);
    if (attention.bits) run.addBits(out, rows, D, attention.bits.at, attention.bits.words);
    else run.add(out, attention.values, rows * D);
  }

  /** From the gradient of a layer's spikes; `ds` is added to where they are too many. */
  function fireBackward(
    spikes: PackedBits,
    ds: number,
    x: number,
    rows: number,
    norm: Normalised | null,
    out: number,
    add: boolean,
  ) {
    penalty?.add(spikes, T * rows, ds);
    kernels!.run.lifBackward(
      ds,
      x,
      T,
      rows,
      spikes.features,
      norm ? norm.scale : 0,
      norm ? norm.shift : 0,
      neuron.beta,
      neuron.threshold,
      soft,
      surrogateKind,
      surrogateParameter,
      out,
      add ? 1 : 0,
      lifScratch,
    );
  }

  /** From dy of a layer: its weight gradient, and dx [rows, inputs] where the gate of the neurons before it is open. */
  function layerBackward(of: Layer, from: PackedBits, gate: PackedBits | null, dy: number, rows: number, dx: number) {
    linear.weightGradient(from, rows, dy, of.outputs, dWeight(of.name));
    linear.inputGradient(dy, rows, weight(of.name), of.inputs, of.outputs, dx, gate);
  }

  function step(prompts: number, scale: number): number {
    const { u8 } = kernels!;
    forward(prompts);
    const rows = T * prompts * N;
    const perStep = prompts * N;
    penalty?.start(prompts * geometry.queries.length, scale);
    const loss = readOut.backward(prompts, scale, narrow);
    fireBackward(output, narrow, lastStream, perStep, null, dStream, false);
    for (let i = depth - 1; i >= 0; i--) {
      const block = blocks[i];
      block.down.norm.backward(dStream, block.down.y, rows, narrow);
      layerBackward(block.down, block.hidden, block.hiddenGate, narrow, rows, wide);
      fireBackward(block.hidden, wide, block.up.y, perStep, block.up.norm, wide, false);
      block.up.norm.backward(wide, block.up.y, rows, wide);
      layerBackward(block.up, block.middle, block.middleGate, wide, rows, narrow);
      fireBackward(block.middle, narrow, block.middleStream, perStep, null, dStream, membrane);
      if (block.projection) {
        const { projection } = block;
        projection.norm.backward(dStream, projection.y, rows, narrow);
        attentionInputBackward(projection, block.attention, narrow, rows);
      } else u8.copyWithin(wide, dStream, dStream + rows * D * 4);
      block.attention.backward(wide, block.qkvBits, prompts, wide);
      fireBackward(block.qkvBits, wide, block.qkv.y, perStep, block.qkv.norm, wide, false);
      block.qkv.norm.backward(wide, block.qkv.y, rows, wide);
      layerBackward(block.qkv, block.input, block.inputGate, wide, rows, narrow);
      fireBackward(block.input, narrow, block.stream, perStep, null, dStream, membrane);
    }
    embedBackward(prompts, rows);
    return penalty ? loss + penalty.sum() : loss;
  }

  /** Through W_O: its input is attention spikes, or probabilities when unsampled. dA is left in `wide`. */
  function attentionInputBackward(projection: Layer, attention: AttentionPass, dy: number, rows: number) {
    if (attention.bits) return layerBackward(projection, attention.bits, null, dy, rows, wide);
    const { run } = kernels!;
    const at = dWeight(projection.name);
    run.gemm(1, 0, D, D, rows, attention.values, D, dy, D, at, D, 1, denseScratch);
    linear.inputGradient(dy, rows, weight(projection.name), D, D, wide, null);
  }

  function embedBackward(prompts: number, rows: number) {
    const { run } = kernels!;
    if (model.position === "learned") run.sumPeriodic(dStream, rows, N, D, offsets.gradient!.position!);
    embed.norm.backward(dStream, embed.y, rows, narrow);
    if (!realInputs) return linear.weightGradient(input, rows, narrow, D, dWeight("embed"));
    const perStep = prompts * N;
    for (let t = 0; t < T; t++) {
      const dy = narrow + t * perStep * D * 4;
      run.gemm(1, 0, embed.inputs, D, perStep, input.at, embed.inputs, dy, D, dWeight("embed"), D, 1, denseScratch);
    }
  }

  const { targets, logits, stepLogits } = readOut;
  return { inputs: input.at, targets, logits, stepLogits, draws, spikes, statistics, forward, step };
}
