/**
 * The machine that runs a network: every kind of unit, its number and width, and the clocks that a job takes on it.
 *
 * A plain value, derived from an experiment's hardware and a network's sizes. Simulators count the same clocks and actions,
 * `schedule.ts` decides which unit works when, and the cost model prices the units at these widths.
 *
 * All crossbars of a layer work in parallel. A job is one input vector; it takes the settling of the lines plus one conversion
 * per multiplexer step. Scalers, adders, residual adders and LIF units keep pace with the converters and add a few register
 * stages after the last code. Attention has one or more tiles, which serve all blocks.
 */
import type { AttentionOf, AttentionSpec } from "../experiment/attention.ts";
import { type ByAttention, forAttention } from "../experiment/by-attention.ts";
import { type Deciding, decidingOf } from "../experiment/by-read-out.ts";
import type { AdcSpec, HardwareSpec, LfsrSpec, LoopOrder } from "../experiment/hardware.ts";
import { attentionUnitFor, type FiringUnit, type NoUnit, type UnitKind } from "../hardware/attention/catalogue.ts";
import type { UnitSizes } from "../hardware/attention/unit.ts";
import { LIF_LATENCY } from "../hardware/clocked-lif.ts";
import { devicesPerConductance } from "../hardware/crossbar.ts";
import { lfsrWiring, usesLfsrs } from "../hardware/draws.ts";
import type { IntegerCoding } from "../hardware/line-reads.ts";
import { decidingFor, readOutField } from "../hardware/read-out.ts";
import { bitsFor } from "../hardware/ssa-parameters.ts";
import { codeFractionBits, scalesInThreshold } from "../hardware/threshold-scaling.ts";
import { planTile, type TilePlan, vectorsOf } from "../hardware/tile-plan.ts";
import { DECISION_REGISTERS, type Timing, timingOf } from "../hardware/timing.ts";
import { attentionGroups, attentionRequest, placeAttention } from "../mapping/attention.ts";
import { sourcesOf } from "../mapping/behind.ts";
import { readClocks } from "../mapping/clocks.ts";
import { type LayerMapping, type Mapping, placeLayers } from "../mapping/mapping.ts";
import { requireSteps } from "../mapping/read-out.ts";
import type { AttentionOperation } from "../model/attention/operation.ts";
import { type Graph, operationsOf } from "../model/graph.ts";
import { type LinearLayer, layersOf } from "../model/layers.ts";
import type { Operation } from "../model/operations.ts";
import {
  entersOnce,
  type MachineNetwork,
  type Runnable,
  readsInto,
  rowsServed,
  runnable,
  VALUE_BITS,
} from "./network.ts";

/** Bits of numbers after the converters. */
export type WordBits = Readonly<Record<"factor" | "current" | "stream" | "membrane" | "logit", number>>;

/**
 * For a machine simulated in floating point: the width that a resolution of 2^-8 requires on the bundled networks, whole bytes
 * in memories.
 */
const FLOAT_WORDS: WordBits = { factor: 9, current: 16, stream: 16, membrane: 16, logit: 16 };

function wordBits({ arithmetic }: HardwareSpec): WordBits {
  if (arithmetic === null) return FLOAT_WORDS;
  const { factorBits, streamBits, membraneBits, logitBits } = arithmetic;
  // Sums have 16 bits like any register.
  return { factor: factorBits, current: 16, stream: streamBits, membrane: membraneBits, logit: logitBits };
}

/** All crossbars of a layer, working together. */
export interface LayerUnit extends LinearLayer {
  readonly crossbars: number;
  /** Reads of one input vector: 1 for spikes (`hardware/line-reads.ts`). */
  readonly reads: number;
  /** Clocks of one input vector, which is a job. */
  readonly clocks: number;
  /** Clocks from the end of a job to its results: registers of scaler, adder and LIF unit. */
  readonly latency: number;
  /** Whether the neurons behind it take its codes as they are (`hardware/threshold-scaling.ts`). */
  readonly takesCodes: boolean;
  /** Tokens (windows, in a stem) that it serves, ascending, and whether at every time step or once. */
  readonly tokens: Int32Array;
  readonly everyStep: boolean;
}

