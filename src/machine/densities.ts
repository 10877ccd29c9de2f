/** Spike densities of the lines: besides its shape, all that a network's counted actions depend on. */
import type { AttentionPart } from "../experiment/by-attention.ts";
import { partsRead } from "../model/attention/operation.ts";
import { type Graph, operationsOf } from "../model/graph.ts";
import { type LinearLayer, layersOf } from "../model/layers.ts";

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

/** Densities as simulators measure them, by names of the graph: for networks without blocks. */
export interface TrainDensities {
  /** Of what the lines of each layer carry. */
  readonly lines: Readonly<Record<string, number>>;
  /** Of the spikes that neurons and attention send. */
  readonly trains: Readonly<Record<string, number>>;
  /** Fraction of the bits offered to each attention's counters that are 1. */
  readonly coincidences: Readonly<Record<string, number>>;
}

/** The densities of a graph's operations, wherever they come from. */
export interface GraphDensities {
  into(layer: LinearLayer): number;
  /** Of spikes that neurons send: of each part of a row, where attention reads several. */
  sent(train: string): readonly number[];
  /** What attention reads, counts and sends. */
  attended(attention: string): Readonly<Record<AttentionPart | "output" | "coincidences", number>>;
  /** Blocks that are counted once for several. */
  readonly runs: readonly Omit<BlockRun, "densities">[];
}

export function graphDensities(graph: Graph, densities: Densities | TrainDensities): GraphDensities {
  const parts = (train: string) => {
    const attention = operationsOf(graph, "attention").find(({ reads }) => reads[0] === train);
    return attention ? { name: attention.name, read: partsRead(attention) } : null;
  };
  if ("trains" in densities) {
    const { lines, trains, coincidences } = densities;
    return {
      into: ({ name }) => lines[name],
      sent: (train) => (parts(train)?.read ?? [train]).map(() => trains[train]),
      attended(name) {
        const read = trains[operationsOf(graph, "attention").find((one) => one.name === name)!.reads[0]];
        return { query: read, key: read, value: read, output: trains[name], coincidences: coincidences[name] };
      },
      runs: [],
    };
  }
  const { blocks, stemDensities, inputDensity, headDensity } = densities;
  const layers = layersOf(graph);
  const into = (layer: LinearLayer) => {
    if (layer.block !== null) return densityInto(layer, blocks[layer.block]);
    if (layer.answers) return headDensity;
    return layer.beginsStream ? inputDensity : (stemDensities?.[layers.indexOf(layer)] ?? 0);
  };
  const attended: GraphDensities["attended"] = (name) => {
    const { block } = layers.find(({ attention }) => attention === name)!;
    const { query, key, value, projection, coincidences } = blocks[block!];
    return { query, key, value, output: projection, coincidences };
  };
  return {
    ...{ into, attended, runs: blockRuns(densities) },
    sent(train) {
      const read = parts(train);
      if (read) return read.read.map((part) => attended(read.name)[part]);
      // Windows repeat the pixels of a map, and pooling makes it denser.
      const at = layers.findIndex(({ trainOut }) => trainOut === train);
      const next = layers.find(({ trainIn }) => trainIn === train) ?? (at < 0 ? undefined : layers[at + 1]);
      return [next ? into(next) : 0];
    },
  };
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
