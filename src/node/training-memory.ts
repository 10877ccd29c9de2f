/** How much memory training may use on this machine. */
import { totalmem } from "node:os";
import { LARGEST_MEMORY } from "../kernels/arena.ts";

/** Of the machine's memory, or of the container's. The rest is for its other programs and for data. */
const SHARE = 3 / 4;

/** Bytes of all memories of a training; at least what one memory may have. */
export function trainingMemory(): number {
  // 0 or as much as can be addressed: no limit of a container.
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return Math.max(LARGEST_MEMORY, Math.floor(SHARE * Math.min(totalmem(), limit)));
}
