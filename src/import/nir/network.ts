/**
 * Our spiking networks as NIR graphs, and back.
 *
 * NIR has no axis of tokens, so a signal of N tokens is `[features, N]` and a linear layer is a Conv1d of kernel 1, which shares its
 * weights among tokens; a stem is Conv2d, and its max-pooling, of bits, SumPool2d and a Threshold. A membrane shortcut is an edge: what
 * meets at a node adds up. BatchNorm is folded. `v <- beta v + I` is LIF with tau = dt / (1 - beta) and r = tau / dt, or IF with
 * r = 1 / dt.
 *
 * Attention has products of two signals, for which NIR has no node. By convention it is a subgraph from q, k and v, `[3 D, N]`, to its
 * output, `[D, N]`, whose metadata `xpikeformer_attention` names it; a program that ignores them passes v on, which is not the network. The
 * graph's metadata hold the model and the geometry as a checkpoint does, so our files are the reference for what a subgraph means.
 */
import { FileError, SpecError } from "../../errors.ts";
import { type ByNeuron, forNeuron } from "../../experiment/by-neuron.ts";
import type { HardwareSpec } from "../../experiment/hardware.ts";
import type { SpikingSpec } from "../../experiment/model.ts";
import type { NeuronSpec } from "../../experiment/neuron.ts";
import { type AttentionOperation, partsRead } from "../../model/attention/operation.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../model/checkpoint.ts";
import { foldNetwork } from "../../model/fold.ts";
import { type Graph, INPUT, readersOf, writerOf } from "../../model/graph.ts";
import { type Convolution, convolutionsOf } from "../../model/layers.ts";
import { isSpiking, type Network, parameterLayout, type Tensor } from "../../model/network.ts";
import type { Operation, OperationKind } from "../../model/operations.ts";
import { logitsOf } from "../../model/read-out.ts";
import { decodeSafetensors, encodeSafetensors } from "../../model/safetensors.ts";
import { graphOf } from "../../model/transformer.ts";
import type { NirGraph, NirLeaf, NirNode, NirPrimitive } from "./graph.ts";
import { ATTENTION, requireRunnable } from "./run.ts";
import { type NirData, numbersOf, real, shapeData, text, textOf, whole } from "./tree.ts";

/** Metadata of the graph that a checkpoint has too, under `xpikeformer_` and the name. */
const DESCRIBED = ["format", "model", "geometry"] as const;
const PREFIX = "xpikeformer_";
/** Seconds, as in NIR's paper. */
const TIME_STEP = 1e-4;

export interface NirExportOptions {
  /** The chip, which the metadata keep. */
  readonly hardware?: HardwareSpec;
}

/**
 * A network as a graph from its input, `[inputs, tokens]` or `[inputs, rows, columns]`, to the logits of every token at every step.
 * Throws  SpecError for a network that NIR cannot hold
 */
export function networkToNir(network: Network, { hardware }: NirExportOptions = {}): NirGraph {
  if (!isSpiking(network)) {
    throw new SpecError(
      "model.kind",
      "NIR has no node for softmax, GELU or LayerNorm, so it holds spiking networks only. Export this one as .safetensors.",
    );
  }
  const folded = foldNetwork(network as Network<SpikingSpec>);
  const { model } = folded;
  const { metadata } = decodeSafetensors(encodeCheckpoint(folded, {}), "network");
  return {
    type: "NIRGraph",
    ...drawNetwork(folded),
    metadata: new Map([
      ["time_step", real(TIME_STEP)],
      ["reset", text(model.neuron.reset)],
      ["fires", text(">=")],
      ...DESCRIBED.map((name) => [PREFIX + name, text(metadata[name])] as const),
      ...(hardware ? [[`${PREFIX}hardware`, text(JSON.stringify(hardware))] as const] : []),
    ]),
  };
}

