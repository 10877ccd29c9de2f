/**
 * The noisy copy of the parameters, which a stage's forward and backward pass see instead of the exact ones.
 *
 * Random   `stream(seed).fork("weight noise", step, parameter)`, and forks "stuck" and "drop" of the same; forks "offsets" and "gains" of
 *          `stream(seed).fork("weight noise", step, layer)`
 */
import type { Experiment } from "../experiment/experiment.ts";
import type { StageSpec } from "../experiment/training.ts";
import { readoutUnits } from "../hardware/adc.ts";
import { cutBlock, matrixBlocks } from "../hardware/blocks.ts";
import { wiringOf } from "../hardware/line-order.ts";
import type { Place } from "../kernels/arena.ts";
import { outputNoiseOf } from "../kernels/spiking-layer.ts";
import type { TrainingOps } from "../kernels/training-ops.ts";
import { NORM_EPSILON } from "../model/network.ts";
import { type Stream, stream } from "../numeric/stream.ts";
import { type ConverterNoise, type StageNoise, stageNoise } from "./converter-noise.ts";
import type { ConverterSteps } from "./converter-steps.ts";
import { faultsOf, type LevelStatistics, largestUnfolded, levelStatistics, levelsOf } from "./device-noise.ts";
import { convertingLayers, isNoisy, type TrainingPlan } from "./plan.ts";

/** Maximum weight noise of a column, relative to its own largest weight. */
const LARGEST_COLUMN_NOISE = 0.5;

