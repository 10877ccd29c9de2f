/**
 * Kernels that are written for a kind of neuron, attention or draws, or a number of steps: each is made once, as a recorder compiles a
 * kernel when it first sees it.
 */
import type { GpuKernel } from "./kernel.ts";

/** @param keyOf  what tells two kernels apart */
export function kernelsBy<Of extends readonly unknown[], K extends GpuKernel>(
  keyOf: (...of: Of) => string,
  make: (...of: Of) => K,
): (...of: Of) => K {
  const made = new Map<string, K>();
  return (...of) => {
    const key = keyOf(...of);
    const known = made.get(key) ?? make(...of);
    made.set(key, known);
    return known;
  };
}
