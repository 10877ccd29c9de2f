/**
 * A linear layer on rows: Y = X W + offset. W is `[inputs, outputs]`, as on a crossbar, where inputs are rows.
 *
 * Backward: dX = dY W^T, dW = X^T dY, d offset = sum of dY over rows.
 */
import { type LayerWidths, stepLengths } from "./bit-widths.ts";
import { expectFeatures, type OperationKit, type OperationOf, type OperationParameter, REAL } from "./operation.ts";
import { expectMultiple, expectShape } from "./shape.ts";

/**
 * Reads a value of `inputs` features. Weights start with the deviation `scale` / sqrt(inputs). The offset is left to a
 * BatchNorm that follows, until that is folded.
 */
export interface LinearOperation extends OperationOf<"linear">, LinearSize {
  readonly scale: number;
  readonly hasOffset: boolean;
  /** Bits of its operands, in an ANN with few; null in floating point. */
  readonly widths: LayerWidths | null;
}

export interface LinearSize {
  readonly inputs: number;
  readonly outputs: number;
}

export interface LinearGradient {
  /** `[rows, inputs]` */
  readonly input: Float64Array;
  /** `[inputs, outputs]` */
  readonly weight: Float64Array;
  /** `[outputs]` */
  readonly offset: Float64Array;
}

/** Shapes: input [rows, inputs], weight [inputs, outputs], offset [outputs] or null for none; returns [rows, outputs]. */
export function linearForward(
  input: Float64Array,
  weight: Float64Array,
  offset: Float64Array | null,
  { inputs, outputs }: LinearSize,
): Float64Array {
  const rows = expectMultiple("input", input.length, inputs);
  expectShape("weight", weight.length, { inputs, outputs });
  const output = new Float64Array(rows * outputs);
  for (let r = 0; r < rows; r++) {
    for (let n = 0; n < outputs; n++) {
      let sum = offset ? offset[n] : 0;
      for (let k = 0; k < inputs; k++) sum += input[r * inputs + k] * weight[k * outputs + n];
      output[r * outputs + n] = sum;
    }
  }
  return output;
}

/** Shapes: outputGradient [rows, outputs], input [rows, inputs], weight [inputs, outputs]. */
export function linearBackward(
  outputGradient: Float64Array,
  input: Float64Array,
  weight: Float64Array,
  { inputs, outputs }: LinearSize,
): LinearGradient {
  const rows = expectMultiple("outputGradient", outputGradient.length, outputs);
  expectShape("input", input.length, { rows, inputs });
  const gradient = {
    input: new Float64Array(rows * inputs),
    weight: new Float64Array(inputs * outputs),
    offset: new Float64Array(outputs),
  };
  for (let r = 0; r < rows; r++) {
    for (let n = 0; n < outputs; n++) {
      const dy = outputGradient[r * outputs + n];
      gradient.offset[n] += dy;
      for (let k = 0; k < inputs; k++) {
        gradient.input[r * inputs + k] += dy * weight[k * outputs + n];
        gradient.weight[k * outputs + n] += input[r * inputs + k] * dy;
      }
    }
  }
  return gradient;
}

/** A parameter of a linear layer, under the name of both. */
export function partOf(
  layer: LinearOperation,
  part: string,
  init: OperationParameter["init"],
  shape: readonly number[] = [layer.outputs],
): OperationParameter {
  return { name: `${layer.name}.${part}`, layer: layer.name, part, block: layer.block, shape, init, learned: true };
}

export const linear: OperationKit<LinearOperation> = {
  shape(layer, [value]) {
    expectFeatures(layer, value, layer.inputs);
    const { grid, rows } = value;
    return { rows, ...(grid && { grid }), features: layer.outputs, domain: REAL };
  },
  parameters(layer) {
    const { inputs, outputs, scale, hasOffset, widths } = layer;
    const steps = widths ? stepLengths(widths, outputs) : {};
    return [
      partOf(layer, "weight", { deviation: scale / Math.sqrt(inputs) }, [inputs, outputs]),
      ...(hasOffset ? [partOf(layer, "offset", { constant: 0 })] : []),
      ...Object.entries(steps).map(([part, length]) => partOf(layer, part, { constant: 0 }, [length])),
    ];
  },
  forward({ name, inputs, outputs, hasOffset }, [input], run) {
    const size = { inputs, outputs };
    const weight = run.parameter(`${name}.weight`);
    const output = linearForward(input, weight, hasOffset ? run.parameter(`${name}.offset`) : null, size);
    return {
      output,
      backward(outputGradient, { gradients }) {
        const gradient = linearBackward(outputGradient, input, weight, size);
        gradients[`${name}.weight`] = gradient.weight;
        if (hasOffset) gradients[`${name}.offset`] = gradient.offset;
        return [gradient.input];
      },
    };
  },
};