/**
 * The network of a graph that `networkToNir` made, from its arrays, and the chip that its metadata keep, as JSON. `path` names the file.
 * Throws  SpecError that names a cycle or a node that is not run; FileError when the graph is not one of ours, or when its arrays do not
 *         fit its model
 */
export function networkFromNir(graph: NirGraph, path = "graph.nir"): { network: Network; hardware: string | null } {
  requireRunnable(graph);
  const { metadata: described } = graph;
  if (!described?.has(`${PREFIX}format`)) {
    throw new FileError(
      path,
      "The graph can be run (`runNir`), but it is no network of this program, which has attention: NIR has no node for it. Import a graph " +
        "that `xpike export` wrote.",
    );
  }
  const metadata = Object.fromEntries(DESCRIBED.map((name) => [name, textOf(described.get(PREFIX + name)) ?? ""]));
  const parameters: Record<string, Tensor> = {};
  for (const [name, node] of graph.nodes) {
    if (node.type === "Conv1d" || node.type === "Conv2d") {
      const weight = singles(node, "weight", name, path);
      parameters[`${name}.weight`] = asRows(weight);
      parameters[`${name}.offset`] = singles(node, "bias", name, path);
    } else if (node.type === "Scale" && !name.endsWith(".zero"))
      parameters[name] = asRows(singles(node, "scale", name, path));
  }
  const { network: read } = decodeCheckpoint(encodeSafetensors(parameters, metadata), path);
  // A file lists nodes by name; a network has its parameters in the order of its layers.
  const names = parameterLayout(read.model, read.geometry).map(({ name }) => name);
  const network = { ...read, parameters: Object.fromEntries(names.map((name) => [name, read.parameters[name]])) };
  if (isSpiking(network)) requireSame(drawNetwork(network as Network<SpikingSpec>), graph, path);
  return { network, hardware: textOf(described.get(`${PREFIX}hardware`)) };
}

/** What an operation's nodes are made of. */
interface Drawing<K extends OperationKind> {
  readonly operation: Extract<Operation, { kind: K }>;
  readonly network: Network;
  readonly graph: Graph;
  /** Of the signal that it writes. */
  readonly shape: readonly number[];
  /** Adds a node behind others, and returns its name. */
  put(name: string, node: NirNode, sources: readonly string[]): string;
}

/** Draws an operation on the sum of these nodes; returns those whose sum is its result. */
type Draw<K extends OperationKind> = (sources: readonly string[], drawing: Drawing<K>) => readonly string[];

/** Operations as nodes, or what NIR has no node for. */
const DRAWN: { readonly [K in OperationKind]: Draw<K> | string } = {
  // A convolution's node has its windows.
  windows: (sources) => sources,
  linear(sources, { operation: { name, reads }, network, graph, put }) {
    const convolution = convolutionsOf(graph).find((layer) => layer.name === name);
    const { rows } = graph.values.get(reads[0])!;
    return [put(name, convolution ? onPixels(network, convolution) : onTokens(network, name, rows), sources)];
  },
  neurons: (sources, { operation: { name, neuron }, shape, put }) => [
    put(`${name.replace(/\.map$/, "")}.neurons`, neurons(neuron, shape), sources),
  ],
  attention: (sources, { operation, put }) => [put(operation.name, attention(operation), sources)],
  pool(sources, { operation: { name, size }, shape, put }) {
    const { pool, poolWindow } = size;
    if (poolWindow !== undefined) throw withoutNode(name, "pools whose squares overlap");
    const of = name.replace(/\.pooled$/, "");
    const [side, none] = [whole(pool, pool), whole(0, 0)];
    const sum = put(`${of}.pool`, leaf("SumPool2d", { kernel_size: side, stride: side, padding: none }), sources);
    return [put(`${of}.any`, leaf("Threshold", { threshold: filled(shape, 0.5) }), [sum])];
  },
  add: (sources) => sources,
  position: (sources, { operation: { name }, network, shape, put }) => [
    ...sources,
    position(name, network.parameters[name], shape, sources, put),
  ],
  sum(sources, { operation: { name, trains } }) {
    if (trains > 1) throw withoutNode(name, "sums of parts of a signal");
    return sources;
  },
  "read-out": (sources) => sources,
  "token-mean": "means over tokens",
  "batch-normalisation": "BatchNorm",
  "layer-normalisation": "LayerNorm",
  rounding: "rounding",
  activation: "activations",
};

