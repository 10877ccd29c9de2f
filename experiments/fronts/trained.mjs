// ANNs that were trained for few bits, and the price of an ANN on an engine sized for it.
import { sizedEngine } from "xpikeformer/cost";

/** Numbers of bits for which networks were trained; the names of those networks by task and bits. */
export const TRAINED_BITS = [4, 2, 1];
export const TRAINED = {
  link: { 4: ["wireless-2x2-ann-32-4-bits"], 2: [], 1: [] },
  mnist: { 4: ["mnist-ann-16-4-bits", "mnist-ann-32-4-bits"], 2: ["mnist-ann-64-2-bits"], 1: ["mnist-ann-64-1-bit"] },
  fashion: { 4: [], 2: [], 1: [] },
};

/** `4 bits`, `1 bit`. */
export const bitsText = (bits) => (bits === 1 ? "1 bit" : `${bits} bits`);

export const TRAINED_NAMES = Object.values(TRAINED).flatMap((byBits) => Object.values(byBits).flat());

/**
 * Energy per result in joules, and results per second pipelined and one at a time, of an ANN on its cheapest engine: at the bits that it
 * was trained for, or those of the architecture `id`.
 */
export function annPrice({ workload, resolved: { technology } }, id) {
  const { perInference } = workload.result;
  const own = workload.compared.ann.quantization ? "annTrained" : id;
  const { energy, performance } = sizedEngine(own, workload, technology);
  const { interval, latency } = performance;
  return { energy: energy / perInference, inFlight: perInference / interval, alone: perInference / latency };
}
