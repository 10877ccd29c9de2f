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
import { decodeCheckpoint, encodeCheckpoint } from "../../model/checkpoint.ts";
import { foldNetwork } from "../../model/fold.ts";
import { isSpiking, type Network, parameterLayout, type Tensor } from "../../model/network.ts";
import { logitsOf } from "../../model/read-out.ts";
import { decodeSafetensors, encodeSafetensors } from "../../model/safetensors.ts";
import { type StemLayer, stemLayers } from "../../model/stem.ts";
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
    ...graphOf(folded),
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
    } else if (name === "position" && node.type === "Scale")
      parameters.position = asRows(singles(node, "scale", name, path));
  }
  const { network: read } = decodeCheckpoint(encodeSafetensors(parameters, metadata), path);
  // A file lists nodes by name; a network has its parameters in the order of its layers.
  const names = parameterLayout(read.model, read.geometry).map(({ name }) => name);
  const network = { ...read, parameters: Object.fromEntries(names.map((name) => [name, read.parameters[name]])) };
  if (isSpiking(network)) requireSame(graphOf(network as Network<SpikingSpec>), graph, path);
  return { network, hardware: textOf(described.get(`${PREFIX}hardware`)) };
}

/** The nodes and edges of a network without BatchNorm. */
function graphOf(network: Network<SpikingSpec>): Pick<NirGraph, "nodes" | "edges"> {
  const { model, geometry } = network;
  const { tokens, inputs, grid } = geometry;
  const { width } = model;
  const nodes = new Map<string, NirNode>();
  const edges: (readonly [string, string])[] = [];
  const put = (name: string, node: NirNode, sources: readonly string[]): string => {
    nodes.set(name, node);
    for (const source of sources) edges.push([source, name]);
    return name;
  };
  const fire = (name: string, shape: readonly number[], sources: readonly string[]): string =>
    put(`${name}.neurons`, neurons(model.neuron, shape), sources);
  const linear = (name: string, source: string): string => put(name, onTokens(network, name), [source]);

  const layers = grid ? stemLayers(model, geometry) : [];
  let map = put(
    "input",
    leaf("Input", { shape: shapeData(grid ? [inputs, grid.rows, grid.columns] : [inputs, tokens]) }),
    [],
  );
  for (const layer of layers) {
    const { name, windows, outputs, pool, pooled } = layer;
    map = put(name, onPixels(network, layer), [map]);
    if (name === "embed") {
      const shape = shapeData([outputs, windows.rows, windows.columns]);
      map = put("tokens", leaf("Flatten", { start_dim: whole(1), end_dim: whole(-1), input_type: shape }), [map]);
      continue;
    }
    map = fire(name, [outputs, windows.rows, windows.columns], [map]);
    if (pool === 1) continue;
    const [side, none] = [whole(pool, pool), whole(0, 0)];
    map = put(`${name}.pool`, leaf("SumPool2d", { kernel_size: side, stride: side, padding: none }), [map]);
    map = put(`${name}.any`, leaf("Threshold", { threshold: filled([outputs, pooled.rows, pooled.columns], 0.5) }), [
      map,
    ]);
  }
  const embedded = grid ? map : linear("embed", map);
  // The nodes whose sum is the residual stream.
  let stream = [embedded, ...(model.position === "learned" ? [position(network, embedded, put)] : [])];
  const join = (branch: string): string[] => (model.residual === "membrane" ? [...stream, branch] : [branch]);
  for (let i = 0; i < model.depth; i++) {
    const block = `blocks.${i}`;
    const read = fire(`${block}.input`, [width, tokens], stream);
    // Some kinds of attention have no k or no v.
    const [, lines] = network.parameters[`${block}.qkv.weight`].shape;
    const bits = fire(`${block}.qkv`, [lines, tokens], [linear(`${block}.qkv`, read)]);
    const attended = put(`${block}.attention`, attention(model, lines, tokens), [bits]);
    stream = join(model.outputProjection ? linear(`${block}.projection`, attended) : attended);
    const middle = fire(`${block}.middle`, [width, tokens], stream);
    const hidden = fire(`${block}.hidden`, [width * model.expansion, tokens], [linear(`${block}.up`, middle)]);
    stream = join(linear(`${block}.down`, hidden));
  }
  const head = linear("head", fire("output", [width, tokens], stream));
  put("logits", leaf("Output", { shape: shapeData([logitsOf(network), tokens]) }), [head]);
  return { nodes, edges };
}

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
function onTokens({ parameters, geometry }: Network, name: string): NirLeaf {
  const weight = transposed(parameters[`${name}.weight`]);
  const [one, none] = [whole(1), whole(0)];
  return leaf("Conv1d", {
    input_shape: whole(geometry.tokens),
    weight: { shape: [...weight.shape, 1], values: weight.data },
    stride: one,
    padding: none,
    dilation: one,
    groups: one,
    bias: { shape: parameters[`${name}.offset`].shape, values: parameters[`${name}.offset`].data },
  });
}

/** A convolution: windows [k k C, n], channels innermost, as [n, C, k, k]. */
function onPixels({ parameters }: Network, { name, grid, channels, kernel, stride, outputs }: StemLayer): NirLeaf {
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
  { parameters, model, geometry }: Network,
  source: string,
  put: (name: string, node: NirNode, sources: readonly string[]) => string,
): string {
  const shape = [model.width, geometry.tokens];
  const zero = put("position.zero", leaf("Scale", { scale: filled(shape, 0) }), [source]);
  const one = put("position.one", leaf("Threshold", { threshold: filled(shape, -1) }), [zero]);
  return put("position", leaf("Scale", { scale: { shape, values: transposed(parameters.position).data } }), [one]);
}

/** The subgraph that stands for attention: its Conv1d picks the last of q, k and v, which are `lines` signals. */
function attention({ width, attention: settings }: SpikingSpec, lines: number, tokens: number): NirGraph {
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
