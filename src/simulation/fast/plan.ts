/**
 * Memory layout of a simulator's arrays, in three kinds of memory:
 *
 *   crossbars   a chip as it was read: conductances and converter settings. Read by all threads
 *   slices      data that a slice of prompts keeps from one linear layer to the next, so several can pass a layer together
 *   scratch     working memory of a thread; nothing in it outlives a layer, except constants
 */

import { isStraight } from "../../hardware/line-order.ts";
import { MEASURED_VECTORS } from "../../hardware/own-calibration.ts";
import type { Arena, PackedBits, Place } from "../../kernels/arena.ts";
import { countingArena, reserveBits } from "../../kernels/arena.ts";
import { partsOf } from "../../kernels/attention.ts";
import type { ChosenTokens } from "../../kernels/ops.ts";
import { answerGeometry, inputRows, tokensRead } from "../../model/geometry.ts";
import { logitsOf } from "../../model/read-out.ts";
import { hasShortcut, neuronGrid, pixels, poolsCurrents, type StemLayer, stemLayers } from "../../model/stem.ts";
import type { MappedNetwork } from "../chip.ts";
import { type AttentionPlan, planAttention } from "./attention.ts";
import { type CrossbarPlan, type CrossbarScratch, planCrossbarScratch, planCrossbars } from "./crossbar-plan.ts";
import { type IntegerPlan, planIntegers } from "./integer-linear.ts";

export interface SimulatorOptions {
  /** Most prompts per run. */
  readonly maxPrompts: number;
  /** Most time steps per run. Default: those of the network. */
  readonly maxSteps?: number;
}

export interface PlanOptions extends SimulatorOptions {
  /** Slices of up to `maxPrompts` prompts in progress at a time. Default 1. */
  readonly slices?: number;
  /** Threads that compute at a time. Default 1. */
  readonly threads?: number;
}

export interface SimulatorPlan {
  readonly maxPrompts: number;
  readonly maxSteps: number;
  readonly crossbars: CrossbarPlan;
  /** Strips in whole numbers, which replace the crossbars' own once converters are set; null in floating point. */
  readonly integers: IntegerPlan | null;
  readonly slices: readonly SlicePlan[];
  /** By thread. */
  readonly scratch: readonly SimulatorScratch[];
}

/**
 * Trains read by linear layers; windows by the name of the stem's layer. `lines`: the first layer's, if its lines have their
 * own order.
 */
export type LayerTrain = "input" | "lines" | "narrow" | "hidden" | "read" | `${string}.windows`;

export interface SlicePlan {
  readonly bits: Readonly<Record<LayerTrain, PackedBits>>;
  readonly stream: Place;
  /** Currents of a stem's layer that are pooled or go around the embedding. */
  readonly around: Place;
}

export interface SimulatorScratch {
  /** Position vectors; null without. */
  readonly position: Place | null;
  /** The tokens read by the head. */
  readonly chosen: ChosenTokens;
  readonly crossbars: CrossbarScratch;
  readonly tiles: AttentionPlan;
  readonly qkv: PackedBits;
  /** Pre-activations of one layer. */
  readonly y: Place;
  /** Spikes of the neurons of a stem's layer, and the result of its max pooling; none without a stem. */
  readonly maps: readonly Place[];
  /** Rows on which ranges are measured. */
  readonly measured: Place;
}

export function planSimulator(arena: Arena, chip: MappedNetwork, options: PlanOptions): SimulatorPlan {
  const { maxPrompts, maxSteps = chip.network.model.steps, slices = 1, threads = 1 } = options;
  const sizes = { maxPrompts, maxSteps };
  const { crossbars, integers } = planChip(arena, chip);
  return {
    ...sizes,
    crossbars,
    integers,
    slices: Array.from({ length: slices }, () => planSlice(arena, chip, sizes)),
    scratch: Array.from({ length: threads }, () => planScratch(arena, chip, crossbars, sizes)),
  };
}

/** Bytes that a single-threaded simulator takes from its arena; the same for every chip of one network and mapping. */
export function simulatorBytes(chip: MappedNetwork, options: SimulatorOptions): number {
  const { crossbars, slice, scratch } = simulatorSizes(chip, options);
  return crossbars + slice + scratch;
}

/** Bytes of the memory that `planSimulator` takes: once, per slice, and per thread. */
export interface SimulatorSizes {
  readonly crossbars: number;
  readonly slice: number;
  readonly scratch: number;
}

