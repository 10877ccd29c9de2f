/** All kinds of task. A kind in `TaskSpec` that is missing here does not compile. */
import type { SpecOf, TaskSpec } from "../experiment/task.ts";
import { eventClassificationKit } from "./event-classification.ts";
import { imageClassificationKit } from "./image-classification.ts";
import type { TaskKit } from "./kit.ts";
import type { TaskErrors } from "./metrics.ts";
import { slotDetectionKit } from "./slot-detection.ts";
import { symbolDetectionKit } from "./symbol-detection.ts";
import type { Task } from "./task.ts";
import { timeSeriesKit } from "./time-series.ts";

export const TASKS = {
  "symbol-detection": symbolDetectionKit,
  "slot-detection": slotDetectionKit,
  "image-classification": imageClassificationKit,
  "event-classification": eventClassificationKit,
  "time-series": timeSeriesKit,
} satisfies { readonly [K in TaskSpec["kind"]]: TaskKit<SpecOf<K>, Task, TaskErrors, unknown> };

/** Also accepts a kind without a kit, so that the compiler reports only TASKS. */
type Kits = typeof TASKS & {
  readonly [K in Exclude<TaskSpec["kind"], keyof typeof TASKS>]: TaskKit<SpecOf<K>, Task, TaskErrors, never>;
};
type Kit<T extends TaskSpec> = Kits[T["kind"]];

/** The task that a spec describes. */
export type TaskOf<T extends TaskSpec> = ReturnType<Kit<T>["create"]>;

/** What the spec's task counts as errors. */
export type ErrorsOf<T extends TaskSpec> = ReturnType<Kit<T>["errors"]>;

/** The data that a spec's task draws from; null for a task that generates its prompts. */
export type DataOf<T extends TaskSpec> = T extends TaskSpec ? OrNull<Exclude<Kit<T>["data"], undefined>> : never;
type OrNull<D> = [D] extends [never] ? null : D;

/** The kit of a spec, typed. */
export const kitOf = <T extends TaskSpec>({ kind }: T): TaskKit<T, TaskOf<T>, ErrorsOf<T>, DataOf<T>> =>
  (TASKS as Kits)[kind] as unknown as TaskKit<T, TaskOf<T>, ErrorsOf<T>, DataOf<T>>;
