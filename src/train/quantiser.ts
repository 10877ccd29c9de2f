/**
 * An ANN with few bits in training: the optimiser moves real weights and logarithms of steps, and passes see them rounded
 * (`model/quantization.ts`). Weights are rounded once per step, and the sum of the shards' gradients goes back through the rounding.
 */
import type { ModelSpec } from "../experiment/model.ts";
import type { TrainingOps } from "../kernels/training-ops.ts";
import type { Tensor } from "../model/network.ts";
import { backThroughRounding, passParameters } from "../model/quantization.ts";
import { isQuantised, type TrainingPlan } from "./plan.ts";

export interface Quantiser {
  /** Fills the copy of the parameters that passes see. */
  write(): void;
  /** Turns the summed gradient of the copy into that of the parameters. */
  backward(): void;
}

/** Null for a network in floating point. */
export function createQuantiser(ops: TrainingOps, plan: TrainingPlan, model: ModelSpec): Quantiser | null {
  if (!isQuantised(model)) return null;
  const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
  const [sums] = plan.gradients;
  const read = (): Record<string, Tensor> =>
    Object.fromEntries(
      plan.layout.map(({ name, shape }) => [name, { shape, data: ops.floats(plan.value[name], size(shape)) }]),
    );
  return {
    write: () => {
      for (const [name, { data }] of Object.entries(passParameters({ model, parameters: read() }))) {
        ops.write(plan.noisy[name], data);
      }
    },
    backward: () => {
      const gradients = Object.fromEntries(
        plan.layout.map(({ name, shape }) => [name, ops.floats(sums[name], size(shape))]),
      );
      backThroughRounding({ model, parameters: read() }, gradients);
      for (const [name, gradient] of Object.entries(gradients)) ops.write(sums[name], gradient);
    },
  };
}
