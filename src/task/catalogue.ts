/** All kinds of task. A kind that is in `TaskSpec` but not here does not compile. */
import type { SpecOf, TaskSpec } from "../spec/task.ts";
import { eventClassificationKit } from "./event-classification.ts";
import { imageClassificationKit } from "./image-classification.ts";
import type { TaskKit } from "./kit.ts";
import type { TaskErrors } from "./metrics.ts";
import { symbolDetectionKit } from "./symbol-detection.ts";
import type { Task } from "./task.ts";

export const TASKS = {
  "symbol-detection": symbolDetectionKit,
  "image-classification": imageClassificationKit,
  "event-classification": eventClassificationKit,
} satisfies { readonly [K in TaskSpec["kind"]]: TaskKit<SpecOf<K>, Task, TaskErrors, unknown> };

/** Also of a kind without a kit, so that the compiler complains of TASKS alone. */
type Kits = typeof TASKS & {
  readonly [K in Exclude<TaskSpec["kind"], keyof typeof TASKS>]: TaskKit<SpecOf<K>, Task, TaskErrors, never>;
};
type Kit<T extends TaskSpec> = Kits[T["kind"]];

/** The task that a spec describes. */
export type TaskOf<T extends TaskSpec> = ReturnType<Kit<T>["create"]>;

/** What the decisions of a spec's task are counted as. */
export type ErrorsOf<T extends TaskSpec> = ReturnType<Kit<T>["errors"]>;

/** What a spec's task draws from; null for a task that makes up its prompts. */
export type DataOf<T extends TaskSpec> = T extends TaskSpec
  ? OrNull<Exclude<Parameters<Kit<T>["create"]>[2], null>>
  : never;
type OrNull<D> = [D] extends [never] ? null : D;

/** The kit of a spec, with its types. */
export const kitOf = <T extends TaskSpec>({ kind }: T): TaskKit<T, TaskOf<T>, ErrorsOf<T>, DataOf<T>> =>
  (TASKS as Kits)[kind] as unknown as TaskKit<T, TaskOf<T>, ErrorsOf<T>, DataOf<T>>;
