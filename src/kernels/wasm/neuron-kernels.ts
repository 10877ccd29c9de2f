/** The WebAssembly kernels of neurons, by kind. */
import { type ByNeuron, forNeuron } from "../../experiment/by-neuron.ts";
import type { LifConstants, NeuronSpec, SurrogateSpec } from "../../experiment/model.ts";
import type { KernelExports } from "../binary.generated.ts";
import type { AttentionOps, ColumnMap, NeuronOps } from "../ops.ts";
import { bitAttentionInputs } from "./bit-attention.ts";

export interface NeuronKernels {
  /** Words of scratch for the backward pass. */
  scratch(steps: number): number;
  /** Words of scratch for attention with such neurons, forward and backward. */
  attentionScratch(steps: number, tokens: number, dimension: number): number;
  /** The operations that apply only to such neurons. */
  bind(
    run: KernelExports,
  ): Pick<NeuronOps, "fire" | "fireBackward"> & Pick<AttentionOps, "lifAttention" | "lifAttentionBackward">;
}

const KERNELS: ByNeuron<NeuronKernels> = {
  lif: leakyKernels,
  if: (neuron) => leakyKernels({ ...neuron, beta: 1 }),
};

export const neuronKernels = (neuron: NeuronSpec): NeuronKernels => forNeuron(neuron, KERNELS);

/** `assembly/lif.ts` and `assembly/lif-attention.ts`. */
function leakyKernels({ beta, threshold, reset }: LifConstants): NeuronKernels {
  const constants = [beta, threshold, reset === "soft" ? 1 : 0] as const;
  return {
    // Membranes and slopes of 32 neurons over all steps.
    scratch: (steps) => 64 * steps + 32,
    // Membranes of all steps, and the gradients of one.
    attentionScratch: (steps, tokens, dimension) => {
      const [matrix, square] = [tokens * ceilFour(dimension), tokens * tokens];
      const values = (ceilFour(dimension) + 1) * ceilFour(tokens);
      return steps * (4 * matrix + 2 * square) + 5 * matrix + 2 * square + values + 16;
    },
    bind: (run) => ({
      fire: ({ currents, steps, rows, map, spikes, near }) => {
        const { at, words, features } = spikes;
        // biome-ignore format: one line for each group of arguments
        run.lifForward(
          currents, steps, rows, features, ...mapPlaces(map), ...constants,
          at, words, near?.reach ?? 0, near?.bits.at ?? 0,
        );
      },
      fireBackward: ({ currents, steps, rows, map, surrogate, features, dSpikes, target, accumulate, scratch }) => {
        const { kind, parameter } = surrogateNumbers(surrogate);
        const of = [dSpikes, currents, steps, rows, features, ...mapPlaces(map), ...constants] as const;
        run.lifBackward(...of, kind, parameter, target, accumulate ? 1 : 0, scratch);
      },
      lifAttention: (of) => {
        const gains = [of.scoreGain, of.valueGain] as const;
        run.lifAttention(...bitAttentionInputs(of), ...gains, ...constants, of.out.at, of.out.words, of.scratch);
      },
      lifAttentionBackward: (of) => {
        const gains = [of.scoreGain, of.valueGain] as const;
        const { kind, parameter } = surrogateNumbers(of.surrogate);
        const end = [kind, parameter, of.dQkv, of.scratch] as const;
        run.lifAttentionBackward(of.dOut, ...bitAttentionInputs(of), ...gains, ...constants, ...end);
      },
    }),
  };
}

const mapPlaces = (map: ColumnMap | null) => (map ? ([map.scale, map.shift] as const) : ([0, 0] as const));

const ceilFour = (count: number): number => 4 * Math.ceil(count / 4);

/** In the numbering of `assembly/surrogate.ts`. */
function surrogateNumbers(surrogate: SurrogateSpec): { kind: number; parameter: number } {
  switch (surrogate.kind) {
    case "sigmoid":
      return { kind: 0, parameter: surrogate.alpha };
    case "triangular":
      return { kind: 1, parameter: surrogate.width };
    case "rectangular":
      return { kind: 2, parameter: surrogate.width };
  }
}