const withoutNode = (name: string, what: string): SpecError =>
  new SpecError("model", `NIR has no node for ${what}, which ${name} needs. Export this network as .safetensors.`);

/** Operations that read maps of pixels; all others read tokens. */
const ON_MAPS: ReadonlySet<OperationKind> = new Set(["windows", "pool", "neurons"]);

/** The nodes and edges of a network without BatchNorm. */
function drawNetwork(network: Network<SpikingSpec>): Pick<NirGraph, "nodes" | "edges"> {
  const graph = graphOf(network);
  const nodes = new Map<string, NirNode>();
  const edges: (readonly [string, string])[] = [];
  const put = (name: string, node: NirNode, sources: readonly string[]): string => {
    nodes.set(name, node);
    for (const source of sources) edges.push([source, name]);
    return name;
  };
  /** Whether a later operation reads windows or squares of a value, so that its signal stays a map. */
  const isMap = (value: string): boolean =>
    graph.values.get(value)!.grid !== undefined &&
    readersOf(graph, value).some(
      ({ kind, writes }) => kind === "windows" || kind === "pool" || (kind === "neurons" && isMap(writes)),
    );
  const shapeOf = (value: string): readonly number[] => {
    const { features, rows, grid } = graph.values.get(value)!;
    return isMap(value) ? [features, grid!.rows, grid!.columns] : [features, rows];
  };
  /** Nodes by value. */
  const drawn = new Map([[INPUT, [put("input", leaf("Input", { shape: shapeData(shapeOf(INPUT)) }), [])]]]);
  for (const operation of graph.operations) {
    const { kind, name, reads, writes } = operation;
    const onMap = reads.some(isMap);
    if (onMap && !ON_MAPS.has(kind)) throw withoutNode(name, "maps that are read as tokens, too");
    const draw = DRAWN[kind] as Draw<OperationKind> | string; // it draws its own kind
    if (typeof draw === "string") throw withoutNode(name, draw);
    const { features, rows, grid } = graph.values.get(writes)!;
    const map = grid && [features, grid.rows, grid.columns];
    const shape = onMap && map ? map : [features, rows];
    const ends = draw(
      reads.flatMap((value) => drawn.get(value)!),
      { operation, network, graph, shape, put },
    );
    const arrivesAsMap = onMap || isConvolution(graph, operation);
    const leavesAsMap = kind === "windows" || isMap(writes);
    const becomesTokens = map !== undefined && arrivesAsMap && !leavesAsMap;
    drawn.set(writes, becomesTokens ? [put(tokensName(nodes, writes), flatten(map), ends)] : [...ends]);
  }
  const answer = graph.operations[graph.operations.length - 1];
  const { rows } = graph.values.get(answer.reads[0])!;
  put("logits", leaf("Output", { shape: shapeData([logitsOf(network), rows]) }), drawn.get(answer.writes)!);
  return { nodes, edges };
}

const isConvolution = (graph: Graph, { kind, reads }: Operation): boolean =>
  kind === "linear" && writerOf(graph, reads[0])?.kind === "windows";

const tokensName = (nodes: ReadonlyMap<string, unknown>, value: string): string =>
  nodes.has("tokens") ? `${value}.tokens` : "tokens";

const flatten = (map: readonly number[]): NirLeaf =>
  leaf("Flatten", { start_dim: whole(1), end_dim: whole(-1), input_type: shapeData(map) });

const leaf = (type: NirPrimitive, fields: Readonly<Record<string, NirData>>): NirLeaf => ({
  type,
  fields: new Map(Object.entries(fields)),
});

