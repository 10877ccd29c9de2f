/**
 * Attention over all heads of a layer: q, k and v (or those that the kind reads) next to each other in a row, to one row of D features.
 * `catalogue.ts` lists the spiking kinds; `softmax-attention.ts` is the ANN's.
 *
 * Shapes   qkv: [T][B][N][parts D]; returns [T][B][N][D], head after head
 */
import type { AttentionSpec } from "../../experiment/attention.ts";
import { ATTENTION_PARTS, type AttentionPart, QUERIES_KEYS_VALUES } from "../../experiment/by-attention.ts";
import type { SurrogateSpec } from "../../experiment/model.ts";
import type { NeuronSpec } from "../../experiment/neuron.ts";
import { type HeadLayout, multiHeadBackward, multiHeadForward } from "../heads.ts";
import {
  BITS,
  expectFeatures,
  type Forward,
  NO_PARAMETERS,
  type OperationKit,
  type OperationOf,
  REAL,
  type Run,
} from "../operation.ts";
import { softmaxAttentionBackward, softmaxAttentionForward } from "../softmax-attention.ts";
import type { AttendedHead } from "./attention.ts";
import { attentionModel } from "./catalogue.ts";
import { headDraws } from "./draws.ts";

/** Softmax attention; with few bits, shares are multiples of 1 / `codes`. */
export interface SoftmaxSpec {
  readonly kind: "softmax";
  readonly codes: number | null;
}

/** A spiking kind, with the neurons of kinds that have some. */
export interface SpikingAttention {
  readonly attention: AttentionSpec;
  readonly neuron: NeuronSpec;
  readonly surrogate: SurrogateSpec;
}

export interface AttentionOperation extends OperationOf<"attention"> {
  readonly how: SpikingAttention | SoftmaxSpec;
  readonly heads: number;
  readonly dimension: number;
  readonly tokens: number;
  /** `[tokens, tokens]`, 1 where query token i may attend to key token j. */
  readonly mask: Uint8Array;
}

/** Which of q, k and v it reads, in their order in a row. */
export const partsRead = ({ how }: AttentionOperation): readonly AttentionPart[] =>
  "attention" in how ? ATTENTION_PARTS[how.attention.kind] : QUERIES_KEYS_VALUES;

/** The name of what belongs to attention besides its result: `blocks.0.scores` for `blocks.0.attention`, `mix.scores` for `mix`. */
export const besideAttention = (name: string, what: "scores" | "shortcut"): string =>
  name.endsWith("attention") ? name.replace(/attention$/, what) : `${name}.${what}`;

export const layoutOf = (
  { heads, dimension, tokens }: AttentionOperation,
  { steps, prompts }: Pick<Run, "steps" | "prompts">,
): HeadLayout => ({ steps, prompts, tokens, heads, dimension });

export const attention: OperationKit<AttentionOperation> = {
  shape(operation, [value]) {
    const { heads, dimension, how } = operation;
    expectFeatures(operation, value, partsRead(operation).length * heads * dimension);
    return { rows: value.rows, features: heads * dimension, domain: "attention" in how ? BITS : REAL };
  },
  parameters: NO_PARAMETERS,
  forward(operation, [qkv], run) {
    const { how, mask } = operation;
    if ("attention" in how) return spiking(operation, how, qkv, run);
    const layout = layoutOf(operation, run);
    const { output, caches } = multiHeadForward(qkv, layout, (head) =>
      softmaxAttentionForward(head, layout, mask, how.codes),
    );
    return {
      output,
      backward: (outputGradient) => [multiHeadBackward(outputGradient, layout, caches, softmaxAttentionBackward)],
    };
  },
};

function spiking(operation: AttentionOperation, how: SpikingAttention, qkv: Float64Array, run: Run): Forward {
  const { neuron, surrogate } = how;
  const layout = layoutOf(operation, run);
  const attend = attentionModel(how.attention);
  const draws = run.draws(operation.name);
  const shared = { mask: operation.mask, neuron, surrogate, smooth: run.smooth };
  const parts = partsRead(operation);
  const { output, caches } = multiHeadForward(
    qkv,
    layout,
    (head, prompt, index) => {
      const attended = attend(head, layout, { ...shared, draws: draws && headDraws(draws, layout, prompt, index) });
      return { output: attended.output, cache: attended };
    },
    parts,
  );
  const fires = caches.every((head) => head.fires);
  return {
    output,
    attended: { fired: fires ? toBits(output) : null, scores: mergeScores(caches, layout) },
    backward: (outputGradient) => [
      multiHeadBackward(outputGradient, layout, caches, (gradient, head) => head.backward(gradient), parts),
    ],
  };
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
