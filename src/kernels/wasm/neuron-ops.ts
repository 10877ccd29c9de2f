/** LIF neurons and what stands between them and a layer's raw output (BatchNorm, noise), on the WebAssembly kernels. */
import type { NeuronSpec, SurrogateSpec } from "../../spec/model.ts";
import type { KernelExports } from "../binary.generated.ts";
import type { ColumnMap, NeuronOps } from "../ops.ts";

/** Words of scratch for `columns` columns: four rows for what is made of the sums, and six for the kernels' own. */
export const normalisationScratch = (columns: number): number => 10 * columns;

/** Words of scratch for the membranes and slopes of 32 neurons over all steps. */
export const lifScratch = (steps: number): number => 64 * steps + 32;

/** Words of scratch for a block of random words. */
export const NOISE_SCRATCH = 256;

export function neuronOps(run: KernelExports, buffer: ArrayBufferLike): NeuronOps {
  const f32 = new Float32Array(buffer);
  return {
    mapColumns: ({ base, source, rows, columns, map, target }) =>
      run.affineAdd(base ?? 0, source, rows, columns, map.scale, map.shift, target),
    normaliseColumns: ({ source, rows, columns, gain, offset, epsilon, moments, map, scratch }) => {
      run.columnStatistics(source, rows, columns, moments.mean, moments.variance, scratch);
      for (let i = 0; i < columns; i++) {
        const factor = f32[gain / 4 + i] / Math.sqrt(f32[moments.variance / 4 + i] + epsilon);
        f32[map.scale / 4 + i] = factor;
        f32[map.shift / 4 + i] = f32[offset / 4 + i] - factor * f32[moments.mean / 4 + i];
      }
    },
    normaliseColumnsBackward: (of) => {
      const { d, source, rows, columns, epsilon, moments, map, dGain, dOffset, dSource, scratch } = of;
      const [sum, product, slope, constant, rest] = [0, 1, 2, 3, 4].map((part) => scratch + 4 * columns * part);
      run.columnSums(d, source, rows, columns, moments.mean, sum, product, rest);
      for (let i = 0; i < columns; i++) {
        const inverse = 1 / Math.sqrt(f32[moments.variance / 4 + i] + epsilon);
        const total = f32[sum / 4 + i];
        const weighted = f32[product / 4 + i] * inverse;
        f32[dOffset / 4 + i] += total;
        f32[dGain / 4 + i] += weighted;
        const factor = f32[map.scale / 4 + i];
        const along = (factor * inverse * weighted) / rows;
        f32[slope / 4 + i] = -along;
        f32[constant / 4 + i] = along * f32[moments.mean / 4 + i] - (factor * total) / rows;
      }
      run.affinePair(d, source, rows, columns, map.scale, slope, constant, dSource);
    },
    columnSpreads: ({ variance, columns, epsilon, factor, target }) => {
      for (let i = 0; i < columns; i++) f32[target / 4 + i] = factor * Math.sqrt(f32[variance / 4 + i] + epsilon);
    },
    addOutputNoise: ({ target, rows, columns, deviations, key, counter, scratch }) =>
      run.addOutputNoise(target, rows, columns, deviations, key[0], key[1], counter, scratch),
    lif: ({ currents, steps, rows, map, neuron, spikes, near }) => {
      const { at, words, features } = spikes;
      const numbers = neuronNumbers(map, neuron);
      if (near) {
        run.lifForwardGated(currents, steps, rows, features, ...numbers, at, words, near.reach, near.bits.at);
      } else run.lifForward(currents, steps, rows, features, ...numbers, at, words);
    },
    lifBackward: (of) => {
      const { currents, steps, rows, features, dSpikes, target, accumulate, scratch } = of;
      const { kind, parameter } = surrogateNumbers(of.surrogate);
      const numbers = neuronNumbers(of.map, of.neuron);
      const add = accumulate ? 1 : 0;
      run.lifBackward(
        ...([dSpikes, currents, steps, rows, features, ...numbers] as const),
        ...([kind, parameter, target, add, scratch] as const),
      );
    },
  };
}

/** Addresses of a column map, none where there is no map, and the neuron as numbers, in the order of the kernels. */
const neuronNumbers = (map: ColumnMap | null, { beta, threshold, reset }: NeuronSpec) =>
  [map?.scale ?? 0, map?.shift ?? 0, beta, threshold, reset === "soft" ? 1 : 0] as const;

/** As `assembly/surrogate.ts` numbers them. */
export function surrogateNumbers(surrogate: SurrogateSpec): { kind: number; parameter: number } {
  switch (surrogate.kind) {
    case "sigmoid":
      return { kind: 0, parameter: surrogate.alpha };
    case "triangular":
      return { kind: 1, parameter: surrogate.width };
    case "rectangular":
      return { kind: 2, parameter: surrogate.width };
  }
}
