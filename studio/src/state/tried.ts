/** The machines tried since the experiment was opened, each with the most that it has reached. */
import { signal } from "@preact/signals";
import type { Experiment } from "xpikeformer";
import { machineKey } from "../machine-key.ts";
import type { Reached } from "../workers/evaluation.ts";

export interface Tried {
  readonly key: string;
  readonly experiment: Experiment;
  readonly reached: Reached;
}

/** Oldest first. */
export const tried = signal<readonly Tried[]>([]);

/** Most machines that are kept; the second oldest goes first, because the oldest is the one that was opened. */
const MOST = 60;

/** Notes what a machine has reached, unless it had reached more before. */
export function note(experiment: Experiment, reached: Reached): void {
  const key = machineKey(experiment);
  const others = tried.peek();
  const at = others.findIndex((one) => one.key === key);
  const size = ({ chips, prompts }: Reached) => chips * prompts;
  if (at < 0) {
    const [first, ...rest] = others;
    const kept = others.length < MOST ? others : [first, ...rest.slice(1)];
    tried.value = [...kept, { key, experiment, reached }];
  } else if (size(reached) >= size(others[at].reached)) {
    tried.value = others.with(at, { ...others[at], reached });
  }
}
