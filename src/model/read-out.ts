/**
 * The read-out of both networks: logits are the outputs of `head`, averaged over time steps (T is 1 in the ANN), at the query
 * tokens; where the geometry's read-out is `mean`, averaged over all tokens as well.
 * Source: Xpikeformer, section V-A, averages the outputs over time steps.
 */
import { tokensRead } from "./geometry.ts";
import { logitsOf, type Network } from "./network.ts";

/** Mean over steps (and over tokens, where the read-out is `mean`) of the outputs: [T][B][N][C] to [B][queries][C]. */
export function readOutForward(network: Network, outputs: Float64Array, steps: number, prompts: number): Float64Array {
  const logits = new Float64Array(prompts * network.geometry.queries.length * logitsOf(network));
  const terms = termsPerLogit(network, steps);
  forEachLogit(network, steps, prompts, (output, logit) => {
    logits[logit] += outputs[output] / terms;
  });
  return logits;
}

/** The gradient with respect to the outputs, [T][B][N][C]: 0 at tokens that are not read. */
export function readOutBackward(
  network: Network,
  logitGradient: Float64Array,
  steps: number,
  prompts: number,
): Float64Array {
  const gradient = new Float64Array(steps * prompts * network.geometry.tokens * logitsOf(network));
  const terms = termsPerLogit(network, steps);
  forEachLogit(network, steps, prompts, (output, logit) => {
    gradient[output] = logitGradient[logit] / terms;
  });
  return gradient;
}

/** Outputs that a logit is the mean of. */
const termsPerLogit = ({ geometry }: Network, steps: number): number =>
  geometry.readOut === "mean" ? steps * geometry.tokens : steps;

function forEachLogit(
  network: Network,
  steps: number,
  prompts: number,
  visit: (output: number, logit: number) => void,
): void {
  const { queries, tokens, readOut } = network.geometry;
  const outputs = logitsOf(network);
  const read = tokensRead(network.geometry);
  for (let t = 0; t < steps; t++) {
    for (let b = 0; b < prompts; b++) {
      for (let q = 0; q < read.length; q++) {
        const output = ((t * prompts + b) * tokens + read[q]) * outputs;
        const logit = (b * queries.length + (readOut === "mean" ? 0 : q)) * outputs;
        for (let c = 0; c < outputs; c++) visit(output + c, logit + c);
      }
    }
  }
}
