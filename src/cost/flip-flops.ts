/** The flip-flops of a machine that are written in an inference, and the gates that keep the clock from some of them. */
import type { ActionCounts, ActionTally } from "../hardware/actions.ts";
import { bitsFor } from "../hardware/ssa-parameters.ts";
import { type SizedEngine, sumOver, tileSizes } from "./attention-units.ts";
import type { Traffic } from "./machine-wires.ts";
import type { Idle } from "./machine-work.ts";
import type { Technology } from "./parameters.ts";
import { clockGate, LFSR_BITS } from "./prices/logic.ts";

/** Bits of a random number. */
export const DRAW_BITS = 8;

/** Registers of a machine: how many flip-flops of each are written in an inference, FIFOs and control not included. */
export type FlipFlops = Readonly<
  Record<
    | "lines"
    | "products"
    | "sums"
    | "membranes"
    | "stream"
    | "counters"
    | "spikes"
    | "partialSums"
    | "random"
    | "units"
    | "decisions",
    number
  >
>;

/** An engine with the flip-flops that its actions write, and these actions. */
export interface Attended {
  readonly engine: SizedEngine;
  readonly written: Partial<ActionCounts>;
  readonly total: ActionTally;
}

type SizedTile = Extract<SizedEngine, { unit: "ssa-tile" }>;

/**
 *   lines        a spike or silence that a crossbar's driver holds while its columns are converted
 *   products     of a code and its factor; codes are held by the converters, in whose price they are
 *   sums         one per addition of a layer, although one adder for all row blocks would write one; neurons that take codes hold none
 *   counters     of attention cells, with the score that each holds: once per clock, which counts one AND of q and k and one of a score
 *                and v; `idleCounters` are those that gates keep from the clock
 *   spikes       of attention; partialSums circulate, like V in its FIFO
 *   random       LFSRs, or the numbers themselves if they are ideal
 *   units        of attention with neurons: counters and membranes
 *   decisions    spikes of columns without converters
 */
export function flipFlopsOf(
  { machine, hardware }: Idle,
  codeBits: number,
  total: ActionTally,
  { linearRead }: Pick<Traffic, "linearRead">,
  attended: readonly Attended[],
  ownOffsets: number,
): FlipFlops {
  const { units } = machine;
  const ofEach = (bits: (attended: Attended) => number) => attended.reduce((sum, one) => sum + bits(one), 0);
  const ofTiles = (bits: (tile: SizedTile, total: ActionTally) => number) =>
    ofEach(({ engine, total }) => (engine.unit === "ssa-tile" ? bits(engine, total) : 0));
  return {
    lines: linearRead,
    products: total.scalings * (codeBits + units.scalers.factorBits),
    sums: (total.accumulations + total.offsetAdditions - ownOffsets) * units.adders.bits,
    membranes: total.lifUpdates * units.lif.stateWords * units.lif.membraneBits,
    stream: total.residualAdditions * units.residual.bits,
    counters: ofTiles(({ counterBits }, { scoreAnds }) => scoreAnds * (counterBits + 1)),
    spikes: ofEach(({ engine, total }) => (engine.unit === "ssa-tile" ? total.outputComparisons : total.bitsWritten)),
    partialSums: ofTiles(({ fifoBits, tokens }, { partialSums }) => partialSums * fifoBits * bitsFor(tokens)),
    random: hardware.ssa.random === "ideal" ? DRAW_BITS * total.randomNumbers : LFSR_BITS * total.lfsrShifts,
    units: ofEach(({ written, total }) => sumOver(written, total)),
    decisions: total.decisions,
  };
}

/**
 * Flip-flops of attention's counters that a gate keeps from the clock: a counter takes it where it counts and once per window, to
 * start again, and the score beside it once per window. 0 where every clock reaches them.
 */
export function idleCounters({ hardware }: Idle, attended: readonly Attended[]): number {
  if (hardware.clocking === "written") return 0;
  return attended.reduce((sum, { engine, total }) => {
    const offered = countedAnds(total);
    const windows = offered / engine.dimension;
    const idle = Math.max(0, offered - total.counterIncrements - windows);
    const scores = engine.unit === "ssa-tile" ? offered - windows : 0;
    return sum + idle * tileSizes(engine).counterBits + scores;
  }, 0);
}

/** ANDs that each have a counter; a tree counts whole tokens. */
const countedAnds = ({ scoreAnds, outerAnds, channelCounts }: ActionTally): number =>
  scoreAnds + outerAnds + channelCounts;

/** Joules of the gates of attention's counters, which the clock reaches whenever a counter may count. */
export const gatesOf = ({ hardware }: Idle, total: ActionTally, technology: Technology): number =>
  hardware.clocking === "written" ? 0 : countedAnds(total) * clockGate(technology).energy;
