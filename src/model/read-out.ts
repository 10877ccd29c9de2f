/**
 * The read-out of both networks: logits are the outputs of `head`, averaged over time steps (T is 1 in the ANN), at the query
 * tokens. Source: Xpikeformer, section V-A, averages the outputs over time steps.
 */
import type { Network } from "./network.ts";

/** Mean over steps of the outputs at the query tokens: [T][B][N][C] to [B][queries][C]. */
export function readOutForward(network: Network, outputs: Float64Array, steps: number, prompts: number): Float64Array {
  const { queries, classes } = network.geometry;
  const logits = new Float64Array(prompts * queries.length * classes);
  forEachLogit(network, steps, prompts, (output, logit) => {
    logits[logit] += outputs[output] / steps;
  });
  return logits;
}

/** The gradient with respect to the outputs, [T][B][N][C]: 0 at tokens that are not queries. */
export function readOutBackward(
  network: Network,
  logitGradient: Float64Array,
  steps: number,
  prompts: number,
): Float64Array {
  const { tokens, classes } = network.geometry;
  const gradient = new Float64Array(steps * prompts * tokens * classes);
  forEachLogit(network, steps, prompts, (output, logit) => {
    gradient[output] = logitGradient[logit] / steps;
  });
  return gradient;
}

function forEachLogit(
  network: Network,
  steps: number,
  prompts: number,
  visit: (output: number, logit: number) => void,
): void {
  const { queries, tokens, classes } = network.geometry;
  for (let t = 0; t < steps; t++) {
    for (let b = 0; b < prompts; b++) {
      for (let q = 0; q < queries.length; q++) {
        const output = ((t * prompts + b) * tokens + queries[q]) * classes;
        const logit = (b * queries.length + q) * classes;
        for (let c = 0; c < classes; c++) visit(output + c, logit + c);
      }
    }
  }
}
