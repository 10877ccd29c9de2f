/**
 * The attention of one block as the passes see it: sampled or expected stochastic attention, or LIF attention, over all
 * prompts, heads and steps. Sizes, tables and scratch of the kernels in `assembly/*-attention.ts`.
 */
import type { SpikingSpec } from "../spec/model.ts";
import type { Geometry } from "../task/task.ts";
import { attentionScratch } from "./draws.ts";
import type { Arena, Kernels } from "./memory.ts";
import { type PackedBits, PRODUCT_SCRATCH, reserveBits } from "./spike-linear.ts";
import type { DrawSource } from "./spiking.ts";

export interface AttentionPass {
  /** Attention spikes `[T][B N][words]`; null when probabilities are passed on unsampled. */
  readonly bits: PackedBits | null;
  /** Attention probabilities [T B N, D] when unsampled, else 0. */
  readonly values: number;
  forward(qkv: PackedBits, prompts: number, draws: DrawSource): void;
  /** dQKV [T B N, 3 D] from dA [T B N, D]; they may be the same place only if dA is copied first, which this does. */
  backward(dA: number, qkv: PackedBits, prompts: number, dQKV: number): void;
}

export function createAttention(
  kernels: Kernels | null,
  arena: Arena,
  network: { model: SpikingSpec; geometry: Geometry },
  options: { maxPrompts: number; training: boolean; mode: "sampled" | "expected"; block: number },
): AttentionPass {
  const { model, geometry } = network;
  const { width: D, heads, steps: T, neuron, surrogate } = model;
  const { neuron: kind, scoreGain, valueGain } = model.attention;
  const N = geometry.tokens;
  const d = D / heads;
  const padded = Math.ceil(d / 4) * 4;
  const maskWords = Math.ceil(N / 64);
  const maxRows = T * options.maxPrompts * N;
  const expected = kind === "stochastic" && options.mode === "expected";
  const sampled = kind === "stochastic" && !expected;
  const soft = neuron.reset === "soft" ? 1 : 0;
  const surrogateKind = { sigmoid: 0, triangular: 1, rectangular: 2 }[surrogate.kind];
  const surrogateParameter = surrogate.kind === "sigmoid" ? surrogate.alpha : surrogate.width;

  const mask = arena.words(2 * N * maskWords);
  const bits = expected ? null : reserveBits(arena, maxRows, D);
  const values = expected ? arena.words(maxRows * D) : 0;
  const scores = sampled ? arena.words(2 * T * options.maxPrompts * heads * N * maskWords) : 0;
  const upstream = options.training ? arena.words(maxRows * D) : 0;
  const stride = Math.ceil(N / 4) * 4;
  const lifWords = T * (4 * N * padded + 2 * N * N) + 5 * N * padded + 2 * N * N + (padded + 1) * stride + 16;
  const expectedWords = 3 * N * padded + N + 16;
  const backwardWords = 6 * N + maskWords * (2 * N + 258) + 68 + stride * (3 * N + 3 * padded + 1) + PRODUCT_SCRATCH;
  const scratch = arena.words(
    kind === "lif" ? lifWords : Math.max(attentionScratch(N), expectedWords, options.training ? backwardWords : 0),
  );

  if (kernels) {
    kernels.u32.fill(0, mask / 4, mask / 4 + 2 * N * maskWords);
    for (let i = 0; i < N; i++) {
      for (let j = 0; j < N; j++) {
        if (geometry.mask[i * N + j]) kernels.u32[mask / 4 + i * 2 * maskWords + (j >> 5)] |= 1 << (j & 31);
      }
    }
  }

  function forward(qkv: PackedBits, prompts: number, draws: DrawSource) {
    const { run } = kernels!;
    if (expected) {
      run.expectedAttention(qkv.at, qkv.words, T, prompts, N, D, heads, mask, scoreGain, valueGain, values, scratch);
    } else if (kind === "lif") {
      run.lifAttention(
        qkv.at,
        qkv.words,
        T,
        prompts,
        N,
        D,
        heads,
        mask,
        scoreGain,
        valueGain,
        neuron.beta,
        neuron.threshold,
        soft,
        bits!.at,
        bits!.words,
        scratch,
      );
    } else {
      // Each block draws from a key of its own.
      const [key0, key1] = draws.key;
      run.stochasticAttention(
        qkv.at,
        qkv.words,
        T,
        prompts,
        N,
        D,
        heads,
        mask,
        d,
        scoreGain,
        N,
        valueGain,
        key0,
        key1 + options.block,
        draws.firstPrompt,
        model.attention.draws === "stratified" ? 1 : 0,
        scores,
        bits!.at,
        bits!.words,
        scratch,
      );
    }
  }

  function backward(dA: number, qkv: PackedBits, prompts: number, dQKV: number) {
    const { run, u8 } = kernels!;
    u8.copyWithin(upstream, dA, dA + T * prompts * N * D * 4);
    if (kind === "lif") {
      run.lifAttentionBackward(
        upstream,
        qkv.at,
        qkv.words,
        T,
        prompts,
        N,
        D,
        heads,
        mask,
        scoreGain,
        valueGain,
        neuron.beta,
        neuron.threshold,
        soft,
        surrogateKind,
        surrogateParameter,
        dQKV,
        scratch,
      );
    } else {
      run.stochasticAttentionBackward(
        upstream,
        qkv.at,
        qkv.words,
        T,
        prompts,
        N,
        D,
        heads,
        mask,
        scoreGain,
        valueGain,
        scores,
        dQKV,
        scratch,
      );
    }
  }

  return { bits, values, forward, backward };
}
