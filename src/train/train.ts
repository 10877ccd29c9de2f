/**
 * The trainer: backpropagation through time with surrogate gradients, AdamW or Muon, warm-up and cosine decay, in stages.
 *
 * A step splits its batch into a fixed number of shards; threads take shards as they become free, in one wave or several;
 * gradients are summed in shard order. All randomness is a function of seed and step, so training on any number of threads,
 * interrupted anywhere, gives bit-identical networks on one backend.
 */

import { type PartedData, partedOf } from "../data/labelled.ts";
import { SpecError, ValueError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { depthOf, type ModelSpec } from "../experiment/model.ts";
import type { TaskSpec } from "../experiment/task.ts";
import { type StageSpec, totalSteps } from "../experiment/training.ts";
import { countingArena, LARGEST_MEMORY } from "../kernels/arena.ts";
import { loadFastBinary } from "../kernels/fast-math.ts";
import { MOST_TALLIES, passLoss } from "../kernels/pass-loss.ts";
import { foldNetwork } from "../model/fold.ts";
import { type Geometry, valuesPerAnswer } from "../model/geometry.ts";
import { isSpiking, type Network } from "../model/network.ts";
import { passParameters } from "../model/quantization.ts";
import { stream } from "../numeric/stream.ts";
import { kitOf } from "../task/catalogue.ts";
import { networkGeometry } from "../task/create.ts";
import { type Openable, type Opened, opened } from "../task/open.ts";
import { scoredErrors } from "../task/scored.ts";
import type { Metric } from "../task/task.ts";
import type { Executor } from "../threads/executor.ts";
import { shareData } from "../threads/shared-data.ts";
import { averaged } from "./average.ts";
import { measureConverterSteps } from "./converter-steps.ts";
import { atStage, checkGrowth, grown, stageDepth } from "./growth.ts";
import { freshNetwork, initialParameters, type Started, startNotes } from "./initial.ts";
import { createOptimiser, type Optimiser } from "./optimiser.ts";
import {
  isNoisy,
  memoryNote,
  planPasses,
  planTraining,
  requireRoom,
  shardRange,
  shardWaves,
  stageLabels,
  stageNames,
  type TrainingPlan,
} from "./plan.ts";
import { createQuantiser } from "./quantiser.ts";
import { scheduledRate } from "./schedule.ts";
import { type PieceResult, type ShardPiece, type ShardResult, type ShardSetup, validationPieces } from "./shard.ts";
import { calibratedSteps } from "./starting-steps.ts";
import type { TrainingState } from "./state.ts";
import { checkTeachers } from "./teacher.ts";
import { createWeightNoise } from "./weight-noise.ts";
import { type OpenWorkplace, onBackend, onThreads, type TrainingBackend } from "./workplace.ts";

export interface Validation extends Readonly<Partial<Record<Metric, number>>> {
  /** Cross-entropy per decision, in nats, or squared error per answer, over all queries. */
  readonly loss: number;
  /** For symbol detection: at the queries that count (`task/scored.ts`). */
  readonly bitErrorRate?: number;
  /** For images: error rate. */
  readonly errorRate?: number;
  /** For numbers: normalised squared error. */
  readonly squaredError?: number;
}

export interface TrainingEvent {
  /** Optimiser steps done, over all stages. */
  readonly step: number;
  readonly steps: number;
  readonly stage: string;
  /** The training loss, mean over the batch, including the `stepLoss` share at each time step and the penalty on rates. */
  readonly loss: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
  readonly validation?: Validation & { readonly best: boolean };
}

export interface TrainOptions {
  readonly executor: Executor;
  /** Trains there instead of on the executor's threads. */
  readonly backend?: TrainingBackend | undefined;
  /** State to resume from; omit to train a fresh network. */
  readonly state?: TrainingState;
  /**
   * Starts from these parameters instead of fresh ones. They must be those of the experiment's model, of a model with fewer
   * blocks, of a spiking model with fewer channels in its stem (for a spiking model), or of an ANN of its sizes (`initial.ts`). A
   * network with BatchNorm is folded for a model without.
   */
  readonly initial?: Network;
  /**
   * Teachers for stages with `teacher` labels; several teach by the mean of their answers. Each must be made for the same task,
   * or for its images cut and coded as `training.teacherTask` specifies.
   */
  readonly teacher?: Network | readonly Network[];
  readonly onStep?: (event: TrainingEvent) => void;
  /**
   * Bytes that parameters and activations may use, in all memories: less for a browser on a small machine, more for many threads on a large
   * one. Affects speed only. Default: 4 GiB.
   */
  readonly memoryLimit?: number;
  /** Bytes of one memory. Default: the most that WebAssembly addresses, 4 GiB. */
  readonly memorySize?: number;
  /**
   * Multiplies matrices with relaxed SIMD: faster where the CPU has fused multiply-add, and not the same bits on every machine. Without
   * effect on another backend.
   */
  readonly fastMath?: boolean;
  /**
   * Called with a sentence of advice: before the first step if memory requires fewer threads or more work than requested, or if
   * the initial network has to be changed; and after the last step if the network is averaged with the initial one.
   */
  readonly onNote?: (note: string) => void;
  /**
   * Awaited after each step and, with `stageEnded`, at the end of a stage. Training resumes from a saved `snapshot()` as if it
   * had never stopped.
   */
  readonly afterStep?: (snapshot: () => Promise<TrainingState>, stageEnded: boolean) => Promise<void>;
  /** Stops after the current step; `finished` is then false. */
  readonly signal?: AbortSignal;
}

export interface TrainResult<M extends ModelSpec = ModelSpec> {
  /**
   * The network of the last stage's best validation, or the last network if that stage has weight noise. With `initialShare`, its
   * mean with the initial network, which is then also the state's best.
   */
  readonly network: Network<M>;
  readonly state: TrainingState;
  readonly finished: boolean;
}

/**
 * Trains the network of an experiment.
 *
 * Random   streams of the experiment's seed, forked by purpose and step
 * Throws   ValueError when training diverges; ShapeError when `initial` is another network, or a deeper one; SpecError when a
 *          stage's number of blocks is impossible or an ANN cannot be the start; as `openExperiment`; PlatformError when
 *          memory or threads are lacking
 */
export async function train<M extends ModelSpec>(
  subject: Openable<TaskSpec, M>,
  options: TrainOptions,
): Promise<TrainResult<M>> {
  const whole = opened(subject);
  const { experiment } = whole;
  checkGrowth(experiment);
  requireLossFor(experiment);
  options.backend?.requireTrainable(experiment);
  const labelled = partedOf(whole.data);
  if (labelled?.validation.count === 0) throw noValidation(labelled);
  let { state } = options;
  for (;;) {
    const blocks = stageDepth(experiment, state?.stage ?? 0);
    const result = await trainBlocks(whole, { ...options, ...(state && { state }) });
    state = result.state;
    if (stageDepth(experiment, state.stage) === blocks) return result;
  }
}

/** Trains all stages that have the same number of blocks as the first one. The state is that of the next stage, which may have more. */
async function trainBlocks<M extends ModelSpec>(
  whole: Opened<TaskSpec, M>,
  options: TrainOptions,
): Promise<TrainResult<M>> {
  const { executor, backend, memoryLimit = LARGEST_MEMORY, memorySize = LARGEST_MEMORY } = options;
  const asked = { total: memoryLimit, each: memorySize };
  const binary = options.fastMath ? await loadFastBinary() : undefined;
  const place = backend ? onBackend(backend, asked) : onThreads(executor, asked, binary);
  const { base, threads, limits } = place;
  const experiment = atStage(whole.experiment, options.state?.stage ?? 0);
  const geometry = networkGeometry(experiment, whole.task);
  const planned = (of: Experiment) => planTraining(of, geometry, base, threads, limits);
  const plan = planned(experiment);
  const isWhole = depthOf(experiment.model) === depthOf(whole.experiment.model);
  // Also for later stages, whose network may have more blocks.
  requireRoom(isWhole ? plan : planned(whole.experiment), experiment, limits);
  const note = memoryNote(plan, place);
  if (note !== null) options.onNote?.(note);
  const at = place.open(plan.bytes);
  try {
    return await trainAt(at, whole, experiment, plan, { base, threads, limits }, options);
  } finally {
    at.close();
  }
}

/** The same, in the memory that was planned. */
async function trainAt<M extends ModelSpec>(
  { ops, shards }: OpenWorkplace,
  whole: Opened<TaskSpec, M>,
  experiment: Experiment<TaskSpec, M>,
  plan: TrainingPlan,
  planning: Pick<ShardSetup, "base" | "threads" | "limits">,
  options: TrainOptions,
): Promise<TrainResult<M>> {
  const { signal } = options;
  const { task, data } = whole;
  const geometry = networkGeometry(experiment, task);
  const given = { experiment, data: shareData(data) };
  const root = stream(experiment.seed);
  const optimiser = createOptimiser(ops, plan, experiment);
  const addNoise = createWeightNoise(ops, plan, experiment);
  const quantiser = createQuantiser(ops, plan, { model: experiment.model, geometry });
  const { stages } = experiment.training;
  const names = stageNames(experiment.training);
  const steps = totalSteps(experiment.training);
  const teachers = checkTeachers(experiment, [options.teacher ?? []].flat());
  const { initial } = options;
  const { initialShare = 0 } = experiment.training;
  if (initialShare > 0 && !initial) throw noInitial(initialShare);
  const { model } = experiment;
  const started = (): Started => {
    const { lineShares } = task.geometry;
    const steps = (network: Network) => calibratedSteps(network, given);
    return { model, geometry, lineShares, layout: plan.layout, random: root.fork("initial"), steps };
  };

  let { step, best, sinceBest, stageStart, stage, converterSteps } = options.state ?? {
    step: 0,
    best: null,
    converterSteps: null,
    sinceBest: 0,
    stage: 0,
    stageStart: 0,
  };
  if (options.state) optimiser.restore(options.state);
  else {
    const start = started();
    optimiser.writeParameters(initialParameters(initial ?? freshNetwork(start), start));
    for (const note of initial ? startNotes(initial, start) : []) options.onNote?.(note);
  }

  const current = async (): Promise<Network> => ({
    model: experiment.model,
    geometry,
    parameters: await optimiser.readParameters(),
  });
  const snapshot = async (): Promise<TrainingState> => ({
    step,
    stage,
    stageStart,
    sinceBest,
    best,
    converterSteps,
    parameters: await optimiser.readParameters(),
    ...(await optimiser.readMoments()),
  });

  while (stage < stages.length && !signal?.aborted) {
    const spec = stages[stage];
    const taught = stageLabels(experiment, stage) === "teacher" ? teachers : [];
    const session = shards({ ...given, ...planning, stage, teachers: taught }, plan.regions.length);
    const waves = shardWaves(experiment.training.shards, plan.gradients.length);
    const { patience } = experiment.training;
    const measureSteps = async () =>
      spec.noise.hardware === true ? measureConverterSteps(await current(), experiment, stage, data, step) : null;
    const lossOf = shardLosses(experiment, geometry, spec);
    // Measured at the start of a stage and at validations, and kept in between, also over an interruption.
    converterSteps ??= await measureSteps();
    const isOver = () => step - stageStart >= spec.steps || (patience > 0 && sinceBest >= patience);
    try {
      while (!isOver() && !signal?.aborted) {
        addNoise(spec, step, converterSteps);
        await quantiser?.write();
        for (const wave of waves) {
          await session.run(wave.map((part) => ({ kind: "train", step, ...part })));
          optimiser.addGradients(wave.map(({ buffer }) => buffer));
        }
        await quantiser?.backward();
        const learningRate = scheduledRate(spec, step - stageStart);
        await optimiser.update(spec, learningRate, step - stageStart + 1, (names) =>
          session.run(names.map((name) => ({ kind: "orthogonalise", name }))),
        );
        const sums = await ops.sums(plan.losses[0], plan.tallies);
        const meanLoss = lossOf(sums) / (experiment.training.batch * geometry.queries.length);
        const gradientNorm = Math.sqrt(sums[plan.tallies - 1]);
        if (!Number.isFinite(meanLoss) || !Number.isFinite(gradientNorm)) throw divergence(step, stage, spec);
        if (spec.clipWeights !== undefined) optimiser.clipWeights(spec.clipWeights);
        step++;
        let validation: (Validation & { best: boolean }) | undefined;
        if (step % experiment.training.validateEvery === 0 || step - stageStart === spec.steps) {
          const measured = await validate(
            validationPieces(given),
            experiment.task,
            optimiser,
            await current(),
            session,
          );
          if (!Number.isFinite(measured.loss)) throw divergence(step, stage, spec);
          // Validation has no noise, so it cannot judge a noisy stage; the last network counts there.
          const isBest = !best || isNoisy(spec) || measured.loss < best.loss;
          if (isBest) best = { ...measured, step, parameters: await optimiser.readParameters() };
          sinceBest = isBest ? 0 : sinceBest + 1;
          validation = { ...measured, best: isBest };
          converterSteps = await measureSteps();
        }
        options.onStep?.({
          step,
          steps,
          stage: names[stage],
          loss: meanLoss,
          learningRate,
          gradientNorm,
          ...(validation && { validation }),
        });
        if (!isOver()) await options.afterStep?.(snapshot, false);
      }
      if (initial && initialShare > 0 && isOver() && stage === stages.length - 1) {
        const { parameters: trained, ...before } = best!;
        const parameters = averaged(initialParameters(initial, started()), trained, initialShare);
        optimiser.writeParameters(parameters);
        const after = await validate(validationPieces(given), experiment.task, optimiser, await current(), session);
        best = { ...after, step, parameters };
        options.onNote?.(averageNote(before, after, kitOf(experiment.task).metric));
      }
    } finally {
      session.close();
    }
    if (!isOver()) break;
    // The next stage starts from the best network of this one, with fresh moments.
    if (best) optimiser.writeParameters(best.parameters);
    stage++;
    stageStart = step;
    if (stage < stages.length) best = null;
    converterSteps = null;
    sinceBest = 0;
    const isGrowing = stageDepth(whole.experiment, stage) > depthOf(experiment.model);
    const next = isGrowing ? grown(await snapshot(), whole.experiment, geometry) : null;
    await options.afterStep?.(async () => next ?? snapshot(), true);
    if (next) return { network: (await current()) as Network<M>, state: next, finished: false };
  }
  const parameters = best?.parameters ?? (await optimiser.readParameters());
  return {
    network: { model: experiment.model, geometry, parameters },
    state: await snapshot(),
    finished: stage >= stages.length,
  };
}

/** The loss of a step from the tallies of all shards. */
function shardLosses(experiment: Experiment, geometry: Geometry, stage: StageSpec): (sums: Float64Array) => number {
  const { loss } = passLoss(planPasses(countingArena(), experiment, geometry, stage, false).training);
  const prompts = Array.from({ length: experiment.training.shards }, (_, shard) => shardRange(experiment, shard).count);
  return (sums) => prompts.reduce((sum, count, shard) => sum + loss(sums.subarray(MOST_TALLIES * shard), count), 0);
}

const noInitial = (share: number): SpecError =>
  new SpecError(
    "training.initialShare",
    `initialShare is ${share}, but there is no initial network. Set training.initial to its checkpoint, or leave the share out.`,
  );

function averageNote(
  before: Partial<Validation>,
  after: Validation,
  { key, short }: { key: Metric; short: string },
): string {
  const change = (name: "loss" | Metric) => `${before[name]?.toPrecision(4)} to ${after[name]?.toPrecision(4)}`;
  return `Averaged with the initial network: validation loss ${change("loss")}, ${short} ${change(key)}.`;
}

/** Throws SpecError for labels that only classes can have. */
function requireLossFor({ task, training }: Experiment): void {
  if (!kitOf(task).metric.isUnbounded) return;
  const isTaught = [training, ...training.stages].some(({ labels }) => labels === "teacher");
  const field = isTaught ? "labels" : training.labelSmoothing ? "labelSmoothing" : null;
  if (field === null) return;
  throw new SpecError(
    `training.${field}`,
    `The answers of this task are numbers, but ${isTaught ? "a teacher's labels" : "smoothed labels"} are probabilities of classes. ` +
      (isTaught ? "Set labels to `symbols`." : "Leave labelSmoothing out."),
  );
}

const noValidation = ({ name, train }: PartedData): ValueError =>
  new ValueError(
    "task.data",
    `The training data of ${name} leave ${train.count} for learning and none for validation, which takes a tenth of each class ` +
      "(at least one if the class has two). Give at least one class two or more.",
  );

function divergence(step: number, stage: number, { name, learningRate }: StageSpec): ValueError {
  return new ValueError(
    `training.stages[${stage}].learningRate`,
    `Training diverged: values are no longer finite at step ${step}. The stage "${name}" has a peak learning ` +
      `rate of ${learningRate}; try ${Number((learningRate / 3).toPrecision(1))}, a longer warm-up, or a smaller training.clipNorm.`,
  );
}

async function validate(
  pieces: readonly ShardPiece[],
  task: TaskSpec,
  optimiser: Optimiser,
  network: Network,
  session: { run(pieces: readonly ShardPiece[]): Promise<PieceResult[]> },
): Promise<Validation> {
  optimiser.writeFolded(
    isSpiking(network) ? foldNetwork(network) : { ...network, parameters: passParameters(network) },
  );
  const answers = (await session.run(pieces)) as ShardResult[];
  const asked = answers.reduce((sum, { labels }) => sum + labels.length, 0) / valuesPerAnswer(network.geometry);
  const loss = answers.reduce((sum, result) => sum + result.loss, 0) / asked;
  const { metric, rate } = kitOf(task);
  return { loss, [metric.key]: rate(scoredErrors(task, network.geometry, answers)).rate };
}