const countOf = (shape: readonly number[]): number => shape.reduce((all, side) => all * side, 1);

const filled = (shape: readonly number[], value: number): NirData => ({
  shape,
  values: new Float64Array(countOf(shape)).fill(value),
});

/** What `v <- beta v + I` is in NIR. */
const NEURONS: ByNeuron<(shape: readonly number[]) => NirLeaf> = {
  lif: ({ beta, threshold, reset }) =>
    beta === 1
      ? NEURONS.if({ kind: "if", threshold, reset })
      : (shape) =>
          leaf("LIF", {
            tau: filled(shape, TIME_STEP / (1 - beta)),
            r: filled(shape, 1 / (1 - beta)),
            v_leak: filled(shape, 0),
            v_threshold: filled(shape, threshold),
            v_reset: filled(shape, 0),
          }),
  if:
    ({ threshold }) =>
    (shape) =>
      leaf("IF", { r: filled(shape, 1 / TIME_STEP), v_threshold: filled(shape, threshold), v_reset: filled(shape, 0) }),
  plif: ({ kind }) =>
    refuse(kind, "A learned leak is a parameter of each layer, which does not come back from a graph."),
  alif: ({ kind }) => refuse(kind, "NIR has no node with a threshold that adapts."),
};

function refuse(kind: string, reason: string): never {
  throw new SpecError("model.neuron.kind", `NIR cannot hold "${kind}" neurons. ${reason} Use "lif" or "if".`);
}

const neurons = (neuron: NeuronSpec, shape: readonly number[]): NirLeaf => forNeuron(neuron, NEURONS)(shape);

/** A linear layer on every token: [K, n] as [n, K, 1]. */
function onTokens({ parameters }: Network, name: string, tokens: number): NirLeaf {
  const weight = transposed(parameters[`${name}.weight`]);
  const [one, none] = [whole(1), whole(0)];
  return leaf("Conv1d", {
    input_shape: whole(tokens),
    weight: { shape: [...weight.shape, 1], values: weight.data },
    stride: one,
    padding: none,
    dilation: one,
    groups: one,
    bias: { shape: parameters[`${name}.offset`].shape, values: parameters[`${name}.offset`].data },
  });
}

/** A convolution: windows [k k C, n], channels innermost, as [n, C, k, k]. */
function onPixels({ parameters }: Network, convolution: Convolution): NirLeaf {
  const { name, grid, channels, kernel, stride, outputs } = convolution;
  const { data } = parameters[`${name}.weight`];
  const taps = kernel * kernel;
  const values = new Float32Array(data.length);
  for (let tap = 0; tap < taps; tap++) {
    for (let c = 0; c < channels; c++) {
      for (let o = 0; o < outputs; o++)
        values[(o * channels + c) * taps + tap] = data[(tap * channels + c) * outputs + o];
    }
  }
  const side = (kernel - 1) / 2;
  return leaf("Conv2d", {
    input_shape: whole(grid.rows, grid.columns),
    weight: { shape: [outputs, channels, kernel, kernel], values },
    stride: whole(stride, stride),
    padding: whole(side, side),
    dilation: whole(1, 1),
    groups: whole(1),
    bias: { shape: [outputs], values: parameters[`${name}.offset`].data },
  });
}

/** Learned positions: NIR has no constants, but 0 x + 0 exceeds -1 everywhere, and a scaled 1 is a constant. */
function position(
  name: string,
  vectors: Tensor,
  shape: readonly number[],
  sources: readonly string[],
  put: Drawing<"position">["put"],
): string {
  const zero = put(`${name}.zero`, leaf("Scale", { scale: filled(shape, 0) }), sources);
  const one = put(`${name}.one`, leaf("Threshold", { threshold: filled(shape, -1) }), [zero]);
  return put(name, leaf("Scale", { scale: { shape, values: transposed(vectors).data } }), [one]);
}

