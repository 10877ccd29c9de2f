/**
 * The functional simulator on the WebAssembly kernels: fast twin of `reference/simulate.ts`, with the same `Trace` to the last bit.
 *
 * A simulator is planned once per chip on an arena (`plan.ts`) and never allocates there afterwards. Spikes stay packed; line
 * currents are processed in chunks (`linear.ts`); counts follow from shapes and numbers of ones (`../counts.ts`). The chip's
 * conductances are read again only when a run uses a different stream, because a read depends only on chip and stream.
 *
 * For threads that share a chip, each with a simulator in common memory, see `part.ts`.
 */
import { ShapeError } from "../../errors.ts";
import { type ActionTally, emptyTally } from "../../hardware/actions.ts";
import { leakShiftOf } from "../../hardware/lif-parameters.ts";
import { isStraight } from "../../hardware/line-order.ts";
import type { Arena, PackedBits, Place } from "../../kernels/arena.ts";
import { standaloneKernels } from "../../kernels/memory.ts";
import type { SimulationOps } from "../../kernels/simulation-ops.ts";
import { readClocks } from "../../mapping/clocks.ts";
import type { LayerMapping } from "../../mapping/mapping.ts";
import { answerGeometry, inputRows, tokensRead } from "../../model/geometry.ts";
import { neuronModel } from "../../model/neuron/catalogue.ts";
import { logitsOf } from "../../model/read-out.ts";
import { RESIDUALS } from "../../model/residual.ts";
import {
  comparisonsOf,
  hasShortcut,
  neuronGrid,
  pixels,
  poolsCurrents,
  type StemLayer,
  stemLayers,
} from "../../model/stem.ts";
import type { Stream } from "../../numeric/stream.ts";
import type { SpikeTrain } from "../../spike/train.ts";
import type { Chip, MappedNetwork } from "../chip.ts";
import { columnPlan } from "../columns.ts";
import { attentionBits, columnActions, countJoin, linearActions, neuronActions, neuronBits } from "../counts.ts";
import { needsCalibration, requirePrompts, requireRanges } from "../reference/simulate.ts";
import { registerTally } from "../registers.ts";
import {
  meanOverTokens,
  type OperationTrace,
  type SpikeCount,
  type Trace,
  type TraceOptions,
  traceOf,
} from "../trace.ts";
import { type AttentionKernels, bindAttention, trainOf } from "./attention.ts";
import type { BoundSimulator, LayerInput } from "./bound.ts";
import { bindDigital, type DigitalKernels } from "./digital.ts";
import { bindIntegerCrossbars, thresholdPlaces } from "./integer-linear.ts";
import { bindCrossbars, type CrossbarKernels } from "./linear.ts";
import { placeErrors, readPart, startCalibration } from "./part.ts";
import { type LayerTrain, planSimulator, type SimulatorOptions, type SimulatorPlan, simulatorBytes } from "./plan.ts";

export interface Simulator {
  /** As `simulate` of the reference. Throws ShapeError also when the input is larger than planned. */
  run(input: SpikeTrain, random: Stream, options?: TraceOptions): Trace;
  /** As `calibrate` of the reference. State: the simulator runs with the new ranges from then on. */
  calibrate(input: SpikeTrain, random: Stream): Chip;
}

/** Runs a chip once, in its own memory. For more than a few runs of a chip, keep a simulator. */
export function simulateFast(chip: Chip, input: SpikeTrain, random: Stream, options: TraceOptions = {}): Trace {
  return createStandaloneSimulator(chip, inputSizes(chip, input)).run(input, random, options);
}

/** Calibrates a chip, in its own memory. */
export function calibrateFast(chip: Chip, input: SpikeTrain, random: Stream): Chip {
  return createStandaloneSimulator(chip, inputSizes(chip, input)).calibrate(input, random);
}

const inputSizes = (chip: Chip, input: SpikeTrain): SimulatorOptions => ({
  maxPrompts: Math.max(1, requirePrompts(chip, input)),
  maxSteps: input.steps,
});

/** A simulator with its own memory. */
export function createStandaloneSimulator(chip: Chip, options: SimulatorOptions): Simulator {
  const { kernels, arena } = standaloneKernels(simulatorBytes(chip, options));
  return createSimulator(kernels, arena, chip, options);
}

