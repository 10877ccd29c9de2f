/**
 * A workload: the shape of a transformer with its spike densities, the only inputs of energy, time and area.
 */

import type { HardwareSpec } from "../experiment/hardware.ts";
import type { Activation, QuantizationSpec } from "../experiment/model.ts";
import { type BlockDensities, blockRuns, type Densities, densityInto } from "../machine/densities.ts";
import { type NetworkShape, shapeLayers, stemBefore } from "../machine/shape.ts";
import { pixels } from "../model/stem.ts";

export interface Workload extends NetworkShape, Densities {
  readonly name: string;
  readonly description: string;
  /** The experiment's hardware; default values if omitted. */
  readonly hardware?: HardwareSpec;
  /** Real values per token at the embedding of an ANN, or per pixel read by its stem. */
  readonly annInputs: number;
  /** Largest number of lines per crossbar used by the embedding; null for no limit. */
  readonly embedRows: number | null;
  /**
   * Local sums are scaled before they are added, because every crossbar has its own range, and offsets are added (folded
   * BatchNorm). Published comparisons leave both out.
   */
  readonly scaled: boolean;
  /** Scores of one head that a conventional engine computes, normalises and stores. */
  readonly annScores: number;
  /** Time steps of the digital spiking network; Xpikeformer's are `steps`. */
  readonly snnSteps: number;
  /** The result of one inference, for figures per result: `image`, `symbol`. */
  readonly result: { readonly name: string; readonly perInference: number };
  /** Bits of an ANN that was trained for few; none in floating point. */
  readonly quantization?: QuantizationSpec;
  /** What an ANN has between its feed-forward layers; GELU if unknown. */
  readonly activation?: Activation;
  /** Networks that other machines run, if different from this one: those with the accuracies they are compared at. */
  readonly compared?: { readonly ann?: Workload; readonly snn?: Workload };
}

/** The kinds of network that a comparison covers. */
export type ComparedNetwork = "xpikeformer" | "ann" | "snn";

/** The network that a machine runs; this one if no other is known. */
export const networkFor = (workload: Workload, runs: ComparedNetwork): Workload =>
  (runs === "xpikeformer" ? undefined : workload.compared?.[runs]) ?? workload;

/** A layer of weights: `vectors` input vectors per time step, or per inference in an ANN. */
export interface Layer {
  readonly name: string;
  /** Whether its sums are averaged to the answer, instead of firing neurons. */
  readonly answers: boolean;
  readonly inputs: number;
  readonly outputs: number;
  readonly vectors: number;
  readonly density: number;
  /** Largest number of lines per crossbar; null for no limit. */
  readonly rowLimit: number | null;
  /** Lines per input; default one. */
  readonly linesPerInput?: number;
  /** Number of identical layers represented by this one. */
  readonly repeat: number;
}

/** Computes once for each workload, which never changes: draws of prices ask hundreds of times. */
export function oncePerWorkload<Value>(compute: (workload: Workload) => Value): (workload: Workload) => Value {
  const known = new WeakMap<Workload, { readonly value: Value }>();
  return (workload) => {
    const found = known.get(workload) ?? { value: compute(workload) };
    known.set(workload, found);
    return found.value;
  };
}

/** Row blocks of a layer on crossbars of `rows` lines. */
export const rowBlocks = ({ inputs, rowLimit, linesPerInput = 1 }: Layer, rows: number): number =>
  Math.ceil((inputs * linesPerInput) / Math.min(rows, rowLimit ?? rows));

/** Layers of the blocks in the order in which they run. */
export const blockLayers = oncePerWorkload((workload): readonly Layer[] => {
  const { tokens } = workload;
  const layers = shapeLayers(workload);
  return blockRuns(workload).flatMap(({ first, repeat, densities }) =>
    layers
      .filter(({ block }) => block === first)
      .map((layer) => {
        const { name, answers, inputs, outputs } = layer;
        const density = densityInto(layer, densities);
        return { name, answers, inputs, outputs, repeat, vectors: tokens, density, rowLimit: null };
      }),
  );
});

/** Input of a network: binary lines at every step, or the real values of an ANN. */
type Reads = "lines" | "values";

/** Layers of a stem before the embedding. */
export function stemBeforeOf(workload: Workload, reads: Reads): Layer[] {
  return stemBefore(workload).map(({ name, kernel, inputs, outputs, windows }, i) => ({
    name,
    answers: false,
    outputs,
    rowLimit: null,
    repeat: 1,
    inputs: i === 0 && reads === "values" ? kernel ** 2 * workload.annInputs : inputs,
    vectors: pixels(windows),
    density: workload.stemDensities?.[i] ?? 0,
  }));
}

