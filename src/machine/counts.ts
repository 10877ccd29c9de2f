/**
 * The actions of one inference, operation by operation, from a machine and its spike densities: the analytic twin of what
 * simulators count.
 *
 * These formulas are independent of the simulators, so the two can be compared on the same run.
 */
import type { AttentionPart } from "../experiment/by-attention.ts";
import type { Deciding } from "../experiment/by-read-out.ts";
import { ACTION_NAMES, type ActionTally, emptyTally } from "../hardware/actions.ts";
import { offeredBits, unitActions, unitReadings } from "../hardware/attention/catalogue.ts";
import { rowsFor } from "../hardware/crossbar.ts";
import { lfsrWiring } from "../hardware/draws.ts";
import { leakShiftOf } from "../hardware/lif-parameters.ts";
import { readsFor } from "../hardware/line-reads.ts";
import { decidingFor } from "../hardware/read-out.ts";
import { expectedBits } from "../hardware/spike-code.ts";
import { planReadings } from "../hardware/tile-plan.ts";
import { sumsOnLines, waitingOf } from "../mapping/behind.ts";
import { besideAttention } from "../model/attention/operation.ts";
import { type Graph, writerOf } from "../model/graph.ts";
import { type LinearLayer, layersOf } from "../model/layers.ts";
import type { NeuronsOperation } from "../model/neuron/operation.ts";
import { comparisonsOf } from "../model/stem.ts";
import { power } from "../numeric/power.ts";
import { type Densities, type GraphDensities, graphDensities, type TrainDensities } from "./densities.ts";
import { type Engine, type MachineCore, type SsaUnit, takesCodes } from "./machine.ts";
import { entersOnce, readsInto, readsNumbers, rowsServed, VALUE_BITS } from "./network.ts";

export interface OperationCounts {
  readonly name: string;
  readonly kind: "linear" | "neurons" | "attention" | "residual";
  /** For one operation; `repeat` equal operations. */
  readonly actions: ActionTally;
  readonly repeat: number;
}

/** Assumptions of published comparisons that differ from our machine. By default, as simulated. */
export interface CountingRules {
  /** Local sums are scaled to the layer's unit and offsets are added, because every crossbar has its own range. Default true. */
  readonly scaled?: boolean;
  /** A row block without spikes is not converted. Default false. */
  readonly skipSilentBlocks?: boolean;
}

interface Counted {
  readonly inputs: number;
  /** Lines per input. */
  readonly linesPerInput: number;
  readonly outputs: number;
  readonly rows: number;
  /** Vectors per time step: tokens, or windows of a stem. */
  readonly tokens: number;
  /** Reads of a vector, and ones on its lines in the mean read. */
  readonly reads: number;
  readonly density: number;
  /** Whether neurons take its codes as they are. */
  readonly taken: boolean;
}

/**
 * Operations of one inference. For an embedding of values only the conversions are counted, and for such a network the head and
 * the neurons before it are left out: below 1 % of published workloads.
 */
