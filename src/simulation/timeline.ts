/**
 * Which unit is busy when, in one inference of one prompt (Xpikeformer, section IV-C).
 *
 * The AIMC side works token-wise: for each token all T steps, then the next token, because membranes are kept for one token at
 * a time. The SSA side works matrix-wise: a window of a step needs q, k and v of all tokens. SRAM stands between them, where the order
 * turns. So phases alternate:
 *
 *   [embed, qkv] -> SSA -> [projection, up, down, qkv] -> SSA -> ... -> SSA -> [projection, up, down, head]
 *
 * Within an AIMC phase the layers form a pipeline: a layer takes `multiplexerSteps` cycles per vector, starts a vector when the
 * layer before has finished it and itself is free, and LIF units hide behind the conversions. A step's window opens when its q, k
 * and v of the last token are written; the next phase may take token 1 at step t when that step's output is written. All H tiles
 * run the same window side by side. Clocks of both sides are the same 200 MHz in the paper; here they are just cycles.
 *
 * Left out: transfers to and from SRAM (assumed to keep up), and routing between tiles, which the paper's own latency is mostly made
 * of. The head is timed for all tokens, as the other layers, though the simulator asks it at query tokens only.
 */
import { OUTPUT_REGISTERS } from "../hardware/ssa-tile.ts";
import type { Mapping } from "../mapping/mapping.ts";

/** A stretch of work without a gap. */
export interface BusyInterval {
  readonly start: number;
  /** First cycle after it. */
  readonly end: number;
}

export interface TimelineUnit {
  /** Layer as in the mapping (`blocks.0.qkv`), or `blocks.0.attention` for the SSA engine at work on that block. */
  readonly name: string;
  readonly kind: "linear" | "attention";
  readonly busy: readonly BusyInterval[];
  /** Cycles in `busy`. */
  readonly busyCycles: number;
}

export interface Timeline {
  /** In the order in which a prompt meets them. */
  readonly units: readonly TimelineUnit[];
  /** Cycles from the first spike in to the last sum out. */
  readonly cycles: number;
}

/** Of a prompt with `steps` time steps. The schedule does not depend on spikes. */
export function inferenceTimeline(mapping: Mapping, steps: number): Timeline {
  const { tokens, dimension, passes } = mapping.ssa;
  const units: TimelineUnit[] = [];
  const byName = new Map(mapping.layers.map((layer) => [layer.name, layer]));
  const depth = mapping.layers.filter(({ name }) => name.endsWith(".qkv")).length;
  const branch = (block: number) =>
    ["projection", "up", "down"].map((part) => `blocks.${block}.${part}`).filter((name) => byName.has(name));
  /** When step t of the first token may enter the phase at hand. */
  let ready: number[] = new Array<number>(steps).fill(0);
  let cycles = 0;

  for (let block = 0; block <= depth; block++) {
    const names = block === 0 ? ["embed"] : branch(block - 1);
    names.push(block === depth ? "head" : `blocks.${block}.qkv`);
    let arrivals = Array.from({ length: tokens * steps }, (_, vector) => ready[vector % steps]);
    for (const name of names) {
      const { multiplexerSteps } = byName.get(name)!;
      const starts = serve(arrivals, multiplexerSteps);
      arrivals = starts.map((start) => start + multiplexerSteps);
      units.push(unit(name, "linear", starts, multiplexerSteps));
    }
    // The last token's vectors come last, so they decide when a step's matrix is whole.
    const whole = arrivals.slice(-steps);
    cycles = arrivals[arrivals.length - 1];
    if (block === depth) break;
    const window = passes * dimension;
    const windows = serve(whole, window);
    // The values of step t leave while step t + 1 is counted, so a window of silence follows the last step.
    const drained = serve(
      windows.map((start) => start + window),
      dimension,
    );
    units.push(unit(`blocks.${block}.attention`, "attention", [...windows, drained[steps - 1]], window, dimension));
    ready = drained.map((start) => start + dimension + OUTPUT_REGISTERS);
  }
  return { units, cycles };
}

/** Start of each job on a unit that takes them in order, each `cycles` long and not before its arrival. */
function serve(arrivals: readonly number[], cycles: number): number[] {
  let free = 0;
  return arrivals.map((arrival) => {
    const start = Math.max(free, arrival);
    free = start + cycles;
    return start;
  });
}

/** Joins jobs that follow each other without a gap; the last one may be of another length. */
function unit(
  name: string,
  kind: TimelineUnit["kind"],
  starts: readonly number[],
  cycles: number,
  lastCycles = cycles,
): TimelineUnit {
  const busy: { start: number; end: number }[] = [];
  starts.forEach((start, i) => {
    const end = start + (i === starts.length - 1 ? lastCycles : cycles);
    const before = busy[busy.length - 1];
    if (before !== undefined && before.end === start) before.end = end;
    else busy.push({ start, end });
  });
  return { name, kind, busy, busyCycles: busy.reduce((sum, { start, end }) => sum + end - start, 0) };
}
