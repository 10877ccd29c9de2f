/** Populations of neurons on a GPU: twin of `../wasm/neuron-kernels.ts`. */

import { gridOver } from "../../webgpu/kernel.ts";
import type { ColumnMap, NeuronOps } from "../ops.ts";
import { surrogateNumbers } from "../wasm/neuron-kernels.ts";
import { fireBackwardKernel, fireKernel } from "./fire.ts";
import { kernelsBy } from "./kernels-by.ts";
import { type GpuNeuron, gpuNeuron } from "./neurons.ts";
import type { Recorder } from "./recorder.ts";

const FIRE = kernelsBy((neuron: GpuNeuron) => neuron.name, fireKernel);
const BACKWARD = kernelsBy((neuron: GpuNeuron, steps: number) => `${neuron.name} ${steps}`, fireBackwardKernel);

const mapOf = (map: ColumnMap | null) => ({ mapped: map ? 1 : 0, scale: map?.scale ?? 0, shift: map?.shift ?? 0 });

export type FireOps = Pick<NeuronOps, "fire" | "fireBackward">;

export function fireOps(recorder: Recorder): FireOps {
  return {
    fire: ({ currents, steps, rows, map, neuron: spec, learned, spikes, near }) => {
      const neuron = gpuNeuron(spec);
      const { at: bits, words: bitWords, features } = spikes;
      const kernel = FIRE(neuron);
      const numbers = {
        ...neuron.values(learned),
        ...mapOf(map),
        currents,
        steps,
        rows,
        features,
        bits,
        bitWords,
        gated: near ? 1 : 0,
        near: near?.bits.at ?? 0,
        reach: near?.reach ?? 0,
      };
      recorder.call(kernel, numbers, gridOver(rows * bitWords, 8));
    },
    fireBackward: (of) => {
      const { currents, steps, rows, map, surrogate, features, dSpikes, target, accumulate, learned, dLearned } = of;
      const neuron = gpuNeuron(of.neuron);
      const kernel = BACKWARD(neuron, steps);
      const { kind, parameter } = surrogateNumbers(surrogate);
      const grid = gridOver(rows * features, kernel.lanes);
      const groups = grid[1] * grid[2];
      if (neuron.leakGradient) recorder.reserve(groups);
      const numbers = {
        ...neuron.values(learned),
        ...mapOf(map),
        currents,
        steps,
        rows,
        features,
        surrogate: kind,
        parameter,
        dSpikes,
        result: target,
        accumulate: accumulate ? 1 : 0,
      };
      recorder.call(kernel, numbers, grid);
      if (neuron.leakGradient) {
        const summed = { ...neuron.values(learned), count: groups, dLeak: dLearned.leak };
        recorder.call(neuron.leakGradient, summed, [1, 1, 1]);
      }
    },
  };
}
