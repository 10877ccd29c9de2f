/** Soft bits of a run's first chip on the evaluation prompts, with the bits that were sent: for decoders of other programs. */
import { evaluateChips } from "../evaluation/chips.ts";
import { softBitsOf } from "../evaluation/soft-bits.ts";
import { bitsPerClass, type Sender } from "../experiment/modulation.ts";
import { stream } from "../numeric/stream.ts";
import { bitOf } from "../task/bits.ts";
import type { Opened } from "../task/open.ts";
import { scoredQueries, scoredValues } from "../task/scored.ts";
import type { Executor } from "../threads/executor.ts";
import { asDescribed } from "./fit.ts";
import type { RunNetworks } from "./prepare.ts";

/** Of the queries that count: all elements of a slot, or the last of a link. */
export interface ChipSoftBits {
  readonly blocks: number;
  readonly elements: number;
  readonly antennas: number;
  readonly bits: number;
  /** ln p(b = 0) - ln p(b = 1), `[blocks, elements, antennas, bits]`. */
  readonly llrs: Float64Array;
  readonly sent: Uint8Array;
}

/**
 * Random   as the run
 * Throws   SpecError when the task sends no bits; as the run
 */
export async function chipSoftBits(
  executor: Executor,
  { experiment, data, task }: Opened,
  { network }: RunNetworks,
): Promise<ChipSoftBits> {
  const { evaluation, seed } = experiment;
  const { prompts } = evaluation;
  const asking = { ...experiment, evaluation: { ...evaluation, softBits: { fit: "none" as const, prompts: 1 } } };
  softBitsOf(asking);
  const described = asDescribed(experiment, network, []);
  const [{ agreed }] = await evaluateChips(executor, { experiment: asking, data, task }, described, {
    chips: 1,
    prompts,
  });
  const { labels } = task.draw(prompts, stream(seed).fork("evaluation"), { spikes: false, values: false });
  const { geometry } = described;
  const classes = scoredValues(labels, scoredQueries(experiment.task, geometry));
  const all = bitsPerClass(experiment.task as Sender);
  const { transmitAntennas: antennas } = experiment.task as Sender;
  const sent = Uint8Array.from(agreed!, (_, i) => bitOf(classes[Math.floor(i / all)], i % all, all));
  return {
    ...{ blocks: prompts, elements: classes.length / prompts, antennas, bits: all / antennas },
    llrs: agreed!.map((own, i) => (sent[i] === 1 ? 0 - own : own)),
    sent,
  };
}
