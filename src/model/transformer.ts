/**
 * The graph of a model: the spiking transformer, or the conventional one that it is compared with.
 *
 * Spiking. Every linear layer reads bits. The residual stream R carries currents; a branch reads LIF(R) and adds its currents to R:
 *
 *   R = embed(x_t) + position[n]
 *   each block:   s = LIF(R);    q, k, v = LIF(qkv(s));   A = attention(q, k, v);   R = R + projection(A)
 *                 s2 = LIF(R);   h = LIF(up(s2));                                   R = R + down(h)
 *   logits = mean over t of head(LIF(R)), read at the query tokens
 *
 * Without `outputProjection`, A itself is added as 0 and 1; without `residual`, the branch replaces R. With the residual `spikes`,
 * branches and the embedding end in neurons, and layers read R itself, a sum of spikes (`residual.ts`).
 * `docs/model.md` explains these choices; the paper leaves the residual, the projection and the gains open.
 *
 * Conventional, a pre-LayerNorm GPT block (paper, Table I, left column):
 *
 *   x = embed(values) + position[n]
 *   each block:   x = x + projection(softmax attention(qkv(LN1(x))))
 *                 x = x + down(GELU(up(LN2(x))))              GELU, or ReLU (`activation.ts`)
 *   logits = head(LN(x) at the query tokens, or its mean over the tokens of an answer)
 *
 * With few bits, the weights, the inputs of linear layers and the operands of attention are rounded (`quantization.ts`).
 *
 * A convolutional stem comes before the embedding, which is its last convolution:
 *
 *   spiking        map = OR over squares of LIF(layer(windows of the map)), or LIF(maximum over squares of the currents)
 *   conventional   map = maximum over squares of GELU(LN(layer(windows of the map))); LayerNorm normalises the channels of a pixel, as in
 *                  Liu et al., "A ConvNet for the 2020s", CVPR 2022
 */
import { ATTENTION_PARTS } from "../experiment/by-attention.ts";
import type { AnnSpec, ModelSpec, TransformerSpec } from "../experiment/model.ts";
import { activationOf } from "./activation.ts";
import { type LayerWidths, SHARE_CODES, widthsOf } from "./bit-widths.ts";
import { type Add, collect, spikingCollector } from "./collector.ts";
import { answerGeometry, type Geometry } from "./geometry.ts";
import { type Graph, graphOfOperations, INPUT, operationsOf } from "./graph.ts";
import { listedOperations } from "./listed.ts";
import { BITS, inputShape, REAL } from "./operation.ts";
import type { Operation } from "./operations.ts";
import { logitsOf } from "./read-out.ts";
import { RESIDUALS } from "./residual.ts";
import { pools, poolsCurrents, type StemLayer, stemLayers } from "./stem.ts";

/** A model with the sizes that its task sets. */
export interface Described<M extends ModelSpec = ModelSpec> {
  readonly model: M;
  readonly geometry: Geometry;
}

const kept = new WeakMap<ModelSpec, WeakMap<Geometry, Graph>>();

/** The graph of a model; the same value each time. Throws SpecError when the model and the geometry do not fit together. */
export function graphOf({ model, geometry }: Described): Graph {
  const ofModel = kept.get(model) ?? new WeakMap<Geometry, Graph>();
  kept.set(model, ofModel);
  const graph = ofModel.get(geometry) ?? graphOfOperations(...build(model, geometry));
  ofModel.set(geometry, graph);
  return graph;
}

/** Widths of all linear layers by name; null for a model in floating point. */
export function widthsByLayer(described: Described): ReadonlyMap<string, LayerWidths> | null {
  const { model } = described;
  if (model.kind !== "ann" || !model.quantization) return null;
  return new Map(operationsOf(graphOf(described), "linear").map(({ name, widths }) => [name, widths as LayerWidths]));
}

function build(model: ModelSpec, geometry: Geometry): Parameters<typeof graphOfOperations> {
  return [inputShape(geometry, model.kind === "ann" ? REAL : BITS), operationsOfModel(model, geometry)];
}

function operationsOfModel(model: ModelSpec, geometry: Geometry): readonly Operation[] {
  switch (model.kind) {
    case "ann":
      return annOperations(model, geometry);
    case "spiking":
      return spikingOperations(model, geometry);
    case "graph":
      return listedOperations(model, geometry);
  }
}