/** Units of a kind that serve the heads of an operation. */
export interface Shared {
  readonly tiles: number;
  /** Groups of heads that the tiles serve one after another. */
  readonly groups: number;
}

/** Tiles of stochastic attention. */
export interface SsaUnit extends Shared, Pick<UnitSizes, "clocks" | "drained" | "vectors" | "wordBits"> {
  readonly unit: "ssa-tile";
  /** Cells of one tile: those that its mask enables, or all cells of a tile that serves several pairs of blocks. */
  readonly cells: number;
  readonly counterBits: number;
  /** V FIFOs of one tile, and the bits of each. */
  readonly fifos: number;
  readonly fifoBits: number;
  /** Columns with an adder and an encoder, of one tile. */
  readonly feet: number;
  /** 32-bit LFSRs of all tiles; 0 with ideal random numbers. */
  readonly registers: number;
  /** Clocks per window. */
  readonly window: number;
  readonly plan: TilePlan;
  /** Null with ideal random numbers. */
  readonly lfsr: LfsrSpec | null;
}

/** What computes attention; `none` where values pass on to the next layer. */
export type AttentionUnit = SsaUnit | (FiringUnit & Shared) | NoUnit;

/** The units for attention of one kind and size, whose operations take turns on them. */
export type Engine = AttentionUnit & {
  /** Names of the operations. */
  readonly serves: readonly string[];
  readonly heads: number;
  readonly tokens: number;
  /** Features of a head. */
  readonly dimension: number;
  /** Scores of one head that the mask enables. */
  readonly scores: number;
};

/** All units by kind: their number on the chip and their widths. */
export interface MachineUnits {
  /** Each pair of a crossbar has `devices` per sign. */
  readonly crossbars: {
    readonly count: number;
    readonly rows: number;
    readonly columns: number;
    readonly devices: number;
  };
  /** Clocks of one conversion; null bits pass the exact current. */
  readonly converters: {
    readonly count: number;
    readonly bits: number | null;
    readonly mode: AdcSpec["mode"];
    readonly clocks: number;
  };
  /** One after each readout unit, except those with codes that neurons take. */
  readonly scalers: { readonly count: number; readonly codeBits: number | null; readonly factorBits: number };
  /** After the others: a shift by one of `shifts` numbers of bits. Each column of their crossbars has a threshold and a shift. */
  readonly shifters: { readonly count: number; readonly crossbars: number; readonly shifts: number };
  /** One per readout unit of a tile; each adds the local sums of the tile's row blocks. */
  readonly adders: { readonly count: number; readonly bits: number };
  /** Membranes kept by all units together, and where; of `stateWords` words each, a membrane and what comes with it. */
  readonly lif: {
    readonly count: number;
    readonly membranes: number;
    readonly stateWords: number;
    readonly membraneBits: number;
    readonly place: "registers" | "sram";
  };
  /** At columns without converters, by the field that says so; none where converters read all. */
  readonly comparators: readonly ComparatorUnits[];
  /** Adders of the residual stream. */
  readonly residual: { readonly count: number; readonly bits: number };
}

/** Comparators of the layers that one field of `hardware.readOut` is about, at all columns of their crossbars. */
export interface ComparatorUnits extends Deciding {
  readonly field: ReturnType<typeof readOutField>;
  /** One per column of a column group. */
  readonly count: number;
  /** Membranes as charge, one per comparator; 0 for comparators that keep nothing. */
  readonly membranes: number;
  /** Capacitors on which columns of single crossbars collect charge. */
  readonly capacitors: number;
}