export function createSimulator(ops: SimulationOps, arena: Arena, chip: Chip, options: SimulatorOptions): Simulator {
  const bound = bindSimulator(ops, planSimulator(arena, chip, options), chip);
  let calibrated = chip;
  let loadedKey = "";
  placeErrors(bound, chip);
  return {
    run: (input, random, options = {}) => {
      requireRanges(calibrated);
      const key = random.key.join();
      if (key !== loadedKey) readPart(bound, calibrated, random);
      loadedKey = key;
      return finish(bound.pass(0, input, random, options));
    },
    calibrate: (input, random) => {
      if (!needsCalibration(chip.hardware.adc)) return chip;
      loadedKey = "";
      const { steps } = input;
      const shape = { steps, prompts: requirePrompts(chip, input), slicePrompts: requirePrompts(chip, input) };
      const calibration = startCalibration(bound, chip, shape, [input], random);
      for (let layer = calibration.advance(); layer !== null; layer = calibration.advance()) calibration.measure(layer);
      calibrated = calibration.part;
      return calibrated;
    },
  };
}

/** State: writes the network's constants other than weights: offsets, position vectors, the mask. */
export function bindSimulator(
  ops: SimulationOps,
  plan: SimulatorPlan,
  chip: MappedNetwork,
  thread = 0,
): BoundSimulator {
  return bindPass(ops, plan, chip, thread, bindMachine(ops, plan, chip, thread));
}

/** The kernels of a machine; state as above. */
export function bindMachine(ops: SimulationOps, plan: SimulatorPlan, chip: MappedNetwork, thread = 0): MachineKernels {
  const scratch = plan.scratch[thread];
  const { integers } = plan;
  return {
    digital: bindDigital(ops, scratch.position, chip),
    crossbars:
      integers === null
        ? bindCrossbars(ops, plan.crossbars, scratch.crossbars, chip)
        : bindIntegerCrossbars(ops, plan.crossbars, integers, scratch.crossbars, chip),
    tilesOf: boundFor(chip, (asked) => bindAttention(ops, scratch.tiles, asked)),
    thresholdsOf: integers === null ? new Map() : thresholdPlaces(chip.mapping, integers),
  };
}

/** What a pass computes with besides `PassOps`. */
export interface MachineKernels {
  readonly digital: DigitalKernels;
  readonly crossbars: CrossbarKernels;
  /** For the attention of a network, which may read other tokens than the chip's own. */
  readonly tilesOf: (asked: MappedNetwork) => AttentionKernels;
  /** Of neurons that take codes, by the train they fire. */
  readonly thresholdsOf: ReadonlyMap<string, Place>;
}

/** Tiles of the network last asked for, bound anew for another, because a mask has one place in memory. */
export function boundFor(
  chip: MappedNetwork,
  bind: (asked: MappedNetwork) => AttentionKernels,
): MachineKernels["tilesOf"] {
  let served = chip;
  let tiles = bind(chip);
  return (asked) => {
    if (asked !== served) [served, tiles] = [asked, bind(asked)];
    return tiles;
  };
}

/** What a pass itself asks of a backend. */
export type PassOps = Pick<
  SimulationOps,
  "write" | "words" | "copy" | "fill" | "countBits" | "wireBits" | "gatherBitWindows" | "poolBits" | "gatherTokens"
>;