/** Values between the layers of a stem, before the embedding: a map with the output of its layer, and all outputs. */
export function stemMaps(workload: Workload): {
  readonly layers: readonly {
    readonly read: number;
    readonly written: number;
    readonly inputs: number;
    readonly outputs: number;
  }[];
  readonly largest: number;
  readonly written: number;
} {
  const reads = stemBeforeOf(workload, "values");
  const layers = stemBefore(workload).map(({ grid, channels, outputs, windows }, i) => ({
    read: pixels(grid) * (i === 0 ? workload.annInputs : channels),
    written: pixels(windows) * outputs,
    inputs: reads[i].inputs,
    outputs,
  }));
  return {
    layers,
    largest: Math.max(0, ...layers.map(({ read, written }) => read + written)),
    written: layers.reduce((sum, { written }) => sum + written, 0),
  };
}

/** Values per token read by the embedding. */
function embedInputs({ stem, inputs, annInputs }: Workload, reads: Reads): number {
  if (reads === "lines") return inputs;
  // After a layer, maps have the same number of channels in either network.
  const first = stem?.length === 1 ? stem[0] : null;
  return stem ? (first ? first.kernel ** 2 * annInputs : inputs) : annInputs;
}

/** Stem, embedding and head as layers; none for networks that read values once. */
export const outerLayers = (workload: Workload, reads: Reads = "lines"): readonly Layer[] => OUTER[reads](workload);

const OUTER = {
  lines: oncePerWorkload((workload) => outerLayersOf(workload, "lines")),
  values: oncePerWorkload((workload) => outerLayersOf(workload, "values")),
};

function outerLayersOf(workload: Workload, reads: Reads): readonly Layer[] {
  if (workload.embedding === "values") return [];
  const { width, tokens, queries, classes, inputDensity, headDensity, embedRows } = workload;
  const inputs = embedInputs(workload, reads);
  const once = { repeat: 1, rowLimit: null };
  const [first, ...layers]: Layer[] = [
    ...stemBeforeOf(workload, reads),
    {
      ...once,
      name: "embed",
      answers: false,
      inputs,
      outputs: width,
      vectors: tokens,
      density: inputDensity,
      rowLimit: embedRows,
    },
    { ...once, name: "head", answers: true, inputs: width, outputs: classes, vectors: queries, density: headDensity },
  ];
  const { linesPerInput } = workload.hardware?.crossbar ?? { linesPerInput: 1 };
  return [reads === "lines" ? { ...first, linesPerInput } : first, ...layers];
}

export interface Macs {
  readonly linear: number;
  readonly attention: number;
  /** Including the convolutions before it. */
  readonly embedding: number;
  readonly head: number;
  readonly total: number;
  /** Weights of the blocks, and of the convolutions before the embedding. */
  readonly weights: number;
}

/** Multiply-accumulates of one pass, as performed by an ANN of this shape. */
export const countMacs = oncePerWorkload((workload): Macs => {
  const { depth, width, tokens, queries, classes, scores } = workload;
  const size = ({ inputs, outputs, repeat }: Layer) => inputs * outputs * repeat;
  const ofBlocks = blockLayers(workload).reduce((sum, layer) => sum + size(layer), 0);
  const stem = stemBeforeOf(workload, "values");
  const weights = ofBlocks + stem.reduce((sum, layer) => sum + size(layer), 0);
  const linear = ofBlocks * tokens;
  const attention = 2 * scores * width * depth;
  const convolutions = stem.reduce((sum, layer) => sum + layer.vectors * size(layer), 0);
  const embedding = tokens * embedInputs(workload, "values") * width + convolutions;
  const head = queries * width * classes;
  return { linear, attention, embedding, head, total: linear + attention + embedding + head, weights };
});

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

/** Multiplies every density, to at most 1, including those of the digital SNN's own network. */
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
  const { inputDensity, headDensity, stemDensities } = workload;
  const scaled = {
    ...workload,
    blocks,
    ...(stemDensities && { stemDensities: stemDensities.map(scale) }),
    inputDensity: scale(inputDensity),
    headDensity: scale(headDensity),
  };
  return withSnn(scaled, (snn) => scaleDensities(snn, factor));
}

/** The workload with another network for the digital SNN, if it has its own. */
export function withSnn(workload: Workload, change: (snn: Workload) => Workload): Workload {
  const { compared } = workload;
  return compared?.snn ? { ...workload, compared: { ...compared, snn: change(compared.snn) } } : workload;
}

/** Changes the number of time steps; the digital spiking network's defaults to the same. */
export const withSteps = (workload: Workload, steps: number, snnSteps = steps): Workload =>
  withSnn({ ...workload, steps, snnSteps }, (snn) => withSteps(snn, snnSteps));
