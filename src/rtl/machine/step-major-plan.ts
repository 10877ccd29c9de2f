/**
 * Additional needs of a machine in step-major order: whose turn it is at the engine, and the peak content of its buffers.
 *
 * Runs follow one another in the order in which the schedule starts them, each as soon as q, k and v of its step are complete
 * and the engine is free. This gives the schedule's clocks: a run that does not start when it is ready starts when the previous
 * one ends.
 */
import { invariant } from "../../errors.ts";
import type { Machine } from "../../machine/machine.ts";
import { blocksIn } from "../../machine/network.ts";
import { peakOverlap } from "../../machine/peak.ts";
import type { Timetable } from "../../machine/timetable.ts";

export interface StepMajorPlan {
  /** The block of each run, in order. */
  readonly runs: readonly number[];
  /** Most steps of q, k and v held for a block, and most steps of attention's output for it. */
  readonly qkvSteps: number;
  readonly attentionSteps: number;
  /** Most vectors of the residual stream held at a time. */
  readonly streamVectors: number;
}

export function stepMajorPlan(machine: Machine, { units }: Timetable): StepMajorPlan {
  const unit = (name: string) => units.find((one) => one.name === name)!;
  const first = machine.layers.find(({ beginsStream }) => beginsStream);
  const last = machine.layers.findLast(({ joins }) => joins !== null);
  const streamVectors =
    first && last ? peakOverlap(unit(first.name).end, unit(last.name).end, Number.POSITIVE_INFINITY) : 0;
  const [engine] = machine.engines;
  if (!engine) return { runs: [], qkvSteps: 0, attentionSteps: 0, streamVectors };
  const depth = blocksIn(machine.network.graph);
  const started = Array.from({ length: depth }, (_, b) =>
    Array.from(unit(`blocks.${b}.attention`).start, (start, t) => ({ start, t, block: b })),
  );
  invariant(engine.unit === "ssa-tile", "machines with other attention units are refused before");
  const { tokens } = engine;
  const counting = engine.clocks.step;
  const held = { qkv: 0, attention: 0 };
  started.forEach((runs, b) => {
    const [qkv, projection] = ["qkv", "projection"].map((part) => unit(`blocks.${b}.${part}`));
    const { latency } = machine.layers.find(({ name }) => name === qkv.name)!;
    const atOnce = (from: (t: number, start: number) => number, to: (t: number, start: number) => number) =>
      peakOverlap(
        Float64Array.from(runs, ({ t, start }) => from(t, start)),
        Float64Array.from(runs, ({ t, start }) => to(t, start)),
        Number.POSITIVE_INFINITY,
      );
    // From the first token's vector to the last feature taken by the engine.
    held.qkv = Math.max(
      held.qkv,
      atOnce(
        (t) => qkv.end[t * tokens] + latency,
        (_, start) => start + counting,
      ),
    );
    // From the window after the first pass to the last token's vector.
    held.attention = Math.max(
      held.attention,
      atOnce(
        (_, start) => start + engine.window,
        (t) => projection.end[(t + 1) * tokens - 1],
      ),
    );
  });
  const inTurn = started.flat().sort((a, b) => a.start - b.start);
  return {
    runs: inTurn.map(({ block }) => block),
    qkvSteps: held.qkv,
    attentionSteps: held.attention,
    streamVectors,
  };
}
