/**
 * Columns without converters: the current of a column becomes charge, and a comparator decides whether its neuron fires.
 *
 *   V = leak(V) + sum over row blocks b of (1 + m_b) s Q_b + offset + n_T;   fires where V + o + n_D >= threshold;   then V is reset
 *
 * in units of weights, of which one takes `swing` volts on the column's capacitor. Q_b is the exact sum of a row block's weights, and
 *
 *   s = 1 - exp(-n)        share of a current after n time constants of settling
 *   m_b                    mismatch of the capacitor of row block b, drawn once per chip
 *   n_T = sqrt(k T / C)    volts of thermal noise of the capacitor at every step, at 300 K
 *   o, n_D                 offset of the comparator, drawn once per chip and trimmed; its noise at every decision
 *   leak(V) = V / (1 + (1 / beta - 1) (1 + m)) exp(-t / tau)
 *                          charge shared with an empty capacitor, mismatched by m, and leakage in the time t between steps
 *
 * Trim: with the membrane at the threshold, the comparator decides along a ramp over the trim's reach, which is 4 standard deviations
 * of the offset. The share of ones gives the offset, and the nearest setting of the trim is subtracted.
 *
 * A comparator alone has one row block and keeps nothing: no mismatch, leak or leakage. The equations are textbook physics of
 * switched capacitors; the trim is ours. Left out: charge injected by switches, supply noise, droop of a membrane within a step,
 * currents that depend on the membrane's voltage.
 */
import { type ColumnReadOut, type Deciding, decidingOf } from "../experiment/by-read-out.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import type { ColumnCircuit } from "../experiment/read-out.ts";
import type { LinearLayer } from "../model/layers.ts";
import { exponential } from "../numeric/exponential.ts";
import { roundHalfEven } from "../numeric/rounding.ts";
import type { Stream } from "../numeric/stream.ts";

/** Joules per kelvin, and kelvins. */
const BOLTZMANN = 1.380649e-23;
const TEMPERATURE = 300;

type FedNeurons = Pick<LinearLayer, "block" | "ownNeurons" | "attention">;

/**
 * The field that chooses what reads a layer's columns: attention reads its neurons, or the next layer of its block does. Null for a layer
 * that feeds others than neurons of its own, or a map of pixels, which converters read.
 */
export const readOutField = ({
  block,
  ownNeurons,
  attention,
}: FedNeurons): "attentionInput" | "feedForwardUp" | null =>
  block === null || !ownNeurons ? null : attention === null ? "feedForwardUp" : "attentionInput";

/** What reads the columns of a layer. */
export function readOutFor(layer: FedNeurons, { readOut }: Pick<HardwareSpec, "readOut">): ColumnReadOut {
  const field = readOutField(layer);
  return { kind: field ? readOut[field] : "converter", circuit: readOut.circuit };
}

/** How comparators decide on the columns of a layer; null where converters read them. */
export const decidingFor = (layer: FedNeurons, hardware: Pick<HardwareSpec, "readOut">): Deciding | null =>
  decidingOf(readOutFor(layer, hardware));

/** Standard deviation of the thermal noise of a capacitor, volts. */
export const thermalNoise = ({ capacitor }: Pick<ColumnCircuit, "capacitor">): number =>
  capacitor === null ? 0 : Math.sqrt((BOLTZMANN * TEMPERATURE) / (capacitor * 1e-15));

/** Share of a current that arrives while lines settle. */
export const settledShare = ({ settling }: Pick<ColumnCircuit, "settling">): number =>
  settling === null ? 1 : 1 - exponential(-settling);

/** Share of a membrane that is left after `seconds` of leakage. */
export const heldShare = ({ leakage }: Pick<ColumnCircuit, "leakage">, seconds: number): number =>
  leakage === null ? 1 : exponential(-seconds / leakage);

/** Share of a membrane that remains after sharing charge, where beta remains without the leak's mismatch. */
export const sharedCharge = (beta: number, mismatch: number): number => 1 / (1 + (1 / beta - 1) * (1 + mismatch));

/** Step of the trim, volts. */
export const trimStep = ({ offset }: ColumnCircuit, { bits }: NonNullable<ColumnCircuit["trim"]>): number =>
  (4 * offset * 1e-3) / (2 ** (bits - 1) - 1);

/**
 * Standard deviation of comparator offsets, volts: as drawn, or, within the reach of the trim, from its steps and from the decisions
 * along the ramp, `reads` of them `reach` apart: a ramp without noise is off by a uniform part of its step, and noise n adds the sum
 * of p (1 - p) over it, which is n / (sqrt(pi) step).
 */
export function offsetSpread(circuit: ColumnCircuit): number {
  const { offset, noise, trim } = circuit;
  if (trim === null || offset === 0) return offset * 1e-3;
  const ramp = (8 * offset * 1e-3) / trim.reads;
  return Math.sqrt(trimStep(circuit, trim) ** 2 / 12 + ramp ** 2 / 12 + (ramp * noise * 1e-3) / Math.sqrt(Math.PI));
}

/** The columns of one crossbar. */
export interface ColumnErrors {
  /** Gain of its row block, by column. */
  readonly gains: Float64Array;
  /** Comparator offsets after trim, volts, and mismatches of the leak; those of a tile's first row block are its own. */
  readonly offsets: Float64Array;
  readonly leaks: Float64Array;
}

/** Random: forks "share", "offset", "leak" and "trim" of `random`, once per chip. */
export function drawColumnErrors(columns: number, { circuit, keeps }: Deciding, random: Stream): ColumnErrors {
  const draw = (name: string, deviation: number) => {
    const draws = random.fork(name);
    return Float64Array.from({ length: columns }, () => (deviation === 0 ? 0 : deviation * draws.normal()));
  };
  const mismatch = keeps ? circuit.mismatch : 0;
  const trimming = random.fork("trim");
  return {
    gains: draw("share", mismatch).map((share) => Math.max(0, 1 + share)),
    offsets: draw("offset", circuit.offset * 1e-3).map((offset) => trimmed(offset, circuit, trimming)),
    leaks: draw("leak", mismatch).map((leak) => Math.max(-1, leak)),
  };
}

/** What remains of a comparator's offset, volts. Random: `draws` is advanced by a normal for each read. */
function trimmed(offset: number, circuit: ColumnCircuit, draws: Stream): number {
  const { trim, noise } = circuit;
  if (trim === null || circuit.offset === 0) return offset;
  const reach = 4 * circuit.offset * 1e-3;
  let ones = 0;
  for (let k = 0; k < trim.reads; k++) {
    const ramp = reach * ((2 * k + 1) / trim.reads - 1);
    if (offset + ramp + noise * 1e-3 * draws.normal() >= 0) ones++;
  }
  const most = 2 ** (trim.bits - 1) - 1;
  const step = trimStep(circuit, trim);
  const setting = -roundHalfEven((reach * ((2 * ones) / trim.reads - 1)) / step);
  return offset + step * Math.min(most, Math.max(-most, setting));
}
