/** Attention with neurons on the WebAssembly kernels, by kind. */
import { type ByAttention, forAttention } from "../../experiment/by-attention.ts";
import { neuronInAttention } from "../../experiment/by-neuron.ts";
import type { NeuronSpec } from "../../experiment/neuron.ts";
import type { KernelExports } from "../binary.generated.ts";
import type { AttentionOps, FiringSpec } from "../ops.ts";
import { bitAttentionInputs } from "./bit-attention.ts";
import { surrogateNumbers } from "./neuron-kernels.ts";

/** The kernel that computes a kind, and its numbers there: `assembly/pair-attention.ts` and `assembly/gate-attention.ts`. */
type Kernel = (
  dimension: number,
  tokens: number,
) =>
  | { readonly of: "pairs"; readonly weigh: number; readonly constant: number; readonly scale: number }
  | { readonly of: "gates"; readonly counted: number; readonly scale: number };

const pairs = (weigh: number, constant: number, scale: number) => ({ of: "pairs", weigh, constant, scale }) as const;
const ones =
  ({ scale }: { readonly scale: number }) =>
  () =>
    pairs(1, 0, scale);
const gates =
  (counted: number, { scale }: { readonly scale: number }) =>
  () =>
    ({ of: "gates", counted, scale }) as const;

const KERNELS: Pick<ByAttention<Kernel>, FiringSpec["kind"]> = {
  lif:
    ({ scoreGain, valueGain }) =>
    (dimension, tokens) =>
      pairs(0, scoreGain / dimension, valueGain / tokens),
  spikformer: ones,
  "sdsa-1": (attention) => gates(0, attention),
  "sdsa-3": ones,
  "qk-token": (attention) => gates(2, attention),
  "qk-channel": (attention) => gates(1, attention),
  "alpha-xnor":
    ({ alpha, scale }) =>
    () =>
      pairs(2, alpha, scale),
  "binary-map":
    ({ cut, scale }) =>
    () =>
      pairs(3, cut, scale),
  random:
    ({ scale }) =>
    () =>
      pairs(4, 0, scale),
};

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
      const kernel = kernelOf(of);
      const inputs = bitAttentionInputs(of);
      const end = [...constantsOf(neuron), out.at, out.words, scratch] as const;
      if (kernel.of === "pairs") run.pairAttention(...inputs, kernel.weigh, kernel.constant, kernel.scale, ...end);
      else run.gateAttention(...inputs, kernel.counted, kernel.scale, ...end);
    },
    firingAttentionBackward: (of) => {
      const { dOut, dQkv, scratch, neuron } = of;
      const kernel = kernelOf(of);
      const inputs = bitAttentionInputs(of);
      const { kind, parameter } = surrogateNumbers(of.surrogate);
      const end = [...constantsOf(neuron), kind, parameter, dQkv, scratch] as const;
      if (kernel.of === "pairs")
        run.pairAttentionBackward(dOut, ...inputs, kernel.weigh, kernel.constant, kernel.scale, ...end);
      else run.gateAttentionBackward(dOut, ...inputs, kernel.counted, kernel.scale, ...end);
    },
  };
}

/** Leak, threshold, and 1 for a soft reset. */
function constantsOf(of: NeuronSpec) {
  const { beta, threshold, reset } = neuronInAttention(of);
  return [beta, threshold, reset === "soft" ? 1 : 0] as const;
}

const kernelOf = ({
  attention,
  width,
  heads,
  tokens,
}: Parameters<AttentionOps["firingAttention"]>[0] | Parameters<AttentionOps["firingAttentionBackward"]>[0]) =>
  forAttention(attention, KERNELS)(width / heads, tokens);

const ceilFour = (count: number): number => 4 * Math.ceil(count / 4);
