/**
 * Muon: momentum that is orthogonalised before each step (K. Jordan et al., "Muon: An optimizer for hidden layers in neural
 * networks", 2024, kellerjordan.github.io/posts/muon).
 *
 *   M = 0.95 M + G,   U = G + 0.95 M,   W -= rate (sqrt(max(rows, columns)) orthogonal(U) + decay W)
 *
 * The factor gives the entries of the step a root mean square of 1, as in the first steps of AdamW, so that one learning rate
 * serves both. J. Liu et al. ("Muon is scalable for LLM training", arXiv:2502.16982, section 2.2) use 0.2 of it, the value that
 * AdamW's steps settle at; on the networks here, that learns more slowly.
 */
import type { StageSpec, TrainingSpec } from "../experiment/training.ts";
import type { Place } from "../kernels/arena.ts";
import type { TrainingOps } from "../kernels/training-ops.ts";
import { productScratch } from "../kernels/wasm/dense-ops.ts";

/** Decay of the running sum of gradients; Nesterov momentum, as in both sources. */
const MOMENTUM = 0.95;

/**
 * Each iteration maps every singular value s to 3.4445 s - 4.775 s^3 + 2.0315 s^5, which is steep at zero. After five iterations
 * values lie between 0.7 and 1.2 (Jordan et al.).
 */
const [LINEAR, CUBIC, QUINTIC] = [3.4445, -4.775, 2.0315];
const ITERATIONS = 5;

/** Whether a stage uses Muon. It then updates the `isFeatureWeight` parameters; AdamW updates the head (Jordan et al.). */
export const usesMuon = ({ optimiser }: TrainingSpec, stage: StageSpec): boolean =>
  (stage.optimiser ?? optimiser) === "muon";

/** Words between arrays of the scratch memory, which holds a tally, too. */
const SPACE = 16;

/** Words of scratch memory for matrices of this shape. */
export function muonScratch(rows: number, columns: number): number {
  const [short, long] = [Math.min(rows, columns), Math.max(rows, columns)];
  return SPACE + short * long + 2 * short * short + productScratch(long, long, long) + 4 * SPACE;
}

/** M and U of a step: adds the gradient to the momentum, and writes the Nesterov look-ahead to `ahead`. */
export function lookAhead(
  ops: TrainingOps,
  of: { gradient: Place; momentum: Place; ahead: Place; count: number },
): void {
  const { gradient, momentum, ahead, count } = of;
  ops.scale(momentum, count, MOMENTUM);
  ops.add(momentum, gradient, count);
  ops.copy(momentum, ahead, count);
  ops.scale(ahead, count, MOMENTUM);
  ops.add(ahead, gradient, count);
}

/** W -= rate (sqrt(max(rows, columns)) O + decay W); overwrites `orthogonal` with its part of the update. */
export function muonStep(
  ops: TrainingOps,
  of: {
    readonly rows: number;
    readonly columns: number;
    readonly parameter: Place;
    readonly orthogonal: Place;
    readonly learningRate: number;
    readonly decay: number;
  },
): void {
  const { rows, columns, parameter, orthogonal, learningRate, decay } = of;
  const count = rows * columns;
  ops.scale(orthogonal, count, -learningRate * Math.sqrt(Math.max(rows, columns)));
  ops.scale(parameter, count, 1 - learningRate * decay);
  ops.add(parameter, orthogonal, count);
}

/**
 * Brings all singular values of a matrix [rows, columns] close to 1 and keeps its singular vectors, by Newton-Schulz iteration.
 * The source is not changed. Scratch: `muonScratch` words.
 */
export function orthogonalise(
  ops: TrainingOps,
  of: { rows: number; columns: number; source: Place; target: Place; scratch: Place },
): void {
  const { rows, columns, source, target: matrix, scratch } = of;
  const count = rows * columns;
  const short = Math.min(rows, columns);
  const long = Math.max(rows, columns);
  const tall = rows > columns;
  const squares = scratch;
  const next = squares + 4 * SPACE;
  const gram = next + 4 * count;
  const square = gram + 4 * short * short;
  const panels = Math.ceil((square + 4 * short * short) / 64) * 64;
  ops.copy(source, matrix, count);
  ops.clearTallies(squares, 1);
  ops.sumOfSquares(matrix, count, squares);
  ops.divideByNorm({ target: matrix, count, squares, epsilon: 1e-7 });
  for (let i = 0; i < ITERATIONS; i++) {
    // On the short side: X X^T for a wide matrix, X^T X for a tall one.
    ops.product({
      m: short,
      n: short,
      k: long,
      a: matrix,
      transposeA: tall,
      b: matrix,
      transposeB: !tall,
      out: gram,
      scratch: panels,
    });
    ops.product({ m: short, n: short, k: short, a: gram, b: gram, out: square, scratch: panels });
    ops.scale(gram, short * short, CUBIC);
    ops.scale(square, short * short, QUINTIC);
    ops.add(gram, square, short * short);
    ops.copy(matrix, next, count);
    ops.scale(next, count, LINEAR);
    const [a, b] = tall ? [matrix, gram] : [gram, matrix];
    ops.product({ m: rows, n: columns, k: short, a, b, out: next, accumulate: true, scratch: panels });
    ops.copy(next, matrix, count);
  }
}
