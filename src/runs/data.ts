/** What runs on labelled data have in common. */
import type { LabelledData } from "../data/labelled.ts";
import type { TaskSpec } from "../spec/task.ts";
import type { Opened } from "../task/open.ts";
import { tooFew } from "./notes.ts";

/** The same with no more evaluation prompts than the test part has, and a note where the experiment asked for more. */
export function withinData<T extends TaskSpec, O extends Opened<T> & { readonly data: LabelledData }>(
  given: O,
  notes: string[],
): O {
  const { experiment, data } = given;
  const { prompts, curvePrompts } = experiment.evaluation;
  const { count } = data.test;
  if (prompts > count) notes.push(tooFew("evaluation.prompts", prompts, data, experiment.task));
  const evaluation = {
    ...experiment.evaluation,
    prompts: Math.min(prompts, count),
    curvePrompts: Math.min(curvePrompts, count),
  };
  return { ...given, experiment: { ...experiment, evaluation } };
}
