/**
 * The read-out of both networks. For a spiking one, logits are the outputs of `head`, averaged over time steps (T is 1 in the ANN), at the
 * query tokens. They are also averaged over the copies of a query or, if the geometry's read-out is `mean`, over all tokens.
 * An ANN takes the mean before its head, which gives the same.
 * Source: Xpikeformer, section V-A, averages the outputs over time steps.
 */
import { tokensPerAnswer, tokensRead } from "./geometry.ts";
import { logitsOf, type Network } from "./network.ts";

/** Mean over steps, and over the tokens of an answer, of `columns` outputs: [T][B][N][C] to [B][queries][C]. */
export function readOutForward(
  network: Network,
  outputs: Float64Array,
  steps: number,
  prompts: number,
  columns = logitsOf(network),
): Float64Array {
  const logits = new Float64Array(prompts * network.geometry.queries.length * columns);
  forEachLogit(network, columns, steps, prompts, (output, logit, terms) => {
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
  columns = logitsOf(network),
): Float64Array {
  const gradient = new Float64Array(steps * prompts * network.geometry.tokens * columns);
  forEachLogit(network, columns, steps, prompts, (output, logit, terms) => {
    gradient[output] = logitGradient[logit] / terms;
  });
  return gradient;
}

/** Visits every output that contributes to a logit, with the number of outputs in that mean. */
function forEachLogit(
  network: Network,
  outputs: number,
  steps: number,
  prompts: number,
  visit: (output: number, logit: number, terms: number) => void,
): void {
  const { queries, tokens } = network.geometry;
  const read = tokensRead(network.geometry);
  const perAnswer = tokensPerAnswer(network.geometry) ?? new Int32Array(queries.length).fill(1);
  for (let t = 0; t < steps; t++) {
    for (let b = 0; b < prompts; b++) {
      let next = 0;
      for (let q = 0; q < queries.length; q++) {
        for (const end = next + perAnswer[q]; next < end; next++) {
          const output = ((t * prompts + b) * tokens + read[next]) * outputs;
          const logit = (b * queries.length + q) * outputs;
          for (let c = 0; c < outputs; c++) visit(output + c, logit + c, steps * perAnswer[q]);
        }
      }
    }
  }
}
