/**
 * The work of one thread in training: the forward and backward pass of one shard, the validation of one slice, or part of the
 * optimiser's step.
 */
import { partedOf } from "../data/labelled.ts";
import { arena } from "../kernels/arena.ts";
import type { SpikingPass } from "../kernels/network-pass.ts";
import { bindNetwork } from "../kernels/network-pass.ts";
import { type AnswerKind, answerKind } from "../model/geometry.ts";
import type { Network } from "../model/network.ts";
import { logitsOf } from "../model/read-out.ts";
import { stream } from "../numeric/stream.ts";
import { answer } from "../task/answers.ts";
import { bitOf, bitProbabilities, bitsOf } from "../task/bits.ts";
import { createTask, networkGeometry, takesSpikes } from "../task/create.ts";
import type { Given } from "../task/open.ts";
import type { Batch, DrawOptions, Labels } from "../task/task.ts";
import type { Job, OpenJob } from "../threads/executor.ts";
import { load, setDraws } from "./inputs.ts";
import { orthogonaliseMatrix } from "./optimiser.ts";
import { type ShardMemory, type ShardPlaces, type SharedKernels, threadMemory } from "./own-memory.ts";
import {
  type MemoryLimits,
  planPasses,
  planTraining,
  seesCopy,
  shardPrompts,
  shardRange,
  stageLabels,
  stageModel,
  stageTask,
  type TrainingPlan,
} from "./plan.ts";
import { createTeacher } from "./teacher.ts";

export interface ShardSetup extends Given {
  /** First byte of the plan, which every thread makes again. */
  readonly base: number;
  readonly threads: number;
  readonly limits: MemoryLimits;
  readonly stage: number;
  /** The teacher networks that provide the labels, folded, when the stage uses them. */
  readonly teachers: readonly Network[];
}

export type ShardPiece =
  | { readonly kind: "train"; readonly step: number; readonly shard: number; readonly buffer: number }
  | { readonly kind: "validate"; readonly first: number; readonly count: number }
  | { readonly kind: "orthogonalise"; readonly name: string };

/**
 * Of validation: the loss summed over prompts and queries, and the decision at each query. Training leaves its loss in the plan's
 * tallies.
 */
export interface ShardResult {
  readonly loss: number;
  readonly labels: Labels;
  readonly decisions: Labels;
}

/** Pieces of the other kinds have no result. */
export type PieceResult = ShardResult | undefined;

/** In a WebAssembly memory that threads share. */
export interface ThreadSetup extends ShardSetup, SharedKernels {}

/** The job of a thread. */
export const trainShard: Job<ThreadSetup, ShardPiece, PieceResult> = (setup, thread) =>
  openShard((plan) => threadMemory(setup, plan), setup, thread);

