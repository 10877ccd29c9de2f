/**
 * What both simulators take from a graph: which values wait in the memory of the stream, which its register holds, and which operation
 * of the trace counts the work of the adders behind a layer.
 *
 * Those adders add positions, compare currents of a pool, and add a branch to the stream as soon as the last value of a sum is there. The
 * other one has waited in memory, and the sum waits there in turn if a later `add` reads it. A sum of spikes that a layer reads is sent
 * to it like spikes, a bit for each read.
 */
import { type ActionTally, emptyTally } from "../hardware/actions.ts";
import { isStraight } from "../hardware/line-order.ts";
import { readsFor } from "../hardware/line-reads.ts";
import { sumsOnLines, type Waiting, waitingOf } from "../mapping/behind.ts";
import type { LayerMapping } from "../mapping/mapping.ts";
import { besideAttention } from "../model/attention/operation.ts";
import { tokensRead } from "../model/geometry.ts";
import { type Graph, operationsOf, readersOf, writerOf } from "../model/graph.ts";
import type { PoolOperation } from "../model/max-pool.ts";
import type { Operation } from "../model/operations.ts";
import type { PositionOperation } from "../model/position.ts";
import { comparisonsOf } from "../model/stem.ts";
import type { AddOperation, SumOperation } from "../model/stream.ts";
import { graphOf } from "../model/transformer.ts";
import type { MappedNetwork } from "./chip.ts";
import { type Served, servedAttention } from "./served.ts";
import type { OperationTrace } from "./trace.ts";

/** A layer, with what its crossbars read. */
export interface LinesRead {
  readonly layer: LayerMapping;
  /** The tokens that they read, ascending; null for all. */
  readonly tokens: Int32Array | null;
  /** Vectors of a prompt at a step, and of all their reads, one read after the other. */
  readonly vectors: number;
  readonly rows: number;
  /** The value, or the array of those tokens; and that of the lines, which may have an order of their own. */
  readonly read: string;
  readonly isWired: boolean;
  readonly array: string;
  readonly features: number;
}

export interface Flow extends Waiting {
  readonly graph: Graph;
  isBits(value: string): boolean;
  /**
   * Reads of the whole numbers that lines carry, by value: the sums themselves, and windows of them. Their trains have the rows of the
   * first read, then those of the second, ...: `[T][B][reads][rows][features]`.
   */
  readonly unfolded: ReadonlyMap<string, number>;
  /** Whether a value is a train itself. */
  isTrain(value: string): boolean;
  /** Numbers of a value in a prompt at a step, and rows of its train. */
  sizeOf(value: string): number;
  rowsOf(value: string): number;
  /** In the order of the graph, which numbers their random words. */
  readonly served: readonly Served[];
  readonly layers: ReadonlyMap<string, LinesRead>;
  /** Layers with neurons of their own, by the train that these send. */
  readonly behind: ReadonlyMap<string, LayerMapping>;
  /** Numbers that the register of the stream holds. */
  readonly held: ReadonlySet<string>;
}

/** The train of whole numbers, by a name that no value has. */
export const trainOf = ({ isTrain }: Pick<Flow, "isTrain">, value: string): string =>
  isTrain(value) ? value : `spikes of ${value}`;

