/**
 * The windows of a run, for an engine with tiles that hold all tokens and for one that serves blocks of tokens pass by pass
 * (`hardware/tile-plan.ts`):
 *
 *   window      of d clocks; number t P + p for pass p of step t, and one more at the end, in which nothing enters
 *   during it   features of the pass's block of queries and block of keys and values enter
 *   in the next its products leave the cells; the last pass of a block of queries outputs spikes, the others partial sums
 */
import type { SsaParameters } from "../hardware/ssa-parameters.ts";
import type { TilePass, TilePlan } from "../hardware/tile-plan.ts";

/** Sizes of a tile of N x N cells, whatever decides in its cells and at its feet. */
export type TileSizes = Pick<SsaParameters, "tokens" | "dimension" | "mask" | "fifo" | "plan">;

/** Blocks of queries, each with one output column of spikes per feature. */
export const blocksOf = ({ passes }: TilePlan): number => passes[passes.length - 1].queryBlock + 1;

export interface Window {
  readonly step: number;
  readonly pass: TilePass;
}

/** The block that enters in a window of a run of `steps`; null before the run and after its last step. */
export function windowAt({ passes }: TilePlan, steps: number, window: number): Window | null {
  const step = Math.floor(window / passes.length);
  return window < 0 || step >= steps ? null : { step, pass: passes[window % passes.length] };
}

/** The output in a clock of a run, with its feature; null in clocks without `valid_o`. */
export function shownAt(
  { dimension, plan }: Pick<SsaParameters, "dimension" | "plan">,
  steps: number,
  clock: number,
): (Window & { readonly feature: number }) | null {
  const emitted = clock - dimension - 1;
  const window = windowAt(plan, steps, Math.floor(emitted / dimension));
  return window?.pass.last ? { ...window, feature: emitted % dimension } : null;
}

/**
 * The cells of a tile, `[P][P]`: a tile for a single mask omits the closed ones, one that serves several pairs of blocks needs
 * all.
 */
export function cellsOf({ mask, plan: { passes, tileTokens } }: Pick<TileSizes, "mask" | "plan">): Uint8Array {
  return passes.length === 1 ? mask : new Uint8Array(tileTokens ** 2).fill(1);
}

/** Whether a pass may count in a cell, `[P][P]` for each pass. Tokens past the last are silent, so their cells may. */
export function openInPass(
  { mask, tokens, plan: { tileTokens } }: Omit<TileSizes, "fifo">,
  pass: TilePass,
): Uint8Array {
  const open = new Uint8Array(tileTokens ** 2).fill(1);
  for (let i = 0; i < tileTokens; i++) {
    for (let j = 0; j < tileTokens; j++) {
      const [query, key] = [pass.queryBlock * tileTokens + i, pass.keyBlock * tileTokens + j];
      if (query < tokens && key < tokens) open[i * tileTokens + j] = mask[query * tokens + key];
    }
  }
  return open;
}