export function countActions(
  machine: MachineCore,
  densities: Densities | TrainDensities,
  rules: CountingRules = {},
): OperationCounts[] {
  const { network, engines } = machine;
  const { graph, steps } = network;
  const { stored, latest } = waitingOf(graph);
  const sums = sumsOnLines(graph);
  const layers = new Map(layersOf(graph).map((layer) => [layer.name, layer]));
  const at = graphDensities(graph, densities);
  const repeats = new Map(at.runs.map(({ first, repeat }) => [first, repeat]));
  const counted: OperationCounts[] = [];
  /** What counts the work of the adders on a value. */
  const entries = new Map<string, ActionTally>();
  const sizeOf = (value: string) => {
    const { rows, features } = graph.values.get(value)!;
    return steps * rows * features;
  };
  for (const operation of graph.operations) {
    const { kind, name, block, reads, writes } = operation;
    const repeat = block === null || at.runs.length === 0 ? 1 : repeats.get(block);
    // The first of several equal blocks is counted for all of them.
    if (repeat === undefined) continue;
    const add = (name: string, kind: OperationCounts["kind"], actions: Partial<ActionTally>) => {
      const tally = { ...emptyTally(), ...actions };
      counted.push({ name, kind, repeat, actions: tally });
      return tally;
    };
    /** The share of the blocks that keep a value: the last one's sum goes straight to the output neurons. */
    const settle = (entry: ActionTally, value = writes) => {
      entries.set(value, entry);
      const kept = keptShare(graph, value, repeat, stored);
      if (kept > 0) entry.streamWrites += sizeOf(value) * kept;
      const most = sums.get(value);
      if (most !== undefined) entry.bitsWritten += sizeOf(value) * readsFor(most, machine.crossbar.integers);
      return entry;
    };
    /** Spikes read as numbers begin an entry of their own. */
    const entryOf = (value: string) =>
      entries.get(value) ?? settle(add(besideAttention(value, "shortcut"), "residual", {}), value);
    const size = sizeOf(writes);
    const layer = layers.get(name);
    if (network.embedding === "values" && block === null && !layer?.readsInput) continue;
    switch (kind) {
      case "linear":
        settle(add(name, "linear", layerActions(machine, layer!, at, rules)));
        break;
      case "neurons":
        if (graph.values.get(reads[0])!.domain.kind === "bits") entryOf(reads[0]);
        add(writes, "neurons", neuronActions(machine, operation, at.sent(writes), rules));
        break;
      case "attention": {
        const engine = engines.find(({ serves }) => serves.includes(name))!;
        const actions = attentionActions(machine, engine, at.attended(name));
        if (actions !== null) add(name, "attention", actions);
        break;
      }
      case "position":
      case "add": {
        // Spikes that wait for a sum are written as numbers, too.
        for (const value of reads) if (stored.has(value)) entryOf(value);
        const entry = entryOf(latest(operation));
        if (kind === "position") entry.offsetAdditions += size;
        else {
          entry.residualAdditions += size;
          entry.streamReads += size;
        }
        settle(entry);
        break;
      }
      case "sum": {
        const entry = entryOf(reads[0]);
        entry.residualAdditions += (operation.trains - 1) * size;
        settle(entry);
        break;
      }
      case "token-mean":
        settle(add(name, "residual", { residualAdditions: sizeOf(reads[0]) }));
        break;
      case "pool": {
        if (graph.values.get(reads[0])!.domain.kind === "bits") break;
        const entry = entryOf(reads[0]);
        entry.accumulations += steps * comparisonsOf(operation.size);
        settle(entry);
        break;
      }
      default: {
        const entry = entries.get(reads[0]);
        if (entry) settle(entry);
      }
    }
  }
  return counted;
}

/** Of the equal blocks that a value is counted for, the share in which others wait for it. */
function keptShare(graph: Graph, value: string, repeat: number, stored: ReadonlySet<string>): number {
  const block = writerOf(graph, value)?.block ?? null;
  if (block === null || repeat === 1) return stored.has(value) ? 1 : 0;
  const inBlock = (index: number) => graph.operations.filter((one) => one.block === index);
  const place = inBlock(block).findIndex(({ writes }) => writes === value);
  let kept = 0;
  for (let i = 0; i < repeat; i++) if (stored.has(inBlock(block + i)[place].writes)) kept++;
  return kept / repeat;
}

function layerActions(
  machine: MachineCore,
  layer: LinearLayer,
  at: GraphDensities,
  rules: CountingRules,
): Partial<ActionTally> {
  const { network, crossbar } = machine;
  const { readsInput, inputs, outputs, rows } = layer;
  const linesPerInput = readsInput ? crossbar.linesPerInput : 1;
  if (entersOnce(layer, network)) {
    const sums = VALUE_BITS * rows * Math.ceil((inputs * linesPerInput) / rowsFor(layer, crossbar)) * outputs;
    return { conversions: sums * conversionsPerSum(machine) };
  }
  const counted = {
    inputs,
    outputs,
    linesPerInput,
    // Bits of a number are 1 half of the time.
    density: readsNumbers(layer, network) ? 0.5 : at.into(layer),
    reads: readsInto(layer, network, crossbar),
    tokens: rowsServed(network.graph, layer).length,
    rows: rowsFor(layer, crossbar),
    taken: takesCodes(machine, layer),
  };
  const deciding = decidingFor(layer, machine);
  return deciding === null ? linearActions(machine, rules, counted) : chargeActions(machine, deciding, counted);
}

