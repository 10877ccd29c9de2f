/**
 * Memory layout of a simulator's arrays, in three kinds of memory:
 *
 *   crossbars   a chip as it was read: conductances and converter settings. Read by all threads
 *   slices      data that a slice of prompts keeps from one linear layer to the next, so several can pass a layer together
 *   scratch     working memory of a thread; nothing in it outlives a layer, except constants
 */

import { MEASURED_VECTORS } from "../../hardware/own-calibration.ts";
import type { Arena, Place } from "../../kernels/arena.ts";
import { countingArena, reserveBits } from "../../kernels/arena.ts";
import type { ChosenTokens } from "../../kernels/ops.ts";
import { operationsOf } from "../../model/graph.ts";
import type { MappedNetwork } from "../chip.ts";
import { type Flow, flowOf, type LinesRead } from "../flow.ts";
import { type AttentionPlan, planAttention } from "./attention.ts";
import { type CrossbarPlan, type CrossbarScratch, planCrossbarScratch, planCrossbars } from "./crossbar-plan.ts";
import { type IntegerPlan, planIntegers } from "./integer-linear.ts";
import { layoutValues, placeValues, type ValueLayout, type ValuePlaces } from "./values.ts";

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
  readonly slices: readonly ValuePlaces[];
  /** By thread. */
  readonly scratch: readonly SimulatorScratch[];
  readonly sizes: SimulatorSizes;
}

export interface SimulatorScratch {
  readonly values: ValuePlaces;
  /** Position vectors, by operation. */
  readonly positions: ReadonlyMap<string, Place>;
  /** The tokens that are read, by layer. */
  readonly chosen: ReadonlyMap<string, ChosenTokens>;
  readonly crossbars: CrossbarScratch;
  readonly attention: AttentionPlan;
  /** Rows on which ranges are measured. */
  readonly measured: Place;
}

export function planSimulator(arena: Arena, chip: MappedNetwork, options: PlanOptions): SimulatorPlan {
  const { maxPrompts, maxSteps = chip.network.model.steps, slices = 1, threads = 1 } = options;
  const room = { maxPrompts, maxSteps };
  const start = arena.used;
  const crossbars = planCrossbars(arena, chip);
  const integers = chip.hardware.arithmetic === null ? null : planIntegers(arena, crossbars, chip);
  const ofChip = arena.used - start;
  const flow = flowOf(chip);
  const layout = layoutValues(flow, maxSteps * maxPrompts);
  const places = Array.from({ length: slices }, () => placeValues(arena, layout, true));
  const ofSlices = arena.used - start - ofChip;
  const scratch = Array.from({ length: threads }, () => planScratch(arena, chip, { flow, layout, crossbars, room }));
  const ofThreads = arena.used - start - ofChip - ofSlices;
  const sizes = { crossbars: ofChip, slice: ofSlices / slices, scratch: ofThreads / threads };
  return { ...room, crossbars, integers, slices: places, scratch, sizes };
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

export const simulatorSizes = (chip: MappedNetwork, options: SimulatorOptions): SimulatorSizes =>
  planSimulator(countingArena(), chip, options).sizes;

interface ScratchContext {
  readonly flow: Flow;
  readonly layout: ValueLayout;
  readonly crossbars: CrossbarPlan;
  readonly room: Required<SimulatorOptions>;
}

function planScratch(
  arena: Arena,
  chip: MappedNetwork,
  { flow, layout, crossbars, room }: ScratchContext,
): SimulatorScratch {
  const { graph, layers } = flow;
  const read = [...layers];
  const most = (count: (of: LinesRead) => number) => Math.max(...read.map(([, of]) => count(of)));
  const vectors = room.maxSteps * room.maxPrompts * most(({ rows }) => rows);
  return {
    positions: new Map(
      operationsOf(graph, "position").map(({ name, writes }) => {
        const { rows, features } = graph.values.get(writes)!;
        return [name, arena.words(rows * features)];
      }),
    ),
    chosen: new Map(
      read.flatMap(([layer, { tokens }]) =>
        tokens ? [[layer, { at: arena.words(tokens.length), count: tokens.length }] as const] : [],
      ),
    ),
    crossbars: planCrossbarScratch(arena, chip, crossbars, vectors),
    attention: planAttention(arena, chip, room),
    values: placeValues(arena, layout, false),
    measured: reserveBits(
      arena,
      MEASURED_VECTORS,
      most(({ features }) => features),
    ).at,
  };
}
