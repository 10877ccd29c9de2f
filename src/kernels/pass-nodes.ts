/**
 * A graph as a pass runs it. Operations that kernels compute together become one node:
 *
 *   windows of numbers, then a linear layer      a convolution
 *   a linear layer, then the add that ends it    a product added to the stream, in a network without neurons
 *   LayerNorm, then the read-out                 LayerNorm of the tokens that are read
 *
 * A value that its reader does not take as it is held, packed bits or the columns of a raw output, is first turned into numbers.
 * The head and the read-out of a network with neurons stand apart (`operations/head.ts`).
 */
import { type Graph, givenValues, readersOf, writerOf } from "../model/graph.ts";
import type { LinearOperation } from "../model/linear.ts";
import type { Operation } from "../model/operations.ts";
import type { ReadOutOperation } from "../model/read-out.ts";
import type { ConvolutionSize } from "./convolution.ts";
import type { PassNode, PassOperation } from "./operations/kit.ts";
import { refuse } from "./operations/kits.ts";

export interface PassNodes {
  readonly nodes: readonly PassNode[];
  /** The head and the read-out of a network with neurons, and the value that the head reads. */
  readonly head: { readonly head: LinearOperation; readonly readOut: ReadOutOperation; readonly reads: string } | null;
  readonly spiking: boolean;
}

export function nodesOf(graph: Graph): PassNodes {
  const spiking = graph.operations.some(({ kind }) => kind === "neurons");
  const head = spiking ? headOf(graph) : null;
  const given = givenValues(graph);
  const left = new Set<Operation>(head ? [head.head, head.readOut] : []);
  const nodes: PassNode[] = [];
  let layers = 0;
  const target = (value: string) => (given.has(value) ? null : value);
  for (const operation of graph.operations) {
    const index = operation.kind === "linear" ? layers++ : 0;
    if (left.has(operation)) continue;
    const { kind, reads, writes } = operation;
    const node = {
      ...{ operation, reads, targets: reads.map(target), writes, index },
      ...{ size: null, answers: null },
    };
    if (kind === "windows") {
      const [reader, ...others] = readersOf(graph, writes);
      if (reader.kind !== "linear" || others.length > 0) refuse(operation, "is read by more than one linear layer.");
      if (!spiking) continue;
      nodes.push({ ...node, targets: [null] });
    } else if (kind === "linear") nodes.push(linearNode(operation));
    else if (kind === "layer-normalisation") {
      const [reader, ...others] = readersOf(graph, writes);
      nodes.push({ ...node, answers: reader?.kind === "read-out" && others.length === 0 ? reader : null });
    } else nodes.push(node);

    function linearNode(of: LinearOperation): PassNode {
      const windows = writerOf(graph, reads[0]);
      const size = windows?.kind === "windows" ? { ...windows.size, inputs: of.inputs, outputs: of.outputs } : null;
      const map = size ? (windows as Operation).reads[0] : reads[0];
      const base = spiking || size ? null : joined(of);
      const read = spiking ? reads[0] : map;
      const all = { ...node, size: size as ConvolutionSize | null };
      if (base === null) return { ...all, reads: [read], targets: [target(map)] };
      left.add(base.add);
      return {
        ...all,
        reads: [read, base.stream],
        targets: [target(map), target(base.stream)],
        writes: base.add.writes,
      };
    }
  }
  return { nodes, head, spiking };

  /** The add that ends a branch, if its product can start from the stream. */
  function joined({ writes }: LinearOperation) {
    const [add, ...others] = readersOf(graph, writes);
    if (add?.kind !== "add" || others.length > 0 || add.reads[1] !== writes) return null;
    const [stream] = add.reads;
    const isEarlier = nodes.some((node) => node.writes === stream);
    return isEarlier ? { add, stream } : null;
  }
}

function headOf(graph: Graph) {
  const readOut = graph.operations[graph.operations.length - 1];
  const head = readOut.kind === "read-out" ? writerOf(graph, readOut.reads[0]) : null;
  if (readOut.kind !== "read-out" || head?.kind !== "linear") {
    return refuse(readOut, "ends a network with neurons, which takes a linear layer and then a read-out.");
  }
  return { head, readOut, reads: head.reads[0] };
}

/** Turns a value into numbers. */
export const numbersNode = (value: string, held: string, block: number | null): PassNode => {
  const operation: PassOperation = { kind: "numbers", name: value, reads: [held], writes: value, block };
  return { operation, reads: [held], targets: [held], writes: value, index: 0, size: null, answers: null };
};