/** The sizes that counted actions depend on: a machine before its layers are placed. */
export interface MachineCore {
  readonly network: MachineNetwork;
  readonly order: LoopOrder;
  readonly crossbar: {
    /** Lines and columns of a crossbar. */
    readonly rows: number;
    readonly columns: number;
    /** Lines per crossbar used by the embedding; null for all. */
    readonly embedRows: number | null;
    /** Lines per input of the first layer. */
    readonly linesPerInput: number;
    /** How lines take whole numbers. */
    readonly integers: IntegerCoding;
  };
  readonly mode: AdcSpec["mode"];
  readonly readOut: HardwareSpec["readOut"];
  readonly scaling: HardwareSpec["scaling"];
  readonly transport: HardwareSpec["transport"];
  /** In the order in which they are first needed; none for a network without attention. */
  readonly engines: readonly Engine[];
}

export interface Machine extends MachineCore {
  readonly timing: Timing;
  readonly words: WordBits;
  /** Limit on the bytes of all buffers together; null for no limit. */
  readonly sram: number | null;
  readonly mapping: Mapping;
  /** In the order in which a prompt passes through them. */
  readonly layers: readonly LayerUnit[];
  readonly units: MachineUnits;
}

/** Where a network is placed, whatever the clocks. Throws as `machineOf`. */
export function placementOf(hardware: HardwareSpec, of: Runnable): Mapping {
  const network = runnable(of);
  const placed = enginesOf(hardware, network).map((engine) =>
    placeAttention(engine, engine.heads, hardware, engine.serves),
  );
  const mapping = placeLayers(layersOf(network.graph), placed, hardware);
  requireSteps(mapping.layers, network.steps, hardware);
  return mapping;
}

/**
 * The machine for an experiment's hardware and a network.
 *
 * @param mapping what `placementOf` gives for them, if it is known
 *
 * Throws  MappingError when a tile of a layer has more row blocks than the chip has crossbars; SpecError for a device module that was
 *         not loaded
 */
export function machineOf(hardware: HardwareSpec, of: Runnable, mapping: Mapping = placementOf(hardware, of)): Machine {
  const timing = timingOf(hardware);
  const core = coreOf(hardware, of);
  const { network } = core;
  const layers = layersOf(network.graph).map((layer, i) => layerUnit(core, layer, mapping.layers[i], hardware));
  const words = wordBits(hardware);
  const taken = layers.reduce((sum, layer) => sum + (layer.takesCodes ? layer.crossbars : 0), 0);
  const units = unitsOf(hardware, network, mapping, timing, words, taken);
  return { ...core, timing, words, sram: hardware.sram, mapping, layers, units };
}

/** The part of a machine that does not depend on the placement of its layers. */
export function coreOf(hardware: HardwareSpec, of: Runnable): MachineCore {
  const { crossbar, adc, order, readOut, scaling, transport } = hardware;
  const { rows, columns, embedRows, linesPerInput, integers } = crossbar;
  const network = runnable(of);
  return {
    network,
    order,
    crossbar: { rows, columns, embedRows, linesPerInput, integers },
    mode: adc.mode,
    readOut,
    scaling,
    transport,
    engines: enginesOf(hardware, network),
  };
}

/** Whether the neurons behind a layer take its codes. */
export function takesCodes(
  { network, scaling, readOut, crossbar }: Pick<MachineCore, "network" | "scaling" | "readOut" | "crossbar">,
  layer: LinearLayer,
): boolean {
  if (decidingFor(layer, { readOut }) !== null) return false;
  const lines = layer.inputs * (layer.readsInput ? crossbar.linesPerInput : 1);
  const rowBlocks = Math.ceil(lines / crossbar.rows);
  return scalesInThreshold(scaling, { ...layer, rowBlocks, reads: readsInto(layer, network, crossbar) });
}

function layerUnit(core: MachineCore, linear: LinearLayer, placed: LayerMapping, hardware: HardwareSpec): LayerUnit {
  const { network } = core;
  const once = entersOnce(linear, network);
  const reads = once ? VALUE_BITS : readsInto(linear, network, hardware.crossbar);
  return {
    ...linear,
    reads,
    crossbars: placed.blocks.length,
    clocks: reads * readClocks(placed, hardware),
    latency: decidingOf(placed.readOut) === null ? LIF_LATENCY : DECISION_REGISTERS,
    takesCodes: takesCodes(core, linear),
    tokens: rowsServed(network.graph, linear),
    everyStep: !once,
  };
}

