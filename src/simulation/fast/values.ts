/**
 * Where the values of a graph lie while a chip runs. Each has a place from the operation that writes it to the last one that reads it,
 * and values that are not needed at the same time share one (`kernels/liveness.ts`).
 *
 * A pass waits before each linear layer, so that several slices of prompts can pass it together. What is read after such a wait lies in
 * the memory of its slice; everything else in that of the thread.
 */
import { MappingError } from "../../errors.ts";
import { type Arena, type Place, packedWords } from "../../kernels/arena.ts";
import { type Buffer, placeBuffers } from "../../kernels/liveness.ts";
import { INPUT } from "../../model/graph.ts";
import type { Operation } from "../../model/operations.ts";
import { type Flow, trainOf } from "../flow.ts";

/** An array, which values may have one after another. */
interface ValueArray extends Buffer {
  /** Whether a pass waits between a write and a read. */
  waits: boolean;
}

/** By value, and by names that no value has: `drivesOf`, and the arrays of `LinesRead`. */
export type ValueLayout = ReadonlyMap<string, ValueArray>;
export type ValuePlaces = ReadonlyMap<string, Place>;

/** Sums of all reads of a layer. */
export const readSumsOf = (layer: string): string => `reads of ${layer}`;

/** Spikes that neurons read as numbers. */
export const drivesOf = (neurons: string): string => `input of ${neurons}`;

/** @param images most prompts times most steps. Throws MappingError for a number of neurons that kernels do not compute */
export function layoutValues(flow: Flow, images: number): ValueLayout {
  const { graph, layers, isBits, isTrain, unfolded } = flow;
  const { operations, values } = graph;
  const lastReads = new Map(operations.flatMap(({ reads }, time) => reads.map((value) => [value, time] as const)));
  const lastRead = (value: string) => lastReads.get(value) ?? -1;
  const waits = operations.flatMap(({ kind }, time) => (kind === "linear" ? [time] : []));
  const arrays = new Map<string, ValueArray>();
  const packed = (rows: number, features: number) => packedWords(images * rows, features);

  /** The numbers that an operation may change in place: nobody reads them any more. */
  const spentBy = ({ kind, reads }: Operation, time: number) =>
    kind === "add" || kind === "position"
      ? reads.find((value) => !isBits(value) && lastRead(value) === time)
      : undefined;

  const { rows, features } = values.get(INPUT)!;
  arrays.set(INPUT, { words: packed(rows, features), first: -1, last: lastRead(INPUT), at: 0, waits: false });
  for (const [time, operation] of operations.entries()) {
    const { kind, name, reads, writes } = operation;
    const add = (array: string, words: number, last = time, waits = false) =>
      arrays.set(array, { words, first: time, last, at: 0, waits });
    let { rows, features } = values.get(writes)!;
    if (kind === "linear") {
      const of = layers.get(name)!;
      rows = of.vectors;
      if (of.tokens) add(of.read, packed(of.rows, of.layer.inputs), time, true);
      if (of.layer.reads > 1) add(readSumsOf(name), images * of.rows * features);
      if (of.isWired) add(of.array, packed(of.rows, of.features), time, true);
    }
    if (kind === "neurons") requireLanes(name, features);
    if (kind === "neurons" && isBits(reads[0])) add(drivesOf(name), images * rows * features);
    if (unfolded.has(writes) && !isTrain(writes)) {
      add(trainOf(flow, writes), packed(flow.rowsOf(writes), features), lastRead(writes));
    }
    const spent = spentBy(operation, time);
    if (spent === undefined) {
      if (kind !== "read-out")
        add(
          writes,
          isTrain(writes) ? packed(flow.rowsOf(writes), features) : images * rows * features,
          lastRead(writes),
        );
      continue;
    }
    const array = arrays.get(spent)!;
    array.last = lastRead(writes);
    arrays.set(writes, array);
  }
  for (const array of arrays.values()) array.waits ||= waits.some((time) => array.first < time && time <= array.last);
  return arrays;
}

/** Neurons that kernels compute at a time. */
const LANES = 8;

/** Throws MappingError for a number of neurons that kernels do not compute. */
function requireLanes(neurons: string, features: number): void {
  if (features % LANES === 0) return;
  const next = Math.ceil(features / LANES) * LANES;
  throw new MappingError(
    `model.operations.${neurons}`,
    `Chips are simulated ${LANES} neurons at a time, but ${neurons} has ${features} in a row. Give their layer ${next} outputs.`,
  );
}

/** Places for the arrays of a slice, or of a thread. */
export function placeValues(arena: Arena, layout: ValueLayout, ofSlice: boolean): ValuePlaces {
  const chosen = [...layout].filter(([, { waits }]) => waits === ofSlice);
  const placed = new Map(chosen.map(([, array]) => [array, { ...array }]));
  placeBuffers(arena, [...placed.values()]);
  return new Map(chosen.map(([name, array]) => [name, placed.get(array)!.at]));
}
