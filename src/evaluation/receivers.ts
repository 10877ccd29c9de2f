/** The task's classical receivers on the same prompts as the networks, as baselines. */
import type { Experiment } from "../experiment/experiment.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import { stream } from "../numeric/stream.ts";
import { createTask } from "../task/create.ts";
import { type DetectionErrors, errorsByContext } from "../task/metrics.ts";
import { detect, type Receiver } from "../task/receivers.ts";
import type { Executor, Job } from "../threads/executor.ts";
import { answerPrompts, type Keeper, NO_KEEPER } from "./keeper.ts";
import { cutRanges, requireCounts, type Slice, snrName } from "./slices.ts";

export const RECEIVERS: readonly Receiver[] = [
  { kind: "ml", channel: "perfect" },
  { kind: "ml", channel: "pilots" },
  { kind: "mmse", channel: "perfect" },
  { kind: "mmse", channel: "pilots" },
];

export interface ReceiverEvaluation extends Receiver {
  /** At the last query, where all pilots are known. */
  readonly errors: DetectionErrors;
  /** After 0, 1, ... pilots. */
  readonly byContext: readonly DetectionErrors[];
}

/** The experiment's first prompts, at its own signal-to-noise ratio or at one in decibels. */
export interface ReceivedPrompts {
  readonly prompts: number;
  readonly snrDecibels?: number;
  readonly keeper?: Keeper;
}

interface SliceResult {
  readonly labels: Int32Array;
  /** `[prompts, queries]` for each receiver. */
  readonly decisions: readonly Int32Array[];
}

/** Prompts that one piece of the job draws and detects. */
const SLICE_PROMPTS = 256;

export const detectSlice: Job<{ experiment: Experiment<SymbolDetectionSpec> }, Slice, SliceResult> = ({
  experiment,
}) => {
  const task = createTask(experiment);
  const random = stream(experiment.seed).fork("evaluation");
  const queries = experiment.task.pilots + 1;
  return ({ firstPrompt, prompts, snrDecibels }) => {
    const snr = snrDecibels === null ? {} : { snrDecibels };
    const batch = task.draw(prompts, random, { firstPrompt, spikes: false, values: false, ...snr });
    const decisions = RECEIVERS.map(({ kind, channel }) => {
      const all = new Int32Array(prompts * queries);
      for (let query = 0; query < queries; query++) {
        const classes = detect(batch, kind, channel, query);
        for (let k = 0; k < prompts; k++) all[k * queries + query] = classes[k];
      }
      return all;
    });
    return { labels: batch.labels, decisions };
  };
};

/** Every receiver on the experiment's evaluation prompts. Random: as for networks, `stream(seed).fork("evaluation")`. */
export async function evaluateReceivers(
  executor: Executor,
  experiment: Experiment<SymbolDetectionSpec>,
  { prompts, snrDecibels, keeper = NO_KEEPER }: ReceivedPrompts,
): Promise<ReceiverEvaluation[]> {
  requireCounts({ prompts });
  const snr = snrDecibels ?? null;
  const naming = { keeper, name: snrName(snr) };
  const results = await answerPrompts<SliceResult>(prompts, naming, async (missing, keep) => {
    const setup = { experiment };
    const session = executor.open<typeof setup, Slice, SliceResult>("detect-slice", setup, { repeatable: true });
    const slices = cutRanges(missing, SLICE_PROMPTS, snr);
    await session.run(slices, (result, i) => keep(result, slices[i])).finally(session.close);
  });
  const labels = results.flatMap((result) => [...result.labels]);
  return RECEIVERS.map((receiver, i) => {
    const decisions = results.flatMap((result) => [...result.decisions[i]]);
    const byContext = errorsByContext(labels, decisions, experiment.task);
    return { ...receiver, errors: byContext[byContext.length - 1], byContext };
  });
}
