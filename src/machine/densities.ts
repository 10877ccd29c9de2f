/** How often lines carry a spike: what the counted actions of a network depend on beside its shape. */

/** Shares of ones in one block's spike trains. */
export interface BlockDensities {
  /** Input of the q, k, v layer. */
  readonly qkv: number;
  /** Input of the output projection: what attention delivers. */
  readonly projection: number;
  /** Inputs of the two feed-forward layers. */
  readonly up: number;
  readonly down: number;
  readonly query: number;
  readonly key: number;
  readonly value: number;
  readonly scores: number;
  /** Share of the AND gates of q and k that give 1; about query x key. */
  readonly coincidences: number;
}

export interface Densities {
  /** One entry per block; blocks that share an entry are counted once and multiplied. */
  readonly blocks: readonly BlockDensities[];
  /** Windows that the layers of a stem read, the embedding's left out; none where there is no stem. */
  readonly stemDensities?: readonly number[];
  /** Input of the embedding and of the head; used with `lines` only. */
  readonly inputDensity: number;
  readonly headDensity: number;
}

/** Runs of blocks with the same densities: the first block's index, and how many. */
export function blockRuns({ blocks }: Pick<Densities, "blocks">): BlockRun[] {
  const runs: (BlockRun & { repeat: number })[] = [];
  blocks.forEach((densities, index) => {
    const last = runs.at(-1);
    if (last?.densities === densities) last.repeat++;
    else runs.push({ first: index, repeat: 1, densities });
  });
  return runs;
}

export interface BlockRun {
  readonly first: number;
  readonly repeat: number;
  readonly densities: BlockDensities;
}
