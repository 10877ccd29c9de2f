/**
 * How a tile of P x P cells serves more than P tokens: pass by pass.
 *
 * A tile holds the scores of one block of queries and one block of keys at a time. A pass counts such a pair for d clocks;
 * during the next d clocks its scores gate the block's values while the next pass counts. The column sums of the passes of one
 * query block are accumulated (one partial sum per column and feature), and the last pass sends the totals through the
 * encoders. A step therefore takes one window of d clocks per pass, and T steps take (T passes + 1) d clocks. Pairs of blocks
 * that the mask closes entirely are skipped. With N <= P there is one pass: the paper's case.
 *
 * This holds for a tile with consecutive steps. A tile that switches to another block of the network after each step drains
 * every time, so T steps take T (passes + 1) d clocks.
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
  /** Tokens P that a tile holds; cell (i, j) serves query i and key j of the current blocks. */
  readonly tileTokens: number;
  /** The passes of one time step, in order. */
  readonly passes: readonly TilePass[];
  /** When the tile drains, in a window that counts nothing while the last values leave: after all steps, or after each step. */
  readonly drained: "run" | "step";
}

/** Windows of d clocks that a tile takes for T steps, including those in which it drains. */
export const tileWindows = (steps: number, passes: number, drained: TilePlan["drained"] = "run"): number =>
  steps * passes + (drained === "step" ? steps : 1);

/** Vectors of d bits that the passes of a step read: queries once, keys and values of a block. */
export function vectorsOf({ tileTokens, passes }: Pick<TilePlan, "tileTokens" | "passes">, tokens: number): number {
  const inBlock = (block: number) => Math.min(tileTokens, tokens - block * tileTokens);
  return passes.reduce((sum, { queryBlock, keyBlock }) => sum + inBlock(queryBlock) + 2 * inBlock(keyBlock), 0);
}

/** How often the passes of a step read q, and k and v, of each token. */
export function planReadings({ tileTokens, passes }: Pick<TilePlan, "tileTokens" | "passes">, tokens: number) {
  const query = new Uint32Array(tokens);
  const key = new Uint32Array(tokens);
  for (let token = 0; token < tokens; token++) {
    const block = Math.floor(token / tileTokens);
    query[token] = passes.filter(({ queryBlock }) => queryBlock === block).length;
    key[token] = passes.filter(({ keyBlock }) => keyBlock === block).length;
  }
  return { query, key, value: key };
}

/** mask: [N, N]. Without a mask every pair is open. */
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
