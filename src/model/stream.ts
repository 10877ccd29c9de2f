/**
 * Operations of the residual stream's rows, `[T][B][N]`: the sum of a branch and the stream, that of several spike trains behind an
 * embedding, and the mean over the tokens of a prompt.
 *
 *   add         y = a + b
 *   sum         y_f = sum over k of x_(k D + f), k < trains
 *   token-mean  y = sum over n of x_n / N
 */
import { SpecError } from "../errors.ts";
import {
  type Domain,
  expectFeatures,
  largestOf,
  NO_PARAMETERS,
  type OperationKit,
  type OperationOf,
  REAL,
} from "./operation.ts";

/** The stream, then the branch. */
export type AddOperation = OperationOf<"add">;

/** Spike trains of `width` features each, next to each other in a row. */
export interface SumOperation extends OperationOf<"sum"> {
  readonly trains: number;
  readonly width: number;
}

export interface TokenMeanOperation extends OperationOf<"token-mean"> {
  readonly tokens: number;
  readonly width: number;
}

/** Of a sum of values: whole numbers if all of them are. */
function summed(domains: readonly Domain[]): Domain {
  let most = 0;
  for (const domain of domains) {
    const largest = largestOf(domain);
    if (largest === null) return REAL;
    most += largest;
  }
  return { kind: "integers", most };
}

export const add: OperationKit<AddOperation> = {
  shape(operation, [a, b]) {
    expectFeatures(operation, b, a.features);
    if (a.rows !== b.rows) {
      throw new SpecError(
        `model.operations.${operation.name}`,
        `The add ${operation.name} reads ${a.rows} rows of ${a.name} and ${b.rows} of ${b.name}. Give both the same number.`,
      );
    }
    const { name, ...same } = a;
    return { ...same, domain: summed([a.domain, b.domain]) };
  },
  parameters: NO_PARAMETERS,
  forward: (_, [a, b]) => ({
    output: a.map((x, i) => x + b[i]),
    backward: (outputGradient) => [outputGradient, outputGradient],
  }),
};

export const sum: OperationKit<SumOperation> = {
  shape(operation, [value]) {
    const { trains, width } = operation;
    expectFeatures(operation, value, trains * width);
    const { name, ...same } = value;
    return { ...same, features: width, domain: summed(Array.from({ length: trains }, () => value.domain)) };
  },
  parameters: NO_PARAMETERS,
  forward({ trains, width }, [rows]) {
    const sumOf = (i: number) => Math.floor(i / (trains * width)) * width + (i % width);
    const output = new Float64Array(rows.length / trains);
    for (const [i, value] of rows.entries()) output[sumOf(i)] += value;
    return { output, backward: (outputGradient) => [Float64Array.from(rows, (_, i) => outputGradient[sumOf(i)])] };
  },
};

export const tokenMean: OperationKit<TokenMeanOperation> = {
  shape(operation, [value]) {
    expectFeatures(operation, value, operation.width);
    return { rows: 1, features: operation.width, domain: REAL };
  },
  parameters: NO_PARAMETERS,
  forward({ tokens, width }, [rows]) {
    const meanOf = (i: number) => Math.floor(i / (tokens * width)) * width + (i % width);
    const output = new Float64Array(rows.length / tokens);
    for (const [i, value] of rows.entries()) output[meanOf(i)] += value / tokens;
    return {
      output,
      backward: (outputGradient) => [Float64Array.from(rows, (_, i) => outputGradient[meanOf(i)] / tokens)],
    };
  },
};
