/** The attention of one spiking layer over all heads, of whatever kind the model names. Reads and returns rows [T][B][N]. */
import { ATTENTION_PARTS } from "../../experiment/by-attention.ts";
import type { SpikingSpec } from "../../experiment/model.ts";
import { type HeadLayout, multiHeadBackward, multiHeadForward } from "../heads.ts";
import type { Network } from "../network.ts";
import type { AttendedHead } from "./attention.ts";
import { attentionModel } from "./catalogue.ts";
import { type AttentionDraws, headDraws } from "./draws.ts";

/** One entry per prompt and head, `[B][H]`. */
export type SpikingAttentionCache = readonly Pick<AttendedHead, "backward">[];

export interface SpikingAttentionForward {
  /** `[T][B][N][D]` */
  readonly output: Float64Array;
  readonly cache: SpikingAttentionCache;
  /** S as bits, `[T][B][H][N][N]`, of kinds with a bit for each pair; A as bits, `[T][B][N][D]`. Null for expected attention. */
  readonly scores: Uint8Array | null;
  readonly fired: Uint8Array | null;
}

/** Shapes: qkv [T][B][N][parts D], with the parts that the kind reads. Without draws, stochastic attention is expected attention. */
export function spikingAttentionForward(
  qkv: Float64Array,
  layout: HeadLayout,
  { model, geometry }: Network<SpikingSpec>,
  { draws, smooth }: { draws: AttentionDraws | null; smooth: boolean },
): SpikingAttentionForward {
  const { neuron, surrogate, attention } = model;
  const attend = attentionModel(attention);
  const shared = { mask: geometry.mask, neuron, surrogate, smooth };
  const { output, caches } = multiHeadForward(
    qkv,
    layout,
    (head, prompt, index) => {
      const attended = attend(head, layout, { ...shared, draws: draws && headDraws(draws, layout, prompt, index) });
      return { output: attended.output, cache: attended };
    },
    ATTENTION_PARTS[attention.kind],
  );
  return {
    output,
    cache: caches,
    scores: mergeScores(caches, layout),
    fired: caches.every(({ fires }) => fires) ? toBits(output) : null,
  };
}

/** Gradient with respect to qkv, [T][B][N][parts D], from the gradient with respect to the output, [T][B][N][D]. */
export function spikingAttentionBackward(
  outputGradient: Float64Array,
  layout: HeadLayout,
  { attention }: SpikingSpec,
  cache: SpikingAttentionCache,
): Float64Array {
  const back = (gradient: Float64Array, head: Pick<AttendedHead, "backward">) => head.backward(gradient);
  return multiHeadBackward(outputGradient, layout, cache, back, ATTENTION_PARTS[attention.kind]);
}

/** The heads' S, `[T][N][N]` each, as bits `[T][B][H][N][N]`. */
function mergeScores(caches: readonly AttendedHead[], { steps, tokens }: HeadLayout): Uint8Array | null {
  const size = tokens * tokens;
  const merged = new Uint8Array(steps * caches.length * size);
  for (const [head, { scores }] of caches.entries()) {
    if (scores === null) return null;
    for (let t = 0; t < steps; t++)
      merged.set(toBits(scores.subarray(t * size, (t + 1) * size)), (t * caches.length + head) * size);
  }
  return merged;
}

/** Bits as bytes. In the smooth network s(V - threshold) is 0.5 at the threshold, so this is the bit that controls the reset. */
const toBits = (values: Float64Array): Uint8Array => Uint8Array.from(values, (s) => (s >= 0.5 ? 1 : 0));
