/**
 * Knowledge distillation (arXiv 1503.02531): teacher networks answer the prompts that a student learns from, each in its own
 * input format. Several teachers teach by the mean of their answers.
 */
import { ShapeError, SpecError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { TaskSpec } from "../experiment/task.ts";
import type { StageSpec } from "../experiment/training.ts";
import { createNetworkPass } from "../kernels/network-pass.ts";
import { foldNetwork } from "../model/fold.ts";
import { askedOnce, type Geometry } from "../model/geometry.ts";
import { isSpiking, type Network } from "../model/network.ts";
import { logitsOf } from "../model/read-out.ts";
import { exponential } from "../numeric/exponential.ts";
import { bitProbabilities, classProbabilities } from "../task/bits.ts";
import { kitOf } from "../task/catalogue.ts";
import { createTask, networkGeometry, takesSpikes } from "../task/create.ts";
import type { Given } from "../task/open.ts";
import type { Task } from "../task/task.ts";
import { load, setDraws } from "./inputs.ts";
import { shardPrompts, stageLabels, stageTask } from "./plan.ts";

/**
 * The teachers' answers to prompts, drawn by the arguments of `Task.draw`: the class distribution at every query, `[prompts, queries,
 * classes]`; for a student with a bit read-out, the bit probabilities, `[prompts, queries, bits]`. A teacher may read out either.
 */
export type Teacher = (...prompts: Parameters<Task["draw"]>) => Float32Array;

/** Binds one or more teachers on the thread that runs them. */
export function createTeacher(networks: readonly Network[], given: Given, stage: StageSpec): Teacher {
  const [first, ...others] = networks.map((network) => bindTeacher(network, given, stage));
  return (...prompts) => {
    const answers = first(...prompts);
    for (const other of others) {
      const theirs = other(...prompts);
      for (let i = 0; i < answers.length; i++) answers[i] += theirs[i];
    }
    if (others.length > 0) for (let i = 0; i < answers.length; i++) answers[i] /= networks.length;
    return answers;
  };
}

function bindTeacher(saved: Network, { experiment, data }: Given, stage: StageSpec): Teacher {
  const network = atSteps(saved, stage.teacherSteps ?? experiment.training.teacherSteps);
  const described = { task: taskSeen(experiment, stageTask(experiment, stage)), model: network.model };
  const task = createTask(described, data);
  const geometry = networkGeometry(described, task);
  const spikes = takesSpikes(described.model, described.task);
  const { kernels, pass } = createNetworkPass({ ...network, geometry }, shardPrompts(experiment), !spikes);
  const { classes, queries } = geometry;
  const asked = experiment.model.readOut;
  return (prompts, random, options) => {
    load(kernels, pass, task.draw(prompts, random, { ...options, spikes, values: !spikes }));
    setDraws(pass, random.fork("teacher attention").key, options?.firstPrompt ?? 0);
    pass.forward(prompts);
    const logits = kernels.floats(pass.logits, prompts * queries.length * logitsOf(network));
    if (network.model.readOut === "bits") {
      const ones = logits.map((z) => 1 / (1 + exponential(-z)));
      return asked === "bits" ? ones : classProbabilities(ones, classes);
    }
    const distributions = softmaxRows(logits, classes);
    return asked === "bits" ? bitProbabilities(distributions, classes) : distributions;
  };
}

/** The network at other time steps than its own. An ANN has none. */
const atSteps = (network: Network, steps: number | undefined): Network =>
  steps !== undefined && isSpiking(network) ? { ...network, model: { ...network.model, steps } } : network;

/** Softmax in place, row by row. */
function softmaxRows(scores: Float32Array, classes: number): Float32Array {
  for (let first = 0; first < scores.length; first += classes) {
    const row = scores.subarray(first, first + classes);
    const largest = row.reduce((a, b) => Math.max(a, b));
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      row[c] = exponential(row[c] - largest);
      sum += row[c];
    }
    for (let c = 0; c < classes; c++) row[c] /= sum;
  }
  return scores;
}

/** The task as the teacher sees it. Throws SpecError when the teacher should see images differently and there are no images. */
const taskSeen = ({ training: { teacherTask } }: Experiment, task: TaskSpec): TaskSpec =>
  teacherTask ? kitOf(task).seen(task, teacherTask) : task;

/**
 * The geometry that the teacher's network must have. Throws SpecError when images cannot be cut this way, or the network cannot
 * read them.
 */
function geometrySeen(experiment: Experiment, { model }: Network): Geometry {
  const described = { task: taskSeen(experiment, experiment.task), model };
  try {
    return networkGeometry(described, createTask(described));
  } catch (error) {
    const field = error instanceof SpecError ? error.path.replace("task.", "") : "";
    if (!Object.hasOwn(experiment.training.teacherTask ?? {}, field)) throw error;
    throw new SpecError(`training.teacherTask.${field}`, (error as SpecError).message, { cause: error });
  }
}

/**
 * The teachers, folded; empty when no stage uses any.
 * Throws  SpecError when a teacher is required and missing, cannot read the images this way, or has no time steps to set; ShapeError
 *         for a network of another task
 */
export function checkTeachers(experiment: Experiment, teachers: readonly Network[]): Network[] {
  const { stages } = experiment.training;
  if (!stages.some((_, stage) => stageLabels(experiment, stage) === "teacher")) return [];
  if (teachers.length === 0) {
    throw new SpecError(
      "training.teacher",
      "Labels come from a teacher, but none is named. Set training.teacher to the checkpoint of a network for this task, " +
        "or labels to `posterior`.",
    );
  }
  checkSteps(experiment, teachers);
  return teachers.map((teacher, i) => checkTeacher(experiment, teacher, teachers.length === 1 ? "" : `[${i}]`));
}

/** Throws SpecError when time steps are set for teachers that have none. */
function checkSteps({ training: { teacherSteps, stages } }: Experiment, teachers: readonly Network[]): void {
  if (teachers.some(isSpiking)) return;
  const stage = stages.findIndex((one) => one.teacherSteps !== undefined);
  if (teacherSteps === undefined && stage < 0) return;
  throw new SpecError(
    teacherSteps === undefined ? `training.stages[${stage}].teacherSteps` : "training.teacherSteps",
    `teacherSteps is ${teacherSteps ?? stages[stage].teacherSteps}, but no teacher is a spiking network, and an ANN has no time steps. ` +
      "Name a spiking teacher, or leave teacherSteps out.",
  );
}

/** `place` tells several teachers apart in messages. */
function checkTeacher(experiment: Experiment, teacher: Network, place: string): Network {
  const asked = askedOnce(geometrySeen(experiment, teacher));
  const has = askedOnce(teacher.geometry);
  for (const field of ["inputs", "tokens", "classes"] as const) {
    if (has[field] === asked[field]) continue;
    throw new ShapeError(
      `teacher${place}.geometry.${field}`,
      `The teacher's number of ${field} is ${has[field]}, but this task needs ${asked[field]}. Choose a teacher for this task; for images, ` +
        "training.teacherTask can set how the teacher sees them.",
    );
  }
  return isSpiking(teacher) ? foldNetwork(teacher) : teacher;
}
