// ANNs that were trained for few bits, and the price of an ANN on an engine sized for it.
import { sizedEngine } from "xpikeformer";

const named = (family, widths) =>
  Object.fromEntries(
    Object.entries({ 4: "4-bits", 2: "2-bits", 1: "1-bit" }).map(([bits, name]) => [
      bits,
      widths.map((width) => `${family}-${width}-${name}`),
    ]),
  );

/** Numbers of bits for which networks were trained; the names of those networks by task and bits. */
export const TRAINED_BITS = [4, 2, 1];
export const TRAINED = {
  link: named("wireless-2x2-ann", [32, 64, 128]),
  mnist: named("mnist-ann", [16, 32, 64, 128]),
  fashion: named("fashion-ann", []),
};

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
