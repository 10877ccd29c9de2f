/**
 * What becomes of a pair of devices after programming.
 *
 * `physical`: both devices of a pair keep their own error, drift and read noise, also the one that was asked for zero. This is
 * what a chip does, and nothing needs to be done for it.
 *
 * `aihwkit`: IBM's aihwkit (commit 4545f11, 2026-06-23: src/aihwkit/inference/noise/base.py and
 * src/aihwkit/inference/converter/conductance.py) keeps programmed *weights* and converts them to conductances anew whenever
 * time passes. What follows from its code, point by point:
 *
 *   1  The scale is set anew from the largest programmed weight (of a crossbar, also where columns have scales of their own,
 *      which its tiles apply outside of the pairs), and only the difference of a pair survives: one device
 *      carries it, the other is exactly zero. So the error of the device at zero enters at programming, but it neither
 *      drifts nor makes read noise afterwards.
 *   2  Drift exponents are drawn once, from the targets, and stay with the device. Where the programming error turned the sign
 *      of a weight, the exponent of the other device is used.
 *   3  Programming is drawn once, read noise at every read.
 *   4  Read noise is there at time 0, too.
 *   5  The amplitude of read noise follows the programmed conductance (of the new pair).
 *   6  Exponents take the absolute value; the programming spread is not kept from going below zero.
 *   7  Its one-call `apply_noise(weights, 0)` fails for want of conductances. There is no such call here: programming and
 *      reading are two steps, and a read at time 0 is one as any other.
 *   8  Its global compensation reads the identity, not all ones as its documentation says: `hardware/compensation.ts`,
 *      readout `one-hot`.
 *
 * Converting once is enough: the programmed weights never change. A stuck device is part of 1: it counts at programming.
 */
import type { ProgrammedDevices } from "./device.ts";

export interface ProgrammedPairs {
  readonly plus: ProgrammedDevices;
  readonly minus: ProgrammedDevices;
  /** Microsiemens per unit of weight, by column. */
  readonly scales: Float64Array;
}

/** The pairs that aihwkit goes on with after programming. */
export function reconvertPairs({ plus, minus, scales }: ProgrammedPairs, maxConductance: number): ProgrammedPairs {
  const differences = plus.conductances.map((conductance, i) => conductance - minus.conductances[i]);
  const largest = differences.reduce((most, difference) => Math.max(most, Math.abs(difference)), 0);
  // A pair of ideal zeros stays as it is.
  const growth = largest === 0 ? 1 : maxConductance / largest;
  const device = ({ driftExponents, targets }: ProgrammedDevices, sign: number): ProgrammedDevices => ({
    conductances: differences.map((difference) => Math.min(maxConductance, Math.max(0, sign * difference * growth))),
    ...(driftExponents && { driftExponents }),
    ...(targets && { targets }),
  });
  return { plus: device(plus, 1), minus: device(minus, -1), scales: scales.map((scale) => scale * growth) };
}
