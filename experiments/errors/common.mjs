// What records of errors have in common: sums by group of prompts, and what tells which prompts were answered.
import { createHash } from "node:crypto";
import { createTask, stream } from "xpikeformer";
import { kitOf } from "xpikeformer/internal";
import { GROUP, SEED } from "./list.mjs";

/** Sums of the errors of each group of prompts, from those of each prompt. */
export const groupSums = (counts) =>
  Array.from({ length: counts.length / GROUP }, (_, g) =>
    counts.slice(g * GROUP, (g + 1) * GROUP).reduce((sum, count) => sum + count, 0),
  );

/** Decisions per prompt, and what pairs answers: a digest of the labels of the first `prompts` prompts of `SEED`, at their last query. */
export function commonOf(experiment, data, prompts) {
  const task = createTask(experiment, data);
  const { labels } = task.draw(prompts, stream(SEED).fork("evaluation"), { spikes: false, values: false });
  const asked = labels.length / prompts;
  const last = Int32Array.from({ length: prompts }, (_, prompt) => labels[(prompt + 1) * asked - 1]);
  const digest = createHash("sha256").update(new Uint8Array(last.buffer)).digest("hex");
  return { trials: kitOf(experiment.task).trials(experiment.task), labels: digest.slice(0, 16) };
}
