/** The clock of the machine, and the duration of its analog operations in clocks. */

export interface Timing {
  /** Hertz, for crossbars, digital units and SSA tiles alike. */
  readonly clock: number;
  /** Clocks from raising the lines of a crossbar to currents that are ready for conversion. */
  readonly settle: number;
  /** Clocks of one conversion. */
  readonly conversion: number;
}

/**
 * 200 MHz is printed in Table II; lines that settle in 10 ns and conversions of 10 ns are NeuroSim's. Simulators use these
 * values; the cost model has its own, by node and price.
 */
export const TIMING: Timing = { clock: 200e6, settle: 2, conversion: 2 };

/** Clocks for one input vector of a layer, given its multiplexer steps. */
export const vectorClocks = (multiplexerSteps: number, { settle, conversion }: Timing): number =>
  settle + multiplexerSteps * conversion;
