/** The WebAssembly kernels of neurons, by kind. */
import { type ByNeuron, forNeuron } from "../../experiment/by-neuron.ts";
import type { SurrogateSpec } from "../../experiment/model.ts";
import type { AlifConstants, LifConstants, NeuronSpec } from "../../experiment/neuron.ts";
import type { KernelExports } from "../binary.generated.ts";
import type { ColumnMap, NeuronOps } from "../ops.ts";

export interface NeuronKernels {
  /** Words of scratch for the backward pass. */
  scratch(steps: number): number;
  /** The operations that apply only to such neurons. */
  bind(run: KernelExports): Pick<NeuronOps, "fire" | "fireBackward">;
}

const KERNELS: ByNeuron<NeuronKernels> = {
  lif: leakyKernels,
  if: (neuron) => leakyKernels({ ...neuron, beta: 1 }),
  plif: parametricKernels,
  alif: adaptiveKernels,
};

export const neuronKernels = (neuron: NeuronSpec): NeuronKernels => forNeuron(neuron, KERNELS);

/** `assembly/lif.ts`. */
function leakyKernels({ beta, threshold, reset }: LifConstants): NeuronKernels {
  const constants = [beta, threshold, reset === "soft" ? 1 : 0] as const;
  return {
    // Membranes and slopes of 32 neurons over all steps.
    scratch: (steps) => 64 * steps + 32,
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
    }),
  };
}

/** `assembly/plif.ts`; such neurons fire like those of `assembly/lif.ts`. */
function parametricKernels(neuron: LifConstants): NeuronKernels {
  const { beta, threshold, reset } = neuron;
  const leaky = leakyKernels(neuron);
  return {
    // As many more words for the membranes before each step.
    scratch: (steps) => 96 * steps + 32,
    bind: (run) => ({
      fire: leaky.bind(run).fire,
      fireBackward: (of) => {
        const { currents, steps, rows, map, surrogate, features, dSpikes, target, accumulate, scratch, dLearned } = of;
        const { kind, parameter } = surrogateNumbers(surrogate);
        const neurons = [dSpikes, currents, steps, rows, features, ...mapPlaces(map)] as const;
        const constants = [beta, threshold, reset === "soft" ? 1 : 0, kind, parameter] as const;
        run.plifBackward(...neurons, ...constants, target, accumulate ? 1 : 0, scratch, dLearned.leak);
      },
    }),
  };
}

/** `assembly/alif.ts` */
function adaptiveKernels({ beta, threshold, reset, rise, decay }: AlifConstants): NeuronKernels {
  const constants = [beta, threshold, reset === "soft" ? 1 : 0, rise, decay] as const;
  return {
    // Distances and slopes of 32 neurons over all steps, and two numbers of state.
    scratch: (steps) => 64 * steps + 64,
    bind: (run) => ({
      fire: ({ currents, steps, rows, map, spikes, near }) => {
        const { at, words, features } = spikes;
        // biome-ignore format: one line for each group of arguments
        run.alifForward(
          currents, steps, rows, features, ...mapPlaces(map), ...constants,
          at, words, near?.reach ?? 0, near?.bits.at ?? 0,
        );
      },
      fireBackward: ({ currents, steps, rows, map, surrogate, features, dSpikes, target, accumulate, scratch }) => {
        const { kind, parameter } = surrogateNumbers(surrogate);
        const of = [dSpikes, currents, steps, rows, features, ...mapPlaces(map), ...constants] as const;
        run.alifBackward(...of, kind, parameter, target, accumulate ? 1 : 0, scratch);
      },
    }),
  };
}

const mapPlaces = (map: ColumnMap | null) => (map ? ([map.scale, map.shift] as const) : ([0, 0] as const));

/** In the numbering of `assembly/surrogate.ts`. */
export function surrogateNumbers(surrogate: SurrogateSpec): { kind: number; parameter: number } {
  switch (surrogate.kind) {
    case "sigmoid":
      return { kind: 0, parameter: surrogate.alpha };
    case "triangular":
      return { kind: 1, parameter: surrogate.width };
    case "rectangular":
      return { kind: 2, parameter: surrogate.width };
    case "atan":
      return { kind: 3, parameter: surrogate.alpha };
  }
}
