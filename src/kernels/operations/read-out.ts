/** The read-out of a network without time steps: the tokens of an answer, or their mean. Twin: `model/read-out.ts`. */
import { tokensPerAnswer, tokensRead } from "../../model/geometry.ts";
import type { ReadOutOperation } from "../../model/read-out.ts";
import { type Held, numbersAt } from "../held.ts";
import { tokenMean, tokenMeanBackward } from "../token-mean.ts";
import { NUMBERS, type PassKit } from "./kit.ts";

/** Whether an earlier operation has already left out the other tokens. */
const isGathered = ({ geometry }: ReadOutOperation, { rows }: Pick<Held, "rows">): boolean =>
  rows === tokensRead(geometry).length;

export const readOut: PassKit<ReadOutOperation> = {
  accepts: () => NUMBERS,
  plan: ({ operation }, { reads: [read], written, maxPrompts }) => {
    const { geometry } = operation;
    const count = tokensRead(geometry).length;
    const pools = tokensPerAnswer(geometry) !== null;
    const words = { gathered: maxPrompts * count * read.features };
    const gathers = !isGathered(operation, read);
    return {
      writes: { ...written, steps: 1, form: "numbers" },
      view: !gathers && !pools,
      ...(gathers && { lasting: { chosen: count }, forwardWork: words, backwardWork: words }),
      scratch: 0,
      gradients: [gathers || pools ? "apart" : "same"],
      spoils: pools,
    };
  },
  forward: ({ node, ops, constant }, { reads: [read], writes, own }) => {
    const { geometry } = node.operation;
    const { rows: tokens, features: width } = read;
    const [chosen, perAnswer] = [tokensRead(geometry), tokensPerAnswer(geometry)];
    const gathers = !isGathered(node.operation, read);
    const target = numbersAt(writes);
    if (gathers) constant(own.chosen, chosen);
    return ({ prompts }) => {
      const gathered = perAnswer ? own.gathered : target;
      const from = { source: numbersAt(read), prompts, tokens, width };
      if (gathers) {
        ops.gatherTokens({ ...from, chosen: { at: own.chosen, count: chosen.length }, target: gathered });
      }
      if (perAnswer) tokenMean(ops, gathers ? gathered : from.source, { prompts, perAnswer, width }, target);
    };
  },
  backward: ({ node, ops }, { reads: [read], own, d, targets }) => {
    const { geometry } = node.operation;
    const { rows: tokens, features: width } = read;
    const [chosen, perAnswer] = [tokensRead(geometry), tokensPerAnswer(geometry)];
    const gathers = !isGathered(node.operation, read);
    return ({ prompts }) => {
      const target = targets[0]?.at ?? d;
      const dGathered = perAnswer ? (gathers ? own.gathered : target) : d;
      if (perAnswer) tokenMeanBackward(ops, d, { prompts, perAnswer, width }, dGathered);
      const from = { source: dGathered, prompts, tokens, width };
      if (gathers) ops.scatterTokens({ ...from, chosen: { at: own.chosen, count: chosen.length }, target });
    };
  },
};
