/** Attention with neurons on the WebAssembly kernels, by kind. */
import { neuronInAttention } from "../../experiment/by-neuron.ts";
import type { NeuronSpec } from "../../experiment/neuron.ts";
import type { KernelExports } from "../binary.generated.ts";
import type { AttentionOps } from "../ops.ts";
import { type Counting, firingKind, type Weighing } from "../weighing.ts";
import { bitAttentionInputs } from "./bit-attention.ts";
import { surrogateNumbers } from "./neuron-kernels.ts";

/** In the numbering of `assembly/pair-attention.ts` and `assembly/gate-attention.ts`. */
const WEIGHINGS: Readonly<Record<Weighing, number>> = { neurons: 0, ones: 1, equal: 2, cut: 3, frozen: 4 };
const COUNTINGS: Readonly<Record<Counting, number>> = { counts: 0, channels: 1, tokens: 2 };

/** Words of scratch for attention with neurons, forward and backward: what each kernel asks for, the larger. */
export function firingScratch(steps: number, tokens: number, dimension: number): number {
  const [matrix, square] = [tokens * ceilFour(dimension), tokens * tokens];
  const values = (ceilFour(dimension) + 1) * ceilFour(tokens);
  return steps * (4 * matrix + 2 * square) + 7 * matrix + 2 * square + values + 16;
}

export function firingAttentionOps(
  run: KernelExports,
): Pick<AttentionOps, "firingAttention" | "firingAttentionBackward"> {
  return {
    firingAttention: (of) => {
      const { out, scratch, neuron } = of;
      const kernel = firingKind(of);
      const inputs = bitAttentionInputs(of);
      const end = [...constantsOf(neuron), out.at, out.words, scratch] as const;
      if (kernel.of === "pairs")
        run.pairAttention(...inputs, WEIGHINGS[kernel.weigh], kernel.constant, kernel.scale, ...end);
      else run.gateAttention(...inputs, COUNTINGS[kernel.counted], kernel.scale, ...end);
    },
    firingAttentionBackward: (of) => {
      const { dOut, dQkv, scratch, neuron } = of;
      const kernel = firingKind(of);
      const inputs = bitAttentionInputs(of);
      const { kind, parameter } = surrogateNumbers(of.surrogate);
      const end = [...constantsOf(neuron), kind, parameter, dQkv, scratch] as const;
      if (kernel.of === "pairs")
        run.pairAttentionBackward(dOut, ...inputs, WEIGHINGS[kernel.weigh], kernel.constant, kernel.scale, ...end);
      else run.gateAttentionBackward(dOut, ...inputs, COUNTINGS[kernel.counted], kernel.scale, ...end);
    },
  };
}

/** Leak, threshold, and 1 for a soft reset. */
function constantsOf(of: NeuronSpec) {
  const { beta, threshold, reset } = neuronInAttention(of);
  return [beta, threshold, reset === "soft" ? 1 : 0] as const;
}

const ceilFour = (count: number): number => 4 * Math.ceil(count / 4);
