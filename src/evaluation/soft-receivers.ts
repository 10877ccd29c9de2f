/** Soft bits of classical receivers on the same prompts as the networks, and the capacity that bounds them all. */
import type { Experiment } from "../experiment/experiment.ts";
import { bitsPerClass } from "../experiment/modulation.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import { stream } from "../numeric/stream.ts";
import { createTask } from "../task/create.ts";
import { agreements } from "../task/soft-bits.ts";
import { canSoften, detectSoft, type SoftReceiver } from "../task/soft-receivers.ts";
import type { Executor, Job } from "../threads/executor.ts";
import { answerPrompts, type Keeper, NO_KEEPER } from "./keeper.ts";
import { cutRanges, requireCounts, type Slice, snrName } from "./slices.ts";

/** The first is the bound. */
const SOFT_RECEIVERS: readonly SoftReceiver[] = [
  { kind: "exact", channel: "perfect", sees: "received" },
  { kind: "exact", channel: "perfect", sees: "quantised" },
  { kind: "exact", channel: "pilots", sees: "quantised" },
  { kind: "max-log", channel: "perfect", sees: "quantised" },
  { kind: "max-log", channel: "pilots", sees: "quantised" },
  { kind: "mmse", channel: "perfect", sees: "quantised" },
  { kind: "mmse", channel: "pilots", sees: "quantised" },
];

/** Those whose sums a task's classes allow. */
export const softReceivers = (spec: SymbolDetectionSpec): SoftReceiver[] =>
  SOFT_RECEIVERS.filter(({ kind }) => canSoften(spec, kind));

/** Prompts that one piece of the job draws and detects. */
const SLICE_PROMPTS = 256;

/** The job "soften-slice": agreements at the last query, `[prompts, bits]` for each receiver. */
export const softenSlice: Job<{ experiment: Experiment<SymbolDetectionSpec> }, Slice, Float64Array[]> = ({
  experiment,
}) => {
  const task = createTask(experiment);
  const random = stream(experiment.seed).fork("evaluation");
  const asked = experiment.task.pilots + 1;
  const bits = bitsPerClass(experiment.task);
  return ({ firstPrompt, prompts, snrDecibels }) => {
    const snr = snrDecibels === null ? {} : { snrDecibels };
    const batch = task.draw(prompts, random, { firstPrompt, spikes: false, values: false, ...snr });
    const labels = batch.labels.filter((_, i) => i % asked === asked - 1);
    return softReceivers(experiment.task).map((receiver) => agreements(detectSoft(batch, receiver), labels, bits));
  };
};

/** Agreements of each receiver, `[prompts, bits]`. Random: as for networks, `stream(seed).fork("evaluation")`. */
export async function evaluateSoftReceivers(
  executor: Executor,
  experiment: Experiment<SymbolDetectionSpec>,
  { prompts, snrDecibels, keeper = NO_KEEPER }: { prompts: number; snrDecibels: number; keeper?: Keeper },
): Promise<Float64Array[]> {
  requireCounts({ prompts });
  const naming = { keeper, name: snrName(snrDecibels) };
  const results = await answerPrompts<Float64Array[]>(prompts, naming, async (missing, keep) => {
    const setup = { experiment };
    const session = executor.open<typeof setup, Slice, Float64Array[]>("soften-slice", setup, { repeatable: true });
    const slices = cutRanges(missing, SLICE_PROMPTS, snrDecibels);
    await session.run(slices, (result, i) => keep(result, slices[i])).finally(session.close);
  });
  return softReceivers(experiment.task).map((_, i) => Float64Array.from(results.flatMap((one) => [...one[i]])));
}
