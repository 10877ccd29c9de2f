/**
 * Attention of the reference backend, head by head, with the functions of `src/model`. Backward: recomputes the forward pass,
 * then goes back.
 */
import { ATTENTION_PARTS } from "../../src/experiment/by-attention.ts";
import type { SurrogateSpec } from "../../src/experiment/model.ts";
import { attentionDraws } from "../../src/kernels/draws.ts";
import { maskStride, maskWords } from "../../src/kernels/masks.ts";
import type {
  AttentionOps,
  BitAttention,
  DenseOps,
  FiringAttention,
  GainedAttention,
  SoftmaxAttention,
} from "../../src/kernels/ops.ts";
import { attentionModel } from "../../src/model/attention/catalogue.ts";
import { headDraws } from "../../src/model/attention/draws.ts";
import { stochasticAttentionBackward, stochasticAttentionForward } from "../../src/model/attention/stochastic.ts";
import {
  type HeadLayout,
  type HeadVectors,
  multiHeadBackward,
  multiHeadForward,
  valueProduct,
} from "../../src/model/heads.ts";
import { softmaxAttentionBackward, softmaxAttentionForward } from "../../src/model/softmax-attention.ts";
import type { ReferenceMemory } from "./reference-memory.ts";

type Attention = AttentionOps & Pick<DenseOps, "softmaxAttention" | "softmaxAttentionBackward">;

