/**
 * The numbers that the RTL generators need, layer by layer, from the `Machine`, `Mapping` and `Schedule` of a single prompt.
 *
 * Every layer works independently: it takes a vector as soon as it is free and the vector is available, as in the schedule, so
 * no table of clocks is needed. Two numbers come from the schedule: the largest number of vectors that wait for a layer, and
 * how many clocks attention waits when q, k and v arrive more slowly than it takes them. In step-major order they are instead
 * the order of the engine's runs, each of which begins as soon as possible, and the peak content of buffers
 * (`step-major-plan.ts`). With several prompts in flight, all starts come from the schedule (`flight.ts`).
 */
import { MappingError, SpecError } from "../../errors.ts";
import type { ArithmeticSpec } from "../../experiment/arithmetic.ts";
import { type ColumnReadOut, decidingOf } from "../../experiment/by-read-out.ts";
import type { AdcSpec } from "../../experiment/hardware.ts";
import { hasPositions, isTransformer, type ReadOut, type TransformerSpec } from "../../experiment/model.ts";
import { type IntegerLifConstants, integerLifConstants } from "../../hardware/integer-arithmetic.ts";
import { codeBitsOf } from "../../hardware/lif-parameters.ts";
import type { Wiring } from "../../hardware/line-order.ts";
import type { Timing } from "../../hardware/timing.ts";
import { type LayerUnit, type Machine, machineOf } from "../../machine/machine.ts";
import { blocksIn, machineNetwork } from "../../machine/network.ts";
import { peakOverlap } from "../../machine/peak.ts";
import { type Schedule, scheduleOf } from "../../machine/schedule.ts";
import { placesOf } from "../../machine/stem-schedule.ts";
import type { ScheduledUnit, Timetable } from "../../machine/timetable.ts";
import type { CrossbarBlock, LayerMapping } from "../../mapping/mapping.ts";
import type { Geometry } from "../../model/geometry.ts";
import { type Graph, INPUT, operationsOf, writerOf } from "../../model/graph.ts";
import { type LinearLayer, layersOf } from "../../model/layers.ts";
import { graphOf } from "../../model/transformer.ts";
import { type Chip, unitNeuron } from "../../simulation/chip.ts";
import { engineOf, type MachineEngine, SEED_BITS } from "./engine.ts";
import { type Fabric, MACROS, requireMemories, requirePace } from "./fabric.ts";
import { type InFlightPlan, inFlightPlan, requireInFlight } from "./flight.ts";
import { type StepMajorPlan, stepMajorPlan } from "./step-major-plan.ts";
import { comingVectors, type WindowPlan, windowPlan } from "./windows.ts";

/** Columns that share a tile, and the readout units that serve them. */
export interface GroupPlan {
  readonly columnStart: number;
  readonly columns: number;
  /**
   * Number of readout units with a column, and index of the first within the layer. Unit u serves columns u, u + units, ... Without
   * converters there are none.
   */
  readonly lanes: number;
  readonly firstLane: number;
  /** Row blocks, in ascending order. */
  readonly blocks: readonly CrossbarBlock[];
}

export interface LayerPlan extends LinearLayer {
  readonly module: string;
  /** What reads its columns. */
  readonly readOut: ColumnReadOut;
  /** Clocks of a vector. */
  readonly clocks: number;
  /** The neurons that fire its spikes; null where it answers. */
  readonly neuron: IntegerLifConstants | null;
  /** Lines of its crossbars: for the first layer one or more per input. */
  readonly lines: number;
  readonly rowBlocks: number;
  /** Steps M of the multiplexers: columns of step m are m units on. 0 without converters. */
  readonly multiplexerSteps: number;
  readonly groups: readonly GroupPlan[];
  /** Readout units of all groups. */
  readonly lanes: number;
  /** Tokens, or windows of a map, that it serves, ascending. */
  readonly tokens: Int32Array;
  /** Most vectors that wait for it; null if they come from outside, from a map or from attention. */
  readonly waiting: number | null;
  /** For a layer that reads a map; null: it reads vectors as they arrive. */
  readonly windows: WindowPlan | null;
  /** First clock of its first vector, and when each vector's result is available, counted from the prompt's first clock. */
  readonly start: number;
  readonly results: Float64Array;
}

