/**
 * The functional simulator on the WebAssembly kernels: fast twin of `reference/simulate.ts`, with the same `Trace` to the last bit.
 *
 * A simulator is planned once per chip on an arena and never allocates there afterwards. Spikes stay packed; line currents live
 * in chunks (`linear.ts`); counts follow from shapes and numbers of ones (`../counts.ts`). The chip's conductances are read
 * when a run brings another stream than the one before, because a read depends on chip and stream only.
 */
import { ShapeError } from "../../errors.ts";
import { type ActionTally, emptyTally, sumActions } from "../../hardware/actions.ts";
import type { CrossbarReading } from "../../hardware/crossbar.ts";
import { TIMING, vectorClocks } from "../../hardware/timing.ts";
import { type Arena, countingArena, type PackedBits, type Place, reserveBits } from "../../kernels/arena.ts";
import { standaloneKernels } from "../../kernels/memory.ts";
import type { ChosenTokens } from "../../kernels/ops.ts";
import type { SimulationOps } from "../../kernels/simulation-ops.ts";
import { type LayerMapping, ssaParametersOf } from "../../mapping/mapping.ts";
import { tokensRead } from "../../model/geometry.ts";
import type { Stream } from "../../numeric/stream.ts";
import type { SpikeTrain } from "../../spike/train.ts";
import { type Chip, chipAt, readCrossbars } from "../chip.ts";
import { CALIBRATION_TIME, fullScales, rangesOf } from "../compensation.ts";
import { attentionActions, countJoin, linearActions, neuronActions } from "../counts.ts";
import { engineCycles } from "../reference/attention.ts";
import { calibrate, needsCalibration, requirePrompts, requireRanges, simulate } from "../reference/simulate.ts";
import {
  densitiesOf,
  meanLogits,
  meanOverTokens,
  type SpikeCount,
  type StageTrace,
  type Trace,
  type TraceOptions,
} from "../trace.ts";
import { type AttentionPlan, bindAttention, planAttention } from "./attention.ts";
import { bindCrossbars, type CrossbarPlan, planCrossbars } from "./linear.ts";

export interface SimulatorOptions {
  /** Most prompts that one run may carry. */
  readonly maxPrompts: number;
  /** Most time steps of a run. Default: those of the network. */
  readonly maxSteps?: number;
}

export interface Simulator {
  /** As `simulate` of the reference. Throws ShapeError also when the input is larger than planned. */
  run(input: SpikeTrain, random: Stream, options?: TraceOptions): Trace;
  /** As `calibrate` of the reference. State: the simulator runs with the new ranges from then on. */
  calibrate(input: SpikeTrain, random: Stream): Chip;
}

/** Runs a chip once, on memory of its own. For more than a few runs of a chip keep a simulator. */
export function simulateFast(chip: Chip, input: SpikeTrain, random: Stream, options: TraceOptions = {}): Trace {
  return createStandaloneSimulator(chip, inputSizes(chip, input)).run(input, random, options);
}

/** Calibrates a chip, on memory of its own. */
export function calibrateFast(chip: Chip, input: SpikeTrain, random: Stream): Chip {
  return createStandaloneSimulator(chip, inputSizes(chip, input)).calibrate(input, random);
}

const inputSizes = (chip: Chip, input: SpikeTrain): SimulatorOptions => ({
  maxPrompts: Math.max(1, requirePrompts(chip, input)),
  maxSteps: input.steps,
});

/** A simulator on memory of its own. */
export function createStandaloneSimulator(chip: Chip, options: SimulatorOptions): Simulator {
  const { kernels, arena } = standaloneKernels(simulatorBytes(chip, options));
  return createSimulator(kernels, arena, chip, options);
}

/** Bytes that a simulator of this chip takes from its arena; the same for every chip of one network and mapping. */
export function simulatorBytes(chip: Chip, options: SimulatorOptions): number {
  const counting = countingArena();
  planSimulator(counting, chip, options);
  return counting.used;
}

/** In whole numbers the reference runs. */
export const createSimulator = (ops: SimulationOps, arena: Arena, chip: Chip, options: SimulatorOptions): Simulator =>
  chip.hardware.arithmetic === null
    ? bindSimulator(ops, planSimulator(arena, chip, options), chip)
    : referenceSimulator(chip);

function referenceSimulator(chip: Chip): Simulator {
  let ready = chip;
  return {
    run: (input, random, options) => simulate(ready, input, random, options),
    calibrate: (input, random) => {
      ready = calibrate(chip, input, random);
      return ready;
    },
  };
}

/** Where a simulator's arrays lie. */
export interface SimulatorPlan {
  readonly maxPrompts: number;
  readonly maxSteps: number;
  /** Position vectors; null without. */
  readonly position: Place | null;
  /** The tokens that the head reads. */
  readonly chosen: ChosenTokens;
  readonly crossbars: CrossbarPlan;
  readonly tiles: AttentionPlan | null;
  readonly bits: Readonly<Record<"input" | "narrow" | "qkv" | "hidden" | "read", PackedBits>>;
  readonly stream: Place;
  /** Pre-activations of one layer. */
  readonly y: Place;
}

