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
import { decidingFor } from "../hardware/read-out.ts";
import { expectedBits } from "../hardware/spike-code.ts";
import { planReadings } from "../hardware/tile-plan.ts";
import { beginsStream, type LinearLayer } from "../model/layers.ts";
import { comparisonsOf, neuronGrid, pixels, poolsCurrents } from "../model/stem.ts";
import { power } from "../numeric/power.ts";
import { type BlockDensities, blockRuns, type Densities, densityInto } from "./densities.ts";
import { type MachineCore, type SsaUnit, takesCodes } from "./machine.ts";
import {
  attentionParts,
  bitsInto,
  IDEAL_NEURON,
  lastVectors,
  type NetworkShape,
  shapeLayers,
  stemBefore,
  VALUE_BITS,
} from "./shape.ts";

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
  readonly density: number;
  readonly bits: number;
  /** Whether neurons take its codes as they are. */
  readonly taken: boolean;
}

/**
 * Operations of one inference. For an embedding of values only the conversions are counted, and for such a network the head and
 * the neurons before it are left out: below 1 % of published workloads.
 */
export function countActions(machine: MachineCore, densities: Densities, rules: CountingRules = {}): OperationCounts[] {
  const { shape, crossbar } = machine;
  const { width, tokens, steps, depth, residuals, stateWords = 1 } = shape;
  const values = steps * tokens * width;
  const lines = shape.embedding === "lines";
  const operations: OperationCounts[] = [];
  const add = (name: string, kind: OperationCounts["kind"], repeat: number, actions: Partial<ActionTally>) => {
    const operation = { name, kind, repeat, actions: { ...emptyTally(), ...actions } };
    operations.push(operation);
    return operation.actions;
  };
  const { linesPerInput } = crossbar;
  const linear = (repeat: number, layer: LinearLayer, density: number, perStep = tokens) => {
    const { name, readsInput, inputs, outputs } = layer;
    const counted = {
      inputs,
      outputs,
      density,
      tokens: perStep,
      bits: bitsInto(layer, shape),
      linesPerInput: readsInput ? linesPerInput : 1,
      rows: rowsFor(layer, crossbar),
      taken: takesCodes(machine, layer),
    };
    const deciding = decidingFor(layer, machine);
    const counts =
      deciding === null ? linearActions(machine, rules, counted) : chargeActions(machine, deciding, counted);
    return add(name, "linear", repeat, counts);
  };
  /** Columns without converters, which are neurons themselves. */
  const columns = (
    { trainOut, outputs }: LinearLayer,
    keeps: boolean,
    densities: readonly number[],
    repeat: number,
  ) => {
    const once = tokens * outputs;
    const fired = densities.reduce((sum, one) => sum + one, 0) / densities.length;
    const leaks = keeps && leakShiftOf(shape.neuron ?? IDEAL_NEURON) > 0;
    add(trainOut!, "neurons", repeat, {
      decisions: steps * once,
      bitsWritten: steps * once,
      bitsSent: steps * tokens * sentOf(machine, outputs, densities),
      chargeSharings: leaks ? (steps - 1) * once : 0,
      membraneResets: keeps ? once + steps * once * fired : 0,
    });
  };
  /** @param density of their spikes: of each part, if the row consists of several */
  const neurons = (
    train: string | null,
    features: number,
    repeat: number,
    density: number | readonly number[],
    perStep = tokens,
    taken = false,
  ) => {
    const stored = machine.order === "step-major" ? (steps - 1) * perStep * features * stateWords : 0;
    const updates = steps * perStep * features;
    const membranes = { membraneReads: stored, membraneWrites: stored };
    const bitsSent = steps * perStep * sentOf(machine, features, [density].flat());
    const offsetAdditions = taken && rules.scaled !== false ? updates : 0;
    add(train!, "neurons", repeat, {
      offsetAdditions,
      lifUpdates: updates,
      bitsWritten: updates,
      bitsSent,
      ...membranes,
    });
  };
  const join = (actions: ActionTally, kept: number) => {
    if (residuals === 0) return;
    actions.residualAdditions += values;
    actions.streamReads += values;
    actions.streamWrites += values * kept;
  };
  const parts = attentionParts(shape);
  const layers = shapeLayers(shape);
  const before = stemBefore(shape);
  for (const [i, size] of before.entries()) {
    const layer = layers[i];
    const actions = linear(1, layer, densities.stemDensities?.[i] ?? 0, pixels(size.windows));
    if (poolsCurrents(size)) actions.accumulations += steps * comparisonsOf(size);
    if (layer.joins !== null) actions.streamWrites += values;
    // Windows of the next layer repeat the map, and pooling makes it denser.
    const density = densities.stemDensities?.[i + 1] ?? densities.inputDensity;
    neurons(layer.trainOut, layer.outputs, 1, density, pixels(neuronGrid(size)), takesCodes(machine, layer));
  }
  const embedding = layers.find(beginsStream)!;
  if (lines) {
    const actions = linear(1, embedding, densities.inputDensity);
    if (shape.positions) actions.offsetAdditions += values;
    if (residuals > 0) actions.streamWrites += values;
    if (shape.stemShortcut) {
      actions.residualAdditions += values;
      actions.streamReads += values;
    }
  } else {
    const sums = VALUE_BITS * tokens * Math.ceil((shape.inputs * linesPerInput) / rowsFor(embedding, crossbar)) * width;
    const stream = residuals > 0 ? values : 0;
    add(embedding.name, "linear", 1, { conversions: sums * conversionsPerSum(machine), streamWrites: stream });
  }
  for (const { first, repeat, densities: block } of blockRuns(densities)) {
    const ofBlock = layers.filter((layer) => layer.block === first);
    // The last block's sum goes straight to the output neurons.
    const lastSums = first + repeat === depth ? (repeat - 1) / repeat : 1;
    for (const [i, layer] of ofBlock.entries()) {
      const { inputs, outputs, trainIn, trainOut, attention } = layer;
      const kept = i === ofBlock.length - 1 ? lastSums : 1;
      const density = densityInto(layer, block);
      if (layer.readsStream) neurons(trainIn, inputs, repeat, density);
      const actions = linear(repeat, layer, density);
      const deciding = decidingFor(layer, machine);
      const fired = attention === null ? [block.down] : parts.map((part) => block[part]);
      if (!layer.ownNeurons) join(actions, kept);
      else if (deciding === null) neurons(trainOut, outputs, repeat, fired, tokens, takesCodes(machine, layer));
      else columns(layer, deciding.keeps, fired, repeat);
      if (attention === null) continue;
      const attending = attentionActions(machine, block);
      if (attending !== null) add(attention, "attention", repeat, attending);
      if (!shape.outputProjection) join(add(`blocks.${first}.shortcut`, "residual", repeat, {}), kept);
    }
  }
  if (lines) {
    const head = layers[layers.length - 1];
    if (shape.meanStream) add("stream.mean", "residual", 1, { residualAdditions: values });
    neurons(head.trainIn, head.inputs, 1, densities.headDensity, lastVectors(shape));
    linear(1, head, densities.headDensity, shape.queries);
  }
  return operations;
}

