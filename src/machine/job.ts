/** Finds the job of a unit for a token at a time step: from a place in the network to a clock of the schedule. */
import type { Machine } from "./machine.ts";
import type { ScheduledUnit } from "./timetable.ts";

/**
 * Index in `unit.start` of the job that covers a token (a window, in a stem) at a time step; null if the unit does not serve
 * it. A layer with the same input at every step works once; a run of the SSA engine serves all tokens of one or more steps.
 */
export function jobOf(
  { name, kind, start }: ScheduledUnit,
  { layers, order, network: { steps } }: Machine,
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
