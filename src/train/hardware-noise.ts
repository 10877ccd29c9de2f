/**
 * The errors of an experiment's hardware on the noisy copy of a layer: devices on its weights, converters on its outputs. Their sizes
 * come from `device-noise.ts` and `converter-noise.ts`.
 */
import type { HardwareSpec } from "../experiment/hardware.ts";
import { readoutUnits } from "../hardware/adc.ts";
import { matrixBlocks } from "../hardware/blocks.ts";
import { rowsFor } from "../hardware/crossbar.ts";
import { wiringOf } from "../hardware/line-order.ts";
import type { Place } from "../kernels/arena.ts";
import { outputNoiseOf } from "../kernels/operations/linear.ts";
import type { TrainingOps } from "../kernels/training-ops.ts";
import type { LinearLayer } from "../model/layers.ts";
import { NORM_EPSILON } from "../model/operation.ts";
import type { Stream } from "../numeric/stream.ts";
import type { ConverterNoise } from "./converter-noise.ts";
import { faultsOf, type LevelStatistics, levelsOf } from "./device-noise.ts";
import type { TrainingPlan } from "./plan.ts";

/** Where noise is written, and what sets its size. */
export interface NoisyCopy {
  readonly ops: TrainingOps;
  readonly plan: TrainingPlan;
  readonly hardware: HardwareSpec;
  /** Of the neurons; 1 without. */
  readonly threshold: number;
}

/** What folding BatchNorm multiplies a layer's columns by, from `column` on; null without. */
function foldedNorm({ plan }: NoisyCopy, layer: string, column = 0) {
  const [gain, mean, variance] = ["gain", "mean", "variance"].map((part) => plan.value[`${layer}.${part}`]);
  if (variance === undefined) return null;
  const from = (place: Place) => place + 4 * column;
  return { gain: from(gain), mean: from(mean), variance: from(variance), epsilon: NORM_EPSILON };
}

/**
 * Device noise on a layer's weights, block by block, as crossbars hold the matrix; a weight that several lines share is held once,
 * with the error of their mean. The largest conductance represents a weight with BatchNorm folded; a column that BatchNorm silences, as at
 * the end of a new block (`deepen`), uses its own largest weight: its noise has no effect until it has a gain.
 *
 * Random   `random`, and its fork "stuck"
 */
export function addDevices(
  copy: NoisyCopy,
  layer: LinearLayer,
  { means, deviations }: LevelStatistics,
  random: Stream,
): void {
  const { ops, plan, hardware } = copy;
  const { name, inputs, outputs } = layer;
  const { linesPerInput } = wiringOf(layer, hardware.crossbar);
  const crossbar = { ...hardware.crossbar, parallelDevices: linesPerInput * hardware.crossbar.parallelDevices };
  const { parallelDevices: parallel, scaling, clippingQuantile: quantile } = crossbar;
  const spread = Math.sqrt(linesPerInput);
  const { noiseColumns: largest, noiseLevels: levels, noiseWords: scratch } = plan;
  ops.write(levels, means);
  ops.write(
    levels + 4 * means.length,
    deviations.map((deviation) => deviation / spread),
  );
  const blocks = matrixBlocks(inputs, outputs, rowsFor(layer, crossbar), crossbar.columns);
  for (const [b, { rowStart, columnStart, rows, columns }] of blocks.entries()) {
    const first = 4 * (rowStart * outputs + columnStart);
    const [source, target] = [plan.value[`${name}.weight`] + first, plan.noisy[`${name}.weight`] + first];
    const block = { rows, columns, stride: outputs };
    const norm = foldedNorm(copy, name, columnStart);
    ops.largestShown({ ...block, source, norm, shared: scaling === "crossbar", quantile, target: largest });
    ops.addDeviceNoise({
      ...{ ...block, source, target, largest, levels, top: levelsOf(hardware) },
      ...{ exact: crossbar.conductanceBits === null, key: random.key, counter: b, scratch },
    });
    const faults = [...faultsOf(rows * columns, crossbar, random.fork("stuck", b))];
    if (faults.length > 0) ops.stickDevices({ ...block, target, faults, parallel, largest });
  }
}

/**
 * Converter noise on a layer's outputs; `codeSteps` [outputs] gives the size of a step. A gain multiplies the current before
 * BatchNorm subtracts the mean, so it also shifts the offset; without BatchNorm it multiplies the weights.
 *
 * Random   forks "offsets" and "gains" of `random`
 */
export function addConverters(
  copy: NoisyCopy,
  { name, inputs: rows, outputs: columns }: LinearLayer,
  { offsets, gains, outputs }: ConverterNoise,
  codeSteps: Float32Array,
  random: Stream,
): void {
  const { ops, plan, hardware, threshold } = copy;
  ops.write(
    plan.noisy[outputNoiseOf(name)],
    codeSteps.map((width) => outputs * width),
  );
  if (offsets === 0 && gains === 0) return;
  const byUnit = (spread: number, purpose: string) => drawByUnit(columns, spread, random.fork(purpose), hardware);
  const norm = foldedNorm(copy, name);
  const { [`${name}.weight`]: weight, [`${name}.gain`]: gain, [`${name}.offset`]: offset } = plan.noisy;
  ops.addColumnErrors({
    columns,
    offsets: byUnit(offsets, "offsets").map((move, c) => move * codeSteps[c]),
    gains: byUnit(gains, "gains"),
    offset,
    on: norm ? { norm, gain } : { norm, weight, rows, threshold },
  });
}

/** A normal variate for each readout unit, which several columns of a crossbar share. */
function drawByUnit(columns: number, spread: number, random: Stream, hardware: HardwareSpec): Float32Array {
  const { columns: width } = hardware.crossbar;
  const units = readoutUnits(width, hardware.adc);
  const values = Float32Array.from({ length: Math.ceil(columns / width) * units }, () => spread * random.normal());
  return Float32Array.from(
    { length: columns },
    (_, c) => values[Math.floor(c / width) * units + ((c % width) % units)],
  );
}
