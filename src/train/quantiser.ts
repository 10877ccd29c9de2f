/**
 * An ANN with few bits in training: the optimiser moves real weights and logarithms of steps, and passes see them rounded
 * (`model/quantization.ts`). Weights are rounded once per step, and the sum of the shards' gradients goes back through the rounding.
 */
import type { TrainingOps } from "../kernels/training-ops.ts";
import { backThroughRounding, passParameters } from "../model/quantization.ts";
import type { Described } from "../model/transformer.ts";
import { readTensors } from "./optimiser.ts";
import { isQuantised, type TrainingPlan } from "./plan.ts";

export interface Quantiser {
  /** Fills the copy of the parameters that passes see. */
  write(): Promise<void>;
  /** Turns the summed gradient of the copy into that of the parameters. */
  backward(): Promise<void>;
}

/** Null for a network in floating point. */
export function createQuantiser(ops: TrainingOps, plan: TrainingPlan, network: Described): Quantiser | null {
  if (!isQuantised(network.model)) return null;
  const [sums] = plan.gradients;
  const read = () => readTensors(ops, plan.layout, plan.value);
  return {
    write: async () => {
      for (const [name, { data }] of Object.entries(passParameters({ ...network, parameters: await read() }))) {
        ops.write(plan.noisy[name], data);
      }
    },
    backward: async () => {
      const summed = await readTensors(ops, plan.layout, sums);
      const gradients = Object.fromEntries(Object.entries(summed).map(([name, { data }]) => [name, data]));
      backThroughRounding({ ...network, parameters: await read() }, gradients);
      for (const [name, gradient] of Object.entries(gradients)) ops.write(sums[name], gradient);
    },
  };
}
