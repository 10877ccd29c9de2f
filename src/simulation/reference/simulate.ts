/**
 * The functional simulator: the folded spiking network on a programmed chip, by value, with counted actions.
 *
 *   R = embed(x_t) + position                          with a stem: embed of windows of its last map
 *   each block:   s = LIF(R);    q, k, v = LIF(qkv(s));   A = attend(q, k, v);   R = R + projection(A)
 *                 s2 = LIF(R);   h = LIF(up(s2));                             R = R + down(h)
 *   logits_t = head(LIF(R)) at the query tokens, or the mean over all tokens; averaged over t
 *
 * This is `model/forward.ts` with linear layers on crossbars (`linear.ts`), neurons on LIF units and attention on its units
 * (`attention.ts`); an ideal device with exact converters gives the same spikes. Residual stream, offsets, positions and
 * neurons are digital (`digital.ts`), in single precision or, with `hardware.arithmetic`, in whole numbers. The head runs only
 * at the tokens that are read. A mean over tokens is taken together with the mean over steps, after the converters, in the same
 * accumulators; a mean of the stream before the last neurons. All time steps of an operation are computed before the next
 * operation. This changes no value, because step t of each operation depends only on steps up to t of the previous one.
 *
 * A simulation draws read noise once, at `readTime`, and keeps it for the whole call: low-frequency noise hardly changes within
 * an inference. Prompts have their own random numbers, so a set split into several calls with the same stream and the right
 * `firstPrompt` gives the same answers as one call. `fast/simulate.ts` is the fast twin, equal bit for bit.
 */
import { ShapeError, ValueError } from "../../errors.ts";
import type { AdcSpec } from "../../experiment/hardware.ts";
import { type ActionTally, emptyTally } from "../../hardware/actions.ts";
import type { TileDraws } from "../../hardware/draws.ts";
import { spikesByLine } from "../../hardware/line-order.ts";
import type { NeuronProbe, UnitShape } from "../../hardware/neuron-probe.ts";
import { readClocks } from "../../mapping/clocks.ts";
import type { LayerMapping } from "../../mapping/mapping.ts";
import { answerGeometry, inputRows, tokensRead } from "../../model/geometry.ts";
import { neuronModel } from "../../model/neuron/catalogue.ts";
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
import { countSpikes, emptySpikeTrain, type SpikeTrain, unpackSpikes, wordsPerRow } from "../../spike/train.ts";
import { type Chip, chipAt, type MappedNetwork, readChip } from "../chip.ts";
import { columnPlan } from "../columns.ts";
import { CALIBRATION_TIME, fullScales, rangesOf, referenceByCodes } from "../compensation.ts";
import { attentionBits, countJoin, neuronBits, storedWords } from "../counts.ts";
import { largestCurrents, streamMean } from "../stem-stream.ts";
import {
  meanOverTokens,
  type OperationTrace,
  type SpikeCount,
  type Trace,
  type TraceOptions,
  traceOf,
} from "../trace.ts";
import { type AttentionRun, type BlockAttention, blockAttention, NO_SCORES } from "./attention.ts";
import { runColumns } from "./columns.ts";
import { digitalSide } from "./digital.ts";
import { type AnalogEngine, type CodeRecord, runLinear } from "./linear.ts";
import { poolSpikes, spikeWindows } from "./stem.ts";

export interface SimulationOptions extends TraceOptions {
  /** Random numbers of the tiles, instead of those in the hardware's spec: for comparing simulators. */
  readonly draws?: (block: number, prompt: number, head: number) => TileDraws;
  /** What runs a block's q, k and v, instead of the functional units: `../cycle.ts` passes the clocked ones. */
  readonly engine?: BlockAttention;
  /** Called with the codes of every crossbar, layer by layer: test vectors for the RTL. */
  readonly onCodes?: (record: CodeRecord) => void;
  /** Asked for a probe at each layer of neurons, by the name of its spike train. */
  readonly probeOf?: (train: string, shape: UnitShape) => NeuronProbe;
}

/**
 * Runs the chip on spikes.
 *
 * Shapes   input: [T][prompts tokens][inputs], or [T][prompts pixels][inputs] for a stem
 * Random   `random.fork("read", crossbar)`, `random.fork("conversion", crossbar)`, and for the tiles as in `tileDraws`
 * Throws   ShapeError when the input does not fit the network, ValueError when the chip is not calibrated, or a number does not
 * fit
 *         its register in `hardware.arithmetic`
 */