/** Fills the noisy copy before a step. */
export function createWeightNoise(
  ops: TrainingOps,
  plan: TrainingPlan,
  { hardware, seed, model }: Experiment,
): (stage: StageSpec, step: number, converterSteps: ConverterSteps | null) => void {
  const root = stream(seed).fork("weight noise");
  const threshold = model.kind === "spiking" ? model.neuron.threshold : 1;
  const converting = convertingLayers(plan.layout);
  const { noiseColumns, noiseWords, noiseLevels } = plan;
  let statistics: { stage: StageSpec; byAge: LevelStatistics[] } | null = null;

  function prepare(stage: StageSpec, step: number, converterSteps: ConverterSteps | null) {
    if (!isNoisy(stage)) return;
    const noise = stageNoise(stage, hardware);
    const { weights, devices, dropConnect, converters } = noise;
    const levels = devices && levelsOfAge(stage, devices, step);
    for (const { name, shape } of plan.layout) {
      const [rows, columns = 1] = shape;
      const isWeight = name.endsWith(".weight");
      if (!isWeight || (weights === 0 && !levels)) ops.copy(plan.value[name], plan.noisy[name], rows * columns);
      if (!isWeight) continue;
      if (weights > 0) addNoise(name, rows, columns, weights, step);
      if (levels) addDevices(name, rows, columns, levels, step);
      if (dropConnect > 0) drop(name, rows * columns, dropConnect, step);
    }
    if (converters === null || converterSteps === null) return;
    for (const { name, inputs, outputs } of converting) {
      addConverters(name, inputs, outputs, converters, converterSteps[name], step);
    }
  }

  function addNoise(name: string, rows: number, columns: number, weights: number, step: number) {
    ops.write(noiseColumns, columnDeviations(name, rows, columns, weights));
    const { key } = root.fork(step, name);
    const [source, target] = [plan.value[name], plan.noisy[name]];
    ops.addNoise({ source, rows, columns, deviations: noiseColumns, key, target, scratch: noiseWords });
  }

  /**
   * Noise relative to the column's own largest weight, or to the largest folded weight of the layer, scaled back by the fold:
   * BatchNorm rescales each column. The noise of a column is limited to half of its own largest weight. Noise raises the column's
   * running variance, which shrinks the folded column; without a limit, noise and variance of a weak column would drive each
   * other to infinity. A column that BatchNorm silences has noise relative to its own weights, which has no effect.
   */
  function columnDeviations(name: string, rows: number, columns: number, weights: number): Float32Array {
    const columnLargest = new Float32Array(columns);
    const values = ops.floats(plan.value[name], rows * columns);
    for (let row = 0; row < values.length; row += columns) {
      for (let n = 0; n < columns; n++) columnLargest[n] = Math.max(columnLargest[n], Math.abs(values[row + n]));
    }
    const relative = Math.min(weights, LARGEST_COLUMN_NOISE);
    if (hardware.crossbar.scaling === "column") return columnLargest.map((own) => relative * own);
    const folds = columnFolds(name, columns);
    const largest = columnLargest.reduce((most, value, n) => Math.max(most, value * folds[n]), 0);
    return columnLargest.map((own, n) =>
      folds[n] > 0 ? Math.min((weights * largest) / folds[n], LARGEST_COLUMN_NOISE * own) : relative * own,
    );
  }

  /** Factor by which folding BatchNorm multiplies each column of a layer. */
  function columnFolds(name: string, columns: number): Float32Array {
    const layer = name.slice(0, -".weight".length);
    const variance = plan.value[`${layer}.variance`];
    if (variance === undefined) return new Float32Array(columns).fill(1);
    const gains = ops.floats(plan.value[`${layer}.gain`], columns);
    const variances = ops.floats(variance, columns);
    return gains.map((gain, n) => Math.abs(gain) / Math.sqrt(variances[n] + NORM_EPSILON));
  }

  /** Statistics at the age of this step's chip. */
  function levelsOfAge(stage: StageSpec, ages: NonNullable<StageNoise["devices"]>, step: number): LevelStatistics {
    if (statistics?.stage !== stage) {
      const random = stream(seed).fork("device statistics");
      statistics = { stage, byAge: levelStatistics(hardware, ages, random) };
    }
    const { byAge } = statistics;
    return byAge[root.fork(step, "age").integer(byAge.length)];
  }

  /** Block by block, as crossbars hold the matrix; a weight that several lines share is held once, with the error of their mean. */
  function addDevices(
    name: string,
    rows: number,
    columns: number,
    { means, deviations }: LevelStatistics,
    step: number,
  ) {
    const layer = name.slice(0, -".weight".length);
    const number = converting.findIndex((one) => one.name === layer);
    const { linesPerInput } = wiringOf(number, hardware.crossbar);
    const crossbar = { ...hardware.crossbar, parallelDevices: linesPerInput * hardware.crossbar.parallelDevices };
    const spread = Math.sqrt(linesPerInput);
    ops.write(noiseLevels, means);
    ops.write(
      noiseLevels + 4 * means.length,
      deviations.map((deviation) => deviation / spread),
    );
    const random = root.fork(step, name);
    const values = ops.floats(plan.value[name], rows * columns);
    const folds = columnFolds(name, columns);
    for (const [b, block] of matrixBlocks(layer, rows, columns, crossbar).entries()) {
      const { rowStart, columnStart, rows: height, columns: width } = block;
      const place = (i: number) => (rowStart + Math.floor(i / width)) * columns + columnStart + (i % width);
      const weights = cutBlock(values, columns, block);
      const largest = largestUnfolded(weights, width, folds.subarray(columnStart, columnStart + width), hardware);
      ops.write(noiseColumns, largest);
      ops.addDeviceNoise({
        source: plan.value[name] + 4 * place(0),
        rows: height,
        columns: width,
        stride: columns,
        largest: noiseColumns,
        levels: noiseLevels,
        top: levelsOf(hardware),
        exact: crossbar.conductanceBits === null,
        key: random.key,
        counter: b,
        target: plan.noisy[name] + 4 * place(0),
        scratch: noiseWords,
      });
      // Faults of one pair are consecutive, and each device holds a share of the pair's value before them.
      let faulty = { weight: -1, shown: 0 };
      for (const { weight, sign, at } of faultsOf(weights.length, crossbar, random.fork("stuck", b))) {
        const target = plan.noisy[name] + 4 * place(weight);
        const [shown] = ops.floats(target, 1);
        if (weight !== faulty.weight) faulty = { weight, shown };
        // A device stuck at zero removes what it held; one stuck at its largest leaves what the other device holds.
        const held = sign * faulty.shown > 0 ? faulty.shown : 0;
        const stuck = at === "maximum" ? sign * largest[weight % width] : 0;
        ops.write(target, Float32Array.of(shown + (stuck - held) / crossbar.parallelDevices));
      }
    }
  }

  /**
   * Converter noise on the layer's outputs; `codeSteps` [columns] gives the size of a step. A gain multiplies the current before
   * BatchNorm subtracts the mean, so it also shifts the offset; without BatchNorm it multiplies the weights.
   */
  function addConverters(
    layer: string,
    rows: number,
    columns: number,
    noise: ConverterNoise,
    codeSteps: Float32Array,
    step: number,
  ) {
    const { offsets, gains, outputs } = noise;
    ops.write(
      plan.noisy[outputNoiseOf(layer)],
      codeSteps.map((width) => outputs * width),
    );
    if (offsets === 0 && gains === 0) return;
    const read = (at: Place) => ops.floats(at, columns);
    const random = root.fork(step, layer);
    const byUnit = (spread: number, purpose: string) => drawByUnit(columns, spread, random.fork(purpose));
    const moved = byUnit(offsets, "offsets").map((move, c) => move * codeSteps[c]);
    const scaled = byUnit(gains, "gains");
    const { [`${layer}.gain`]: gain, [`${layer}.mean`]: mean, [`${layer}.variance`]: variance } = plan.value;
    const offset = plan.noisy[`${layer}.offset`];
    if (gain === undefined) {
      ops.write(
        offset,
        read(offset).map((value, c) => value + threshold * moved[c]),
      );
      const weights = ops.floats(plan.noisy[`${layer}.weight`], rows * columns);
      ops.write(
        plan.noisy[`${layer}.weight`],
        weights.map((weight, i) => weight * (1 + scaled[i % columns])),
      );
      return;
    }
    const [gainValues, means, variances] = [gain, mean, variance].map(read);
    const share = (c: number) => means[c] / Math.sqrt(variances[c] + NORM_EPSILON);
    ops.write(
      plan.noisy[`${layer}.gain`],
      gainValues.map((value, c) => value * (1 + scaled[c])),
    );
    ops.write(
      offset,
      read(offset).map((value, c) => value + Math.abs(gainValues[c]) * moved[c] + gainValues[c] * scaled[c] * share(c)),
    );
  }

  /** A normal variate for each readout unit, which several columns of a crossbar share. */
  function drawByUnit(columns: number, spread: number, random: Stream): Float32Array {
    const { columns: width } = hardware.crossbar;
    const units = readoutUnits(width, hardware.adc);
    const values = Float32Array.from({ length: Math.ceil(columns / width) * units }, () => spread * random.normal());
    return Float32Array.from(
      { length: columns },
      (_, c) => values[Math.floor(c / width) * units + ((c % width) % units)],
    );
  }

  function drop(name: string, count: number, share: number, step: number) {
    const random = root.fork(step, name).fork("drop");
    const noisy = ops.floats(plan.noisy[name], count);
    for (let i = 0; i < count; i++) if (random.uniform() < share) noisy[i] = 0;
    ops.write(plan.noisy[name], noisy);
  }

  return prepare;
}