/** @param densities of their spikes: of each part, if the row consists of several */
function neuronActions(
  machine: MachineCore,
  { writes }: NeuronsOperation,
  densities: readonly number[],
  { scaled }: CountingRules,
): Partial<ActionTally> {
  const { network } = machine;
  const { graph, steps, stateWords = 1, neuron } = network;
  const { rows, features } = graph.values.get(writes)!;
  const once = rows * features;
  const bitsSent = steps * rows * sentOf(machine, features, densities);
  const layer = layersOf(graph).find(({ trainOut, ownNeurons }) => ownNeurons && trainOut === writes);
  const deciding = layer ? decidingFor(layer, machine) : null;
  if (deciding !== null) {
    // Columns without converters are neurons themselves.
    const { keeps } = deciding;
    const fired = densities.reduce((sum, one) => sum + one, 0) / densities.length;
    return {
      decisions: steps * once,
      bitsWritten: steps * once,
      bitsSent,
      chargeSharings: keeps && leakShiftOf(neuron) > 0 ? (steps - 1) * once : 0,
      membraneResets: keeps ? once + steps * once * fired : 0,
    };
  }
  const stored = machine.order === "step-major" ? (steps - 1) * rows * features * stateWords : 0;
  const updates = steps * rows * features;
  const taken = layer !== undefined && takesCodes(machine, layer);
  return {
    offsetAdditions: taken && scaled !== false ? updates : 0,
    lifUpdates: updates,
    bitsWritten: updates,
    bitsSent,
    membraneReads: stored,
    membraneWrites: stored,
  };
}

const conversionsPerSum = ({ mode }: MachineCore): number => (mode === "pair" ? 2 : 1);

function linearActions(
  machine: MachineCore,
  { scaled = true, skipSilentBlocks = false }: CountingRules,
  { inputs, linesPerInput, outputs, rows, tokens, density, reads, taken }: Counted,
): Partial<ActionTally> {
  const results = machine.network.steps * tokens * outputs;
  const vectors = machine.network.steps * tokens * reads;
  const lines = inputs * linesPerInput;
  const sums = vectors * outputs * Math.ceil(lines / rows);
  const spikes = vectors * lines * density;
  // Lines of one input fire together: a block is silent when all inputs with a line in it are silent.
  const read = skipSilentBlocks ? 1 - power(1 - density, Math.min(rows, inputs)) : 1;
  return {
    lineDrives: spikes * Math.ceil(outputs / machine.crossbar.columns),
    cellReads: spikes * outputs,
    conversions: sums * conversionsPerSum(machine) * read,
    subtractions: machine.mode === "pair" ? sums * read : 0,
    scalings: scaled && !taken ? sums : 0,
    accumulations: sums - results,
    offsetAdditions: scaled && !taken ? results : 0,
    bitsRead: vectors * inputs,
  };
}

/** Charge from a layer's crossbars to columns without converters. */
function chargeActions(
  { network, crossbar }: MachineCore,
  { keeps }: Deciding,
  { inputs, linesPerInput, outputs, rows, tokens, density }: Counted,
): Partial<ActionTally> {
  const vectors = network.steps * tokens;
  const lines = inputs * linesPerInput;
  const spikes = vectors * lines * density;
  return {
    lineDrives: spikes * Math.ceil(outputs / crossbar.columns),
    cellReads: spikes * outputs,
    chargeTransfers: keeps ? vectors * outputs * Math.ceil(lines / rows) : 0,
    bitsRead: vectors * inputs,
  };
}

