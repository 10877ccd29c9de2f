/** The loss of a read-out: cross-entropy of classes, or of bits. */
import type { ReadOut } from "../experiment/model.ts";
import { bitCrossEntropyBackward, bitCrossEntropyForward } from "./bit-cross-entropy.ts";
import { crossEntropyBackward, crossEntropyForward } from "./cross-entropy.ts";

export interface Loss {
  readonly forward: typeof crossEntropyForward;
  readonly backward: typeof crossEntropyBackward;
}

const CLASSES: Loss = { forward: crossEntropyForward, backward: crossEntropyBackward };
const BITS: Loss = { forward: bitCrossEntropyForward, backward: bitCrossEntropyBackward };

export const lossOf = (readOut: ReadOut = "joint"): Loss => (readOut === "bits" ? BITS : CLASSES);
