/**
 * Operations of the layered decoder (`decode.ts`) for one block, from the edges that the code uses.
 *
 *   edge       total minus last answer, and that plus the new answer; both are read, rotated to the lane of their check, and written
 *   min-sum    for a check of d bits: the two smallest magnitudes (2 d - 3 comparisons), each times 3/4 (a shift and an addition), and
 *              signs (2 d - 1 gates)
 *   belief     3 (d - 2) times [+]: a minimum and f of sum and difference, each interpolated in a table (`decode.ts`)
 *   block      totals are cleared, and the ratios of all coded bits added to them; before each iteration and after the last, the signs of
 *              all checks are added up, which flip-flops hold
 *
 * Left out: control, and absolute values, which numbers of sign and magnitude have for nothing.
 */
import { type Operations, operations, sumOperations, timesOperations } from "../numeric/operations.ts";
import type { LdpcCode } from "./code.ts";
import type { CheckRule } from "./reference-decode.ts";

/** Edges of the lifted graph. */
export const edgesOf = ({ firstEntry, rows, lifting }: LdpcCode): number => firstEntry[rows] * lifting;

/** Words of memory: a total for each bit of the code word, an answer for each edge. */
export const decoderWords = (code: LdpcCode): number => code.columns * code.lifting + edgesOf(code);

/** Operations of one block after so many iterations, or after their mean over many blocks. */
export function decoderOperations(code: LdpcCode, rule: CheckRule, iterations: number): Operations {
  const { codedBits, columns, lifting, rows, firstEntry } = code;
  const edges = edgesOf(code);
  const checks = Array.from({ length: rows }, (_, row) => CHECKS[rule](firstEntry[row + 1] - firstEntry[row]));
  const edge = operations({ additions: 2, reads: 2, writes: 2, rotations: lifting > 1 ? 1 : 0 });
  return sumOperations(
    operations({ additions: codedBits, reads: 2 * codedBits, writes: columns * lifting + codedBits }),
    timesOperations(iterations, timesOperations(edges, edge)),
    timesOperations(iterations * lifting, sumOperations(...checks)),
    operations({ gates: (iterations + 1) * edges }),
  );
}

/** One check of d bits. */
const CHECKS: Readonly<Record<CheckRule, (bits: number) => Operations>> = {
  "min-sum": (bits) => operations({ comparisons: 2 * bits - 3, additions: 2, gates: 2 * bits - 1 }),
  "belief-propagation": (bits) =>
    timesOperations(
      3 * (bits - 2),
      operations({ multiplications: 2, additions: 8, comparisons: 1, lookups: 2, gates: 1 }),
    ),
};
