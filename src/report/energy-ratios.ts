/**
 * The energy ratios of a run as people should read them: the int8 ANN on each of its engines, the cheaper one first, then the digital SNN,
 * each over Xpikeformer with its range, and what is shown of equal accuracy.
 *
 * They are read from the figures of a run, so that its first screen, its page and the studio say the same.
 */
import type { FigureDraft } from "./build-report.ts";
import { verdictIn } from "./equality.ts";

/** What a run shows of equal accuracy with a rival. */
export type Shown = "shown" | "not shown" | "shown not to be" | "not tested";

export interface EnergyRatio {
  /** The rival's energy over Xpikeformer's, with its interval over the ranges of all prices where one is open. */
  readonly figure: FigureDraft;
  /** The rival's name within a sentence. */
  readonly rival: string;
  /** Whether the networks of both are at equal accuracy. */
  readonly shown: Shown;
  /** The same as a phrase behind the ratio: "not shown to be at equal accuracy". */
  readonly accuracy: string;
}

/** Figures of ratios, those of the tests that belong to them, and the rivals' names, in the order in which people read them. */
const READ = [
  { ratio: "cost.ratio.annTrees", equality: "equality.ann", rival: "int8 ANN (adder trees)" },
  { ratio: "cost.ratio.annDigital", equality: "equality.ann", rival: "int8 ANN (systolic array)" },
  { ratio: "cost.equalSteps.ratio.snnDigital", equality: "cost.equalSteps.equality", rival: "ideal digital SNN" },
] as const;

export const ACCURACY: Readonly<Record<Shown, string>> = {
  shown: "shown to be at equal accuracy",
  "not shown": "not shown to be at equal accuracy",
  "shown not to be": "shown not to be at equal accuracy",
  "not tested": "not tested for equal accuracy",
};

/**
 * The ratios that a run has; a rival that was not evaluated has none.
 *
 * @param figures of a report, or of `chipFigures`
 *
 * @example
 * energyRatios(report.figures).map(({ figure, rival, accuracy }) => `${rival}: ${figure.value}, ${accuracy}`);
 */
export function energyRatios(figures: readonly FigureDraft[]): EnergyRatio[] {
  const byId = new Map(figures.map((figure) => [figure.id, figure]));
  return READ.flatMap(({ ratio, equality, rival }) => {
    const figure = byId.get(ratio);
    if (!figure) return [];
    const shown = SHOWN[verdictIn(figures, equality) ?? "untested"];
    return [{ figure, rival, shown, accuracy: ACCURACY[shown] }];
  });
}

const SHOWN = { shown: "shown", open: "not shown", worse: "shown not to be", untested: "not tested" } as const;