function spikingOperations(model: TransformerSpec, geometry: Geometry): readonly Operation[] {
  const { width, depth, heads, expansion, neuron, surrogate, attention, position, outputProjection } = model;
  const { tokens, mask } = geometry;
  const { operations, add, enter, linear, fire } = spikingCollector(model);
  const { adds, neurons: neuronsAt } = RESIDUALS[model.residual];
  const onStream = neuronsAt === "stream";

  /** What a layer reads from the stream, under the name of the spikes on it, or of its sums. */
  const read = (name: string, stream: string) => (onStream ? fire(name, stream) : stream);
  /** The name of the stream where the neurons of this name are on it, or where it is read itself. */
  const before = (name: string) => (onStream ? `${name}.stream` : name);
  /** A layer that ends a branch, with its neurons where branches have some. Residual branches start at half strength. */
  const ending = (name: string, inputs: number, from: string) => {
    const currents = linear(name, inputs, width, from, 0.5);
    return onStream ? currents : fire(name, currents);
  };
  /** Joins a branch to the stream that the neurons `next` read. */
  const join = (stream: string, branch: string, next: string, name: string) =>
    adds ? add({ kind: "add", name: `${name}.sum`, writes: before(next) }, stream, branch) : branch;

  const stem = stemLayers(model, geometry);
  let map = INPUT;
  let around: string | null = null;
  for (const layer of stem.slice(0, -1)) {
    const { name, inputs, outputs } = layer;
    const currents = linear(name, inputs, outputs, windowsOf(add, layer, geometry, map));
    const fired = `${name}.map`;
    const pooledCurrents = poolsCurrents(layer) && pools(layer);
    const driven = pooledCurrents ? poolOf(add, layer, currents) : currents;
    map = fire(fired, driven);
    if (pools(layer) && !pooledCurrents) map = poolOf(add, layer, map);
    around = onStream ? driven : map;
  }
  const embed = stem[stem.length - 1];
  let stream = linear("embed", embed.inputs, embed.outputs, windowsOf(add, embed, geometry, map));
  if (position === "learned") stream = add({ kind: "position", name: "position", writes: "embed.placed" }, stream);
  const first = "blocks.0.input";
  const hasShortcut = model.stem?.embedding.shortcut ?? false;
  if (!onStream) {
    const trains = model.stem?.embedding.trains ?? 1;
    const writes = hasShortcut ? "embed.sum" : first;
    stream = add({ kind: "sum", name: "embed.sum", writes, trains, width }, fire("embed", stream));
  }
  if (hasShortcut) stream = add({ kind: "add", name: "embed.shortcut", writes: before(first) }, stream, around!);

  const vectors = ATTENTION_PARTS[attention.kind].length * width;
  const inner = expansion * width;
  const last = geometry.readOut === "stream-mean" ? "output.tokens" : "output";
  for (let i = 0; i < depth; i++) {
    enter(i);
    const block = `blocks.${i}`;
    const next = i + 1 < depth ? `blocks.${i + 1}.input` : last;
    const currents = linear(`${block}.qkv`, width, vectors, read(`${block}.input`, stream));
    const qkv = fire(`${block}.qkv`, currents);
    const name = `${block}.attention`;
    const how = { attention, neuron, surrogate };
    const heading = { heads, dimension: width / heads, tokens, mask };
    const attended = add({ kind: "attention", name, writes: name, how, ...heading }, qkv);
    const projected = outputProjection ? ending(`${block}.projection`, width, attended) : attended;
    stream = join(stream, projected, expansion > 0 ? `${block}.middle` : next, name);
    if (expansion === 0) continue;

    const up = linear(`${block}.up`, width, inner, read(`${block}.middle`, stream));
    const down = ending(`${block}.down`, inner, fire(`${block}.hidden`, up));
    stream = join(stream, down, next, `${block}.down`);
  }
  enter(null);
  if (geometry.readOut === "stream-mean") {
    stream = add({ kind: "token-mean", name: "stream.mean", writes: before("output"), tokens, width }, stream);
  }
  const columns = logitsOf({ model, geometry });
  const head = linear("head", width, columns, read("output", stream), null);
  add({ kind: "read-out", name: "read-out", writes: "logits", geometry: answerGeometry(geometry), columns }, head);
  return operations;
}