export function simulate(chip: Chip, input: SpikeTrain, random: Stream, options: SimulationOptions = {}): Trace {
  requireRanges(chip);
  const readings = readChip(chip, random);
  return run(
    chip,
    input,
    random,
    { readings, ranges: fullScales(chip, readings), measure: false, byCodes: false },
    options,
  );
}

/** Whether full scales are measured: neither for exact converters nor when the spec fixes them. */
export const needsCalibration = ({ bits, fullScale }: AdcSpec): boolean => bits !== null && fullScale === null;

/** Throws ValueError when the chip has uncalibrated converters. */
export function requireRanges({ ranges, hardware, crossbars }: Chip): void {
  if (ranges !== null || !needsCalibration(hardware.adc)) return;
  throw new ValueError(
    "chip.ranges",
    `The chip's ${crossbars.length} crossbars have ${hardware.adc.bits}-bit converters without a range. ` +
      "Set them with calibrate(chip, input, random) on a few prompts of the task.",
  );
}

/**
 * Sets each crossbar's converter range to the `adc.rangeQuantile` of its currents on `input`, layer after layer, so a layer is
 * measured on the output of the calibrated layers before it. The chip is taken `CALIBRATION_TIME` after programming, whatever
 * its age, because ranges are set once. Returns a chip with ranges; `chip` is unchanged, and is returned itself if there is
 * nothing to set.
 *
 * If the chip calibrates itself (`hardware.calibration`), ranges are measured by codes, and the known inputs of drift
 * compensation are read right after them. A crossbar with no current gets the range of all its rows at the largest conductance.
 * Shapes, random, throws as `simulate`
 */
export function calibrate(chip: Chip, input: SpikeTrain, random: Stream): Chip {
  if (!needsCalibration(chip.hardware.adc)) return chip;
  const readings = readChip(chipAt(chip, CALIBRATION_TIME), random);
  const measured = new Float64Array(chip.crossbars.length);
  const { calibration, compensation } = chip.hardware;
  const byCodes = calibration === "codes";
  run(chip, input, random, { readings, ranges: measured, measure: true, byCodes }, {});
  const codeReferences =
    byCodes && compensation.scope !== "none"
      ? readings.map((reading, c) => referenceByCodes(chip, c, reading, measured[c] || null, random))
      : null;
  return { ...chip, codeReferences, ranges: rangesOf(chip, readings, measured) };
}