/** The same in any memory, which `hold` gives for the plan. */
export function openShard(
  hold: (plan: TrainingPlan) => ShardMemory,
  setup: ShardSetup,
  thread: number,
): OpenJob<ShardPiece, PieceResult> {
  const { experiment, data, base, threads, limits, stage } = setup;
  const stageSpec = experiment.training.stages[stage];
  const model = stageModel(experiment, stageSpec);
  const [taught, task] = [stageTask(experiment, stageSpec), experiment.task].map((task) =>
    createTask({ task, model }, data),
  );
  const geometry = networkGeometry(experiment, task);
  const plan = planTraining(experiment, geometry, base, threads, limits);
  const held = hold(plan);
  const { ops } = held;
  const region = plan.regions[thread];
  const layout = planPasses(arena(region.start, region.end), experiment, geometry, stageSpec, plan.recompute);
  const value = seesCopy(model, stageSpec) ? plan.noisy : plan.value;
  // They differ only in the gradient destination.
  const training = held.gradients.map((gradient) => bindNetwork(ops, layout.training, { value, gradient }));
  const validation = bindNetwork(ops, layout.validation, { value: plan.folded, gradient: null });
  const root = stream(experiment.seed);
  const spikes = takesSpikes(experiment.model, experiment.task);
  const described = { model: experiment.model, geometry };
  const { classes } = geometry;
  const kind = answerKind(described);
  const queries = geometry.queries.length;
  const draw = { spikes, values: !spikes };
  const labels = stageLabels(experiment, stage);
  const smoothing = experiment.training.labelSmoothing ?? 0;
  const teacher = setup.teachers.length > 0 ? createTeacher(setup.teachers, setup, stageSpec) : null;
  const teacherShare = stageSpec.teacherShare ?? experiment.training.teacherShare ?? 1;

  function runTraining(step: number, shard: number, buffer: number): void {
    const { first, count } = shardRange(experiment, shard);
    const places = held.placesOf(shard, buffer);
    const pass = training[places.set];
    const random = root.fork("train", step);
    const which: DrawOptions = {
      firstPrompt: first,
      from: { part: "training", position: step * experiment.training.batch + first, order: root.fork("epochs") },
      targets: labels === "posterior" ? "posterior" : "symbols",
    };
    const batch = taught.draw(count, random, { ...which, ...draw });
    held.fetch("training");
    load(ops, pass, batch);
    ops.write(pass.targets, targetsOf(batch, teacher?.(count, random, which)));
    setDraws(pass, root.fork("train attention", step).key, first);
    if ("draws" in pass) pass.draws.noiseKey = root.fork("output noise", step, shard).key;
    ops.fill(places.gradientStart, plan.gradientWords, 0);
    ops.clearTallies(places.losses, pass.tallies);
    pass.step(count, 1 / (experiment.training.batch * queries), places.losses);
    if ("statistics" in pass) keepStatistics(pass, places.statistics);
    held.deliver(shard, buffer);
  }

  function targetsOf(batch: Batch, answers: Float32Array | undefined): Float32Array {
    if (!answers) return labelTargets(batch, described, smoothing);
    return teacherShare === 1 ? answers : blend(answers, labelTargets(batch, described, smoothing), teacherShare);
  }

  /** Copies a shard's BatchNorm statistics to where the running statistics are updated from. */
  function keepStatistics(pass: SpikingPass, to: ShardPlaces["statistics"]): void {
    for (const { name, layer, part, shape, learned } of plan.layout) {
      if (learned) continue;
      ops.copy(pass.statistics[layer!.name][part as "mean" | "variance"], to[name], shape[0]);
    }
  }

  async function runValidation(first: number, count: number): Promise<ShardResult> {
    const pass = validation;
    held.fetch("validation");
    const batch = task.draw(count, root.fork("validation"), { ...draw, firstPrompt: first, from: VALIDATION });
    load(ops, pass, batch);
    setDraws(pass, root.fork("validation attention").key, first);
    pass.forward(count);
    const logits = await ops.read(pass.logits, count * queries * logitsOf(described));
    const { decisions, losses } = answer(logits, batch.labels, classes, kind);
    return { loss: losses.reduce((sum, loss) => sum + loss, 0), labels: batch.labels, decisions };
  }

  return async (request) => {
    if (request.kind === "validate") return runValidation(request.first, request.count);
    if (request.kind === "train") runTraining(request.step, request.shard, request.buffer);
    else orthogonaliseMatrix(held, plan, request.name, region.start);
  };
}

const VALIDATION = { part: "validation" } as const;

/** Slices of the validation set, one per job piece. */
export function validationPieces({ experiment, data }: Given): ShardPiece[] {
  const size = shardPrompts(experiment);
  const prompts = Math.min(
    experiment.training.validationPrompts,
    partedOf(data)?.validation.count ?? Number.POSITIVE_INFINITY,
  );
  const pieces: ShardPiece[] = [];
  for (let first = 0; first < prompts; first += size) {
    pieces.push({ kind: "validate", first, count: Math.min(size, prompts - first) });
  }
  return pieces;
}

/**
 * The batch's target distributions `[rows, classes]` after label smoothing, the bit probabilities that they imply, `[rows, bits]`, or the
 * numbers to answer, `[rows, outputs]`.
 */
function labelTargets(batch: Batch, described: Pick<Network, "model" | "geometry">, smoothing: number): Float32Array {
  const [kind, { classes }] = [answerKind(described), described.geometry];
  const targets = unsmoothed(batch, kind, classes);
  if (smoothing === 0) return targets;
  const even = kind === "bits" ? 1 / 2 : 1 / classes;
  return targets.map((target) => (1 - smoothing) * target + smoothing * even);
}

/** Mixes a share of one with the rest of the other. */
const blend = (one: Float32Array, other: Float32Array, share: number): Float32Array =>
  one.map((value, i) => share * value + (1 - share) * other[i]);

/** Bits of labels are computed from the labels, because there may be too many classes to list. */
function unsmoothed({ targets, labels }: Batch, kind: AnswerKind, classes: number): Float32Array {
  if (labels instanceof Float32Array) return labels;
  if (targets) return kind === "bits" ? bitProbabilities(targets, classes) : targets;
  if (kind === "bits") {
    const bits = bitsOf(classes);
    return Float32Array.from({ length: labels.length * bits }, (_, i) =>
      bitOf(labels[Math.floor(i / bits)], i % bits, bits),
    );
  }
  const distributions = new Float32Array(labels.length * classes);
  for (const [row, label] of labels.entries()) distributions[row * classes + label] = 1;
  return distributions;
}