function annOperations(model: AnnSpec, geometry: Geometry): readonly Operation[] {
  const { width, depth, heads, expansion, position } = model;
  const { tokens, mask } = geometry;
  const { operations, add, enter } = collect();
  const activation = activationOf(model);

  const [outer, inside, attended] = [
    widthsOf(model, { isOuter: true, isAttended: false }),
    widthsOf(model, { isOuter: false, isAttended: false }),
    widthsOf(model, { isOuter: false, isAttended: true }),
  ];

  const round = (name: string, from: string, widths: LayerWidths | null) => {
    if (!widths) return from;
    const rounded = `${name}.input`;
    return add(
      { kind: "rounding", name: rounded, writes: rounded, width: widths.activations, columns: 1, groups: 1 },
      from,
    );
  };
  /** @param size inputs and outputs */
  const plain = (name: string, [inputs, outputs]: Size, from: string, widths: LayerWidths | null, scale = 1) =>
    add({ kind: "linear", name, writes: name, inputs, outputs, scale, hasOffset: true, widths }, from);
  const linear = (name: string, size: Size, from: string, widths = inside, scale = 1) =>
    plain(name, size, round(name, from, widths), widths, scale);
  const norm = (name: string, from: string) => add({ kind: "layer-normalisation", name, writes: name }, from);
  const activate = (name: string, from: string) => add({ kind: "activation", name, writes: name, activation }, from);

  const stem = stemLayers(model, geometry);
  let map = INPUT;
  for (const layer of stem.slice(0, -1)) {
    const { name, inputs, outputs } = layer;
    // Padding stays 0, because windows are taken of rounded values.
    const widths = map === INPUT ? outer : inside;
    const windows = windowsOf(add, layer, geometry, round(name, map, widths));
    map = activate(`${name}.activated`, norm(`${name}.norm`, plain(name, [inputs, outputs], windows, widths)));
    if (pools(layer)) map = poolOf(add, layer, map);
  }
  const embed = stem[stem.length - 1];
  const embedWidths = map === INPUT ? outer : inside;
  const embedded = windowsOf(add, embed, geometry, round("embed", map, embedWidths));
  let stream = plain("embed", [embed.inputs, embed.outputs], embedded, embedWidths);
  if (position === "learned") stream = add({ kind: "position", name: "position", writes: "embed.placed" }, stream);
  const branch = 1 / Math.sqrt(2 * depth);
  const inner = expansion * width;
  for (let i = 0; i < depth; i++) {
    enter(i);
    const block = `blocks.${i}`;
    let qkv = linear(`${block}.qkv`, [width, 3 * width], norm(`${block}.norm1`, stream), attended);
    if (attended?.attention) {
      const rounded = `${block}.qkv.output`;
      qkv = add(
        { kind: "rounding", name: rounded, writes: rounded, width: attended.attention, columns: 3 * width, groups: 3 },
        qkv,
      );
    }
    const how = { kind: "softmax" as const, codes: attended ? SHARE_CODES : null };
    const name = `${block}.attention`;
    const heading = { heads, dimension: width / heads, tokens, mask };
    const attention = add({ kind: "attention", name, writes: name, how, ...heading }, qkv);
    const projected = linear(`${block}.projection`, [width, width], attention, inside, branch);
    stream = add({ kind: "add", name: `${projected}.sum`, writes: `${projected}.sum` }, stream, projected);

    const up = linear(`${block}.up`, [width, inner], norm(`${block}.norm2`, stream));
    const down = linear(`${block}.down`, [inner, width], activate(`${block}.hidden`, up), inside, branch);
    stream = add({ kind: "add", name: `${down}.sum`, writes: `${down}.sum` }, stream, down);
  }
  enter(null);
  // The head is linear: it reads the mean over the tokens of an answer, so that few bits round the mean.
  const answers = add(
    { kind: "read-out", name: "read-out", writes: "answers", geometry, columns: width },
    norm("norm", stream),
  );
  linear("head", [width, logitsOf({ model, geometry })], answers, outer);
  return operations;
}

/** Inputs and outputs of a linear layer. */
type Size = readonly [number, number];

/** What a layer of a stem reads; without a stem, the embedding reads the tokens themselves. */
function windowsOf(add: Add, size: StemLayer, { grid }: Geometry, map: string): string {
  const name = `${size.name}.windows`;
  return grid ? add({ kind: "windows", name, writes: name, size }, map) : map;
}

const poolOf = (add: Add, size: StemLayer, map: string): string =>
  add({ kind: "pool", name: `${size.name}.pooled`, writes: `${size.name}.pooled`, size }, map);