export interface MachinePlan {
  readonly fabric: Fabric;
  readonly machine: Machine;
  readonly schedule: Schedule;
  /** That of the schedule which the machine follows: a prompt alone, or in flight. */
  readonly timetable: Timetable;
  readonly timing: Timing;
  readonly arithmetic: ArithmeticSpec;
  readonly adc: AdcSpec;
  readonly codeBits: number;
  readonly engine: MachineEngine;
  readonly layers: readonly LayerPlan[];
  /** By block, if it attends: first clocks of the engine's runs, one in token-major order and one for each step in step-major order. */
  readonly attention: readonly Float64Array[];
  /**
   * By block: clocks from the last token's first q, k and v to the first clock of attention. Unused in step-major order, which
   * never waits, and with prompts in flight, whose runs have their clocks.
   */
  readonly attentionWaits: readonly number[];
  /** Null in token-major order. */
  readonly stepMajor: StepMajorPlan | null;
  /** Null for a machine that takes one prompt at a time. */
  readonly inFlight: InFlightPlan | null;
  readonly readOut: ReadOut;
  /** Number of lines of the first layer. */
  readonly wiring: Wiring;
  readonly hasPositions: boolean;
  readonly hasStream: boolean;
  readonly tokens: number;
  readonly steps: number;
  readonly width: number;
  readonly heads: number;
  readonly depth: number;
}

/**
 * @param isInFlight whether prompts follow one another before the last one is answered
 *
 * Throws  MappingError and SpecError, naming the field to change, when a machine of this kind cannot be generated
 */
export function machinePlan(chip: Chip, fabric: Fabric = MACROS, isInFlight = false): MachinePlan {
  const { hardware, network, mapping } = chip;
  const { geometry } = network;
  const { model } = network;
  const { arithmetic, adc } = hardware;
  if (arithmetic === null) {
    throw new SpecError(
      "hardware.arithmetic",
      "Registers hold integers, but hardware.arithmetic null means floating point. Leave it out for the recommended formats.",
    );
  }
  if (hardware.scaling === "threshold") {
    throw new MappingError(
      "hardware.scaling",
      "The generated machine scales every code and has one threshold for all neurons of a layer. Set scaling to `sums`.",
    );
  }
  requireGenerated(chip);
  if (isInFlight) requireInFlight(chip, fabric);
  const engine = engineOf(chip, isInFlight);
  const machine = machineOf(hardware, machineNetwork(model, geometry));
  if (fabric.kind === "memories") requireMemories(chip, machine.timing);
  const schedule = scheduleOf(machine);
  const inFlight = isInFlight ? inFlightPlan(machine, schedule, engine.seedBits / SEED_BITS) : null;
  const timetable = inFlight ? schedule.inFlight! : schedule.alone;
  const period = inFlight?.interval ?? Number.POSITIVE_INFINITY;
  const layers = machine.layers.map((layer, i) =>
    layerPlan(machine, layer, mapping.layers[i], timetable.units, period, (population) =>
      integerLifConstants(unitNeuron(network, population), arithmetic),
    ),
  );
  const runs = timetable.units.filter(({ kind }) => kind === "attention");
  const attention = runs.map(({ start }) => start);
  const { heads } = engine;
  // What attention reads of a token, and puts out.
  const width = layers.find(({ attended }) => attended !== null)?.inputs ?? 0;
  const isStepMajor = machine.order === "step-major";
  if (fabric.kind === "memories" && runs.length > 0) {
    const inputs = layers.filter(({ attention }) => attention !== null);
    const firsts = inputs.map(({ results }) => results[0]);
    const spans = runs.map(({ start, end }) => ({ start: start[0], end: end[0] }));
    const seeds = engine.seedBits / SEED_BITS;
    requirePace({ clocks: inputs[0].clocks, firsts }, spans, { dimension: width / heads, seeds });
  }
  const attentionWaits = (isStepMajor || inFlight ? [] : attention).map(([start], b) => {
    const { results } = layers.find(({ name }) => name === `blocks.${b}.qkv`)!;
    return start - results[(geometry.tokens - 1) * model.steps];
  });
  return {
    fabric,
    machine,
    schedule,
    timetable,
    timing: machine.timing,
    arithmetic,
    adc,
    layers,
    attention,
    codeBits: codeBitsOf(adc.bits as number, adc.mode),
    engine,
    attentionWaits,
    stepMajor: isStepMajor ? stepMajorPlan(machine, schedule.alone) : null,
    inFlight,
    readOut: model.readOut ?? "joint",
    wiring: mapping.layers[0],
    hasPositions: hasPositions(model),
    hasStream: operationsOf(machine.network.graph, "add").length > 0,
    tokens: geometry.tokens,
    steps: model.steps,
    width,
    heads,
    depth: blocksIn(machine.network.graph),
  };
}