function run(
  chip: Chip,
  input: SpikeTrain,
  random: Stream,
  crossbars: Pick<AnalogEngine, "readings" | "ranges" | "measure" | "byCodes">,
  {
    firstPrompt = 0,
    rasters: rasterPrompts = 0,
    attention = chip,
    draws,
    engine: ssaEngine,
    onCodes,
    probeOf,
  }: SimulationOptions,
): Trace {
  const { model, geometry } = chip.network;
  const { steps } = input;
  const prompts = requirePrompts(chip, input);
  const digital = digitalSide(chip);
  const { converterErrors: converters, device } = chip;
  const engine: AnalogEngine = {
    ...crossbars,
    adc: chip.hardware.adc,
    maxConductance: device.maxConductance,
    hardware: chip.hardware,
    prompts,
    errors: converters === null ? null : { converters, random, firstPrompt },
    arithmetic: chip.hardware.arithmetic,
    onCodes: onCodes && ((record) => onCodes(inLayerUnit(record, digital.unit))),
  };
  const layers = new Map(chip.mapping.layers.map((layer) => [layer.name, layer]));
  /** By train, of neurons that take codes. */
  const thresholdsOf = new Map<string, Float32Array>();
  const operations: OperationTrace[] = [];
  const spikes: Record<string, SpikeCount> = {};
  const rasters: Record<string, SpikeTrain> = {};

  const keep = (name: string, train: SpikeTrain) => {
    spikes[name] = { ones: countSpikes(train), bits: train.steps * train.rows * train.features };
    if (rasterPrompts > 0) rasters[name] = firstRows(train, (rasterPrompts * train.rows) / prompts);
    return train;
  };
  const linear = (name: string, train: SpikeTrain, after?: (currents: Float32Array, tally: ActionTally) => void) => {
    const tally = emptyTally();
    const layer = layers.get(name) as LayerMapping;
    const lines = spikesByLine(train, layer);
    const registers = digital.columns(layer);
    const offsets = registers === null ? digital.offsets(name) : new Float32Array(0);
    const { currents, thresholds, clipped, cycles } = runLinear(layer, offsets, engine, lines, tally, registers);
    if (thresholds !== null) thresholdsOf.set(layer.trainOut as string, thresholds);
    after?.(currents, tally);
    operations.push({ name, kind: "linear", cycles, actions: tally, clipped });
    return currents;
  };
  const sentFor = (name: string, train: SpikeTrain): number => neuronBits(chip, name, train);
  const columns = { readings: crossbars.readings, errors: chip.columnErrors ?? [], random };
  /** A layer with neurons of its own, which fire behind converters, or in its columns. */
  const firing = (name: string, to: string, train: SpikeTrain) => {
    const layer = layers.get(name) as LayerMapping;
    const plan = columnPlan(chip, layer);
    if (plan === null) return fire(to, linear(name, train));
    const [reading, deciding] = [emptyTally(), emptyTally()];
    const vectors = { steps, firstPrompt, prompts, perPrompt: train.rows / prompts };
    const lines = spikesByLine(train, layer);
    const probe = probeOf?.(to, { steps, rows: train.rows, features: layer.outputs });
    const fired = runColumns(plan, columns, lines, vectors, reading, deciding, probe);
    deciding.bitsSent += sentFor(to, fired.train);
    const cycles = steps * train.rows * readClocks(layer, chip.hardware);
    operations.push({ name, kind: "linear", cycles, actions: reading, clipped: 0 });
    operations.push({ name: to, kind: "neurons", cycles: 0, actions: deciding, clipped: 0 });
    digital.countMembranes(to, fired.saturated, steps * train.rows * layer.outputs);
    return keep(to, fired.train);
  };
  const { stateWords } = neuronModel(model.neuron);
  const fire = (name: string, currents: Float32Array, perPrompt = geometry.tokens) => {
    const tally = emptyTally();
    const rows = prompts * perPrompt;
    const features = currents.length / (steps * rows);
    const thresholds = thresholdsOf.get(name) ?? null;
    const shape = { steps, rows, features };
    const train = digital.fire(name, currents, shape, tally, thresholds, probeOf?.(name, shape));
    if (thresholds !== null) tally.offsetAdditions += currents.length;
    const stored = storedWords(rows * features * stateWords, steps, chip.hardware.order);
    tally.bitsSent += sentFor(name, train);
    tally.membraneReads += stored;
    tally.membraneWrites += stored;
    operations.push({ name, kind: "neurons", cycles: 0, actions: tally, clipped: 0 });
    return keep(name, train);
  };
  const units = ssaEngine ?? blockAttention(attention, steps, random, draws);
  const attend = (block: number, qkv: SpikeTrain): Pick<AttentionRun, "output" | "scores"> => {
    if (units === null) return { output: qkv, scores: NO_SCORES };
    const tally = emptyTally();
    const attended = units(qkv, block, firstPrompt, tally);
    tally.bitsSent += attentionBits(chip, qkv, attended.output);
    const name = `blocks.${block}.attention`;
    operations.push({ name, kind: "attention", cycles: attended.cycles, actions: tally, clipped: 0 });
    return attended;
  };
  /** Joins a branch to the stream, in place. */
  const { adds } = RESIDUALS[model.residual];
  const join = (name: string, stream: Float32Array, branch: ArrayLike<number>, tally: ActionTally, kept: boolean) => {
    if (!adds) stream.set(branch);
    else {
      for (let i = 0; i < stream.length; i++) stream[i] += branch[i];
      countJoin(tally, stream.length, kept);
    }
    digital.hold("stream", name, stream);
  };

  /** What a layer of the stem reads from a map. Without a stem, the embedding reads the input itself. */
  const windows = (layer: StemLayer, map: SpikeTrain) =>
    geometry.grid ? keep(`${layer.name}.windows`, spikeWindows(map, layer, prompts)) : map;

  keep("input", input);
  const stem = stemLayers(model, geometry);
  let map = input;
  let around: Float32Array | null = null;
  for (const [i, layer] of stem.slice(0, -1).entries()) {
    const isLast = i === stem.length - 2 && hasShortcut(model);
    let currents = linear(layer.name, windows(layer, map), (_, tally) => {
      if (poolsCurrents(layer)) tally.accumulations += steps * prompts * comparisonsOf(layer);
      if (isLast) tally.streamWrites += steps * prompts * geometry.tokens * model.width;
    });
    if (poolsCurrents(layer)) currents = Float32Array.from(largestCurrents(currents, layer, steps * prompts));
    if (isLast) around = currents;
    const spikes = fire(`${layer.name}.map`, currents, pixels(neuronGrid(layer)));
    map = poolsCurrents(layer) ? spikes : poolSpikes(spikes, layer, prompts);
  }
  const stream = linear("embed", windows(stem[stem.length - 1], map), (currents, tally) => {
    addPositions(digital.position, currents, tally);
    if (adds) tally.streamWrites += currents.length;
    digital.hold("stream", "embed", currents);
    if (around === null) return;
    tally.streamReads += currents.length;
    tally.residualAdditions += currents.length;
    for (let n = 0; n < currents.length; n++) currents[n] += around[n];
    digital.hold("stream", "embed", currents);
  });
  for (let i = 0; i < model.depth; i++) {
    const block = `blocks.${i}`;
    const qkv = firing(`${block}.qkv`, `${block}.qkv`, fire(`${block}.input`, stream));
    const attention = attend(i, qkv);
    spikes[`${block}.scores`] = attention.scores;
    keep(`${block}.attention`, attention.output);
    if (model.outputProjection) {
      const name = `${block}.projection`;
      linear(name, attention.output, (branch, tally) => join(name, stream, branch, tally, true));
    } else {
      const tally = emptyTally();
      const name = `${block}.shortcut`;
      const branch = Float32Array.from(unpackSpikes(attention.output), (spike) => spike / digital.unit);
      join(name, stream, branch, tally, true);
      operations.push({ name, kind: "residual", cycles: 0, actions: tally, clipped: 0 });
    }
    const hidden = firing(`${block}.up`, `${block}.hidden`, fire(`${block}.middle`, stream));
    const down = `${block}.down`;
    linear(down, hidden, (branch, tally) => join(down, stream, branch, tally, i < model.depth - 1));
  }
  const { tokens } = answerGeometry(geometry);
  const output = fire("output", meanOfStream(), tokens);
  const read = tokensRead(answerGeometry(geometry));
  const answers = linear("head", gatherRows(output, tokens, read), (currents) => {
    digital.hold("logit", "head", currents);
  });
  const stepLogits = meanOverTokens(
    answers.map((answer) => answer * digital.unit),
    chip.network,
  );
  /** What the last neurons read: the stream, or its mean over the tokens of a prompt. */
  function meanOfStream(): Float32Array {
    if (geometry.readOut !== "stream-mean") return stream;
    const tally = emptyTally();
    tally.residualAdditions += stream.length;
    operations.push({ name: "stream.mean", kind: "residual", cycles: 0, actions: tally, clipped: 0 });
    return Float32Array.from(streamMean(stream, geometry, model.width, digital.unit !== 1));
  }
  const { saturated, registers } = digital;
  return traceOf({ steps, prompts, stepLogits, operations, spikes, saturated, registers, rasters });
}

