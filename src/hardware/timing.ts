/** The clock of the machine, and how many of its clocks the analog parts take. */

export interface Timing {
  /** Hertz, of crossbars, digital units and SSA tiles alike. */
  readonly clock: number;
  /** Clocks from raising the lines of a crossbar to currents that can be converted. */
  readonly settle: number;
  /** Clocks of one conversion. */
  readonly conversion: number;
}

/**
 * 200 MHz is printed in Table II; lines that settle in 10 ns and conversions of 10 ns are NeuroSim's. Simulators count with these; the
 * cost model brings its own, by node and price.
 */
export const TIMING: Timing = { clock: 200e6, settle: 2, conversion: 2 };

/** Clocks of one input vector of a layer whose multiplexers take so many steps. */
export const vectorClocks = (multiplexerSteps: number, { settle, conversion }: Timing): number =>
  settle + multiplexerSteps * conversion;
