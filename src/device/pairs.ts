/**
 * What happens to a pair of devices after programming.
 *
 * `physical`: both devices of a pair keep their own programming error, drift and read noise, including the device with target
 * zero. This is how a chip behaves, and it needs no extra step.
 *
 * `aihwkit`: IBM's aihwkit (commit 4545f11, 2026-06-23: src/aihwkit/inference/noise/base.py and
 * src/aihwkit/inference/converter/conductance.py) keeps programmed *weights* and converts them to conductances again whenever
 * time passes. Consequences of its code:
 *
 *   1  The scale is reset from the largest programmed weight (of a crossbar, even if its columns have their own scales, which
 *      aihwkit's tiles apply outside the pairs), and only the difference of a pair survives: one device carries it, the other is
 *      exactly zero. So the error of the device at zero counts at programming, but this device neither drifts nor adds read
 *      noise afterwards.
 *   2  Drift exponents are drawn once, from the targets, and stay with the device. If the programming error flipped the sign of
 *      a weight, the exponent of the other device is used.
 *   3  Programming is drawn once, read noise at every read.
 *   4  Read noise is present at time 0, too.
 *   5  The amplitude of read noise depends on the programmed conductance (of the new pair).
 *   6  Exponents take the absolute value; the programming spread is not prevented from going below zero.
 *   7  Its one-call `apply_noise(weights, 0)` fails for lack of conductances. Here programming and reading are always two steps,
 *      and a read at time 0 is a read like any other.
 *   8  Its global compensation reads the identity, not all ones as its documentation says: `hardware/compensation.ts`, readout
 *      `one-hot`.
 *
 * Converting once is enough, because the programmed weights never change. A stuck device falls under 1: it counts at
 * programming.
 */
import type { ProgrammedDevices } from "./device.ts";

export interface ProgrammedPairs {
  readonly plus: ProgrammedDevices;
  readonly minus: ProgrammedDevices;
  /** Microsiemens per unit of weight, by column. */
  readonly scales: Float64Array;
}

/** The pairs that aihwkit continues with after programming. */
export function reconvertPairs({ plus, minus, scales }: ProgrammedPairs, maxConductance: number): ProgrammedPairs {
  const differences = plus.conductances.map((conductance, i) => conductance - minus.conductances[i]);
  const largest = differences.reduce((most, difference) => Math.max(most, Math.abs(difference)), 0);
  // A pair of ideal zeros is left unchanged.
  const growth = largest === 0 ? 1 : maxConductance / largest;
  const device = ({ driftExponents, targets }: ProgrammedDevices, sign: number): ProgrammedDevices => ({
    conductances: differences.map((difference) => Math.min(maxConductance, Math.max(0, sign * difference * growth))),
    ...(driftExponents && { driftExponents }),
    ...(targets && { targets }),
  });
  return { plus: device(plus, 1), minus: device(minus, -1), scales: scales.map((scale) => scale * growth) };
}
