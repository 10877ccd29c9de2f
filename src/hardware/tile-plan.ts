/**
 * How a tile of P x P cells serves more than P tokens: pass by pass.
 *
 * A tile holds the scores of one block of queries and one block of keys at a time. A pass counts such a pair for d clocks, and
 * during the next d clocks its scores gate the block's values, while the next pass counts. The column sums of the passes of one
 * query block are added up (one partial sum per column and feature), and the last pass sends the whole sums through the
 * encoders. So a step takes one window of d clocks per pass instead of one, and T steps take (T passes + 1) d clocks. Pairs of
 * blocks that the mask closes altogether are left out. With N <= P there is one pass: the paper's case.
 *
 * That is a tile whose steps follow each other. One that goes to another block of the network after each step runs empty every time, so
 * T steps take T (passes + 1) d clocks.
 */

/** One window of a tile: a block of queries against a block of keys. */
export interface TilePass {
  readonly queryBlock: number;
  readonly keyBlock: number;
  /** First pass of its query block: partial sums start at 0. */
  readonly first: boolean;
  /** Last pass of its query block: encoders emit. */
  readonly last: boolean;
}

export interface TilePlan {
  /** Tokens P that a tile holds; cell (i, j) serves query i and key j of the blocks at hand. */
  readonly tileTokens: number;
  /** The passes of one time step, in order. */
  readonly passes: readonly TilePass[];
  /** When a window follows in which nothing is counted and the last values leave: after the run of all steps, or after each step. */
  readonly drained: "run" | "step";
}

/** Windows of d clocks that a tile takes for T steps, those in which it runs empty among them. */
export const tileWindows = (steps: number, passes: number, drained: TilePlan["drained"] = "run"): number =>
  steps * passes + (drained === "step" ? steps : 1);

/** mask: [N, N]. Without one every pair is open. */
export function planTile(
  tokens: number,
  tileTokens: number,
  mask?: Uint8Array,
  drained: TilePlan["drained"] = "run",
): TilePlan {
  const size = Math.min(tokens, tileTokens);
  const blocks = Math.ceil(tokens / size);
  const passes: TilePass[] = [];
  for (let queryBlock = 0; queryBlock < blocks; queryBlock++) {
    const open = Array.from({ length: blocks }, (_, block) => block).filter(
      (keyBlock) => mask === undefined || isOpen(mask, tokens, size, queryBlock, keyBlock),
    );
    // A query block that may attend to nothing still emits its zeros.
    const used = open.length > 0 ? open : [0];
    used.forEach((keyBlock, i) => {
      passes.push({ queryBlock, keyBlock, first: i === 0, last: i === used.length - 1 });
    });
  }
  return { tileTokens: size, passes, drained };
}

function isOpen(mask: Uint8Array, tokens: number, size: number, queryBlock: number, keyBlock: number): boolean {
  for (let i = queryBlock * size; i < Math.min(tokens, (queryBlock + 1) * size); i++) {
    for (let j = keyBlock * size; j < Math.min(tokens, (keyBlock + 1) * size); j++)
      if (mask[i * tokens + j]) return true;
  }
  return false;
}
