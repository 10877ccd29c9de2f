/**
 * The layout of the memory that the training threads share: parameters, their noisy copy, the folded copy for validation,
 * gradients of shards, optimiser moments, and a region of activations for each thread.
 *
 * A memory is limited to 4 GiB. If not everything fits, a plan keeps fewer gradients at a time (shards then run in waves),
 * recomputes layers in the backward pass instead of keeping them, gives each thread a memory of its own (`own-memory.ts`), or uses
 * fewer threads, whichever takes the least time. None of this changes a bit of the network: gradients are added in shard order, and
 * a recomputed layer is the same.
 */
import { invariant, PlatformError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { takesHardware } from "../experiment/hardware-aware.ts";
import type { ModelSpec } from "../experiment/model.ts";
import type { TaskSpec } from "../experiment/task.ts";
import type { StageSpec, TrainingSpec } from "../experiment/training.ts";
import {
  type Arena,
  arena,
  countingArena,
  LARGEST_MEMORY,
  type Place,
  reserveTally,
  tallyAt,
} from "../kernels/arena.ts";
import { outputNoiseOf } from "../kernels/operations/linear.ts";
import { MOST_TALLIES } from "../kernels/pass-loss.ts";
import { type PassLayout, planNetwork } from "../kernels/pass-plan.ts";
import { NOISE_SCRATCH } from "../kernels/wasm/neuron-ops.ts";
import { askedOnce, type Geometry, sameGeometry } from "../model/geometry.ts";
import type { LinearLayer } from "../model/layers.ts";
import { isFeatureWeight, type ParameterLayout, parameterLayout } from "../model/network.ts";
import { kitOf } from "../task/catalogue.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { stageNoise } from "./converter-noise.ts";
import { muonScratch, usesMuon } from "./muon.ts";

type Offsets = Readonly<Record<string, Place>>;

export interface TrainingPlan {
  readonly layout: readonly ParameterLayout[];
  readonly foldedLayout: readonly ParameterLayout[];
  /** Parameters, by name. */
  readonly value: Offsets;
  /**
   * Parameters as the forward pass sees them when a stage adds weight noise, with the converters' noise by column; or when the
   * network has few bits.
   */
  readonly noisy: Offsets;
  /** Parameters without BatchNorm, for validation. */
  readonly folded: Offsets;
  /**
   * Scratch memory of the weight noise: a scale for each column of the widest matrix, a block of random words, and a table of levels.
   */
  readonly noiseColumns: number;
  readonly noiseWords: number;
  readonly noiseLevels: number;
  /** Buffers for the gradients of the shards of a wave, by name; the first accumulates the sum over all shards. */
  readonly gradients: readonly Offsets[];
  /** Words from the first to the last gradient of a buffer, padding included. */
  readonly gradientWords: number;
  /** First byte of each buffer. */
  readonly gradientStarts: readonly Place[];
  /** Moments of AdamW by name; for Muon, its momentum and look-ahead. */
  readonly first: Offsets;
  readonly second: Offsets;
  /** BatchNorm statistics of each shard by parameter name (`blocks.0.up.mean`, ...). */
  readonly statistics: readonly Offsets[];
  /**
   * Tallies, one after another: those of each shard's loss (`Pass.tallies`), first `losses[0]`, and the squares of the summed gradient.
   */
  readonly losses: readonly Place[];
  readonly squares: Place;
  readonly tallies: number;
  /** Whether layers are recomputed in the backward pass instead of kept. */
  readonly recompute: boolean;
  /** Activations of each thread; at most as many as requested. In memories of the threads' own, all have the same places. */
  readonly regions: readonly { readonly start: number; readonly end: number }[];
  /** What else is in a memory of a thread's own; null if threads share one. */
  readonly own: OwnPlaces | null;
  /** Bytes of the shared memory. */
  readonly bytes: number;
  /** Bytes of all memories. */
  readonly totalBytes: number;
}

/**
 * Places in a thread's own memory. It begins as the shared one does, with the parameters that passes read, at the same places; then comes
 * what a shard leaves behind.
 */
export interface OwnPlaces {
  /** Parameters and their noisy copy, and those for validation: from byte to byte, in both memories. */
  readonly passed: Readonly<Record<"training" | "validation", readonly [from: Place, to: Place]>>;
  readonly gradient: Offsets;
  readonly gradientStart: Place;
  /** BatchNorm statistics of the shard. */
  readonly statistics: Offsets;
  /** `MOST_TALLIES` tallies. */
  readonly losses: Place;
  readonly bytes: number;
}

/** Levels of a 12-bit device, including zero. */
const LARGEST_LEVELS = 4096;

export const shardPrompts = ({ training }: Experiment): number => Math.ceil(training.batch / training.shards);

/** Prompts of one shard: the batch is cut as evenly as possible. */
export function shardRange(
  { training: { batch, shards } }: Experiment,
  shard: number,
): { first: number; count: number } {
  const first = Math.floor((shard * batch) / shards);
  return { first, count: Math.floor(((shard + 1) * batch) / shards) - first };
}

/** The model as the hardware and validation see it. */
export const foldedModel = (model: ModelSpec): ModelSpec =>
  model.kind === "ann" ? model : { ...model, normalisation: "none" };

/** How much longer a step takes when it recomputes layers, measured on the presets `paper-2x2-large` to `paper-6-512-cifar10`. */
const RECOMPUTED_TIME = 1.15;

/** Bytes that training may use. */
export interface MemoryLimits {
  /** Of all memories. */
  readonly total: number;
  /** Of each. */
  readonly each: number;
}

/** Everything in one memory of so many bytes. */
export const oneMemory = (bytes: number): MemoryLimits => ({ total: bytes, each: bytes });

/**
 * Plans the memory of a training run on up to `threads` threads. `base` is the first byte that the kernels leave free. If no plan is
 * within the limits, the result is the smallest possible one.
 */
export function planTraining(
  experiment: Experiment,
  geometry: Geometry,
  base: number,
  threads: number,
  limits = oneMemory(LARGEST_MEMORY),
): TrainingPlan {
  const { shards } = experiment.training;
  const [wholeRegion, smallRegion] = [false, true].map((recompute) => regionBytes(experiment, geometry, recompute));
  const { model } = experiment;
  const layouts = { layout: parameterLayout(model, geometry), folded: parameterLayout(foldedModel(model), geometry) };
  const shared = Array.from({ length: shards }, (_, i) => planShared(experiment, layouts, base, i + 1));
  const sharedOf = (buffers: number) => shared[Math.min(buffers, shards) - 1];
  const finish = (used: number, recompute: boolean, buffers: number): TrainingPlan => {
    const { end: start, passed: _, ...places } = sharedOf(buffers);
    const size = recompute ? smallRegion : wholeRegion;
    const regions = Array.from({ length: used }, (_, i) => ({ start: start + i * size, end: start + (i + 1) * size }));
    const bytes = start + used * size;
    return { ...places, recompute, regions, own: null, bytes, totalBytes: bytes };
  };
  const finishApart = (used: number, recompute: boolean): TrainingPlan => {
    const { end, passed, ...places } = sharedOf(used + 1);
    const { region: start, ...own } = planOwn(layouts.layout, passed);
    const bytes = start + (recompute ? smallRegion : wholeRegion);
    const regions = Array.from({ length: used }, () => ({ start, end: bytes }));
    return { ...places, recompute, regions, own: { ...own, bytes }, bytes: end, totalBytes: end + used * bytes };
  };
  let [best, shortest] = [finish(1, true, 2), Number.POSITIVE_INFINITY];
  for (let used = threads; used >= 1; used--) {
    const rounds = Math.ceil(shards / used);
    // A memory of its own is wasted on a thread without a shard.
    const apart = (recompute: boolean) => (used <= shards ? [finishApart(used, recompute)] : []);
    const kept = [finish(used, false, shards), finish(used, false, used + 1), ...apart(false)];
    const recomputed = [finish(used, true, used + 1), ...apart(true)];
    const candidates = [
      ...kept.map((plan) => ({ time: rounds, plan })),
      ...recomputed.map((plan) => ({ time: rounds * RECOMPUTED_TIME, plan })),
    ];
    for (const { time, plan } of candidates) {
      if (isWithin(plan, limits) && time < shortest) [best, shortest] = [plan, time];
    }
  }
  return best;
}

const isWithin = ({ bytes, own, totalBytes }: TrainingPlan, { total, each }: MemoryLimits): boolean =>
  Math.max(bytes, own?.bytes ?? 0) <= each && totalBytes <= total;

/** A thread's own memory, after the parameters that it shares with all others; `region` is the first byte for activations. */
function planOwn(layout: readonly ParameterLayout[], passed: OwnPlaces["passed"]) {
  const memory = arena(passed.validation[1], Number.POSITIVE_INFINITY);
  const gradientStart = memory.words(0);
  const gradient = reserve(
    memory,
    layout.filter(({ learned }) => learned),
  );
  const statistics = reserve(
    memory,
    layout.filter(({ learned }) => !learned),
  );
  const losses = reserveTally(memory, MOST_TALLIES);
  return { passed, gradient, gradientStart, statistics, losses, region: memory.mark() };
}

/** Everything that threads share, with this many gradient buffers; `end` is the first byte after it. */
function planShared(
  { model, training }: Experiment,
  { layout, folded: foldedLayout }: Readonly<Record<"layout" | "folded", readonly ParameterLayout[]>>,
  base: number,
  buffers: number,
) {
  const learned = layout.filter((parameter) => parameter.learned);
  const measured = layout.filter((parameter) => !parameter.learned);
  const memory = arena(base, Number.POSITIVE_INFINITY);
  const value = reserve(memory, layout);
  const noisy = {
    ...(training.stages.some((stage) => seesCopy(model, stage)) ? reserve(memory, layout) : value),
    ...(takesHardware(training) && reserveOutputNoise(memory, layout)),
  };
  const forValidation = memory.mark();
  const folded = reserve(memory, foldedLayout);
  const passed: OwnPlaces["passed"] = {
    training: [base, forValidation],
    validation: [forValidation, memory.mark()],
  };
  const noiseColumns = memory.words(Math.max(...layout.map(({ shape }) => shape.at(-1)!)));
  const noiseWords = memory.words(NOISE_SCRATCH);
  const noiseLevels = memory.words(2 * LARGEST_LEVELS);
  const gradientStarts: Place[] = [];
  let gradientWords = 0;
  const gradients = Array.from({ length: buffers }, () => {
    const start = memory.words(0);
    gradientStarts.push(start);
    const offsets = reserve(memory, learned);
    gradientWords = (memory.mark() - start) / 4;
    return offsets;
  });
  const first = reserve(memory, learned);
  const second = reserve(memory, learned);
  const statistics = Array.from({ length: training.shards }, () => reserve(memory, measured));
  const tallies = 1 + MOST_TALLIES * training.shards;
  const tally = reserveTally(memory, tallies);
  const losses = statistics.map((_, shard) => tallyAt(tally, MOST_TALLIES * shard));
  const squares = tallyAt(tally, tallies - 1);
  const noise = { noiseColumns, noiseWords, noiseLevels };
  const sums = { gradients, gradientStarts, gradientWords, first, second, statistics };
  const counted = { losses, squares, tallies };
  return { layout, foldedLayout, value, noisy, folded, ...noise, ...sums, ...counted, passed, end: memory.mark() };
}

/** Bytes of a thread's activations in the most demanding stage, or of its part in the optimiser's step. */
function regionBytes(experiment: Experiment, geometry: Geometry, recompute: boolean): number {
  const counting = countingArena();
  for (const stage of experiment.training.stages) {
    counting.rewind(0);
    planPasses(counting, experiment, geometry, stage, recompute);
  }
  const { training } = experiment;
  if (training.stages.some((stage) => usesMuon(training, stage))) {
    for (const { shape } of parameterLayout(experiment.model, geometry).filter(isFeatureWeight)) {
      counting.rewind(0);
      counting.words(muonScratch(shape[0], shape[1]));
    }
  }
  return Math.ceil(counting.used / 64) * 64 + 64;
}

/**
 * Shards in the order in which their gradients are added, wave by wave, each with its gradient buffer. Shard 0 starts the sum, in
 * buffer 0; a wave is added to it before the next one overwrites the other buffers.
 */
export function shardWaves(shards: number, buffers: number): { readonly shard: number; readonly buffer: number }[][] {
  const size = buffers >= shards ? shards : buffers - 1;
  const waves: { shard: number; buffer: number }[][] = [];
  for (let first = 0; first < shards; first += size) {
    const count = Math.min(size, shards - first);
    waves.push(Array.from({ length: count }, (_, i) => ({ shard: first + i, buffer: first === 0 ? i : i + 1 })));
  }
  return waves;
}

/**
 * Throws PlatformError when even the smallest plan exceeds the limits. No plan can be much smaller: a shard's activations must all be in
 * memory at once, because its BatchNorm statistics cover the whole shard.
 */
export function requireRoom(plan: TrainingPlan, experiment: Experiment, limits = oneMemory(LARGEST_MEMORY)): void {
  if (isWithin(plan, limits)) return;
  const gib = (size: number) => `${(size / 2 ** 30).toFixed(2)} GiB`;
  throw new PlatformError(
    "training.shards",
    `One thread needs ${gib(plan.totalBytes)} to train on shards of ${shardPrompts(experiment)} prompts, even if it recomputes layers in the ` +
      `backward pass, but the limit is ${gib(Math.min(limits.total, limits.each))}. Raise training.shards, or lower training.batch, model.steps or the model's size.`,
  );
}

/** What a user should know about how training fits into memory; null when it runs as requested. */
export function memoryNote(
  { regions, recompute, own, totalBytes }: TrainingPlan,
  { threads, limitName }: { readonly threads: number; readonly limitName: string },
): string | null {
  const used = regions.length;
  const apart = used === 1 ? "its thread has a memory of its own" : `${used} threads have each a memory of their own`;
  const changes = [
    ...(own ? [apart] : []),
    ...(used < threads ? [`${used} of ${threads} threads ${used === 1 ? "trains" : "train"}`] : []),
    ...(recompute ? ["layers are computed again on the way back instead of kept, which takes 10 to 15 % longer"] : []),
  ];
  if (changes.length === 0) return null;
  return (
    `To fit into ${limitName}, ${changes.join(", and ")} (${(totalBytes / 2 ** 30).toFixed(2)} GiB in all). ` +
    "The network comes out the same. A smaller training.batch, or more training.shards, would need less."
  );
}

/** Whether a stage's passes see noisy weights instead of the exact ones. */
export const isNoisy = ({ noise }: StageSpec): boolean =>
  noise.weights > 0 || noise.dropConnect > 0 || noise.devices !== undefined || noise.hardware === true;

/** Whether a stage's passes see a copy of the parameters. */
export const seesCopy = (model: ModelSpec, stage: StageSpec): boolean => isNoisy(stage) || isQuantised(model);

/** Whether a network has few bits. */
export const isQuantised = (model: ModelSpec): boolean => model.kind === "ann" && model.quantization !== undefined;

/** The model as a stage trains it, with the stage's number of time steps. */
export const stageModel = ({ model }: Experiment, { timeSteps }: StageSpec): ModelSpec =>
  model.kind !== "ann" && timeSteps !== undefined ? { ...model, steps: timeSteps } : model;

/** The task from which a stage draws its prompts. */
export const stageTask = ({ task }: Experiment, { queryCopies = 1 }: StageSpec): TaskSpec =>
  kitOf(task).taught(task, queryCopies);

/** The name of each stage in metrics: its own name, with its number added if an earlier stage has the same name. */
export const stageNames = ({ stages }: TrainingSpec): string[] =>
  stages.map(({ name }, i) => {
    const earlier = stages.slice(0, i).filter((other) => other.name === name).length;
    return earlier === 0 ? name : `${name} ${earlier + 1}`;
  });

/** Targets of a stage's predictions. */
export const stageLabels = ({ training }: Experiment, stage: number): TrainingSpec["labels"] =>
  training.stages[stage].labels ?? training.labels;

/** How a stage's network sees its prompts: as in validation, whose geometry is given, but for the number of copies of each query. */
export function stageGeometry(experiment: Experiment, geometry: Geometry, stage: StageSpec): Geometry {
  if ((stage.queryCopies ?? 1) === 1) return askedOnce(geometry);
  const described = { task: stageTask(experiment, stage), model: experiment.model };
  const copied = networkGeometry(described, createTask(described));
  invariant(sameGeometry(copied, geometry), "prompts of training are those of validation but for copies of queries");
  return copied;
}

/** The passes that one thread runs in a stage. */
export interface StageLayout {
  readonly training: PassLayout;
  readonly validation: PassLayout;
}

/**
 * `geometry` is that of validation. Both passes use the same region: a thread runs one at a time, and neither reads what an
 * earlier run left behind.
 */
export function planPasses(
  memory: Arena,
  experiment: Experiment,
  geometry: Geometry,
  stage: StageSpec,
  recompute: boolean,
): StageLayout {
  const { task, training } = experiment;
  const model = stageModel(experiment, stage);
  const learned = stageGeometry(experiment, geometry, stage);
  const { converters, outputs } = stageNoise(stage, experiment.hardware);
  const common = { maxPrompts: shardPrompts(experiment), realInputs: task.coding === "repeat" };
  const start = memory.mark();
  const forTraining = planNetwork(
    memory,
    { model, geometry: learned },
    {
      ...common,
      training: true,
      recompute,
      attention: stage.attention,
      outputNoise: converters ? "by column" : outputs,
      stepLoss: stage.stepLoss ?? training.stepLoss ?? 0,
      spikeRate: training.spikeRate,
    },
  );
  memory.rewind(start);
  const folded = { model: foldedModel(model), geometry };
  const validation = planNetwork(memory, folded, { ...common, training: false, attention: "sampled" });
  return { training: forTraining, validation };
}

/** Layers whose converters add noise. */
export const convertingLayers = (layout: readonly Pick<ParameterLayout, "part" | "layer">[]): LinearLayer[] =>
  layout.flatMap((parameter) => (isFeatureWeight(parameter) ? [parameter.layer!] : []));

/** For each layer, the noise that its converters add to each column. */
const reserveOutputNoise = (memory: Arena, layout: readonly ParameterLayout[]): Offsets =>
  Object.fromEntries(convertingLayers(layout).map(({ name, outputs }) => [outputNoiseOf(name), memory.words(outputs)]));

function reserve(memory: Arena, layout: readonly ParameterLayout[]): Offsets {
  return Object.fromEntries(layout.map(({ name, shape }) => [name, memory.words(shape.reduce((a, b) => a * b, 1))]));
}