export function simulatorSizes(chip: MappedNetwork, options: SimulatorOptions): SimulatorSizes {
  const { maxPrompts, maxSteps = chip.network.model.steps } = options;
  const sizes = { maxPrompts, maxSteps };
  const counting = countingArena();
  const { crossbars } = planChip(counting, chip);
  const chipEnd = counting.used;
  planSlice(counting, chip, sizes);
  const sliceEnd = counting.used;
  planScratch(counting, chip, crossbars, sizes);
  return { crossbars: chipEnd, slice: sliceEnd - chipEnd, scratch: counting.used - sliceEnd };
}

function planChip(arena: Arena, chip: MappedNetwork): Pick<SimulatorPlan, "crossbars" | "integers"> {
  const crossbars = planCrossbars(arena, chip);
  const integers = chip.hardware.arithmetic === null ? null : planIntegers(arena, crossbars, chip);
  return { crossbars, integers };
}

type Sizes = Required<SimulatorOptions>;

function planSlice(arena: Arena, { network, mapping }: MappedNetwork, { maxPrompts, maxSteps }: Sizes): SlicePlan {
  const { width, expansion } = network.model;
  const { tokens, inputs } = network.geometry;
  const images = maxSteps * maxPrompts;
  const rows = images * tokens;
  const stem = stemLayers(network.model, network.geometry);
  const [first] = stem;
  const kept = stem
    .slice(0, -1)
    .filter((layer, i) => poolsCurrents(layer) || (i === stem.length - 2 && hasShortcut(network.model)));
  const [wired] = mapping.layers;
  return {
    bits: {
      ...planWindows(arena, network, images),
      input: reserveBits(arena, images * inputRows(network.geometry), inputs),
      lines: reserveBits(arena, isStraight(wired) ? 0 : images * pixels(first.windows), wired.lines),
      narrow: reserveBits(arena, rows, width),
      hidden: reserveBits(arena, rows, expansion * width),
      read: reserveBits(arena, images * tokensRead(answerGeometry(network.geometry)).length, width),
    },
    stream: arena.words(rows * width),
    around: arena.words(images * Math.max(0, ...kept.map((layer) => pixels(neuronGrid(layer)) * layer.outputs))),
  };
}

/** Windows of all layers of a stem, in one place because only one layer's exist at a time; none without a stem. */
function planWindows(
  arena: Arena,
  { model, geometry }: MappedNetwork["network"],
  images: number,
): Record<`${string}.windows`, PackedBits> {
  if (!geometry.grid) return {};
  const bits = stemLayers(model, geometry).map(({ name, inputs, windows }) => {
    const words = Math.ceil(inputs / 32);
    return { name, words, features: inputs, rows: images * pixels(windows) };
  });
  const { at } = reserveBits(arena, Math.max(...bits.map(({ rows, words }) => rows * words)), 32);
  return Object.fromEntries(bits.map(({ name, words, features }) => [`${name}.windows`, { at, words, features }]));
}

function planScratch(arena: Arena, chip: MappedNetwork, crossbars: CrossbarPlan, sizes: Sizes): SimulatorScratch {
  const { model, geometry } = chip.network;
  const { width, expansion } = model;
  const { tokens, inputs } = geometry;
  const count = tokensRead(answerGeometry(geometry)).length;
  const vectors = sizes.maxSteps * sizes.maxPrompts;
  const rows = vectors * tokens;
  const stem = stemLayers(model, geometry);
  const most = (count: (layer: StemLayer) => number) => Math.max(...stem.map(count));
  const widest = Math.max(
    inputs,
    chip.mapping.layers[0].lines,
    most((layer) => layer.inputs),
    Math.max(1, expansion) * width,
  );
  return {
    position: model.position === "learned" ? arena.words(tokens * width) : null,
    chosen: { at: arena.words(count), count },
    crossbars: planCrossbarScratch(arena, chip, crossbars, vectors * most((layer) => pixels(layer.windows))),
    tiles: planAttention(arena, chip, sizes),
    qkv: reserveBits(arena, rows, partsOf(model.attention) * width),
    y: arena.words(
      Math.max(
        rows * Math.max(3, expansion) * width,
        vectors * count * logitsOf(chip.network),
        vectors * most((layer) => pixels(layer.windows) * layer.outputs),
      ),
    ),
    maps: geometry.grid ? [0, 1].map(() => arena.words(vectors * most(mapWords) + 4)) : [],
    measured: reserveBits(arena, MEASURED_VECTORS, widest).at,
  };
}

/** Words of a layer's map for one image. */
const mapWords = ({ windows, outputs }: StemLayer): number => pixels(windows) * Math.ceil(outputs / 32);