function unitsOf(
  hardware: HardwareSpec,
  { graph, stateWords = 1 }: MachineNetwork,
  { crossbar, readoutUnits, layers, totals }: Mapping,
  { conversion }: Timing,
  words: WordBits,
  taken: number,
): MachineUnits {
  const { adc, arithmetic } = hardware;
  // A chip that is loaded in turns has scalers everywhere.
  const unscaled = totals.loads > 1 ? 0 : taken;
  // The stream and LIF units of a layer follow the adders of its tiles.
  const converted = layers.filter(({ readOut }) => decidingOf(readOut) === null);
  const decided = layers.filter((layer) => !converted.includes(layer));
  const blocks = (counted: readonly LayerMapping[]) => counted.reduce((sum, of) => sum + of.blocks.length, 0);
  const groups = (counted: readonly LayerMapping[]) => counted.reduce((sum, of) => sum + of.columnGroups, 0);
  const behind = groupsBehind(graph, layers, crossbar.columns);
  // Neurons behind attention, such as those on a stream that it joins, are units of their own.
  const sources = sourcesOf(graph);
  const further = operationsOf(graph, "neurons").filter(({ writes }) => sources.get(writes)?.kind !== "linear");
  const stored = hardware.order === "step-major";
  return {
    crossbars: { count: totals.crossbars, ...crossbar, devices: devicesPerConductance(hardware.crossbar) },
    converters: { count: totals.converters, bits: adc.bits, mode: adc.mode, clocks: conversion },
    scalers: {
      count: (totals.crossbars - blocks(decided) - unscaled) * readoutUnits,
      codeBits: adc.bits === null ? null : adc.bits + (adc.mode === "pair" ? 1 : 0),
      factorBits: words.factor,
    },
    shifters: {
      count: Math.min(taken, totals.crossbars) * readoutUnits,
      crossbars: Math.min(taken, totals.crossbars),
      // From no code to all fraction bits.
      shifts: arithmetic === null ? 0 : Math.max(0, codeFractionBits(adc, arithmetic)) + 2,
    },
    adders: { count: groups(converted) * readoutUnits, bits: words.current },
    lif: {
      count: totals.lifUnits + behind(further) * readoutUnits,
      membranes: membranesOf(graph, hardware),
      stateWords,
      membraneBits: words.membrane,
      place: stored ? "sram" : "registers",
    },
    comparators: comparatorUnits(decided, crossbar.columns),
    residual: {
      count: behind(operationsOf(graph, "add")) * readoutUnits,
      bits: words.stream,
    },
  };
}

function comparatorUnits(decided: readonly LayerMapping[], columns: number): ComparatorUnits[] {
  return [...new Set(decided.map(readOutField))].map((field) => {
    const layers = decided.filter((layer) => readOutField(layer) === field);
    const deciding = decidingOf(layers[0].readOut) as Deciding;
    const count = columns * layers.reduce((sum, { columnGroups }) => sum + columnGroups, 0);
    const capacitors = columns * layers.reduce((sum, { blocks }) => sum + blocks.length, 0);
    return { field, ...deciding, count, membranes: deciding.keeps ? count : 0, capacitors };
  });
}

/** Column groups of the adders or neurons that write values: those of the layer whose sums come last, or as many as their features take. */
function groupsBehind(graph: Graph, layers: readonly LayerMapping[], columns: number) {
  const sources = sourcesOf(graph);
  return (operations: readonly Operation[]) =>
    operations.reduce((sum, { writes }) => {
      const layer = layers.find(({ name }) => name === sources.get(writes)?.name);
      return sum + (layer?.columnGroups ?? Math.ceil(graph.values.get(writes)!.features / columns));
    }, 0);
}

