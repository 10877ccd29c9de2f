/**
 * Attention with neurons on sums, by what they sum: forward, and back through the neurons. Twins: `model/attention/` `lif.ts`, `pairs.ts`
 * and `gates.ts`; on the CPU `kernels/assembly/` `pair-attention.ts` and `gate-attention.ts`.
 *
 *   pairs   A = SN(current)              the current is in `pair-attention.ts`
 *   gates   A = SN(current) x passed     the current is in `gate-attention.ts`
 *
 * A lane is a feature of one token and keeps its neuron in registers over all steps. Shapes: out [steps][prompts tokens][outWords];
 * dOut [steps, prompts tokens, width].
 */
import { FEATURE_OF_GROUP, HEAD_NUMBERS, HEADS, STORE_SPIKES } from "./heads.ts";
import { gpuKernel, type NumberKind } from "./kernel.ts";
import type { GpuNeuron } from "./neurons.ts";
import { PACKED_STEPS, packing } from "./packing.ts";

/** What neurons sum. */
export interface Summed {
  /** Kernels of one name share their text. */
  readonly name: string;
  readonly numbers: Readonly<Record<string, NumberKind>>;
  /** `currentOf(t, prompt, i, feature)`, and `passes(t, prompt, i, feature)`: whether a spike of the neuron reaches the output. */
  readonly wgsl: string;
}

/** A group makes two words of every step of one token. */
export const firingKernel = (summed: Summed, neuron: GpuNeuron) =>
  gpuKernel({
    name: `neurons on ${summed.name}`,
    numbers: { ...HEAD_NUMBERS, ...summed.numbers, ...neuron.numbers, out: "place", outWords: "u32" },
    lanes: 64,
    helpers: `${HEADS}${summed.wgsl}${neuron.wgsl}${packing("fired", 64)}`,
    body: `${FEATURE_OF_GROUP}  let isNeuron = feature < widthOf() && prompt < call.prompts;
  var neuron = Neuron();
  for (var first = 0u; first < call.steps; first += ${PACKED_STEPS}u) {
    let count = min(${PACKED_STEPS}u, call.steps - first);
    var spikes = 0u;
    for (var t = first; t < first + count && isNeuron; t++) {
      let x = distance(&neuron, currentOf(t, prompt, i, feature));
      if (x >= 0.0 && passes(t, prompt, i, feature)) { spikes |= 1u << (t - first); }
      reset(&neuron, x >= 0.0);
    }
    ${STORE_SPIKES}
  }
`,
  });
