/** Learned position vectors, one per token, added to the embedding: y_n = x_n + position[n]. Rows are [T][B][N] of D features. */
import type { OperationKit, OperationOf } from "./operation.ts";

export type PositionOperation = OperationOf<"position">;

export const position: OperationKit<PositionOperation> = {
  shape: (_, [{ name, ...same }]) => same,
  parameters: ({ name, block }, [{ rows, features }]) => [
    { name, layer: null, part: null, block, shape: [rows, features], init: { deviation: 0.02 }, learned: true },
  ],
  forward({ name }, [rows], run) {
    const vectors = run.parameter(name);
    return {
      output: rows.map((x, i) => x + vectors[i % vectors.length]),
      backward(outputGradient, { gradients }) {
        // Summed over steps and prompts.
        const gradient = new Float64Array(vectors.length);
        for (let i = 0; i < outputGradient.length; i++) gradient[i % gradient.length] += outputGradient[i];
        gradients[name] = gradient;
        return [outputGradient];
      },
    };
  },
};