export function referenceAttention(memory: ReferenceMemory): Attention {
  const { get, put, bitsOf, putBits, bytes } = memory;

  const layoutOf = (of: Pick<BitAttention, "prompts" | "tokens" | "heads" | "width">, steps: number): HeadLayout => {
    const { prompts, tokens, heads, width } = of;
    return { steps, prompts, tokens, heads, dimension: width / heads };
  };
  const qkvOf = ({ qkv, steps, prompts, tokens }: BitAttention) =>
    Float64Array.from(bitsOf(qkv, steps * prompts * tokens));
  /** The mask as one byte per pair of tokens. */
  const maskOf = ({ mask: at, tokens }: BitAttention) =>
    bitsOf({ at, words: maskWords(tokens), features: 32 * maskWords(tokens) }, tokens).filter(
      (_, i) => i % (32 * maskWords(tokens)) < tokens,
    );
  const stochastic = (of: GainedAttention) => ({ mask: maskOf(of), scoreGain: of.scoreGain, valueGain: of.valueGain });
  const scoresAt = (of: BitAttention, scores: number, t: number, prompt: number, head: number) => {
    const { tokens, prompts, heads } = of;
    const words = maskWords(tokens);
    return { at: scores + 4 * ((t * prompts + prompt) * heads + head) * tokens * words, words, features: 32 * words };
  };

  function firing(of: FiringAttention, surrogate: SurrogateSpec) {
    const layout = layoutOf(of, of.steps);
    const run = { mask: maskOf(of), neuron: of.neuron, surrogate, smooth: false, draws: null };
    const parts = ATTENTION_PARTS[of.attention.kind];
    const attend = attentionModel(of.attention);
    const { output, caches } = multiHeadForward(
      qkvOf(of),
      layout,
      (head) => {
        const attended = attend(head, layout, run);
        return { output: attended.output, cache: attended };
      },
      parts,
    );
    return { layout, parts, output, caches };
  }

  /** Probabilities of softmax attention `[tokens][tokens]` of one head, at their place. */
  function probabilityRows({ probabilities, heads, tokens }: SoftmaxAttention, prompt: number, head: number) {
    const stride = maskStride(tokens);
    const first = probabilities + 4 * (prompt * heads + head) * tokens * stride;
    return Array.from({ length: tokens }, (_, i) => first + 4 * i * stride);
  }

  return {
    sampledAttention: (of) => {
      const { steps, tokens, key, firstPrompt, draws: kind, scores, out } = of;
      const layout = layoutOf(of, steps);
      const draws = attentionDraws(key, 0, firstPrompt, layout, kind);
      const { output } = multiHeadForward(qkvOf(of), layout, (one, prompt, index) => {
        const result = stochasticAttentionForward(one, layout, stochastic(of), headDraws(draws, layout, prompt, index));
        const { scores: sampled } = result.cache;
        for (let t = 0; t < steps; t++) {
          const place = scoresAt(of, scores, t, prompt, index);
          const rows = new Uint8Array(tokens * place.features);
          for (let i = 0; i < tokens; i++) {
            rows.set(sampled.subarray((t * tokens + i) * tokens, (t * tokens + i + 1) * tokens), i * place.features);
          }
          putBits(place, rows);
        }
        return result;
      });
      putBits(out, output);
    },
    expectedAttention: (of) => {
      const layout = layoutOf(of, of.steps);
      const attend = (one: HeadVectors) => stochasticAttentionForward(one, layout, stochastic(of), null);
      put(of.out, multiHeadForward(qkvOf(of), layout, attend).output);
    },
    stochasticAttentionBackward: (of) => {
      const { steps, prompts, tokens, width, heads, scores, dOut, dQkv } = of;
      const layout = layoutOf(of, steps);
      const { caches } = multiHeadForward(qkvOf(of), layout, (one) =>
        stochasticAttentionForward(one, layout, stochastic(of), null),
      );
      // If scores were sampled, the backward pass reads these instead of their probabilities.
      const read = caches.map((cache, i) => {
        if (scores === null) return cache;
        const steady = Array.from({ length: steps }, (_, t) => {
          const place = scoresAt(of, scores, t, Math.floor(i / heads), i % heads);
          return [...bitsOf(place, tokens).filter((_, j) => j % place.features < tokens)];
        });
        const sampled = Float64Array.from(steady.flat());
        return { ...cache, scores: sampled, sums: valueProduct(sampled, cache.head.value, layout) };
      });
      const upstream = get(dOut, steps * prompts * tokens * width);
      put(dQkv, multiHeadBackward(upstream, layout, read, stochasticAttentionBackward));
    },
    // The forward pass does not need the surrogate.
    firingAttention: (of) => putBits(of.out, firing(of, { kind: "sigmoid", alpha: 4 }).output),
    firingAttentionBackward: (of) => {
      const { layout, caches, parts } = firing(of, of.surrogate);
      const upstream = get(of.dOut, of.steps * of.prompts * of.tokens * of.width);
      put(
        of.dQkv,
        multiHeadBackward(upstream, layout, caches, (gradient, head) => head.backward(gradient), parts),
      );
    },
    softmaxAttention: (of) => {
      const { qkv, prompts, tokens, width, mask, codes, target } = of;
      const layout = layoutOf(of, 1);
      const stride = maskStride(tokens);
      const allowed = bytes.slice(mask, mask + tokens * stride).filter((_, i) => i % stride < tokens);
      const { output } = multiHeadForward(get(qkv, prompts * tokens * 3 * width), layout, (one, prompt, index) => {
        const result = softmaxAttentionForward(one, layout, allowed, codes || null);
        for (const [i, at] of probabilityRows(of, prompt, index).entries()) {
          put(at, result.cache.weights.subarray(i * tokens, (i + 1) * tokens));
        }
        return result;
      });
      put(target, output);
    },
    softmaxAttentionBackward: (of) => {
      const { qkv, prompts, tokens, width, dTarget, dQkv } = of;
      const layout = layoutOf(of, 1);
      const { caches } = multiHeadForward(get(qkv, prompts * tokens * 3 * width), layout, (head, prompt, index) => {
        const rows = probabilityRows(of, prompt, index).map((at) => [...get(at, tokens)]);
        const output = new Float64Array(tokens * layout.dimension);
        return { output, cache: { head, shape: layout, weights: Float64Array.from(rows.flat()) } };
      });
      put(dQkv, multiHeadBackward(get(dTarget, prompts * tokens * width), layout, caches, softmaxAttentionBackward));
    },
  };
}