/** Throws MappingError for a list that is no chain of layers, neurons and maps, with one stream of tokens around layers. */
function requireChain(graph: Graph, { tokens }: Geometry): void {
  const { operations, values } = graph;
  const layers = new Map(layersOf(graph).map((layer) => [layer.name, layer]));
  /** What the stream holds so far. */
  let stream: string | null = null;
  for (const [i, operation] of operations.entries()) {
    const { kind, name, reads, writes } = operation;
    const refuse = (why: string): never => {
      throw new MappingError(`model.operations.${name}`, `The generated machine of a list ${why}.`);
    };
    const before = i === 0 ? INPUT : operations[i - 1].writes;
    const last = reads[reads.length - 1];
    if (last !== before) refuse(`is a chain, but ${name} reads ${last}, not ${before}`);
    switch (kind) {
      case "windows":
      case "neurons":
      case "read-out":
        continue;
      case "linear":
        if (layers.get(name)!.beginsStream) stream = writes;
        continue;
      case "position":
        if (before !== stream || operations[i - 1].kind !== "linear") refuse("adds positions where the stream begins");
        stream = writes;
        continue;
      case "add":
        if (reads[0] !== stream) refuse(`has one stream, but ${name} adds to ${reads[0]}, not to ${stream}`);
        if (values.get(writes)!.rows !== tokens) refuse(`has a stream of tokens, not one of maps. Leave ${name} out`);
        stream = writes;
        continue;
      case "pool": {
        const { size } = operation;
        const isOfSpikes = values.get(before)!.domain.kind === "bits" && operations[i + 1].kind === "windows";
        if (!isOfSpikes || (size.poolWindow ?? size.pool) !== size.pool) {
          refuse(`pools spikes, of squares that do not overlap, before a convolution. Change ${name}`);
        }
        continue;
      }
      default:
        refuse(`has no ${kind}`);
    }
  }
  if (operationsOf(graph, "linear").length > 1) return;
  throw new MappingError(
    "model.operations",
    "The generated machine has neurons between its edges. List a layer with neurons.",
  );
}

function requireGenerated({ network, mapping }: Chip): void {
  const { model } = network;
  if (isTransformer(model)) requireBlocks(model, network.geometry);
  else requireChain(graphOf(network), network.geometry);
  if (mapping.totals.loads > 1) {
    throw new MappingError(
      "hardware.crossbars",
      `The generated machine needs one crossbar for each of ${mapping.totals.blocks} blocks of weights, but the ` +
        `chip has ${mapping.totals.crossbars}. Leave crossbars out.`,
    );
  }
}

function requireBlocks(model: TransformerSpec, geometry: Geometry): void {
  const { stem } = model;
  if (!model.outputProjection) {
    throw new MappingError(
      "model.outputProjection",
      "The generated machine adds attention to the residual stream after an output projection. Set it to true.",
    );
  }
  if (model.residual === "spikes") {
    throw new MappingError(
      "model.residual",
      "The generated machine reads a bit of each line, but layers read sums of spikes. Use `membrane`.",
    );
  }
  for (const [i, layer] of (stem?.layers ?? []).entries()) {
    if (layer.poolWindow === undefined && layer.poolOf !== "currents") continue;
    throw new MappingError(
      `model.stem.layers[${i}]`,
      "The generated machine pools spikes of squares that do not overlap. Leave poolWindow and poolOf out.",
    );
  }
  if (stem?.embedding.shortcut) {
    throw new MappingError(
      "model.stem.embedding.shortcut",
      "The generated machine has no way around the embedding. Leave shortcut out.",
    );
  }
  if (geometry.readOut === "stream-mean") {
    throw new MappingError(
      "task.readOut",
      "The generated machine has last neurons for every token, not for the mean over tokens. Use `mean`.",
    );
  }
}

