/**
 * What an answer by chance is worth: the rate and the loss that a network must beat to have learned anything.
 *
 * The loss is the cross-entropy of a uniform answer, ln(classes). A read-out of bits sums over the bits of a class, each ln 2, which is the
 * same number, since its classes are a power of two. It holds for soft labels too: a uniform answer costs the same whatever the label says.
 */
import type { TaskSpec } from "../experiment/task.ts";
import { kitOf } from "./catalogue.ts";

/** Wrong bits, or wrong decisions, of an answer drawn at random among `classes`. */
export const guessingRate = (task: TaskSpec, classes: number): number =>
  kitOf(task).metric.key === "bitErrorRate" ? 0.5 : 1 - 1 / classes;

/** The training loss, in nats, of the answer that gives every class the same probability. */
export const guessingLoss = (classes: number): number => Math.log(classes);
