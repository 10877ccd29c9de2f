/** Attention of all heads, spiking (`kernels/attention.ts`) or softmax. Twin: `model/attention/operation.ts`. */
import type { AttentionOperation, SoftmaxSpec, SpikingAttention } from "../../model/attention/operation.ts";
import type { Place } from "../arena.ts";
import { type AttentionShape, attentionScratch, bindAttention, planAttention } from "../attention.ts";
import { type HeldBits, numbersAt } from "../held.ts";
import { bitMask, byteMask, maskStride, maskWords } from "../masks.ts";
import { softmaxScratch } from "../wasm/dense-ops.ts";
import type { BindContext, PassKit, Places } from "./kit.ts";

type Kit = Omit<PassKit<AttentionOperation>, "accepts">;
type How = AttentionOperation["how"];

const isSpiking = (how: How): how is SpikingAttention => "attention" in how;
const kitOf = ({ how }: AttentionOperation): Kit => (isSpiking(how) ? spiking : softmax);

export const attention: PassKit<AttentionOperation> = {
  accepts: (_, spiking) => (spiking ? ["bits"] : ["numbers"]),
  plan: (node, context) => kitOf(node.operation).plan(node, context),
  forward: (context, places) => kitOf(context.node.operation).forward(context, places),
  backward: (context, places) => kitOf(context.node.operation).backward(context, places),
};

const shapeOf = ({ heads, dimension, tokens, how }: AttentionOperation, steps: number): AttentionShape => ({
  ...{ heads, dimension, tokens, steps },
  how: how as SpikingAttention,
});

/** Its spikes are always kept, and its expected values too: only training has some. */
const spiking: Kit = {
  plan: ({ operation }, { arena, options, steps, maxPrompts, training, written }) => {
    const shape = shapeOf(operation, steps);
    const { bits, values, scores } = planAttention(arena, shape, { maxPrompts, mode: options.attention });
    const { tokens } = operation;
    return {
      writes: { ...written, steps, form: bits ? "bits" : "numbers" },
      placed: bits ? { bits } : { at: values as Place },
      shared: { mask: { key: operation.mask, words: tokens * maskWords(tokens) } },
      ...(scores !== null && { placedArrays: { scores } }),
      scratch: attentionScratch(shape, training),
      gradients: ["apart"],
    };
  },
  forward: (context, places) => {
    const { qkv, pass } = bound(context, places);
    context.constant(places.own.mask, bitMask(context.node.operation));
    return ({ prompts }) => pass.forward(qkv, prompts, context.draws);
  },
  backward: (context, places) => {
    const { qkv, pass } = bound(context, places);
    const { d, targets } = places;
    return ({ prompts }) => pass.backward(d, qkv, prompts, targets[0]!.at);
  },
};

function bound({ node, ops, steps, scratch }: BindContext<AttentionOperation>, { reads, writes, own }: Places) {
  const { block } = node.operation;
  const shape = shapeOf(node.operation, steps);
  const result =
    writes.form === "bits" ? { bits: writes.bits, values: null } : { bits: null, values: numbersAt(writes) };
  const layout = { ...result, scores: own.scores ?? null };
  const pass = bindAttention(ops, layout, shape, { block: block ?? 0, mask: own.mask, scratch });
  return { qkv: (reads[0] as HeldBits).bits, pass };
}

const softmax: Kit = {
  plan: ({ operation: { tokens, heads, dimension, mask } }, { maxPrompts, written }) => ({
    writes: { ...written, steps: 1, form: "numbers" },
    shared: { mask: { key: mask, words: (tokens * maskStride(tokens)) / 4 } },
    kept: { probabilities: maxPrompts * heads * tokens * maskStride(tokens) },
    scratch: softmaxScratch(tokens, dimension),
    needs: [0],
    gradients: ["apart"],
  }),
  forward: ({ node, ops, scratch, constant }, { reads: [qkv], writes, own }) => {
    const { mask } = own;
    const { operation } = node;
    constant(mask, byteMask(operation));
    const { codes } = operation.how as SoftmaxSpec;
    const of = { ...sizesOf(operation), qkv: numbersAt(qkv), probabilities: own.probabilities, mask, scratch };
    const target = numbersAt(writes);
    return ({ prompts }) => ops.softmaxAttention({ ...of, prompts, codes: codes ?? 0, target });
  },
  backward: ({ node, ops, scratch }, { reads: [qkv], own, d, targets }) => {
    const of = { ...sizesOf(node.operation), qkv: numbersAt(qkv), probabilities: own.probabilities, scratch };
    return ({ prompts }) => ops.softmaxAttentionBackward({ ...of, prompts, dTarget: d, dQkv: targets[0]!.at });
  },
};

const sizesOf = ({ tokens, heads, dimension }: AttentionOperation) => ({ tokens, heads, width: heads * dimension });
