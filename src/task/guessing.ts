/**
 * What an answer without the prompt is worth, by chance or, for numbers, the mean: the rate and the loss that a network must beat to have
 * learned anything.
 *
 * The loss is the cross-entropy of a uniform answer, ln(classes). A read-out of bits sums over the bits of a class, each ln 2, which is the
 * same number, since its classes are a power of two. It holds for soft labels too: a uniform answer costs the same whatever the label says.
 * The mean of numbers is wrong by their variance, the unit of their squared errors.
 */
import type { TaskSpec } from "../experiment/task.ts";
import { kitOf } from "./catalogue.ts";
import type { Metric } from "./task.ts";

interface Guess {
  readonly name: string;
  readonly rate: number;
  readonly loss: number;
}

const GUESSES: Readonly<Record<Metric, (classes: number) => Guess>> = {
  bitErrorRate: (classes) => ({ name: "Random guessing", rate: 0.5, loss: Math.log(classes) }),
  errorRate: (classes) => ({ name: "Random guessing", rate: 1 - 1 / classes, loss: Math.log(classes) }),
  squaredError: (numbers) => ({ name: "The mean as the answer", rate: 1, loss: numbers }),
};

/** The guess among `classes`, or of so many numbers: what it is called, its error rate and its training loss. */
export const guessOf = (task: TaskSpec, classes: number): Guess => GUESSES[kitOf(task).metric.key](classes);

/** Wrong bits, wrong decisions, or squared errors, of a guess among `classes`. */
export const guessingRate = (task: TaskSpec, classes: number): number => guessOf(task, classes).rate;
