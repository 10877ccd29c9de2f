/**
 * The errors of an experiment's hardware on the noisy copy of a layer: devices on its weights, converters on its outputs. Their sizes
 * come from `device-noise.ts` and `converter-noise.ts`.
 */
import type { HardwareSpec } from "../experiment/hardware.ts";
import { readoutUnits } from "../hardware/adc.ts";
import { cutBlock, matrixBlocks } from "../hardware/blocks.ts";
import { wiringOf } from "../hardware/line-order.ts";
import type { Place } from "../kernels/arena.ts";
import { outputNoiseOf } from "../kernels/spiking-layer.ts";
import type { TrainingOps } from "../kernels/training-ops.ts";
import type { LinearLayer } from "../model/layers.ts";
import { NORM_EPSILON } from "../model/network.ts";
import type { Stream } from "../numeric/stream.ts";
import type { ConverterNoise } from "./converter-noise.ts";
import { type Fault, faultsOf, type LevelStatistics, largestUnfolded, levelsOf } from "./device-noise.ts";
import type { TrainingPlan } from "./plan.ts";

/** Where noise is written, and what sets its size. */
export interface NoisyCopy {
  readonly ops: TrainingOps;
  readonly plan: TrainingPlan;
  readonly hardware: HardwareSpec;
  /** Of the neurons; 1 without. */
  readonly threshold: number;
}

/** Factor by which folding BatchNorm multiplies each column of a layer. */
async function columnFolds({ ops, plan }: NoisyCopy, { name, outputs }: LinearLayer): Promise<Float32Array> {
  const variance = plan.value[`${name}.variance`];
  if (variance === undefined) return new Float32Array(outputs).fill(1);
  const gains = await ops.read(plan.value[`${name}.gain`], outputs);
  const variances = await ops.read(variance, outputs);
  return gains.map((gain, n) => Math.abs(gain) / Math.sqrt(variances[n] + NORM_EPSILON));
}

/**
 * Device noise on a layer's weights, block by block, as crossbars hold the matrix; a weight that several lines share is held once,
 * with the error of their mean. Random: `random`, and its fork "stuck"
 */
export async function addDevices(
  copy: NoisyCopy,
  layer: LinearLayer,
  { means, deviations }: LevelStatistics,
  random: Stream,
): Promise<void> {
  const { ops, plan, hardware } = copy;
  const { name, role, inputs, outputs } = layer;
  const { linesPerInput } = wiringOf(layer.source, hardware.crossbar);
  const crossbar = { ...hardware.crossbar, parallelDevices: linesPerInput * hardware.crossbar.parallelDevices };
  const spread = Math.sqrt(linesPerInput);
  const [value, noisy] = [plan.value[`${name}.weight`], plan.noisy[`${name}.weight`]];
  ops.write(plan.noiseLevels, means);
  ops.write(
    plan.noiseLevels + 4 * means.length,
    deviations.map((deviation) => deviation / spread),
  );
  const values = await ops.read(value, inputs * outputs);
  const folds = await columnFolds(copy, layer);
  const faulty: FaultyWeight[] = [];
  for (const [b, block] of matrixBlocks(role, inputs, outputs, crossbar).entries()) {
    const { rowStart, columnStart, rows, columns } = block;
    const offset = (i: number) => 4 * ((rowStart + Math.floor(i / columns)) * outputs + columnStart + (i % columns));
    const weights = cutBlock(values, outputs, block);
    const largest = largestUnfolded(weights, columns, folds.subarray(columnStart, columnStart + columns), hardware);
    ops.write(plan.noiseColumns, largest);
    ops.addDeviceNoise({
      source: value + offset(0),
      rows,
      columns,
      stride: outputs,
      largest: plan.noiseColumns,
      levels: plan.noiseLevels,
      top: levelsOf(hardware),
      exact: crossbar.conductanceBits === null,
      key: random.key,
      counter: b,
      target: noisy + offset(0),
      scratch: plan.noiseWords,
    });
    const faults = [...faultsOf(weights.length, crossbar, random.fork("stuck", b))];
    faulty.push(
      ...faults.map((fault) => ({
        ...fault,
        index: offset(fault.weight) / 4,
        largest: largest[fault.weight % columns],
      })),
    );
  }
  if (faulty.length === 0) return;
  const shown = await ops.read(noisy, inputs * outputs);
  addFaults(shown, faulty, crossbar.parallelDevices);
  ops.write(noisy, shown);
}

/** A fault, the index of its weight in the layer, and the weight that the largest conductance represents there. */
interface FaultyWeight extends Fault {
  readonly index: number;
  readonly largest: number;
}

/** Faults of one pair are consecutive, and each device holds a share of the pair's value before them. */
function addFaults(values: Float32Array, faults: readonly FaultyWeight[], parallelDevices: number): void {
  let faulty = { index: -1, shown: 0 };
  for (const { index, sign, at, largest } of faults) {
    const shown = values[index];
    if (index !== faulty.index) faulty = { index, shown };
    // A device stuck at zero removes what it held; one stuck at its largest leaves what the other device holds.
    const held = sign * faulty.shown > 0 ? faulty.shown : 0;
    const stuck = at === "maximum" ? sign * largest : 0;
    values[index] = shown + (stuck - held) / parallelDevices;
  }
}

/**
 * Converter noise on a layer's outputs; `codeSteps` [outputs] gives the size of a step. A gain multiplies the current before
 * BatchNorm subtracts the mean, so it also shifts the offset; without BatchNorm it multiplies the weights.
 *
 * Random   forks "offsets" and "gains" of `random`
 */
export async function addConverters(
  { ops, plan, hardware, threshold }: NoisyCopy,
  { name, inputs, outputs: columns }: LinearLayer,
  { offsets, gains, outputs }: ConverterNoise,
  codeSteps: Float32Array,
  random: Stream,
): Promise<void> {
  ops.write(
    plan.noisy[outputNoiseOf(name)],
    codeSteps.map((width) => outputs * width),
  );
  if (offsets === 0 && gains === 0) return;
  const byUnit = (spread: number, purpose: string) => drawByUnit(columns, spread, random.fork(purpose), hardware);
  const moved = byUnit(offsets, "offsets").map((move, c) => move * codeSteps[c]);
  const scaled = byUnit(gains, "gains");
  const change = async (place: Place, count: number, by: (value: number, i: number) => number) =>
    ops.write(place, (await ops.read(place, count)).map(by));
  const [weight, offset] = [plan.noisy[`${name}.weight`], plan.noisy[`${name}.offset`]];
  const norm = ["gain", "mean", "variance"].map((part) => plan.value[`${name}.${part}`]);
  if (norm[0] === undefined) {
    await change(offset, columns, (value, c) => value + threshold * moved[c]);
    await change(weight, inputs * columns, (value, i) => value * (1 + scaled[i % columns]));
    return;
  }
  const [gain, mean, variance] = await Promise.all(norm.map((place) => ops.read(place, columns)));
  const share = (c: number) => mean[c] / Math.sqrt(variance[c] + NORM_EPSILON);
  ops.write(
    plan.noisy[`${name}.gain`],
    gain.map((value, c) => value * (1 + scaled[c])),
  );
  await change(offset, columns, (value, c) => value + Math.abs(gain[c]) * moved[c] + gain[c] * scaled[c] * share(c));
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
