/** The optimiser's arithmetic and noise on weights, with the WebAssembly kernels. */
import type { KernelExports } from "../binary.generated.ts";
import type { Ops } from "../ops.ts";
import type { TrainingOps } from "../training-ops.ts";

export function trainingOps(run: KernelExports): Omit<TrainingOps, keyof Ops> {
  return {
    sumOfSquares: (source, count) => run.sumOfSquares(source, count),
    adamw: (of) => {
      const { parameter, gradient, first, second, count } = of;
      const { learningRate, beta1, beta2, epsilon, decay, correction1, correction2 } = of;
      const rates = [learningRate, beta1, beta2, epsilon, decay, correction1, correction2] as const;
      run.adamw(parameter, gradient, first, second, count, ...rates);
    },
    addNoise: ({ source, rows, columns, deviations, key, target, scratch }) =>
      run.addNoise(source, rows, columns, deviations, key[0], key[1], target, scratch),
    addDeviceNoise: (of) => {
      const { source, rows, columns, stride, largest, levels, top, exact, key, counter, target, scratch } = of;
      const devices = [largest, levels, top, exact ? 1 : 0] as const;
      run.addDeviceNoise(source, rows, columns, stride, ...devices, key[0], key[1], counter, target, scratch);
    },
  };
}
