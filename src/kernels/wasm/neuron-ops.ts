/** Neurons, and the BatchNorm and noise between them and a layer's raw output, on the WebAssembly kernels. */
import type { NeuronSpec } from "../../experiment/neuron.ts";
import { neuronAt } from "../../model/neuron/catalogue.ts";
import type { KernelExports } from "../binary.generated.ts";
import type { NeuronOps, Neurons } from "../ops.ts";
import { neuronKernels } from "./neuron-kernels.ts";

/** Words of scratch for `columns` columns: four rows derived from the sums, and six for the kernels. */
export const normalisationScratch = (columns: number): number => 10 * columns;

/** Words of scratch for a block of random words. */
export const NOISE_SCRATCH = 256;

export function neuronOps(run: KernelExports, buffer: ArrayBufferLike): NeuronOps {
  const f32 = new Float32Array(buffer);
  /** The neuron with the values that its population has learned. */
  const valued = ({ neuron, learned }: Neurons): NeuronSpec =>
    learned ? neuronAt(neuron, (name, count) => f32.subarray(learned[name] / 4, learned[name] / 4 + count)) : neuron;
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
    fire: (of) => neuronKernels(valued(of)).bind(run).fire(of),
    fireBackward: (of) => neuronKernels(valued(of)).bind(run).fireBackward(of),
  };
}
