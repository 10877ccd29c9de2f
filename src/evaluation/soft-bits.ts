/**
 * Soft bits in evaluations: what networks and chips say about the bits of the queries that count, and the scales that chips fit for
 * themselves.
 *
 * A chip's soft bits may be too sure or not sure enough. With `evaluation.softBits.fit`, each chip multiplies its own by the scale with
 * the largest mutual information on prompts of its own, which no figure uses: one scale from prompts at the SNRs of the task, or a
 * table with one for each SNR of the curves, for a receiver that knows its SNR.
 */
import { SpecError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { ReadOut } from "../experiment/model.ts";
import type { TaskSpec } from "../experiment/task.ts";
import type { Geometry } from "../model/geometry.ts";
import type { Answers } from "../task/answers.ts";
import { bitsOf, softBits } from "../task/bits.ts";
import { kitOf } from "../task/catalogue.ts";
import { scoredQueries, scoredValues } from "../task/scored.ts";
import { agreements } from "../task/soft-bits.ts";
import type { Labels } from "../task/task.ts";

export type SoftBitsSpec = NonNullable<Experiment["evaluation"]["softBits"]>;
export type SoftBitFit = SoftBitsSpec["fit"];

/** What an experiment asks of soft bits; null if nothing. Throws SpecError when its task does not send bits over a link. */
export function softBitsOf<T extends TaskSpec>({
  task,
  evaluation,
}: Pick<Experiment<T>, "task" | "evaluation">): SoftBitsSpec | null {
  const { softBits: asked = null } = evaluation;
  if (asked === null || kitOf(task).metric.key === "bitErrorRate") return asked;
  throw new SpecError(
    "evaluation.softBits",
    `Soft bits are for a link's decoder, and prompts of ${task.kind} send no bits. Leave evaluation.softBits out.`,
  );
}

/** Agreements (`task/soft-bits.ts`) at the queries that count, `[prompts, scored, bits]`, from the logits of all queries. */
export function scoredAgreements(
  task: TaskSpec,
  logits: Float32Array,
  labels: Labels,
  geometry: Pick<Geometry, "classes" | "queries">,
  readOut: ReadOut | undefined,
): Float64Array {
  const { classes } = geometry;
  const counts = scoredQueries(task, geometry);
  const size = readOut === "bits" ? bitsOf(classes) : classes;
  const ratios = softBits(scoredValues(logits, counts, size), classes, readOut);
  return agreements(ratios, scoredValues(labels, counts), bitsOf(classes));
}

/** Answers of a slice, with agreements if the experiment asks for soft bits. */
export interface SoftAnswers extends Answers {
  readonly agreed?: Float64Array;
}

/** Agreements of all slices in a row; null if soft bits were not asked for. */
export function joinAgreements(slices: readonly SoftAnswers[]): Float64Array | null {
  if (!slices[0]?.agreed) return null;
  return Float64Array.from(slices.flatMap(({ agreed }) => [...(agreed ?? [])]));
}

/** Prompts of a fit: those after all that the figures of the run use. */
export const firstFitPrompt = ({ prompts, curvePrompts }: Experiment["evaluation"]): number =>
  Math.max(prompts, curvePrompts);

/** What a fit costs: for each soft bit, and for each prompt, whose SNR is looked up by bisection. */
export interface FitCost {
  readonly multiplicationsPerBit: number;
  readonly comparisonsPerPrompt: number;
  /** Words of memory per chip. */
  readonly words: number;
}

export const FIT_COSTS: Readonly<Record<SoftBitFit, (entries: number) => FitCost>> = {
  none: () => ({ multiplicationsPerBit: 0, comparisonsPerPrompt: 0, words: 0 }),
  scale: () => ({ multiplicationsPerBit: 1, comparisonsPerPrompt: 0, words: 1 }),
  table: (entries) => ({
    multiplicationsPerBit: 1,
    comparisonsPerPrompt: Math.ceil(Math.log2(entries)),
    words: 2 * entries - 1,
  }),
};