export function planSimulator(
  arena: Arena,
  chip: Chip,
  { maxPrompts, maxSteps = chip.network.model.steps }: SimulatorOptions,
): SimulatorPlan {
  const { model, geometry } = chip.network;
  const { width, expansion } = model;
  const { tokens, inputs, classes } = geometry;
  const count = tokensRead(geometry).length;
  const maxRows = maxSteps * maxPrompts * tokens;
  const readRows = maxSteps * maxPrompts * count;
  return {
    maxPrompts,
    maxSteps,
    position: model.position === "learned" ? arena.words(tokens * width) : null,
    chosen: { at: arena.words(count), count },
    crossbars: planCrossbars(arena, chip),
    tiles: planAttention(arena, chip, { maxSteps, maxPrompts }),
    bits: {
      input: reserveBits(arena, maxRows, inputs),
      narrow: reserveBits(arena, maxRows, width),
      qkv: reserveBits(arena, maxRows, 3 * width),
      hidden: reserveBits(arena, maxRows, expansion * width),
      read: reserveBits(arena, readRows, width),
    },
    stream: arena.words(maxRows * width),
    y: arena.words(Math.max(maxRows * Math.max(3, expansion) * width, readRows * classes)),
  };
}

/** State: writes what the chip has beside its conductances: offsets, position vectors, the mask. */
export function bindSimulator(ops: SimulationOps, plan: SimulatorPlan, chip: Chip): Simulator {
  const { maxPrompts, maxSteps, position, chosen, bits, stream, y } = plan;
  const { network, mapping, hardware } = chip;
  const { model, geometry, parameters } = network;
  const { width: D } = model;
  const { tokens } = geometry;
  const layers = new Map(mapping.layers.map((layer) => [layer.name, layer]));
  const tile = ssaParametersOf(network, hardware);
  if (position !== null) ops.write(position, parameters.position.data);
  ops.write(chosen.at, tokensRead(geometry));
  const crossbars = bindCrossbars(ops, plan.crossbars, chip);
  const tiles = bindAttention(ops, plan.tiles, chip);
  let ranges = chip.ranges;
  let loadedKey = "";

  /** Reads the chip with this stream, unless that is what lies in memory. */
  function read(random: Stream) {
    const key = random.key.join();
    if (key === loadedKey) return;
    crossbars.setConverters(fullScales({ ...chip, ranges }, load(chip, random)), random);
    loadedKey = key;
  }

  /** Reads a chip into memory; returns each crossbar's scales, all that is still wanted of its reading. */
  function load(from: Chip, random: Stream): Pick<CrossbarReading, "scales">[] {
    const readings: Pick<CrossbarReading, "scales">[] = [];
    for (const [crossbar, reading] of readCrossbars(from, random)) {
      crossbars.load(crossbar, reading);
      readings[crossbar] = { scales: reading.scales };
    }
    return readings;
  }

  function runNetwork(
    input: SpikeTrain,
    random: Stream,
    { firstPrompt = 0, rasters: rasterPrompts = 0 }: TraceOptions,
    measured: Float64Array | null,
  ): Trace {
    const prompts = requirePrompts(chip, input);
    const { steps, rows } = input;
    requireRoom(steps, prompts);
    if (measured === null) read(random);
    ops.write(bits.input.at, input.words);
    const stages: StageTrace[] = [];
    const spikes: Record<string, SpikeCount> = {};
    const rasters: Record<string, SpikeTrain> = {};

    const keep = (name: string, train: PackedBits) => {
      spikes[name] = { ones: ops.countBits(train, steps * rows), bits: steps * rows * train.features };
      if (rasterPrompts > 0) rasters[name] = firstRows(ops, train, steps, rows, rasterPrompts * tokens);
    };
    const linear = (name: string, from: PackedBits, perPrompt: number, to: Place): ActionTally => {
      const vectors = steps * prompts * perPrompt;
      const layer = layers.get(name) as LayerMapping;
      const actions = linearActions(layer, hardware.adc.mode, vectors, ops.countBits(from, vectors));
      const clipped = crossbars.run(layer, from, { steps, firstPrompt, prompts, perPrompt }, to, measured);
      stages.push({
        name,
        kind: "linear",
        cycles: vectors * vectorClocks(layer.multiplexerSteps, TIMING),
        actions,
        clipped,
      });
      return actions;
    };
    const fire = (name: string, currents: Place, to: PackedBits) => {
      ops.fire({ currents, steps, rows, map: null, neuron: model.neuron, spikes: to });
      const actions = neuronActions(rows * to.features, steps, hardware.order);
      stages.push({ name, kind: "neurons", cycles: 0, actions, clipped: 0 });
      keep(name, to);
    };
    const attend = (block: number) => {
      const name = `blocks.${block}`;
      const call = { block, steps, prompts, firstPrompt, random };
      const { ones, increments } = tiles.run(bits.qkv, bits.narrow, call);
      const actions = attentionActions(mapping.ssa, tile, hardware.ssa.random, { steps, prompts, increments });
      const cycles = prompts * engineCycles(steps, mapping.ssa);
      stages.push({ name: `${name}.attention`, kind: "attention", cycles, actions, clipped: 0 });
      spikes[`${name}.scores`] = { ones, bits: steps * prompts * model.heads * tokens ** 2 };
      keep(`${name}.attention`, bits.narrow);
    };
    /** A layer whose result joins the stream: it is added, or takes the stream's place. */
    const branch = (name: string, from: PackedBits, kept: boolean) => {
      if (model.residual === "none") return void linear(name, from, tokens, stream);
      countJoin(linear(name, from, tokens, y), steps * rows * D, kept);
      ops.add(stream, y, steps * rows * D);
    };
    /** Without a projection the attention's output itself joins the stream. */
    const shortcut = (name: string) => {
      const actions = emptyTally();
      if (model.residual === "none") ops.fill(stream, steps * rows * D, 0);
      else countJoin(actions, steps * rows * D, true);
      ops.addBits({ bits: bits.narrow, rows: steps * rows, target: stream });
      stages.push({ name, kind: "residual", cycles: 0, actions, clipped: 0 });
    };

    keep("input", bits.input);
    const embedded = linear("embed", bits.input, tokens, stream);
    if (model.residual !== "none") embedded.streamWrites += steps * rows * D;
    if (position !== null) {
      ops.addPeriodic({ table: position, period: tokens, rows: steps * rows, columns: D, target: stream });
      embedded.offsetAdditions += steps * rows * D;
    }
    for (let i = 0; i < model.depth; i++) {
      const block = `blocks.${i}`;
      fire(`${block}.input`, stream, bits.narrow);
      linear(`${block}.qkv`, bits.narrow, tokens, y);
      fire(`${block}.qkv`, y, bits.qkv);
      attend(i);
      if (model.outputProjection) branch(`${block}.projection`, bits.narrow, true);
      else shortcut(`${block}.shortcut`);
      fire(`${block}.middle`, stream, bits.narrow);
      linear(`${block}.up`, bits.narrow, tokens, y);
      fire(`${block}.hidden`, y, bits.hidden);
      branch(`${block}.down`, bits.hidden, i < model.depth - 1);
    }
    fire("output", stream, bits.narrow);
    const { at: source, words: width } = bits.narrow;
    ops.gatherTokens({ source, prompts: steps * prompts, tokens, width, chosen, target: bits.read.at });
    linear("head", bits.read, chosen.count, y);
    const outputs = ops.floats(y, steps * prompts * chosen.count * geometry.classes);
    const stepLogits = meanOverTokens(outputs, geometry);
    return {
      steps,
      prompts,
      logits: meanLogits(stepLogits, steps, steps),
      stepLogits,
      stages,
      actions: sumActions(stages.map((stage) => stage.actions)),
      spikes,
      densities: densitiesOf(spikes),
      saturated: {},
      rasters,
    };
  }

  function requireRoom(steps: number, prompts: number) {
    if (prompts <= maxPrompts && steps <= maxSteps) return;
    throw new ShapeError(
      "input",
      `The input has ${prompts} prompts of ${steps} steps, but the simulator was planned for ${maxPrompts} prompts of ` +
        `${maxSteps} steps. Cut the input (firstPrompt keeps the answers the same), or plan a larger simulator.`,
    );
  }

  return {
    run: (input, random, options = {}) => {
      requireRanges({ ...chip, ranges });
      return runNetwork(input, random, options, null);
    },
    calibrate: (input, random) => {
      if (!needsCalibration(hardware.adc)) return chip;
      loadedKey = "";
      const readings = load(chipAt(chip, CALIBRATION_TIME), random);
      const measured = new Float64Array(chip.crossbars.length);
      crossbars.setConverters(measured, random);
      runNetwork(input, random, {}, measured);
      ranges = rangesOf(chip, readings, measured);
      return { ...chip, ranges };
    },
  };
}

/** The first rows of every step, at most `kept` of them, copied. */
function firstRows(ops: SimulationOps, train: PackedBits, steps: number, rows: number, kept: number): SpikeTrain {
  const taken = Math.min(kept, rows);
  const words = new Uint32Array(steps * taken * train.words);
  for (let t = 0; t < steps; t++) {
    const from = train.at + 4 * t * rows * train.words;
    words.set(ops.words(from, taken * train.words), t * taken * train.words);
  }
  return { steps, rows: taken, features: train.features, words };
}