/** The same with given kernels, on any backend. */
export function bindPass(
  ops: PassOps,
  plan: SimulatorPlan,
  chip: MappedNetwork,
  thread: number,
  { digital, crossbars, tilesOf, thresholdsOf }: MachineKernels,
): BoundSimulator {
  const { maxPrompts, maxSteps } = plan;
  const { chosen, qkv, y, maps, measured } = plan.scratch[thread];
  const { network, mapping, hardware } = chip;
  const { model, geometry } = network;
  const { width: D } = model;
  const { tokens } = geometry;
  const codesSpikes = hardware.transport.code !== "bits";
  const stem = stemLayers(model, geometry);
  const layers = new Map(mapping.layers.map((layer) => [layer.name, layer]));
  const answers = answerGeometry(geometry);
  const { adds } = RESIDUALS[model.residual];
  ops.write(chosen.at, tokensRead(answers));
  const { stateWords } = neuronModel(model.neuron);

  function* pass(
    slice: number,
    input: SpikeTrain,
    random: Stream,
    { firstPrompt = 0, rasters: rasterPrompts = 0, attention = chip }: TraceOptions,
  ): Generator<LayerInput, Trace> {
    const { bits, stream, around } = plan.slices[slice];
    const prompts = requirePrompts(chip, input);
    const { steps } = input;
    const rows = prompts * tokens;
    requireRoom(steps, prompts);
    ops.write(bits.input.at, input.words);
    const operations: OperationTrace[] = [];
    const spikes: Record<string, SpikeCount> = {};
    const rasters: Record<string, SpikeTrain> = {};
    const { saturated, registers, onStopped, countMembranes } = registerTally(hardware.arithmetic);

    const keep = (name: string, train: PackedBits, perPrompt = tokens) => {
      const kept = prompts * perPrompt;
      spikes[name] = { ones: ops.countBits(train, steps * kept), bits: steps * kept * train.features };
      if (rasterPrompts > 0) rasters[name] = firstRows(ops, train, steps, kept, rasterPrompts * perPrompt);
    };
    function* linear(
      name: string,
      train: LayerTrain,
      perPrompt: number,
      to: Place,
    ): Generator<LayerInput, ActionTally> {
      const layer = layers.get(name) as LayerMapping;
      const vectors = steps * prompts * perPrompt;
      const lines = isStraight(layer) ? train : "lines";
      if (lines !== train) {
        const { inputStride: stride, linesPerInput: repeats } = layer;
        ops.wireBits({ source: bits[train], rows: vectors, stride, repeats, target: bits.lines });
      }
      const from = bits[lines];
      yield { layer: name, train: lines, perPrompt };
      const scaled = !thresholdsOf.has(layer.trainOut ?? "");
      const actions = linearActions(layer, hardware.adc.mode, vectors, ops.countBits(from, vectors), scaled);
      const clipped = crossbars.run(layer, from, { steps, firstPrompt, prompts, perPrompt }, to, random);
      operations.push({
        name,
        kind: "linear",
        cycles: vectors * readClocks(layer, hardware),
        actions,
        clipped,
      });
      return actions;
    }
    const fire = (name: string, currents: Place, to: PackedBits, perPrompt = tokens) => {
      const thresholds = thresholdsOf.get(name) ?? null;
      digital.fire({ operation: name, currents, steps, rows: prompts * perPrompt, thresholds }, to, onStopped);
      const neurons = prompts * perPrompt * to.features;
      const actions = neuronActions(neurons, stateWords, steps, hardware.order, thresholds !== null);
      actions.bitsSent = sentOf(name, to, perPrompt);
      operations.push({ name, kind: "neurons", cycles: 0, actions, clipped: 0 });
      keep(name, to, perPrompt);
    };
    const sentOf = (name: string, train: PackedBits, perPrompt: number): number =>
      codesSpikes ? neuronBits(chip, name, trainOf(ops, train, steps, prompts * perPrompt)) : 0;
    /** Neurons of a layer's own, behind converters or in its columns. */
    const fireBehind = (layer: LayerMapping, to: PackedBits) => {
      const name = layer.trainOut as string;
      const plan = columnPlan(chip, layer);
      if (plan === null || crossbars.columns === null) return fire(name, y, to);
      const neurons = rows * to.features;
      const vectors = { steps, firstPrompt, prompts, perPrompt: tokens };
      countMembranes(name, crossbars.columns.decide(layer, y, vectors, random, to), steps * neurons);
      keep(name, to);
      const fired = { neurons, steps, spikes: spikes[name].ones, leakShift: leakShiftOf(plan.neuron) };
      const actions = { ...columnActions(plan.deciding, fired), bitsSent: sentOf(name, to, tokens) };
      operations.push({ name, kind: "neurons", cycles: 0, actions, clipped: 0 });
    };
    /** What a layer of the stem reads from a map. Without a stem, the embedding reads the input itself. */
    const windows = (layer: StemLayer, map: PackedBits): LayerTrain => {
      if (!geometry.grid) return "input";
      const train: LayerTrain = `${layer.name}.windows`;
      ops.gatherBitWindows({ map, images: steps * prompts, size: layer, windows: bits[train] });
      keep(train, bits[train], pixels(layer.windows));
      return train;
    };
    const attend = (block: number) => {
      const name = `blocks.${block}`;
      const call = { block, steps, prompts, firstPrompt, random };
      const { counts, scores } = tilesOf(attention).run(qkv, bits.narrow, call);
      if (codesSpikes && counts !== null) {
        const [read, written] = [qkv, bits.narrow].map((train) => trainOf(ops, train, steps, rows));
        counts.actions.bitsSent = attentionBits(chip, read, written);
      }
      if (counts !== null) operations.push({ name: `${name}.attention`, kind: "attention", ...counts, clipped: 0 });
      spikes[`${name}.scores`] = scores;
      keep(`${name}.attention`, bits.narrow);
    };
    /** A layer with a result that joins the stream: it is added, or takes the stream's place. */
    function* branch(name: string, train: LayerTrain, kept: boolean): Generator<LayerInput, void> {
      const actions = yield* linear(name, train, tokens, adds ? y : stream);
      if (adds) countJoin(actions, steps * rows * D, kept);
      digital.join(name, stream, adds ? y : null, steps * rows * D, onStopped);
    }
    /** Without a projection, the output of attention itself joins the stream. */
    const shortcut = (name: string) => {
      const actions = emptyTally();
      if (!adds) ops.fill(stream, steps * rows * D, 0);
      else countJoin(actions, steps * rows * D, true);
      digital.joinBits(name, stream, bits.narrow, steps * rows, onStopped);
      operations.push({ name, kind: "residual", cycles: 0, actions, clipped: 0 });
    };

    keep("input", bits.input, inputRows(geometry));
    let map = bits.input;
    const images = steps * prompts;
    for (const [i, layer] of stem.slice(0, -1).entries()) {
      const isLast = i === stem.length - 2 && hasShortcut(model);
      const ofCurrents = poolsCurrents(layer);
      const actions = yield* linear(layer.name, windows(layer, map), pixels(layer.windows), y);
      const [fired, pooled] = maps.map((at) => ({ at, words: Math.ceil(layer.outputs / 32), features: layer.outputs }));
      if (ofCurrents) {
        actions.accumulations += images * comparisonsOf(layer);
        digital.pool(y, layer, images, around);
      } else if (isLast) digital.copy(y, around, images * pixels(layer.windows) * layer.outputs);
      if (isLast) actions.streamWrites += steps * rows * D;
      fire(`${layer.name}.map`, ofCurrents || isLast ? around : y, fired, pixels(neuronGrid(layer)));
      if (ofCurrents) map = fired;
      else {
        ops.poolBits({ map: fired, images, size: layer, pooled });
        map = pooled;
      }
    }
    const embedded = yield* linear("embed", windows(stem[stem.length - 1], map), tokens, stream);
    if (adds) embedded.streamWrites += steps * rows * D;
    digital.addPositions("embed", stream, steps * rows, onStopped);
    if (model.position === "learned") embedded.offsetAdditions += steps * rows * D;
    if (hasShortcut(model)) {
      embedded.streamReads += steps * rows * D;
      embedded.residualAdditions += steps * rows * D;
      digital.join("embed", stream, around, steps * rows * D, onStopped);
    }
    for (let i = 0; i < model.depth; i++) {
      const block = `blocks.${i}`;
      fire(`${block}.input`, stream, bits.narrow);
      yield* linear(`${block}.qkv`, "narrow", tokens, y);
      fireBehind(layers.get(`${block}.qkv`) as LayerMapping, qkv);
      attend(i);
      if (model.outputProjection) yield* branch(`${block}.projection`, "narrow", true);
      else shortcut(`${block}.shortcut`);
      fire(`${block}.middle`, stream, bits.narrow);
      yield* linear(`${block}.up`, "narrow", tokens, y);
      fireBehind(layers.get(`${block}.up`) as LayerMapping, bits.hidden);
      yield* branch(`${block}.down`, "hidden", i < model.depth - 1);
    }
    if (geometry.readOut === "stream-mean") {
      const actions = { ...emptyTally(), residualAdditions: steps * rows * D };
      operations.push({ name: "stream.mean", kind: "residual", cycles: 0, actions, clipped: 0 });
      digital.mean(stream, images);
    }
    fire("output", stream, bits.narrow, answers.tokens);
    const { at: source, words: width } = bits.narrow;
    ops.gatherTokens({ source, prompts: images, tokens: answers.tokens, width, chosen, target: bits.read.at });
    yield* linear("head", "read", chosen.count, y);
    const outputs = digital.outputs(y, steps * prompts * chosen.count * logitsOf(network), onStopped);
    const stepLogits = meanOverTokens(outputs, network);
    return traceOf({ steps, prompts, stepLogits, operations, spikes, saturated, registers, rasters });
  }

  function requireRoom(steps: number, prompts: number) {
    if (prompts <= maxPrompts && steps <= maxSteps) return;
    throw new ShapeError(
      "input",
      `The input has ${prompts} prompts of ${steps} steps, but the simulator was planned for ${maxPrompts} prompts of ` +
        `${maxSteps} steps. Cut the input (firstPrompt keeps the answers the same), or plan a larger simulator.`,
    );
  }

  function gather(
    train: LayerTrain,
    vectors: Iterable<{ readonly slice: number; readonly vector: number }>,
  ): PackedBits {
    const { words, features } = plan.slices[0].bits[train];
    let to = measured;
    for (const { slice, vector } of vectors) {
      ops.copy(plan.slices[slice].bits[train].at + 4 * vector * words, to, words);
      to += 4 * words;
    }
    return { at: measured, words, features };
  }

  return { crossbars, pass, gather };
}

/** Runs a pass with all crossbars ready. */
export function finish(pass: Generator<LayerInput, Trace>): Trace {
  for (;;) {
    const { done, value } = pass.next();
    if (done) return value;
  }
}

/** Copies the first rows of every step, at most `kept` of them. */
function firstRows(ops: PassOps, train: PackedBits, steps: number, rows: number, kept: number): SpikeTrain {
  const taken = Math.min(kept, rows);
  const words = new Uint32Array(steps * taken * train.words);
  for (let t = 0; t < steps; t++) {
    const from = train.at + 4 * t * rows * train.words;
    words.set(ops.words(from, taken * train.words), t * taken * train.words);
  }
  return { steps, rows: taken, features: train.features, words };
}
