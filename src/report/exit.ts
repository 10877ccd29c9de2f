/** Figures of chips with early exit: they stop at the first time step with a sufficient margin. */
import type { ChipEvaluation } from "../evaluation/chips.ts";
import { mean } from "../numeric/statistics.ts";
import type { TaskErrors } from "../task/metrics.ts";
import type { FigureDraft } from "./build-report.ts";

/** Share of prompts that took 1 .. T steps, mean over chips; null without early exit. */
export function exitShares(chips: readonly Pick<ChipEvaluation, "exit">[]): number[] | null {
  const exits = chips.flatMap(({ exit }) => exit ?? []);
  return exits.length === 0 ? null : exits[0].shares.map((_, i) => mean(exits.map(({ shares }) => shares[i])));
}

/** The error rate with early exit, the mean number of steps, and its distribution; empty without early exit. */
export function exitFigures<E extends TaskErrors>(
  chips: readonly { readonly exit: { readonly errors: E } | null }[],
  shares: readonly number[] | null,
  rateOf: (errors: readonly E[]) => FigureDraft,
): FigureDraft[] {
  if (shares === null) return [];
  const steps = shares.reduce((sum, share, i) => sum + share * (i + 1), 0);
  return [
    rateOf(chips.flatMap(({ exit }) => (exit ? [exit.errors] : []))),
    { id: "exit.steps", label: "Mean time steps, exit by margin", value: steps, unit: "steps" },
    ...shares.map((value, i) => {
      const label = `Share of prompts that took ${i + 1} time step${i === 0 ? "" : "s"}, exit by margin`;
      return { id: `exit.steps.${i + 1}`, label, value, unit: "1" };
    }),
  ];
}
