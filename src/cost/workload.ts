/**
 * A workload: the shape of a transformer with the densities of its spikes, which is all that energy, time and area depend on.
 */
import { type BlockDensities, blockRuns, type Densities } from "../machine/densities.ts";
import type { NetworkShape } from "../machine/shape.ts";
import type { HardwareSpec } from "../spec/hardware.ts";

export interface Workload extends NetworkShape, Densities {
  readonly name: string;
  readonly description: string;
  /** The experiment's hardware; the defaults when left out. */
  readonly hardware?: HardwareSpec;
  /** Real values per token at the embedding of an ANN. */
  readonly annInputs: number;
  /** Lines that the embedding uses of one crossbar, at most; null where nothing limits it. */
  readonly embedRows: number | null;
  /**
   * Local sums are scaled before they are added, because every crossbar has its own range, and offsets are added (folded BatchNorm).
   * Published comparisons leave both out.
   */
  readonly scaled: boolean;
  /** Scores of one head that a conventional engine computes, normalises and stores. */
  readonly annScores: number;
  /** Time steps of the digital spiking network; Xpikeformer's are `steps`. */
  readonly snnSteps: number;
  /** What one inference delivers, for figures per result: `image`, `symbol`. */
  readonly result: { readonly name: string; readonly perInference: number };
  /** Scores and outputs of attention are neurons that fire, as in a digital SNN with LIF attention. */
  readonly lifAttention?: boolean;
  /** Networks that other machines run, where they are others than this one: those whose accuracy stands beside it. */
  readonly compared?: { readonly ann?: Workload; readonly snn?: Workload };
}

/** Whose network a machine runs. */
export type Runs = "xpikeformer" | "ann" | "snn";

/** The network that a machine runs; this one where no other is known. */
export const networkFor = (workload: Workload, runs: Runs): Workload =>
  (runs === "xpikeformer" ? undefined : workload.compared?.[runs]) ?? workload;

/** A layer of weights: `vectors` input vectors per time step, or per inference in an ANN. */
export interface Layer {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly vectors: number;
  readonly density: number;
  /** Lines that it uses of one crossbar, at most; null where nothing limits it. */
  readonly rowLimit: number | null;
  /** Identical layers that this one stands for. */
  readonly repeat: number;
}

/** Row blocks of a layer on crossbars of `rows` lines. */
export const rowBlocks = ({ inputs, rowLimit }: Layer, rows: number): number =>
  Math.ceil(inputs / Math.min(rows, rowLimit ?? rows));

/** Layers of the blocks in the order in which they run. */
export function blockLayers(workload: Workload): Layer[] {
  const { width, expansion, tokens, outputProjection } = workload;
  return blockRuns(workload).flatMap(({ first, repeat, densities }) => {
    const layer = (name: "qkv" | "projection" | "up" | "down", inputs: number, outputs: number): Layer => ({
      name: `blocks.${first}.${name}`,
      inputs,
      outputs,
      vectors: tokens,
      density: densities[name],
      rowLimit: null,
      repeat,
    });
    return [
      layer("qkv", width, 3 * width),
      ...(outputProjection ? [layer("projection", width, width)] : []),
      layer("up", width, expansion * width),
      layer("down", expansion * width, width),
    ];
  });
}

/** Embedding and head as layers; none where values enter once. */
export function outerLayers(workload: Workload, inputs = workload.inputs): Layer[] {
  if (workload.embedding === "values") return [];
  const { width, tokens, queries, classes, inputDensity, headDensity, embedRows } = workload;
  const once = { repeat: 1, rowLimit: null };
  return [
    { ...once, name: "embed", inputs, outputs: width, vectors: tokens, density: inputDensity, rowLimit: embedRows },
    { ...once, name: "head", inputs: width, outputs: classes, vectors: queries, density: headDensity },
  ];
}

export interface Macs {
  readonly linear: number;
  readonly attention: number;
  readonly embedding: number;
  readonly head: number;
  readonly total: number;
  /** Weights of the blocks. */
  readonly weights: number;
}

/** Multiply-accumulates of one pass, as an ANN of this shape makes them. */
export function countMacs(workload: Workload): Macs {
  const { depth, width, tokens, annInputs, queries, classes, scores } = workload;
  const layers = blockLayers(workload);
  const weights = layers.reduce((sum, { inputs, outputs, repeat }) => sum + inputs * outputs * repeat, 0);
  const linear = weights * tokens;
  const attention = 2 * scores * width * depth;
  const embedding = tokens * annInputs * width;
  const head = queries * width * classes;
  return { linear, attention, embedding, head, total: linear + attention + embedding + head, weights };
}

/** Mean density at the inputs of the blocks' layers, weighted by their products. */
export function meanDensity(workload: Workload): number {
  let spikes = 0;
  let all = 0;
  for (const { inputs, outputs, density, repeat } of blockLayers(workload)) {
    spikes += inputs * outputs * repeat * density;
    all += inputs * outputs * repeat;
  }
  return spikes / all;
}

/** Every density multiplied, at most 1; those of the digital SNN's own network too. */
export function scaleDensities(workload: Workload, factor: number): Workload {
  if (factor === 1) return workload;
  const scale = (share: number) => Math.min(1, factor * share);
  const known = new Map<BlockDensities, BlockDensities>();
  const blocks = workload.blocks.map((block) => {
    let scaled = known.get(block);
    if (!scaled) {
      const entries = Object.entries(block).map(([name, share]) => [name, scale(share)]);
      scaled = Object.fromEntries(entries) as unknown as BlockDensities;
      known.set(block, scaled);
    }
    return scaled;
  });
  const { inputDensity, headDensity } = workload;
  const scaled = { ...workload, blocks, inputDensity: scale(inputDensity), headDensity: scale(headDensity) };
  return withSnn(scaled, (snn) => scaleDensities(snn, factor));
}

/** The workload with another network for the digital SNN, where it has one of its own. */
export function withSnn(workload: Workload, change: (snn: Workload) => Workload): Workload {
  const { compared } = workload;
  return compared?.snn ? { ...workload, compared: { ...compared, snn: change(compared.snn) } } : workload;
}

/** Other numbers of time steps; the digital spiking network's default to the same. */
export const withSteps = (workload: Workload, steps: number, snnSteps = steps): Workload =>
  withSnn({ ...workload, steps, snnSteps }, (snn) => withSteps(snn, snnSteps));