const conversionsPerSum = ({ mode }: MachineCore): number => (mode === "pair" ? 2 : 1);

function linearActions(
  machine: MachineCore,
  { scaled = true, skipSilentBlocks = false }: CountingRules,
  { inputs, linesPerInput, outputs, rows, tokens, density: given, bits, taken }: Counted,
): Partial<ActionTally> {
  // Bits of a number are 1 half of the time.
  const density = bits > 1 ? 0.5 : given;
  const vectors = machine.shape.steps * tokens * bits;
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
    accumulations: sums - vectors * outputs,
    offsetAdditions: scaled && !taken ? vectors * outputs : 0,
    bitsRead: vectors * inputs,
  };
}

/** Charge from a layer's crossbars to columns without converters. */
function chargeActions(
  { shape, crossbar }: MachineCore,
  { keeps }: Deciding,
  { inputs, linesPerInput, outputs, rows, tokens, density, bits }: Counted,
): Partial<ActionTally> {
  const vectors = shape.steps * tokens * bits;
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
function attentionActions(machine: MachineCore, block: BlockDensities): Partial<ActionTally> | null {
  const { shape, attention } = machine;
  const { coincidences } = block;
  if (attention.unit === "none") return null;
  const { steps, tokens, width } = shape;
  const written = tokens * sentOf(machine, width, [block.projection]);
  switch (attention.unit) {
    case "ssa-tile": {
      const { query, key } = planReadings(attention.plan, tokens);
      const timesOf = (times: Uint32Array) => times.reduce((sum, one) => sum + one, 0);
      const read =
        timesOf(query) * sentOf(machine, width, [block.query]) +
        timesOf(key) * sentOf(machine, 2 * width, [block.key, block.value]);
      return { ...ssaActions(shape, attention, coincidences), bitsSent: steps * (read + written) };
    }
    case "pair-tile":
    case "column-counters":
    case "token-counters":
    case "outer-product": {
      const actions = unitActions(attention, steps);
      for (const action of ACTION_NAMES) actions[action] *= shape.heads;
      let read = 0;
      for (const [part, times] of Object.entries(unitReadings(attention)) as [AttentionPart, ArrayLike<number>][]) {
        const sent = sentOf(machine, width, [block[part]]);
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

function ssaActions(shape: NetworkShape, ssa: SsaUnit, coincidences: number): Partial<ActionTally> {
  const { plan, lfsr, drained } = ssa;
  const { steps, heads, tokens, width, scores } = shape;
  const { passes, tileTokens } = plan;
  const dimension = width / heads;
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