/** Bits sent for a row of spikes, one density for each of its parts; 0 where every bit is sent, which is not counted apart. */
function sentOf({ transport }: MachineCore, features: number, densities: readonly number[]): number {
  if (transport.code === "bits") return 0;
  const width = features / densities.length;
  return densities.reduce((sum, density) => sum + expectedBits(transport, width, density), 0);
}

/** Null without attention units. */
function attentionActions(
  machine: MachineCore,
  engine: Engine,
  at: ReturnType<GraphDensities["attended"]>,
): Partial<ActionTally> | null {
  const { coincidences } = at;
  if (engine.unit === "none") return null;
  const { steps } = machine.network;
  const { tokens, heads, dimension } = engine;
  const width = heads * dimension;
  const written = tokens * sentOf(machine, width, [at.output]);
  switch (engine.unit) {
    case "ssa-tile": {
      const { query, key } = planReadings(engine.plan, tokens);
      const timesOf = (times: Uint32Array) => times.reduce((sum, one) => sum + one, 0);
      const read =
        timesOf(query) * sentOf(machine, width, [at.query]) +
        timesOf(key) * sentOf(machine, 2 * width, [at.key, at.value]);
      return { ...ssaActions(engine, steps, coincidences), bitsSent: steps * (read + written) };
    }
    case "pair-tile":
    case "column-counters":
    case "token-counters":
    case "outer-product": {
      const actions = unitActions(engine, steps);
      for (const action of ACTION_NAMES) actions[action] *= heads;
      let read = 0;
      for (const [part, times] of Object.entries(unitReadings(engine)) as [AttentionPart, ArrayLike<number>][]) {
        const sent = sentOf(machine, width, [at[part]]);
        for (let token = 0; token < tokens; token++) read += times[token] * sent;
      }
      return {
        ...actions,
        counterIncrements: offeredBits(actions) * coincidences,
        bitsSent: steps * (read + written),
      };
    }
  }
}

function ssaActions(
  ssa: Extract<Engine, { unit: "ssa-tile" }>,
  steps: number,
  coincidences: number,
): Partial<ActionTally> {
  const { plan, lfsr, drained, heads, tokens, dimension, scores } = ssa;
  const { passes, tileTokens } = plan;
  const width = heads * dimension;
  const cells = steps * heads * scores;
  const ands = steps * scores * width;
  const bits = steps * tokens * width;
  // A pass serves whole blocks of tokens; the last block has the remaining ones.
  const inBlock = (block: number) => Math.min(tileTokens, tokens - block * tileTokens);
  const queries = passes.reduce((sum, { queryBlock }) => sum + inBlock(queryBlock), 0);
  const keys = passes.reduce((sum, { keyBlock }) => sum + inBlock(keyBlock), 0);
  const clocks = (steps * passes.length + (drained === "step" ? steps : 1)) * dimension;
  const columns = steps * queries * width;
  return {
    scoreAnds: ands,
    counterIncrements: ands * coincidences,
    scoreComparisons: cells,
    valueAnds: ands,
    columnAdditions: columns,
    partialSums: columns - bits,
    fifoShifts: heads * clocks * ssa.fifos * ssa.fifoBits,
    outputComparisons: bits,
    randomNumbers: cells + bits,
    lfsrShifts: lfsr === null ? 0 : clocks * lfsr.shiftsPerClock * registersOf(lfsr, tileTokens, heads, ssa.groups),
    bitsRead: steps * (queries + 2 * keys) * width,
    bitsWritten: bits,
  };
}

/** Registers that shift until all heads are served: those of each tile, or those of the engine once per group of heads. */
function registersOf(
  { sharing, scope }: NonNullable<SsaUnit["lfsr"]>,
  tileTokens: number,
  heads: number,
  groups: number,
) {
  return lfsrWiring(sharing, tileTokens).registers * (scope === "engine" ? groups : heads);
}
