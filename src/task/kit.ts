/**
 * Everything that the rest of the program needs to know about a kind of task, as one value. `TASKS` (`catalogue.ts`) holds one
 * kit per kind, so no other code tests the kind: evaluation, reports, costs and commands ask the kit.
 */
import { SpecError } from "../errors.ts";
import type { SlotDetectionSpec } from "../experiment/slot-detection.ts";
import type { TaskSpec } from "../experiment/task.ts";
import type { TrainingSpec } from "../experiment/training.ts";
import type { Geometry } from "../model/geometry.ts";
import type { LinkSizes } from "./link.ts";
import type { ErrorRate, TaskErrors } from "./metrics.ts";
import type { Metric, Task } from "./task.ts";

/** What a task counts as errors, and what reports and commands call it. */
export interface TaskMetric {
  /** Prefix of the ids of figures and charts. */
  readonly id: string;
  readonly name: string;
  readonly title: string;
  /** Name in a line of progress. */
  readonly short: string;
  /** Name in training metrics. */
  readonly key: Metric;
  /** Errors are real numbers without an upper limit, not counts: their means get intervals of Student. */
  readonly isUnbounded?: true;
  /** The object of a decision. */
  readonly trial: string;
}

/** A publication that the task is based on. */
export interface TaskSource {
  readonly text: string;
  readonly usedFor: string;
  readonly url: string;
}

/**
 * `S` is the spec, `T` the task, `E` its errors, and `D` the data that it draws from: never for a task that generates its prompts, or null
 * where it depends on the spec.
 */
export interface TaskKit<S extends TaskSpec, T extends Task, E extends TaskErrors, D> {
  /**
   * The task for spiking networks with `steps` time steps. Without data it has a geometry but draws nothing, unless it generates
   * its prompts.
   * Throws  SpecError for a spec that cannot be built; ShapeError when the data do not match the spec
   */
  create(spec: S, steps: number, data: D | null): T;
  /** Only a type. */
  readonly data?: D;
  /** What is wrong without data; null for a spec that generates its prompts. */
  withoutData(spec: S): SpecError | null;
  /** Which queries of a prompt count as its answer: the last, which knows most, or all, whose errors then form one cluster. */
  readonly scored: "last" | "all";
  /**
   * Errors over decisions at scored queries (`scored.ts`).
   * Shapes  labels, decisions: [prompts, decisionsPerPrompt] classes; default: one decision
   * Throws  ShapeError when the lengths differ; ValueError when a number is not a class of the task
   */
  errors(labels: ArrayLike<number>, decisions: ArrayLike<number>, spec: S, decisionsPerPrompt?: number): E;
  /** The task's main error rate. */
  rate(errors: E): ErrorRate;
  /** Possible errors of a prompt: the bits of its scored symbols, or 1. */
  trials(spec: S): number;
  readonly metric: TaskMetric;
  /** The unit for which costs are given. */
  result(spec: S): { readonly name: string; readonly perInference: number };
  /**
   * The spec from which a training stage draws its prompts, with this many copies of every query.
   * Throws  SpecError for more than one copy when prompts hold no queries
   */
  taught(spec: S, queryCopies: number): S;
  /**
   * The spec of the same images, cut and coded as a teacher sees them.
   * Throws  SpecError when prompts are not images
   */
  seen(spec: S, own: NonNullable<TrainingSpec["teacherTask"]>): S;
  /** The spec with one copy of each query, for networks that give the same answer at every copy. */
  askedOnce(spec: S): S;
  /** The link whose symbols classical receivers detect as well; null for another task. */
  link(spec: S): LinkSizes | null;
  /** The slots whose data can carry coded blocks; null for another task. */
  slots(spec: S): SlotDetectionSpec | null;
  /** Whether tokens carry their place, so that a network takes as many tokens in any order, with any of them to be attended to. */
  readonly carriesPlaces: boolean;
  /** Changes to the spec that might explain a network's sizes, the likeliest first. */
  changes(spec: S, geometry: Geometry): readonly Readonly<Record<string, unknown>>[];
  /** The paper's tables that reports show next to the results, and why a year's drift can or cannot be compared with its Table V. */
  readonly paper: { readonly tables: string; readonly drift: string };
  /** Publications that the task follows. */
  readonly sources: readonly TaskSource[];
}

/** One change of a field for each of `values` that differs from the spec's value. */
export const changesOf = (spec: TaskSpec, field: string, values: readonly unknown[]): Record<string, unknown>[] =>
  values.filter((value) => value !== (spec as Record<string, unknown>)[field]).map((value) => ({ [field]: value }));

/** 1 .. `most`. */
export const upTo = (most: number): number[] => Array.from({ length: most }, (_, i) => i + 1);

/** For a task whose prompts hold no copies of a query. */
export const WITHOUT_COPIES = {
  taught<S extends TaskSpec>(spec: S, queryCopies: number): S {
    if (queryCopies === 1) return spec;
    throw new SpecError(
      "training.stages",
      `A stage asks for ${queryCopies} copies of every query, but prompts of ${spec.kind} hold no copies. Leave queryCopies out.`,
    );
  },
  askedOnce: <S extends TaskSpec>(spec: S): S => spec,
  link: (): null => null,
  slots: (): null => null,
  carriesPlaces: false,
};

/** For a task whose prompts are not images. */
export const WITHOUT_IMAGES = {
  seen({ kind }: TaskSpec): never {
    throw new SpecError(
      "training.teacherTask",
      `teacherTask sets how a teacher sees images, but prompts of ${kind} are not images. Leave it out.`,
    );
  },
};
