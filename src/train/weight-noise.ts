/**
 * The noisy copy of the parameters, which a stage's forward and backward pass see instead of the exact ones: noise of a given size, or
 * that of the hardware (`hardware-noise.ts`).
 *
 * Random   `stream(seed).fork("weight noise", step, parameter)`, and forks "stuck" and "drop" of the same; forks "offsets" and "gains" of
 *          `stream(seed).fork("weight noise", step, layer)`
 */
import type { Experiment } from "../experiment/experiment.ts";
import type { StageSpec } from "../experiment/training.ts";
import type { TrainingOps } from "../kernels/training-ops.ts";
import type { LinearLayer } from "../model/layers.ts";
import { isWeight } from "../model/network.ts";
import { NORM_EPSILON } from "../model/operation.ts";
import { type Stream, stream } from "../numeric/stream.ts";
import { type StageNoise, stageNoise } from "./converter-noise.ts";
import type { ConverterSteps } from "./converter-steps.ts";
import { type LevelStatistics, levelStatistics } from "./device-noise.ts";
import { addConverters, addDevices, type NoisyCopy } from "./hardware-noise.ts";
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
  const threshold = model.kind === "ann" ? 1 : model.neuron.threshold;
  const copy: NoisyCopy = { ops, plan, hardware, threshold };
  const converting = convertingLayers(plan.layout);
  let statistics: { stage: StageSpec; byAge: LevelStatistics[] } | null = null;

  /** Statistics at the age of this step's chip. */
  function levelsOfAge(stage: StageSpec, ages: NonNullable<StageNoise["devices"]>, step: number): LevelStatistics {
    if (statistics?.stage !== stage) {
      const random = stream(seed).fork("device statistics");
      statistics = { stage, byAge: levelStatistics(hardware, ages, random) };
    }
    const { byAge } = statistics;
    return byAge[root.fork(step, "age").integer(byAge.length)];
  }

  return (stage, step, converterSteps) => {
    if (!isNoisy(stage)) return;
    const { weights, devices, dropConnect, converters } = stageNoise(stage, hardware);
    const levels = devices && levelsOfAge(stage, devices, step);
    for (const parameter of plan.layout) {
      const { name, layer, shape } = parameter;
      const random = root.fork(step, name);
      const isCopied = !isWeight(parameter) || (weights === 0 && !levels);
      const [target, count] = [plan.noisy[name], shape[0] * (shape[1] ?? 1)];
      if (isCopied) ops.copy(plan.value[name], target, count);
      if (!isWeight(parameter) || layer === null) continue;
      if (weights > 0) addNoise(copy, layer, weights, random);
      if (levels) addDevices(copy, layer, levels, random);
      if (dropConnect > 0) ops.drop({ target, count, share: dropConnect, key: random.fork("drop").key });
    }
    if (converters === null || converterSteps === null) return;
    for (const layer of converting) {
      addConverters(copy, layer, converters, converterSteps[layer.name], root.fork(step, layer.name));
    }
  };
}

/**
 * Noise relative to the column's own largest weight, or to the largest folded weight of the layer, scaled back by the fold:
 * BatchNorm rescales each column. The noise of a column is limited to half of its own largest weight. Noise raises the column's
 * running variance, which shrinks the folded column; without a limit, noise and variance of a weak column would drive each
 * other to infinity. A column that BatchNorm silences has noise relative to its own weights, which has no effect.
 */
function addNoise({ ops, plan, hardware }: NoisyCopy, layer: LinearLayer, weights: number, { key }: Stream): void {
  const { noiseColumns: deviations, noiseWords: scratch } = plan;
  const { name, inputs: rows, outputs: columns } = layer;
  const [source, target] = [plan.value[`${name}.weight`], plan.noisy[`${name}.weight`]];
  const [gain, variance] = [plan.value[`${name}.gain`], plan.value[`${name}.variance`]];
  const norm = variance === undefined ? null : { gain, variance, epsilon: NORM_EPSILON };
  const fold = hardware.crossbar.scaling === "column" ? null : { norm };
  const limits = { share: weights, most: LARGEST_COLUMN_NOISE };
  ops.weightDeviations({ weight: source, rows, columns, ...limits, fold, target: deviations });
  ops.addNoise({ source, rows, columns, deviations, key, target, scratch });
}