/** The subgraph that stands for attention: its Conv1d picks the last of q, k and v. */
function attention(operation: AttentionOperation): NirGraph {
  const { how, heads, dimension, tokens } = operation;
  const width = heads * dimension;
  const lines = partsRead(operation).length * width;
  const settings = "attention" in how ? how.attention : how;
  const values = new Float32Array(width * lines);
  for (let d = 0; d < width; d++) values[d * lines + lines - width + d] = 1;
  const [one, none] = [whole(1), whole(0)];
  const pick = leaf("Conv1d", {
    input_shape: whole(tokens),
    weight: { shape: [width, lines, 1], values },
    stride: one,
    padding: none,
    dilation: one,
    groups: one,
    bias: { shape: [width], values: new Float32Array(width) },
  });
  return {
    type: "NIRGraph",
    nodes: new Map<string, NirNode>([
      ["qkv", leaf("Input", { shape: shapeData([lines, tokens]) })],
      ["v", pick],
      ["output", leaf("Output", { shape: shapeData([width, tokens]) })],
    ]),
    edges: [
      ["qkv", "v"],
      ["v", "output"],
    ],
    metadata: new Map([[ATTENTION, text(JSON.stringify(settings))]]),
  };
}

function transposed({ shape: [rows, columns], data }: Tensor): Tensor {
  const values = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) values[c * rows + r] = data[r * columns + c];
  return { shape: [columns, rows], data: values };
}

/** [n, C, ...taps] as [taps C, n], the inverse of both layouts above. */
function asRows({ shape, data }: Tensor): Tensor {
  const [outputs, channels = 1] = shape;
  const taps = countOf(shape.slice(2));
  const values = new Float32Array(data.length);
  for (let o = 0; o < outputs; o++) {
    for (let c = 0; c < channels; c++) {
      for (let tap = 0; tap < taps; tap++)
        values[(tap * channels + c) * outputs + o] = data[(o * channels + c) * taps + tap];
    }
  }
  return { shape: [taps * channels, outputs], data: values };
}

function singles(node: NirLeaf, name: string, at: string, path: string): Tensor {
  const field = node.fields.get(name);
  if (field && field.values instanceof Float32Array) return { shape: field.shape, data: field.values };
  throw new FileError(
    path,
    `The ${name} of the node ${at} is not of single precision, as this program writes it. Export it again.`,
  );
}

/** Throws FileError that names the first node, field or edge which differs from what the model needs; weights come from the graph. */
function requireSame(wanted: Pick<NirGraph, "nodes" | "edges">, given: NirGraph, path: string, at = ""): void {
  const fail = (problem: string): never => {
    throw new FileError(
      path,
      `${problem} The graph was changed since this program wrote it; change its experiment and export it again.`,
    );
  };
  for (const name of new Set([...wanted.nodes.keys(), ...given.nodes.keys()])) {
    const [mine, theirs] = [wanted.nodes.get(name), given.nodes.get(name)];
    if (!mine || !theirs)
      fail(`The model has ${mine ? "a" : "no"} node ${at}${name}, but the graph ${theirs ? "has one" : "lacks it"}.`);
    if (mine!.type !== theirs!.type)
      fail(`The node ${at}${name} is a ${theirs!.type}, but the model needs a ${mine!.type}.`);
    if (mine!.type === "NIRGraph") requireSame(mine!, theirs as NirGraph, path, `${at}${name}/`);
    else {
      for (const [field, { shape, values }] of mine!.fields) {
        const other = (theirs as NirLeaf).fields.get(field);
        const [a, b] = [numbersOf({ shape, values }), numbersOf(other)];
        const same = b !== null && a!.length === b.length && a!.every((x, i) => x === b[i]);
        if (!same) fail(`The ${field} of ${at}${name} is not what the model in the graph's metadata says.`);
      }
    }
  }
  const list = (edges: NirGraph["edges"]): string => JSON.stringify(edges.map((edge) => edge.join(" -> ")).sort());
  if (list(wanted.edges) !== list(given.edges)) fail("The edges are not those of the model in the graph's metadata.");
}