/** Membranes in logic: of all rows where time steps are not the innermost loop, or of one at a time. Comparators keep their own. */
function membranesOf(graph: Graph, hardware: HardwareSpec): number {
  const decided = new Set(
    layersOf(graph).flatMap((layer) => (decidingFor(layer, hardware) === null ? [] : layer.trainOut)),
  );
  return operationsOf(graph, "neurons").reduce((sum, { writes }) => {
    const { rows, features } = graph.values.get(writes)!;
    return decided.has(writes) ? sum : sum + features * (hardware.order === "step-major" ? rows : 1);
  }, 0);
}

/** What computes the attention of a network. Throws as `attentionUnitFor`. */
const enginesOf = (hardware: HardwareSpec, { graph, steps }: MachineNetwork): Engine[] =>
  attentionGroups(graph).map(({ first, serves }) => {
    const { attention } = attentionRequest(first, steps);
    const { heads, tokens, dimension, mask } = first;
    const unit = forAttention<MakeUnit>(attention, UNITS)(hardware, first, steps);
    return { ...unit, serves, heads, tokens, dimension, scores: enabled(mask) };
  });

/** Cells of a mask that are 1: computed once for each. */
function enabled(mask: Uint8Array): number {
  const count = counts.get(mask) ?? mask.reduce((sum, cell) => sum + cell, 0);
  counts.set(mask, count);
  return count;
}

const counts = new WeakMap<Uint8Array, number>();

type MakeUnit = (hardware: HardwareSpec, operation: AttentionOperation, steps: number) => AttentionUnit;

const UNITS: ByAttention<MakeUnit> = {
  stochastic: (attention) => ssaUnit(attention),
  lif: firingUnit,
  spikformer: firingUnit,
  "sdsa-1": firingUnit,
  "sdsa-3": firingUnit,
  "qk-token": firingUnit,
  "qk-channel": firingUnit,
  "alpha-xnor": firingUnit,
  "binary-map": firingUnit,
  random: firingUnit,
  none: firingUnit,
};

/** Units with neurons, or none. */
function firingUnit(attention: Extract<AttentionSpec, { kind: UnitKind }>): MakeUnit {
  return (hardware, operation, steps) => {
    const { heads } = operation;
    const made = attentionUnitFor(attention, attentionRequest(operation, steps), hardware);
    if (made.unit === "none") return made;
    const tiles = Math.min(heads, hardware.ssa.tiles ?? heads);
    return { ...made, tiles, groups: Math.ceil(heads / tiles) };
  };
}

function ssaUnit({ draws }: AttentionOf<"stochastic">): MakeUnit {
  return ({ ssa: spec, order }, { heads, dimension, tokens, mask }): SsaUnit => {
    const plan = planTile(tokens, spec.tileTokens ?? tokens, mask, order === "step-major" ? "step" : "run");
    const { tileTokens, passes, drained } = plan;
    const tiles = Math.min(heads, spec.tiles ?? heads);
    const step = passes.length * dimension;
    const cells = passes.length === 1 ? enabled(mask) : tileTokens ** 2;
    const { registers } = lfsrWiring(spec.lfsr.sharing, tileTokens);
    const lfsr = usesLfsrs(spec.random, draws) ? spec.lfsr : null;
    return {
      unit: "ssa-tile",
      tiles,
      groups: Math.ceil(heads / tiles),
      cells,
      counterBits: spec.counterBits ?? bitsFor(dimension),
      fifos: spec.fifo === "row" ? tileTokens : cells,
      fifoBits: dimension,
      feet: tileTokens,
      registers: lfsr ? registers * (lfsr.scope === "engine" ? 1 : tiles) : 0,
      window: dimension,
      plan,
      lfsr,
      drained,
      clocks: { step, drain: dimension, first: step, late: 0 },
      vectors: vectorsOf(plan, tokens),
      wordBits: tokens,
    };
  };
}
