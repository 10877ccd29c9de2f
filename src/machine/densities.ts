/** Spike densities of the lines: besides its shape, all that a network's counted actions depend on. */
import type { LinearLayer } from "../model/layers.ts";

/** Spike densities in one block's trains. */
export interface BlockDensities {
  /** Input of the q, k, v layer. */
  readonly qkv: number;
  /** Input of the output projection: the output of attention. */
  readonly projection: number;
  /** Inputs of the two feed-forward layers. */
  readonly up: number;
  readonly down: number;
  readonly query: number;
  readonly key: number;
  readonly value: number;
  readonly scores: number;
  /** Fraction of the bits offered to attention's counters that are 1: where q and k are counted, about query x key. */
  readonly coincidences: number;
}

/** The density of the train that a layer of a block reads: one before attention or behind it, or in the feed-forward pair. */
export function densityInto({ attention, readsStream, attended }: LinearLayer, densities: BlockDensities): number {
  if (attention !== null) return densities.qkv;
  if (readsStream) return densities.up;
  return attended === null ? densities.down : densities.projection;
}

export interface Densities {
  /** One entry per block; blocks that share an entry are counted once and multiplied. */
  readonly blocks: readonly BlockDensities[];
  /** Windows that the layers of a stem read, except the embedding's; empty without a stem. */
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
