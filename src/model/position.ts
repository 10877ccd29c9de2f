/** Learned position vectors, added to the embedding of both networks if `position` is "learned"; otherwise nothing is added. */
import { type Gradients, parameter } from "./dense.ts";
import type { Network } from "./network.ts";

/**
 * Adds position[n] to every row; rows are [T][B][N] (or [B][N]) of D features. Without position vectors, returns the rows unchanged.
 */
export function positionForward(network: Network, rows: Float64Array): Float64Array {
  if (network.model.position === "none") return rows;
  const position = parameter(network, "position");
  return rows.map((x, i) => x + position[i % position.length]);
}

/** Adds the position vectors' gradient, summed over steps and prompts, to `gradients`. */
export function positionBackward(network: Network, rowGradient: Float64Array, gradients: Gradients): void {
  if (network.model.position === "none") return;
  const gradient = new Float64Array(network.geometry.tokens * network.model.width);
  for (let i = 0; i < rowGradient.length; i++) gradient[i % gradient.length] += rowGradient[i];
  gradients.position = gradient;
}
