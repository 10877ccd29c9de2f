/**
 * The read-out of both networks: the mean over time steps (T is 1 in the ANN) at the query tokens, and over the copies of a query or, if
 * the geometry's read-out is `mean`, over all tokens.
 *
 * A spiking network averages the outputs of its head. An ANN takes the mean before its head, which gives the same.
 * Source: Xpikeformer, section V-A, averages the outputs over time steps.
 */
import { SpecError } from "../errors.ts";
import type { ModelSpec } from "../experiment/model.ts";
import { type Geometry, tokensPerAnswer, tokensRead } from "./geometry.ts";
import { expectFeatures, NO_PARAMETERS, type OperationKit, type OperationOf, REAL } from "./operation.ts";

/** Which tokens it reads: the geometry's. */
export interface ReadOutOperation extends OperationOf<"read-out"> {
  readonly geometry: Geometry;
  readonly columns: number;
}

export const readOut: OperationKit<ReadOutOperation> = {
  shape(operation, [value]) {
    expectFeatures(operation, value, operation.columns);
    return { rows: operation.geometry.queries.length, features: operation.columns, domain: REAL };
  },
  parameters: NO_PARAMETERS,
  forward({ geometry, columns }, [outputs], { steps, prompts }) {
    return {
      output: readOutForward(geometry, outputs, steps, prompts, columns),
      // A single step: the read-out of T x B prompts with one step each.
      stepLogits: readOutForward(geometry, outputs, 1, steps * prompts, columns),
      backward(logitGradient, { stepLogits }) {
        const gradient = readOutBackward(geometry, logitGradient, steps, prompts, columns);
        if (stepLogits) {
          const ofSteps = readOutBackward(geometry, stepLogits, 1, steps * prompts, columns);
          for (let i = 0; i < gradient.length; i++) gradient[i] += ofSteps[i];
        }
        return [gradient];
      },
    };
  },
};

/** Mean over steps, and over the tokens of an answer, of `columns` outputs: [T][B][N][C] to [B][queries][C]. */
export function readOutForward(
  geometry: Geometry,
  outputs: Float64Array,
  steps: number,
  prompts: number,
  columns: number,
): Float64Array {
  const logits = new Float64Array(prompts * geometry.queries.length * columns);
  forEachLogit(geometry, columns, steps, prompts, (output, logit, terms) => {
    logits[logit] += outputs[output] / terms;
  });
  return logits;
}

/** The gradient with respect to the outputs, [T][B][N][C]: 0 at tokens that are not read. */
export function readOutBackward(
  geometry: Geometry,
  logitGradient: Float64Array,
  steps: number,
  prompts: number,
  columns: number,
): Float64Array {
  const gradient = new Float64Array(steps * prompts * geometry.tokens * columns);
  forEachLogit(geometry, columns, steps, prompts, (output, logit, terms) => {
    gradient[output] = logitGradient[logit] / terms;
  });
  return gradient;
}

/** Visits every output that contributes to a logit, with the number of outputs in that mean. */
function forEachLogit(
  geometry: Geometry,
  outputs: number,
  steps: number,
  prompts: number,
  visit: (output: number, logit: number, terms: number) => void,
): void {
  const { queries, tokens } = geometry;
  const read = tokensRead(geometry);
  const perAnswer = tokensPerAnswer(geometry) ?? new Int32Array(queries.length).fill(1);
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

/**
 * Number of logits per answer: one per class, per bit of a class, or per number.
 * Throws  SpecError for a bit read-out when the classes are not all words of some number of bits
 */
export function logitsOf({ model, geometry }: { readonly model: ModelSpec; readonly geometry: Geometry }): number {
  const { classes } = geometry;
  if (model.readOut !== "bits") return classes;
  const bits = 31 - Math.clz32(classes);
  if (classes > 1 && 2 ** bits === classes) return bits;
  throw new SpecError(
    "model.readOut",
    `A bit read-out needs 2, 4, 8, ... classes, but the task has ${classes}. Set model.readOut to \`joint\`.`,
  );
}
