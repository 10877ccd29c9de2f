/**
 * The functional simulator on the WebAssembly kernels: fast twin of `functional.ts`, with the same `Trace` to the last bit.
 *
 * A simulator is planned once per chip on an arena and never allocates there afterwards. Spikes stay packed; line currents live
 * in chunks (`fast-linear.ts`); counts follow from shapes and numbers of ones (`counts.ts`). The chip's conductances are read
 * when a run brings another stream than the one before, because a read depends on chip and stream only.
 */
import { invariant, ShapeError } from "../errors.ts";
import { type ActionTally, emptyTally, sumActions } from "../hardware/actions.ts";
import type { CrossbarReading } from "../hardware/crossbar.ts";
import { ssaTileCycles } from "../hardware/ssa-tile.ts";
import { type Arena, countingArena, type Kernels, standaloneKernels } from "../kernels/memory.ts";
import { type PackedBits, reserveBits } from "../kernels/spike-linear.ts";
import { type LayerMapping, ssaParametersOf } from "../mapping/mapping.ts";
import type { Stream } from "../numeric/stream.ts";
import type { SpikeTrain } from "../spike/train.ts";
import { tokensRead } from "../task/task.ts";
import { type Chip, chipAt, readCrossbars } from "./chip.ts";
import { CALIBRATION_TIME, fullScales, rangesOf } from "./compensation.ts";
import { attentionActions, linearActions, neuronActions } from "./counts.ts";
import { planAttention } from "./fast-attention.ts";
import { planCrossbars } from "./fast-linear.ts";
import { needsCalibration, requirePrompts, requireRanges } from "./functional.ts";
import {
  densitiesOf,
  meanLogits,
  meanOverTokens,
  type RunOptions,
  type SpikeCount,
  type StageTrace,
  type Trace,
} from "./trace.ts";

export interface SimulatorOptions {
  /** Most prompts that one run may carry. */
  readonly maxPrompts: number;
  /** Most time steps of a run. Default: those of the network. */
  readonly maxSteps?: number;
}

export interface Simulator {
  /** As `simulate` in `functional.ts`. Throws ShapeError also when the input is larger than planned. */
  run(input: SpikeTrain, random: Stream, options?: RunOptions): Trace;
  /** As `calibrate` in `functional.ts`. State: the simulator runs with the new ranges from then on. */
  calibrate(input: SpikeTrain, random: Stream): Chip;
}

/** Runs a chip once, on memory of its own. For more than a few runs of a chip keep a simulator. */
export function simulateFast(chip: Chip, input: SpikeTrain, random: Stream, options: RunOptions = {}): Trace {
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
  createSimulator(null, counting, chip, options);
  return counting.used;
}