export function flowOf(chip: MappedNetwork): Flow {
  const { network, mapping } = chip;
  const graph = graphOf(network);
  const { operations } = graph;
  const own = mapping.layers.filter(({ ownNeurons }) => ownNeurons);
  const behind = new Map(own.map((layer) => [layer.trainOut as string, layer]));
  const readsStream = (reader: Operation, value: string) =>
    reader.kind === "token-mean" ||
    (reader.kind === "add" && reader.reads[0] === value) ||
    (reader.kind === "neurons" && !behind.has(reader.name));
  const isHeld = ({ kind, writes }: Operation) =>
    kind === "add" ||
    kind === "sum" ||
    kind === "position" ||
    // A mean is no larger than its terms.
    (kind !== "token-mean" && readersOf(graph, writes).some((reader) => readsStream(reader, writes)));
  const unfolded = new Map([
    ...[...sumsOnLines(graph)].map(
      ([value, most]) => [value, readsFor(most, chip.hardware.crossbar.integers)] as const,
    ),
    ...mapping.layers.filter(({ most }) => most! > 1).map(({ trainIn, reads }) => [trainIn, reads] as const),
  ]);
  const isBits = (value: string) => graph.values.get(value)!.domain.kind === "bits";
  const isTrain = (value: string) => isBits(value) || writerOf(graph, value)?.kind === "windows";
  return {
    ...{ graph, behind, ...waitingOf(graph), unfolded, isBits, isTrain },
    rowsOf: (value) => graph.values.get(value)!.rows * (unfolded.get(value) ?? 1),
    sizeOf: (value) => {
      const { rows, features } = graph.values.get(value)!;
      return rows * features;
    },
    served: servedAttention(chip),
    layers: new Map(mapping.layers.map((layer) => [layer.name, linesRead(graph, layer, isTrain)])),
    held: new Set(operations.filter(isHeld).map(({ writes }) => writes)),
  };
}

/** What the crossbars of a layer read in a prompt: its train, some rows of it, or those in an order of the lines' own. */
function linesRead(graph: Graph, layer: LayerMapping, isTrain: Flow["isTrain"]): LinesRead {
  const { name, inputs, lines, trainIn, answers, reads } = layer;
  const [reader] = answers
    ? operationsOf(graph, "read-out").filter(({ reads }) => writerOf(graph, reads[0])?.name === name)
    : [];
  const tokens = reader ? tokensRead(reader.geometry) : null;
  const vectors = tokens?.length ?? graph.values.get(trainIn)!.rows;
  const isWired = !isStraight(layer);
  const read = tokens ? `rows of ${name}` : trainOf({ isTrain }, trainIn);
  const array = isWired ? `lines of ${name}` : read;
  const rows = vectors * reads;
  return { layer, tokens, vectors, rows, read, isWired, array, features: isWired ? lines : inputs };
}

/** An operation of a trace that still counts. */
export type Entry = OperationTrace & { readonly actions: ActionTally };

/** The operations of a trace so far. @param images prompts times steps */
export function openLedger({ stored, latest, unfolded, isTrain, ...flow }: Flow, images: number) {
  const operations: Entry[] = [];
  const entries = new Map<string, Entry>();
  const sizeOf = (value: string) => images * flow.sizeOf(value);
  function settle(value: string, entry: Entry): Entry {
    entries.set(value, entry);
    if (stored.has(value)) entry.actions.streamWrites += sizeOf(value);
    if (!isTrain(value)) entry.actions.bitsWritten += (unfolded.get(value) ?? 0) * sizeOf(value);
    return entry;
  }
  /** Adds an operation; `value` is what its units compute for the adders behind them. */
  function push(entry: Omit<Entry, "cycles" | "clipped"> & Partial<Entry>, value?: string): Entry {
    const { name, kind, cycles = 0, actions, clipped = 0 } = entry;
    const pushed = { name, kind, cycles, actions, clipped };
    operations.push(pushed);
    return value === undefined ? pushed : settle(value, pushed);
  }
  /** What counts the work of adders on a value. Spikes read as numbers begin an operation of their own. */
  const entryOf = (value: string): Entry =>
    entries.get(value) ??
    push({ name: besideAttention(value, "shortcut"), kind: "residual", actions: emptyTally() }, value);
  /** Counts an operation of the adders, where the last of its values was computed. */
  function follow(operation: PositionOperation | AddOperation | SumOperation | PoolOperation): Entry {
    // Spikes that wait for a sum are written as numbers, too.
    for (const value of operation.reads) if (stored.has(value)) entryOf(value);
    const entry = entryOf(latest(operation));
    const { actions } = entry;
    const size = sizeOf(operation.writes);
    if (operation.kind === "position") actions.offsetAdditions += size;
    else if (operation.kind === "sum") actions.residualAdditions += (operation.trains - 1) * size;
    else if (operation.kind === "pool") actions.accumulations += images * comparisonsOf(operation.size);
    else {
      actions.streamReads += size;
      actions.residualAdditions += size;
    }
    return settle(operation.writes, entry);
  }
  return { operations, push, entryOf, follow };
}
