/** The loss of a read-out: cross-entropy of classes or of bits, or the squared error of numbers. */
import { bitCrossEntropyBackward, bitCrossEntropyForward } from "./bit-cross-entropy.ts";
import { crossEntropyBackward, crossEntropyForward } from "./cross-entropy.ts";
import type { AnswerKind } from "./geometry.ts";
import { squaredErrorBackward, squaredErrorForward } from "./squared-error.ts";

export interface Loss {
  readonly forward: typeof crossEntropyForward;
  readonly backward: typeof crossEntropyBackward;
}

const LOSSES: Readonly<Record<AnswerKind, Loss>> = {
  joint: { forward: crossEntropyForward, backward: crossEntropyBackward },
  bits: { forward: bitCrossEntropyForward, backward: bitCrossEntropyBackward },
  numbers: { forward: squaredErrorForward, backward: squaredErrorBackward },
};

export const lossOf = (answers: AnswerKind = "joint"): Loss => LOSSES[answers];