/** Plans a simulator. With `kernels` null it only plans, to learn the size. */
export function createSimulator(
  kernels: Kernels | null,
  arena: Arena,
  chip: Chip,
  { maxPrompts, maxSteps = chip.network.model.steps }: SimulatorOptions,
): Simulator {
  const { network, mapping, hardware } = chip;
  const { model, geometry, parameters } = network;
  const { width: D, expansion } = model;
  const { tokens } = geometry;
  const tokenIndices = tokensRead(geometry);
  const maxRows = maxSteps * maxPrompts * tokens;
  const layers = new Map(mapping.layers.map((layer) => [layer.name, layer]));
  const tile = ssaParametersOf(network, hardware);
  const learned = model.position === "learned";

  const position = arena.words(learned ? tokens * D : 0);
  const readIndices = arena.words(tokenIndices.length);
  if (kernels) {
    if (learned) kernels.f32.set(parameters.position.data, position / 4);
    kernels.i32.set(tokenIndices, readIndices / 4);
  }
  const crossbars = planCrossbars(kernels, arena, chip);
  const tiles = planAttention(kernels, arena, chip, { steps: maxSteps, maxPrompts });
  const bits = {
    input: reserveBits(arena, maxRows, geometry.inputs),
    narrow: reserveBits(arena, maxRows, D),
    qkv: reserveBits(arena, maxRows, 3 * D),
    hidden: reserveBits(arena, maxRows, expansion * D),
    read: reserveBits(arena, maxSteps * maxPrompts * tokenIndices.length, D),
  };
  const stream = arena.words(maxRows * D);
  const y = arena.words(
    Math.max(maxRows * Math.max(3, expansion) * D, maxSteps * maxPrompts * tokenIndices.length * geometry.classes),
  );
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

  function simulate(
    input: SpikeTrain,
    random: Stream,
    { firstPrompt = 0, rasters: rasterPrompts = 0 }: RunOptions,
    measured: Float64Array | null,
  ): Trace {
    invariant(kernels !== null, "a planned simulator runs on kernels");
    const { run, u32, f32 } = kernels;
    const prompts = requirePrompts(chip, input);
    const { steps, rows } = input;
    requireRoom(steps, prompts);
    if (measured === null) read(random);
    u32.set(input.words, bits.input.at / 4);
    const stages: StageTrace[] = [];
    const spikes: Record<string, SpikeCount> = {};
    const rasters: Record<string, SpikeTrain> = {};
    const soft = model.neuron.reset === "soft" ? 1 : 0;

    const count = (train: PackedBits, vectors: number) => run.countBits(train.at, vectors * train.words);
    const keep = (name: string, train: PackedBits) => {
      spikes[name] = { ones: count(train, steps * rows), bits: steps * rows * train.features };
      if (rasterPrompts > 0) rasters[name] = firstRows(u32, train, steps, rows, rasterPrompts * tokens);
    };
    const linear = (name: string, from: PackedBits, perPrompt: number, to: number): ActionTally => {
      const vectors = steps * prompts * perPrompt;
      const layer = layers.get(name) as LayerMapping;
      const actions = linearActions(layer, hardware.adc.mode, vectors, count(from, vectors));
      const clipped = crossbars.run(layer, from, { steps, firstPrompt, prompts, perPrompt }, to, measured);
      stages.push({ name, kind: "linear", cycles: vectors * layer.multiplexerSteps, actions, clipped });
      return actions;
    };
    const fire = (name: string, currents: number, to: PackedBits) => {
      const { beta, threshold } = model.neuron;
      run.lifForward(currents, steps, rows, to.features, 0, 0, beta, threshold, soft, to.at, to.words);
      const actions = neuronActions(steps * rows * to.features);
      stages.push({ name, kind: "neurons", cycles: 0, actions, clipped: 0 });
      keep(name, to);
    };
    const attend = (block: number) => {
      const name = `blocks.${block}`;
      const call = { block, steps, prompts, firstPrompt, random };
      const { ones, increments } = tiles.run(bits.qkv, bits.narrow, call);
      const actions = attentionActions(mapping.ssa, tile, hardware.ssa.random, { steps, prompts, increments });
      const cycles = prompts * ssaTileCycles(steps, mapping.ssa.dimension, mapping.ssa.passes);
      stages.push({ name: `${name}.attention`, kind: "attention", cycles, actions, clipped: 0 });
      spikes[`${name}.scores`] = { ones, bits: steps * prompts * model.heads * tokens ** 2 };
      keep(`${name}.attention`, bits.narrow);
    };
    /** A layer whose result joins the stream: it is added, or takes the stream's place. */
    const branch = (name: string, from: PackedBits) => {
      if (model.residual === "none") return void linear(name, from, tokens, stream);
      linear(name, from, tokens, y).residualAdditions += steps * rows * D;
      run.add(stream, y, steps * rows * D);
    };
    /** Without a projection the attention's output itself joins the stream. */
    const shortcut = (name: string) => {
      const actions = emptyTally();
      if (model.residual === "none") f32.fill(0, stream / 4, stream / 4 + steps * rows * D);
      else actions.residualAdditions += steps * rows * D;
      run.addBits(stream, steps * rows, D, bits.narrow.at, bits.narrow.words);
      stages.push({ name, kind: "residual", cycles: 0, actions, clipped: 0 });
    };

    keep("input", bits.input);
    const embedded = linear("embed", bits.input, tokens, stream);
    if (learned) {
      run.addPeriodic(stream, steps * rows, tokens, D, position);
      embedded.offsetAdditions += steps * rows * D;
    }
    for (let i = 0; i < model.depth; i++) {
      const block = `blocks.${i}`;
      fire(`${block}.input`, stream, bits.narrow);
      linear(`${block}.qkv`, bits.narrow, tokens, y);
      fire(`${block}.qkv`, y, bits.qkv);
      attend(i);
      if (model.outputProjection) branch(`${block}.projection`, bits.narrow);
      else shortcut(`${block}.shortcut`);
      fire(`${block}.middle`, stream, bits.narrow);
      linear(`${block}.up`, bits.narrow, tokens, y);
      fire(`${block}.hidden`, y, bits.hidden);
      branch(`${block}.down`, bits.hidden);
    }
    fire("output", stream, bits.narrow);
    const { narrow } = bits;
    const readCount = tokenIndices.length;
    run.gatherTokens(narrow.at, steps * prompts, tokens, narrow.words, readIndices, readCount, bits.read.at);
    linear("head", bits.read, readCount, y);
    const outputs = f32.slice(y / 4, y / 4 + steps * prompts * readCount * geometry.classes);
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
      return simulate(input, random, options, null);
    },
    calibrate: (input, random) => {
      if (!needsCalibration(hardware.adc)) return chip;
      loadedKey = "";
      const readings = load(chipAt(chip, CALIBRATION_TIME), random);
      const measured = new Float64Array(chip.crossbars.length);
      crossbars.setConverters(measured, random);
      simulate(input, random, {}, measured);
      ranges = rangesOf(chip, readings, measured);
      return { ...chip, ranges };
    },
  };
}

/** The first rows of every step, at most `kept` of them, copied. */
function firstRows(u32: Uint32Array, train: PackedBits, steps: number, rows: number, kept: number): SpikeTrain {
  const taken = Math.min(kept, rows);
  const words = new Uint32Array(steps * taken * train.words);
  for (let t = 0; t < steps; t++) {
    const from = train.at / 4 + t * rows * train.words;
    words.set(u32.subarray(from, from + taken * train.words), t * taken * train.words);
  }
  return { steps, rows: taken, features: train.features, words };
}
