/** Which of a unit's jobs a token at a time step is: the way from a place in the network to a clock of the schedule. */
import type { Machine } from "./machine.ts";
import type { ScheduledUnit } from "./schedule.ts";

/**
 * The position in `unit.start` of the job that a token (in a stem a window) at a time step is part of; null where the unit does not serve
 * it. A layer that reads the same at every step works once; a run of the SSA engine serves all tokens of one step or more.
 */
export function jobOf(
  { name, kind, start }: ScheduledUnit,
  { layers, order, shape: { steps } }: Machine,
  token: number,
  step: number,
): number | null {
  if (step < 0 || step >= steps) return null;
  if (kind === "attention") return Math.floor((step * start.length) / steps);
  const { tokens, everyStep } = layers.find((layer) => layer.name === name)!;
  const position = tokens.indexOf(token);
  if (position < 0) return null;
  if (!everyStep) return position;
  return order === "token-major" ? position * steps + step : step * tokens.length + position;
}
