/**
 * One neuron of an inspected prompt over its time steps: the updates of its membrane as the unit computed them, the columns that feed it,
 * and the lines or heads that read its spikes.
 *
 *   input_t = sum over layers and row blocks of  multiplier * code_t  +  constant
 *
 * The constant holds offsets and the position vector. Neurons on the residual stream read the sums of every layer before them.
 */
import { ValueError } from "../errors.ts";
import type { AttentionPart } from "../experiment/by-attention.ts";
import type { NeuronReset } from "../experiment/neuron.ts";
import { lineOrder } from "../hardware/line-order.ts";
import type { LayerMapping } from "../mapping/mapping.ts";
import { partsRead } from "../model/attention/operation.ts";
import { type Graph, operationsOf, writerOf } from "../model/graph.ts";
import { graphOf } from "../model/transformer.ts";
import { type Inspection, requireIndex } from "./inspect.ts";

/** A column of a crossbar that feeds the neuron. */
export interface FeedingColumn {
  readonly layer: string;
  readonly crossbar: number;
  readonly column: number;
  /** By time step; null where nothing is converted, or where sums are pooled on their way. */
  readonly codes: Float32Array | null;
  /** What the digital side multiplies a code by. */
  readonly multiplier: number;
}

/** A line of a crossbar that carries the neuron's spikes. */
export interface DrivenLine {
  readonly layer: string;
  readonly crossbar: number;
  readonly row: number;
}

/** The head whose attention reads the neuron. */
export interface ReadingHead {
  readonly block: number;
  readonly head: number;
  readonly part: AttentionPart;
  /** Feature of the head, from 0. */
  readonly feature: number;
}

export interface NeuronView {
  readonly train: string;
  readonly neuron: number;
  readonly reset: NeuronReset;
  /** Whether numbers are whole numbers in registers; otherwise in the unit of the threshold. */
  readonly whole: boolean;
  /** By time step, as in a `NeuronRecord`. */
  readonly leaked: Float32Array;
  readonly input: Float32Array;
  readonly membrane: Float32Array;
  readonly threshold: Float32Array;
  readonly kept: Float32Array;
  /** 1 where it fires. */
  readonly spikes: Uint8Array;
  readonly columns: readonly FeedingColumn[];
  readonly lines: readonly DrivenLine[];
  readonly heads: readonly ReadingHead[];
}

/**
 * A neuron at a row of its train: a token, or a place on a stem's map.
 *
 * Throws ValueError for a train, neuron or row that does not exist
 */
export function inspectNeuron(inspection: Inspection, train: string, neuron: number, row: number): NeuronView {
  const { chip, neurons, codes } = inspection;
  const record = neurons[train];
  if (record === undefined)
    throw new ValueError("train", `No neurons send "${train}". There are ${Object.keys(neurons).join(", ")}.`);
  const { steps, rows, features } = record;
  requireIndex("neuron", neuron, features);
  requireIndex("row", row, rows);
  const { layers } = chip.mapping;
  const overTime = (values: Float32Array) =>
    Float32Array.from({ length: steps }, (_, t) => values[(t * rows + row) * features + neuron]);
  const columns = feedingLayers(inspection, train).flatMap(({ name, blocks }) =>
    blocks
      .filter(({ columnStart, columns }) => columnStart <= neuron && neuron < columnStart + columns)
      .map(({ crossbar, columnStart, columns: width }): FeedingColumn => {
        const column = neuron - columnStart;
        const seen = codes[crossbar];
        const fits = seen !== undefined && seen.codes.length === steps * rows * width;
        const at = (t: number) => (t * rows + row) * width + column;
        return {
          ...{ layer: name, crossbar, column },
          codes: fits ? Float32Array.from({ length: steps }, (_, t) => seen.codes[at(t)]) : null,
          multiplier: seen?.multipliers[column] ?? 0,
        };
      }),
  );
  const membrane = overTime(record.membrane);
  const threshold = overTime(record.threshold);
  return {
    ...{ train, neuron, reset: chip.network.model.neuron.reset, whole: chip.hardware.arithmetic !== null },
    leaked: overTime(record.leaked),
    input: overTime(record.input),
    membrane,
    threshold,
    kept: overTime(record.kept),
    spikes: Uint8Array.from(membrane, (v, t) => (v >= threshold[t] ? 1 : 0)),
    columns,
    lines: layers.filter(({ trainIn }) => trainIn === train).flatMap((layer) => linesOf(layer, neuron)),
    heads: headsOf(graphOf(chip.network), train, neuron),
  };
}

/** The layers whose sums a neuron adds: its own, or all that wrote to the residual stream before it; none for the mean over tokens. */
function feedingLayers({ chip }: Inspection, train: string): readonly LayerMapping[] {
  const graph = graphOf(chip.network);
  const feeding = new Set<string>();
  const visit = (value: string): void => {
    const writer = writerOf(graph, value);
    if (writer?.kind === "linear") feeding.add(writer.name);
    else if (writer?.kind === "add" || writer?.kind === "position" || writer?.kind === "pool")
      writer.reads.forEach(visit);
  };
  writerOf(graph, train)?.reads.forEach(visit);
  return chip.mapping.layers.filter(({ name }) => feeding.has(name));
}

function linesOf(layer: LayerMapping, neuron: number): DrivenLine[] {
  const order = lineOrder(layer.inputs, layer);
  const seen = new Map<string, DrivenLine>();
  for (const { rowStart, rows, crossbar } of layer.blocks) {
    for (let row = 0; row < rows; row++) {
      if (order[rowStart + row] === neuron) seen.set(`${crossbar} ${row}`, { layer: layer.name, crossbar, row });
    }
  }
  return [...seen.values()];
}

function headsOf(graph: Graph, train: string, neuron: number): ReadingHead[] {
  return operationsOf(graph, "attention").flatMap((operation, block) => {
    const { reads, heads, dimension } = operation;
    if (!reads.includes(train)) return [];
    const width = heads * dimension;
    const within = neuron % width;
    const part = partsRead(operation)[Math.floor(neuron / width)];
    return [{ block, head: Math.floor(within / dimension), part, feature: within % dimension }];
  });
}
