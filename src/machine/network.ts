/**
 * A network as a machine runs it: its graph, and what no graph says. `machineNetwork` makes it of a model, or of the sizes of a published
 * network (`shape.ts`), which lists neither weights nor a task.
 */
import type { HardwareSpec } from "../experiment/hardware.ts";
import type { ModelSpec } from "../experiment/model.ts";
import type { NeuronReset, NeuronSpec } from "../experiment/neuron.ts";
import { readsFor } from "../hardware/line-reads.ts";
import { waitingOf } from "../mapping/behind.ts";
import { type Geometry, tokensRead } from "../model/geometry.ts";
import { type Graph, INPUT, operationsOf, writerOf } from "../model/graph.ts";
import { type LinearLayer, layersOf } from "../model/layers.ts";
import { neuronModel } from "../model/neuron/catalogue.ts";
import type { Value } from "../model/operation.ts";
import { graphOf } from "../model/transformer.ts";
import { graphOfShape, IDEAL_NEURON, type NetworkShape } from "./shape.ts";

export interface MachineNetwork {
  readonly graph: Graph;
  /** Time steps T. */
  readonly steps: number;
  readonly neuron: NeuronSpec;
  /** Effect of a spike on the neuron's membrane; default `hard`. */
  readonly reset?: NeuronReset | undefined;
  /** Words of state of a neuron; default 1, its membrane. */
  readonly stateWords?: number | undefined;
  /** How the input enters: `lines` at every step, or `values` of 8 bits, bit by bit, once per inference. */
  readonly embedding: "values" | "lines";
  /** Bits of the numbers that layers read from the stream, one read each; default 1: what the graph says. */
  readonly residualInputBits?: number | undefined;
}

/** Sizes, or a network that was made of them or of a model. */
export type Runnable = NetworkShape | MachineNetwork;

/** A model with the sizes of its task; a conventional network has a single step. */
export function machineNetwork(model: ModelSpec, geometry: Geometry): MachineNetwork {
  const graph = graphOf({ model, geometry });
  if (model.kind === "ann") return { graph, steps: 1, neuron: IDEAL_NEURON, embedding: "lines" };
  const { steps, neuron } = model;
  const { stateWords } = neuronModel(neuron);
  return { graph, steps, neuron, reset: neuron.reset, stateWords, embedding: "lines" };
}

export function runnable(network: Runnable): MachineNetwork {
  if ("graph" in network) return network;
  const { steps, neuron = IDEAL_NEURON, reset, stateWords, embedding, residualInputBits } = network;
  return { graph: graphOfShape(network), steps, neuron, reset, stateWords, embedding, residualInputBits };
}

/** Bits of a value that enters the embedding once per inference, one read each. */
export const VALUE_BITS = 8;

/** Whether a layer of a block reads numbers of `residualInputBits` from the stream, of which no density is known. */
export const readsNumbers = (
  { readsStream, answers }: LinearLayer,
  { residualInputBits = 1 }: Pick<MachineNetwork, "residualInputBits">,
): boolean => readsStream && !answers && residualInputBits > 1;

/** Reads of a vector by a layer, one for each bit on a line; 1 for spikes. */
export const readsInto = (
  layer: LinearLayer,
  network: Pick<MachineNetwork, "residualInputBits">,
  { integers }: Pick<HardwareSpec["crossbar"], "integers">,
): number =>
  readsNumbers(layer, network) ? (network.residualInputBits as number) : readsFor(layer.most ?? 1, integers);

/** Whether values enter a layer once for all steps. */
export const entersOnce = ({ readsInput }: LinearLayer, { embedding }: Pick<MachineNetwork, "embedding">): boolean =>
  readsInput && embedding === "values";

/** The layers that work once for all steps. */
export const layersOnce = (network: MachineNetwork): ReadonlySet<string> =>
  new Set(layersOf(network.graph).flatMap((layer) => (entersOnce(layer, network) ? layer.name : [])));

/** Rows of a layer's input that it serves at a step, ascending: all, or those that are read for an answer. */
export function rowsServed(graph: Graph, { name, answers, rows }: LinearLayer): Int32Array {
  const [reader] = answers
    ? operationsOf(graph, "read-out").filter(({ reads }) => writerOf(graph, reads[0])?.name === name)
    : [];
  return reader ? tokensRead(reader.geometry) : Int32Array.from({ length: rows }, (_, n) => n);
}

/**
 * The rows that pass through the network, which blocks add to: the largest value that waits for a sum. Without sums, the output of
 * attention; without attention, the largest value that neurons send.
 */
export function trunkOf(graph: Graph): Value {
  const largest = (names: Iterable<string>): Value | null => {
    let found: Value | null = null;
    for (const name of names) {
      const value = graph.values.get(name)!;
      if (found === null || value.rows * value.features > found.rows * found.features) found = value;
    }
    return found;
  };
  const written = (kind: "attention" | "neurons") => operationsOf(graph, kind).map(({ writes }) => writes);
  const trunk = largest(waitingOf(graph).stored) ?? largest(written("attention")) ?? largest(written("neurons"));
  return trunk ?? graph.values.get(INPUT)!;
}

/** Blocks of the network; operations outside all blocks are one. */
export const blocksIn = ({ operations }: Graph): number =>
  1 + Math.max(0, ...operations.map(({ block }) => block ?? 0));

/** Tokens over whose outputs an answer is averaged: one, unless the head reads all. */
export function meanReadOut(graph: Graph): boolean {
  const [readOut] = operationsOf(graph, "read-out");
  return readOut?.geometry.readOut === "mean";
}