/** Prompts of an input. Throws ShapeError when it does not fit the network. */
export function requirePrompts({ network }: MappedNetwork, input: SpikeTrain): number {
  const { inputs } = network.geometry;
  const perPrompt = inputRows(network.geometry);
  if (input.features !== inputs || input.rows % perPrompt !== 0) {
    throw new ShapeError(
      "input",
      `The network reads rows of ${inputs} lines, ${perPrompt} rows to a prompt, but the input has ${input.rows} rows of ` +
        `${input.features} features.`,
    );
  }
  return input.rows / perPrompt;
}

/** Factors in the layer's unit, from floating point or registers. */
const inLayerUnit = (record: CodeRecord, unit: number): CodeRecord =>
  unit === 1 ? record : { ...record, factors: record.factors.map((factor) => factor * unit) };

/** Adds position[n] to the currents of every row; rows are [T][prompts][tokens]. */
function addPositions(position: Float32Array | null, currents: Float32Array, tally: ActionTally): void {
  if (position === null) return;
  for (let i = 0; i < currents.length; i++) currents[i] += position[i % position.length];
  tally.offsetAdditions += currents.length;
}

/** The rows of some tokens, `[T][prompts tokens][features]`. */
function gatherRows(train: SpikeTrain, tokens: number, read: Int32Array): SpikeTrain {
  const stride = wordsPerRow(train.features);
  const gathered = emptySpikeTrain(train.steps, (train.rows / tokens) * read.length, train.features);
  for (let group = 0, to = 0; group < (train.steps * train.rows) / tokens; group++) {
    for (const token of read) {
      const from = (group * tokens + token) * stride;
      gathered.words.set(train.words.subarray(from, from + stride), to);
      to += stride;
    }
  }
  return gathered;
}

/** The first rows of every step, at most `rows` of them. */
function firstRows(train: SpikeTrain, rows: number): SpikeTrain {
  const kept = Math.min(rows, train.rows);
  const stride = wordsPerRow(train.features);
  const first = emptySpikeTrain(train.steps, kept, train.features);
  for (let t = 0; t < train.steps; t++) {
    const from = t * train.rows * stride;
    first.words.set(train.words.subarray(from, from + kept * stride), t * kept * stride);
  }
  return first;
}
