/**
 * Which unit does the work between units. A result is added to what waits for it, and drives neurons, as soon as it is there: at the
 * adders and neurons behind the layer that computed it. Attention has no adders, and values that enter once meet the stream step by step:
 * there the unit does it that reads the spikes next.
 */
import { invariant } from "../errors.ts";
import { type Graph, operationsOf, readersOf, writerOf } from "../model/graph.ts";
import type { NeuronsOperation } from "../model/neuron/operation.ts";
import type { Operation } from "../model/operations.ts";
import type { AddOperation } from "../model/stream.ts";

/** Which values of a graph wait for others. */
export interface Waiting {
  /** Values that an `add` reads after another one was computed: they stand in the memory of the stream. */
  readonly stored: ReadonlySet<string>;
  /** Of the values that an operation reads, the one computed last. */
  latest(operation: Pick<Operation, "reads">): string;
}

export function waitingOf(graph: Graph): Waiting {
  const times = new Map(graph.operations.map(({ writes }, time) => [writes, time]));
  const timeOf = (value: string) => times.get(value) ?? -1;
  const latest: Waiting["latest"] = ({ reads }) =>
    reads.reduce((one, other) => (timeOf(other) > timeOf(one) ? other : one));
  const stored = operationsOf(graph, "add").flatMap((add) => add.reads.filter((value) => value !== latest(add)));
  return { stored: new Set(stored), latest };
}

/**
 * Whole numbers that lines carry bit by bit, by name: sums of spikes that a layer reads, as they are or as windows of their map, with the
 * largest number. Adders send them like spikes.
 */
export function sumsOnLines(graph: Graph): ReadonlyMap<string, number> {
  const found = operationsOf(graph, "linear").flatMap(({ reads: [read] }) => {
    const writer = writerOf(graph, read);
    const value = writer?.kind === "windows" ? writer.reads[0] : read;
    const { domain } = graph.values.get(value)!;
    return domain.kind === "integers" ? [[value, domain.most] as const] : [];
  });
  return new Map(found);
}

/** An operation of crossbars or of attention. */
export type UnitOperation = Extract<Operation, { kind: "linear" | "attention" }>;

export const isUnit = (operation: Operation): operation is UnitOperation =>
  operation.kind === "linear" || operation.kind === "attention";

/** By value, the unit whose result was the last to enter it; none for the input. */
export function sourcesOf(graph: Graph): ReadonlyMap<string, UnitOperation> {
  const { latest } = waitingOf(graph);
  const sources = new Map<string, UnitOperation>();
  for (const operation of graph.operations) {
    const source = isUnit(operation) ? operation : sources.get(latest(operation));
    if (source) sources.set(operation.writes, source);
  }
  return sources;
}

/** What the adders and neurons behind a unit do with its results, in the order of the graph. */
export interface Behind {
  /** Values that they write to the memory of the stream. */
  readonly stored: readonly string[];
  /** Sums, each with one value that waits in that memory. */
  readonly added: readonly AddOperation[];
  readonly fired: readonly NeuronsOperation[];
  /** Sums that they send to layers. */
  readonly sent: readonly string[];
}

/**
 * Which unit does the work on a value: the layer whose sums enter it last, or the first unit that reads it, as it is or through others.
 *
 * @param once the layers that work once for all steps
 */
export function workersOf(graph: Graph, once: ReadonlySet<string> = new Set()): (value: string) => UnitOperation {
  const order = new Map(graph.operations.map((operation, i) => [operation, i]));
  const sources = sourcesOf(graph);
  const reader = (value: string): UnitOperation => {
    const found = readersOf(graph, value).map((operation) =>
      isUnit(operation) ? operation : reader(operation.writes),
    );
    const [first] = found.sort((a, b) => order.get(a)! - order.get(b)!);
    invariant(first !== undefined, "values lead to the layer that answers");
    return first;
  };
  return (value) => {
    const source = sources.get(value);
    return source?.kind === "linear" && !once.has(source.name) ? source : reader(value);
  };
}

/** By the name of a layer, or of attention where a unit of it reads spikes that no layer sends. `once` as in `workersOf`. */
export function workBehind(graph: Graph, once?: ReadonlySet<string>): ReadonlyMap<string, Behind> {
  const { stored } = waitingOf(graph);
  const sums = sumsOnLines(graph);
  const worker = workersOf(graph, once);
  const work = new Map<
    string,
    { stored: string[]; added: AddOperation[]; fired: NeuronsOperation[]; sent: string[] }
  >();
  const behind = (value: string) => {
    const { name } = worker(value);
    const found = work.get(name) ?? { stored: [], added: [], fired: [], sent: [] };
    work.set(name, found);
    return found;
  };
  for (const operation of graph.operations) {
    const { writes } = operation;
    if (operation.kind === "add") behind(writes).added.push(operation);
    if (operation.kind === "neurons") behind(writes).fired.push(operation);
    if (stored.has(writes)) behind(writes).stored.push(writes);
    if (sums.has(writes)) behind(writes).sent.push(writes);
  }
  return work;
}
