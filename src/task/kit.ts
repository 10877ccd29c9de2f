/**
 * What the rest of the program asks of a kind of task, as one value. `TASKS` (`catalogue.ts`) has one for each kind, so that nobody
 * else looks at the kind: evaluation, reports, costs and commands ask the kit.
 */
import { SpecError } from "../errors.ts";
import type { Geometry } from "../model/geometry.ts";
import type { TaskSpec } from "../spec/task.ts";
import type { TrainingSpec } from "../spec/training.ts";
import type { ErrorRate, TaskErrors } from "./metrics.ts";
import type { Metric, Task } from "./task.ts";

/** What a task counts, and how reports and commands call it. */
export interface TaskMetric {
  /** The ids of figures and charts begin with it. */
  readonly id: string;
  readonly name: string;
  readonly title: string;
  /** In a line of progress. */
  readonly short: string;
  /** In the metrics of a training. */
  readonly key: Metric;
  /** What is decided about. */
  readonly trial: string;
}

/** A publication that the task follows. */
export interface TaskSource {
  readonly text: string;
  readonly usedFor: string;
  readonly url: string;
}

/** `S` is the spec, `T` the task, `E` its errors, and `D` the data that it draws from: null for a task that makes up its prompts. */
export interface TaskKit<S extends TaskSpec, T extends Task, E extends TaskErrors, D> {
  /**
   * The task for spiking networks of `steps` time steps. Without data it has a geometry, but draws nothing, unless it makes up its prompts.
   * Throws  SpecError for a spec that cannot be built; ShapeError when data is not that of the spec
   */
  create(spec: S, steps: number, data: D | null): T;
  /** What to say where the data is missing; null for a task that makes up its prompts. */
  readonly withoutData: (() => SpecError) | null;
  /**
   * Errors over decisions at one query.
   * Shapes  labels, decisions: [prompts] classes
   * Throws  ShapeError when the lengths differ; ValueError when one is not a class of the task
   */
  errors(labels: ArrayLike<number>, decisions: ArrayLike<number>, spec: S): E;
  /** The rate that the task is about. */
  rate(errors: E): ErrorRate;
  /** What may be wrong in one decision: the bits of a symbol, or 1. */
  trials(spec: S): number;
  readonly metric: TaskMetric;
  /** What costs are given for. */
  result(spec: S): { readonly name: string; readonly perInference: number };
  /**
   * The spec whose prompts a training stage learns from: so many copies of every query.
   * Throws  SpecError for several where prompts hold no queries
   */
  taught(spec: S, queryCopies: number): S;
  /**
   * The spec of the same images, cut and coded as a teacher sees them.
   * Throws  SpecError where prompts are no images
   */
  seen(spec: S, own: NonNullable<TrainingSpec["teacherTask"]>): S;
  /** The spec with one copy of each query, for networks that would say the same at all of them. */
  askedOnce(spec: S): S;
  /** Changes of the spec that might explain the sizes of a network, the likely ones first. */
  changes(spec: S, geometry: Geometry): readonly Readonly<Record<string, unknown>>[];
  /** Which tables of the paper reports are set beside, and why a year's drift can or cannot be compared with its Table V. */
  readonly paper: { readonly tables: string; readonly drift: string };
  readonly source: TaskSource;
}

/** Changes of one field to each of `values` that differs from what the spec has. */
export const changesOf = (spec: TaskSpec, field: string, values: readonly unknown[]): Record<string, unknown>[] =>
  values.filter((value) => value !== (spec as Record<string, unknown>)[field]).map((value) => ({ [field]: value }));

/** 1 .. `most`. */
export const upTo = (most: number): number[] => Array.from({ length: most }, (_, i) => i + 1);

/** Of a task whose prompts hold what is asked about alone. */
export const WITHOUT_QUERIES = {
  taught<S extends TaskSpec>(spec: S, queryCopies: number): S {
    if (queryCopies === 1) return spec;
    throw new SpecError(
      "training.stages",
      `A stage asks for ${queryCopies} copies of every query, but prompts of ${spec.kind} have no queries. Leave queryCopies out.`,
    );
  },
  askedOnce: <S extends TaskSpec>(spec: S): S => spec,
};

/** Of a task whose prompts are no images. */
export const WITHOUT_IMAGES = {
  seen({ kind }: TaskSpec): never {
    throw new SpecError(
      "training.teacherTask",
      `teacherTask sets how a teacher sees images, but prompts of ${kind} are not images. Leave it out.`,
    );
  },
};