function layerPlan(
  machine: Machine,
  { crossbars, reads, takesCodes, everyStep, latency, ...layer }: LayerUnit,
  { blocks, lines, rowBlocks, multiplexerSteps, readOut }: LayerMapping,
  units: readonly ScheduledUnit[],
  period: number,
  neuronOf: (population: string) => IntegerLifConstants,
): LayerPlan {
  const { graph, steps } = machine.network;
  const { name, trainIn, trainOut, rows, tokens } = layer;
  const readoutUnits = decidingOf(readOut) === null ? machine.mapping.readoutUnits : 0;
  const groups: GroupPlan[] = [];
  let firstLane = 0;
  for (let b = 0; b < blocks.length; b += rowBlocks) {
    const { columnStart, columns } = blocks[b];
    const lanes = Math.min(readoutUnits, columns);
    groups.push({ columnStart, columns, lanes, firstLane, blocks: blocks.slice(b, b + rowBlocks) });
    firstLane += lanes;
  }
  const unit = units.find((one) => one.name === name)!;
  const before = units[units.indexOf(unit) - 1];
  let waiting: number | null = null;
  const feeding = writerOf(graph, trainIn);
  const windows = feeding?.kind === "windows" ? windowPlan(machine, feeding, unit, before, latency) : null;
  if (before?.kind === "linear" && windows === null) {
    // The previous layer serves all tokens; this one may read only some of them.
    const { latency: after } = machine.layers.find((one) => one.name === before.name)!;
    const from = placesOf(machine.order, rows, steps);
    const to = placesOf(machine.order, tokens.length, steps);
    const arrived = new Float64Array(unit.start.length);
    tokens.forEach((token, n) => {
      for (let t = 0; t < steps; t++) arrived[to(n, t)] = before.end[from(token, t)] + after;
    });
    waiting = peakOverlap(arrived, unit.end, period);
  }
  const results = unit.end.map((end) => end + latency);
  const module = `layer_${name.replaceAll(".", "_")}`;
  return {
    ...layer,
    module,
    readOut,
    neuron: trainOut === null ? null : neuronOf(trainOut),
    lines,
    rowBlocks,
    multiplexerSteps,
    groups,
    waiting,
    windows,
    start: unit.start[0],
    results,
    lanes: firstLane,
  };
}

/** Name in signals and instances of a layer. */
export const shortName = ({ module }: Pick<LayerPlan, "module">): string => module.replace(/^layer_/, "");

/** The layer that begins the residual stream. */
export const embedOf = ({ layers }: Pick<MachinePlan, "layers">): LayerPlan =>
  layers.find(({ beginsStream }) => beginsStream)!;

/**
 * Seeds of a prompt at the machine's edge: bits of a write, a multiple of a word, and their number.
 *
 * @param window words that the port addresses, where constants lie behind the seeds
 */
export function seedPortOf(
  { depth, engine, inFlight }: Pick<MachinePlan, "depth" | "engine" | "inFlight">,
  window?: number,
) {
  const atOnce = inFlight?.seedsAtOnce ?? 1;
  const writes = (depth * engine.seedBits) / (atOnce * SEED_BITS);
  return { atOnce, width: atOnce * SEED_BITS, writes, places: window ?? writes };
}

/** Inputs of the machine: lines per vector, and vectors per prompt. */
export function inputOf({ layers, tokens, steps }: Pick<MachinePlan, "layers" | "tokens" | "steps">) {
  const { windows, inputs } = layers[0];
  return windows
    ? { width: windows.size.channels, vectors: comingVectors(windows, steps) }
    : { width: inputs, vectors: tokens * steps };
}
