/**
 * The linear layers of a graph, each with what its place in the graph says: which value it reads, where its sums go, and whose neurons
 * they drive. Training, mapping, machine, schedule, counts and RTL iterate over this list; names only lead to parameters and results.
 *
 *   spiking transformer   stem.0 ... -> embed -> [qkv -> attention -> projection -> up -> down] x depth -> head
 *
 * A branch of a block is attention with the layers around it, or a chain of layers. Inside a branch, a layer has neurons of its own; what
 * the last one adds drives neurons on the stream that all branches write to. An ANN has the same layers, but no neurons.
 */
import { type Graph, operationsOf, readersOf, writerOf } from "./graph.ts";
import type { LinearOperation } from "./linear.ts";
import { largestOf } from "./operation.ts";
import type { Operation, OperationKind } from "./operations.ts";
import type { WindowSize } from "./stem.ts";

/** A linear operation and its surroundings. */
export interface LinearLayer {
  /** Its parameters are `name.weight`, `name.offset`, ... In a block it is the block's name and that of the part: `blocks.0.qkv`. */
  readonly name: string;
  readonly part: string;
  /** Index of its block; null outside the blocks. */
  readonly block: number | null;
  readonly inputs: number;
  readonly outputs: number;
  /** Vectors of a prompt at a step: tokens, or windows of a map. */
  readonly rows: number;
  /** The value on its lines, by its name in a trace. */
  readonly trainIn: string;
  /** Largest whole number there, 1 for bits; null for real numbers. */
  readonly most: number | null;
  /** Whether that is the network's input, or windows of it. */
  readonly readsInput: boolean;
  /** Whether the neurons that it reads belong to no layer alone: those on the stream, before a branch or the answer. */
  readonly readsStream: boolean;
  /** Attention whose result reaches it without a layer in between: on its lines, or through the neurons that it reads. */
  readonly attended: string | null;
  /** The first neurons that its sums drive, alone or with others, by the name of their spikes; null if they drive none. */
  readonly trainOut: string | null;
  /** Whether they are its own: nothing else drives them, no stream keeps its sums, and they are read inside its branch. */
  readonly ownNeurons: boolean;
  /** Whether it is the first layer of a stream: neurons on it read its sums, and no branch comes before it. */
  readonly beginsStream: boolean;
  /** Attention that reads its results. */
  readonly attention: string | null;
  /** The sum, of the stream and a branch, of which its results are a part. */
  readonly joins: string | null;
  /** Whether its sums are the answer. */
  readonly answers: boolean;
}

const found = new WeakMap<Graph, readonly LinearLayer[]>();

/** In the order in which they run; the same value each time. */
export function layersOf(graph: Graph): readonly LinearLayer[] {
  const layers = found.get(graph) ?? describe(graph);
  found.set(graph, layers);
  return layers;
}

/** Operations that keep rows of spikes or currents as they are, apart from their numbers. */
type Passing = ReadonlySet<OperationKind>;
const SCALED: Passing = new Set(["batch-normalisation", "pool"]);
const SUMMED: Passing = new Set([...SCALED, "position", "sum", "add", "token-mean"]);
const FIRED: Passing = new Set([...SCALED, "position", "sum", "rounding", "neurons"]);

function describe(graph: Graph): readonly LinearLayer[] {
  /** The first operation of a kind behind a value; those in between are of the passing kinds. */
  function reach(value: string, kinds: readonly OperationKind[], passing: Passing): Operation | null {
    const next = readersOf(graph, value);
    const direct = next.find(({ kind }) => kinds.includes(kind));
    if (direct) return direct;
    for (const { kind, writes } of next) {
      const further = passing.has(kind) ? reach(writes, kinds, passing) : null;
      if (further) return further;
    }
    return null;
  }
  /** The layer or attention whose result was the last to enter a value; null for the input. Of a sum, the branch was the last. */
  function lastBefore(value: string): Operation | null {
    const writer = writerOf(graph, value);
    if (!writer || writer.kind === "linear" || writer.kind === "attention") return writer;
    return lastBefore(writer.reads[writer.reads.length - 1]);
  }
  function neuronsOf(layer: LinearOperation) {
    const {
      reads: [read],
      writes,
      block,
    } = layer;
    const sum = reach(writes, ["add"], SCALED);
    const isKept = sum !== null && lastBefore(sum.reads[0]) === layer;
    const driven = reach(writes, ["neurons"], SUMMED)?.writes ?? null;
    const isAlone = driven !== null && !isKept && reach(writes, ["neurons"], SCALED)?.writes === driven;
    const reader = isAlone ? reach(driven, ["attention", "windows", "linear"], SCALED) : null;
    // A layer behind attention ends its branch.
    const isInside =
      reader?.kind === "linear" ? reader.block === block && writerOf(graph, read)?.kind !== "attention" : true;
    return { trainOut: driven, ownNeurons: Boolean(reader) && isInside };
  }

  const own = new Set<string>();
  let hasBegun = false;
  return operationsOf(graph, "linear").map((operation): LinearLayer => {
    const { name, block, inputs, outputs, reads, writes } = operation;
    const before = lastBefore(reads[0]);
    const neurons = neuronsOf(operation);
    if (neurons.ownNeurons) own.add(neurons.trainOut as string);
    const answers = readersOf(graph, writes).every(({ kind }) => kind === "read-out");
    const beginsStream = !hasBegun && block === null && !neurons.ownNeurons && !answers;
    hasBegun ||= beginsStream;
    return {
      ...{ name, part: partOf(operation), block, inputs, outputs, ...neurons, beginsStream, answers },
      rows: graph.values.get(reads[0])!.rows,
      trainIn: reads[0],
      most: largestOf(graph.values.get(reads[0])!.domain),
      readsInput: before === null,
      readsStream: writerOf(graph, reads[0])?.kind === "neurons" && !own.has(reads[0]),
      attended: before?.kind === "attention" ? before.writes : null,
      attention: reach(writes, ["attention"], FIRED)?.writes ?? null,
      joins: reach(writes, ["add"], FIRED)?.name ?? null,
    };
  });
}

/** What stands behind the name of its block. */
function partOf({ name, block }: LinearOperation): string {
  const before = block === null ? "" : `blocks.${block}.`;
  return name.slice(before.length);
}

/** A layer that reads windows of a map. */
export type Convolution = WindowSize & Pick<LinearLayer, "name" | "inputs" | "outputs">;

export const convolutionsOf = (graph: Graph): Convolution[] =>
  operationsOf(graph, "linear").flatMap(({ name, inputs, outputs, reads: [read] }) => {
    const writer = writerOf(graph, read);
    return writer?.kind === "windows" ? [{ ...writer.size, name, inputs, outputs }] : [];
  });

/** Whether attention reaches its lines through neurons on the stream, because no layer follows attention. */
export const followsAttention = ({ attended, trainIn }: Pick<LinearLayer, "attended" | "trainIn">): boolean =>
  attended !== null && attended !== trainIn;
